"""What was answered is kept, whatever becomes of the process: killed, or beside another on the same database."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from sqlalchemy import text

from camcover.gen.camcover.v1 import request_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.store import Database
from processes import Process, address_of, end, forked_service
from small_rules import question

pytestmark = pytest.mark.processes

CALLERS = 6

TRY_AGAIN = "try again later"
"""What is said on a busy machine where two services write to one database and one of them has waited long enough."""


def asked(request_id: str, **others: Any) -> request_pb2.EstimatePlanRequest:
    """A question under a request id."""
    return json_format.ParseDict(question(request_id=request_id, **others), request_pb2.EstimatePlanRequest())


@pytest.fixture
def pair(rules: Path, url: str) -> Iterator[list[Process]]:
    """Two services on one database."""
    options = ("--rules", rules, "--database-url", url, "--listen", "127.0.0.1:0", "--drain-seconds", 1)
    processes: list[Process] = [forked_service(*options) for _ in range(2)]
    yield processes
    for process in processes:
        end(process)
        process.communicate(timeout=120)


def test_what_a_killed_process_answered_is_kept_and_nothing_else(pair: list[Process], url: str) -> None:
    """Killed under load after forty answers: the other gives each of them again, to the byte."""
    killed, other = pair
    answered: dict[str, bytes] = {}

    def ask(caller: int) -> None:
        """Ask until the process is gone."""
        with grpc.insecure_channel(address) as channel:
            stub = EstimateServiceStub(channel)
            for number in range(10_000):
                try:
                    answer = stub.EstimatePlan(asked(f"{caller}-{number}"), timeout=120)
                except grpc.RpcError as error:
                    if TRY_AGAIN in str(error.details()):
                        continue
                    return
                answered[f"{caller}-{number}"] = answer.SerializeToString(deterministic=True)
                if len(answered) == 40:
                    killed.send_signal(signal.SIGKILL)

    address, others = address_of(killed), address_of(other)
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(ask, range(CALLERS)))
    assert len(answered) >= 40
    with grpc.insecure_channel(others) as channel:
        stub = EstimateServiceStub(channel)
        again = {key: stub.EstimatePlan(asked(key)).SerializeToString(deterministic=True) for key in answered}
    assert again == answered
    with closing(Database(url)) as database, database.read() as connection:
        kept = connection.execute(text("SELECT count(*) FROM estimates")).scalar_one()
        keys = connection.execute(text("SELECT count(*) FROM idempotency_keys")).scalar_one()
        if database.is_sqlite:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    # Of each caller one more may have been kept whose answer was on its way.
    assert len(answered) <= kept == keys <= len(answered) + CALLERS


def test_two_services_race_for_request_ids(pair: list[Process]) -> None:
    """Of each id both give one name; other content under it is refused by both. No call fails for the other service."""
    channels = [grpc.insecure_channel(address_of(process)) for process in pair]
    stubs = [EstimateServiceStub(channel) for channel in channels]

    def ask(call: tuple[int, int, bool]) -> tuple[int, str]:
        """The name that a call gets, or how it is refused."""
        service, number, is_other = call
        request = asked(f"race-{number}", **({"as_of": "2026-03-01"} if is_other else {}))
        while True:
            try:
                return number, str(stubs[service].EstimatePlan(request, timeout=120).name)
            except grpc.RpcError as error:
                if TRY_AGAIN not in str(error.details()):
                    return number, str(error.code().name)

    calls = [(service, number, is_other) for number in range(40) for is_other in (False, True) for service in (0, 1)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(ask, calls))
    for number in range(40):
        found = [outcome for other, outcome in outcomes if other == number]
        assert found.count("ALREADY_EXISTS") == 2
        assert len(set(found)) == 2
    for channel in channels:
        channel.close()


def newer(file: Path) -> None:
    """A database of a version to come."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
        connection.commit()


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda file: file.write_bytes(b"no database, " * 1_000), "file is not a database"),
        (lambda file: file.mkdir(), "unable to open database file"),
        (newer, "newer than this version's"),
    ],
    ids=["garbage", "a folder", "a newer version"],
)
def test_a_malformed_database_url_is_refused_in_one_line(rules: Path, tmp_path: Path, prepare: Any, said: str) -> None:
    file = tmp_path / "camcover.sqlite"
    prepare(file)
    process = forked_service("--rules", rules, "--database-url", f"sqlite:///{file}", "--listen", "127.0.0.1:0")
    _, log = process.communicate(timeout=120)
    assert process.returncode == 1
    assert said in log
    assert len(log.splitlines()) == 1
