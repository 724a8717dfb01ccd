"""Two services on one database: both follow what becomes active, and each knows what the other answered."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format

from camcover.gen.camcover.v1 import estimate_service_pb2, request_pb2, rule_service_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.gen.camcover.v1.rule_service_pb2_grpc import RuleServiceStub
from databases import new_sqlite_database
from extent import EXTENT
from processes import Process, address_of, end, forked, forked_service
from small_rules import COPAY_PLAN, question

pytestmark = pytest.mark.processes

QUESTION = json_format.ParseDict(
    question(plan_id="copay-plan", members=[{"id": "ana"}], request_id="one"), request_pb2.EstimatePlanRequest()
)


@pytest.fixture(params=["sqlite", "postgresql"] if EXTENT == "nightly" else ["postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database for replicas: on PostgreSQL, as they are meant for; at night on a file of SQLite, too."""
    if request.param == "sqlite":
        return new_sqlite_database(tmp_path / "camcover.sqlite")
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def replicas(url: str) -> Iterator[list[tuple[Process, grpc.Channel]]]:
    """Two services, the second of two workers, each with a channel to it."""
    options: tuple[object, ...] = ("--database-url", url, "--listen", "127.0.0.1:0", "--drain-seconds", 1)
    processes = [forked_service(*options), forked_service(*options, "--workers", 2)]
    channels = [grpc.insecure_channel(address_of(process)) for process in processes]
    yield list(zip(processes, channels, strict=True))
    for channel in channels:
        channel.close()
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        process.communicate(timeout=120)
        end(process)


@pytest.fixture
def staff(url: str) -> Callable[..., str]:
    """Runs a command in a process of its own; gives what it says."""

    def invoke(*arguments: object) -> str:
        process = forked("rules", *arguments, "--database-url", url)
        out, said = process.communicate()
        assert process.returncode == 0, said
        return out

    return invoke


def wait_for(channels: list[grpc.Channel], release: str) -> None:
    """Return once every service says that it answers by a release."""
    for channel in channels:
        watching = RuleServiceStub(channel).WatchReleases(rule_service_pb2.WatchReleasesRequest(), timeout=120)
        for each in watching:
            if each.release == release:
                break
        watching.cancel()


def test_both_replicas_follow_and_find_each_others_estimates(replicas: Any, staff: Any, rules: Path) -> None:
    """Three visits of 20.00, then of 30.00; a request id holds on both, whichever answered it first."""
    channels = [channel for _, channel in replicas]
    stubs = [EstimateServiceStub(channel) for channel in channels]
    with pytest.raises(grpc.RpcError) as caught:
        stubs[0].EstimatePlan(QUESTION)
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    first = staff("publish", rules, "-m", "20").split()[1].strip(":")
    staff("activate", first)
    wait_for(channels, first)
    answers = [stub.EstimatePlan(QUESTION) for stub in stubs]
    assert answers[0] == answers[1]
    assert answers[0].totals.patient_cents == 6000
    name = estimate_service_pb2.GetEstimateRequest(name=answers[0].name)
    assert stubs[1].GetEstimate(name) == answers[0]
    (rules / "copay.yaml").write_text(COPAY_PLAN.replace("copay: $20", "copay: $30"), encoding="utf-8")
    second = staff("publish", rules, "-m", "30").split()[1].strip(":")
    staff("activate", second)
    wait_for(channels, second)
    asked = request_pb2.EstimatePlanRequest()
    asked.CopyFrom(QUESTION)
    assert [stub.EstimatePlan(asked) for stub in stubs] == [answers[0]] * 2
    asked.request_id = "two"
    assert [stub.EstimatePlan(asked).totals.patient_cents for stub in stubs] == [9000, 9000]
    staff("rollback")
    wait_for(channels, first)
    asked.request_id = "three"
    assert [stub.EstimatePlan(asked).totals.patient_cents for stub in stubs] == [6000, 6000]


def test_a_killed_replica_loses_nothing_and_another_takes_over(
    replicas: Any, staff: Any, rules: Path, url: str
) -> None:
    (killed, _), (_, other) = replicas
    first = staff("publish", rules, "-m", "20").split()[1].strip(":")
    staff("activate", first)
    wait_for([other], first)
    end(killed)
    kept = EstimateServiceStub(other).EstimatePlan(QUESTION)
    process = forked_service("--database-url", url, "--listen", "127.0.0.1:0")
    with grpc.insecure_channel(address_of(process)) as channel:
        answer = EstimateServiceStub(channel).GetEstimate(estimate_service_pb2.GetEstimateRequest(name=kept.name))
    assert answer == kept
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=120)
    events = [json.loads(line) for line in log.splitlines()]
    assert [each["rule_release"] for each in events if each["event"] == "release active"] == [first]
