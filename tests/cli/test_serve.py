"""`camcover serve` as a process: it announces itself, answers, drains on SIGTERM, and says what is wrong."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format

from camcover.gen.camcover.v1 import catalog_service_pb2, request_pb2
from camcover.gen.camcover.v1.catalog_service_pb2_grpc import CatalogServiceStub
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from processes import Process, address_of, end, forked_service, serving
from small_rules import question

pytestmark = pytest.mark.processes


@pytest.fixture
def server(rules: Path, tmp_path: Path) -> Iterator[tuple[Process, str]]:
    """A service over the small rules, and its address."""
    database = f"sqlite:///{tmp_path / 'estimates.sqlite'}"
    with forked_service("--rules", rules, "--listen", "127.0.0.1:0", "--database-url", database) as process:
        yield process, address_of(process)
        end(process)


@pytest.fixture
def new_server(rules: Path, tmp_path: Path) -> Iterator[tuple[Process, str]]:
    """The same by a Python that is started for it."""
    database = f"sqlite:///{tmp_path / 'estimates.sqlite'}"
    with serving("--rules", rules, "--listen", "127.0.0.1:0", "--database-url", database) as process:
        yield process, address_of(process)
        end(process)


def test_asked_over_the_network_and_drained(new_server: Any, run: Any) -> None:
    process, address = new_server
    good = run("estimate", "-", "--server", address, stdin=json.dumps(question()))
    assert json.loads(good.stdout)["totals"]["patient_cents"] == 6080
    assert json.loads(good.stdout)["name"].startswith("estimates/")
    bad = run("estimate", "-", "--server", address, stdin=json.dumps(question(plan_id="share-plam")))
    assert bad.exit_code == 2
    assert bad.stderr.startswith(
        "plan_id: found plan 'share-plam'; expected one of copay-plan, share-plan; did you mean 'share"
    )
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=120)
    assert process.returncode == 0
    events = [json.loads(line) for line in log.splitlines()]
    assert [each["event"] for each in events] == ["listening", "call", "call", "draining", "stopped"]
    assert [each["code"] for each in events if each["event"] == "call"] == ["OK", "NOT_FOUND"]


def test_no_call_is_broken_off_when_it_ends(server: Any, tmp_path: Path) -> None:
    """24 callers ask on, also when told to go elsewhere, until nobody hears them; what was answered is kept."""
    process, address = server
    asked = json_format.ParseDict(question(), request_pb2.EstimatePlanRequest())
    have_begun = threading.Barrier(25)

    def ask_on(caller: int) -> tuple[set[str], grpc.StatusCode]:
        answered: set[str] = set()
        request = request_pb2.EstimatePlanRequest()
        request.CopyFrom(asked)
        with grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            stub = EstimateServiceStub(channel)
            while True:
                request.request_id = f"{caller}-{len(answered)}"
                try:
                    answered.add(stub.EstimatePlan(request, timeout=120).name)
                except grpc.RpcError as error:
                    if "try again" in str(error.details()):
                        continue  # the server is ending; or the machine is busy, and what was to be kept had to wait
                    return answered, error.code()
                if len(answered) == 3:
                    have_begun.wait(120)

    with ThreadPoolExecutor(24) as callers:
        asking = [callers.submit(ask_on, caller) for caller in range(24)]
        have_begun.wait(120)
        process.send_signal(signal.SIGTERM)
        outcomes = [each.result(60) for each in asking]
    process.communicate(timeout=120)
    assert {code for _, code in outcomes} == {grpc.StatusCode.UNAVAILABLE}
    with sqlite3.connect(tmp_path / "estimates.sqlite") as connection:
        kept = {name for (name,) in connection.execute("select name from estimates")}
    connection.close()
    assert set().union(*(answered for answered, _ in outcomes)) == kept


def test_an_address_that_is_taken(server: Any, rules: Path) -> None:
    _, address = server
    with forked_service("--rules", rules, "--listen", address, "--database-url", "sqlite://") as second:
        _, said = second.communicate(timeout=120)
    assert second.returncode == 1
    assert (
        said.splitlines()[-1] == f"cannot listen on {address}; the address is taken, or this machine does not have it"
    )


def release_of(run: Any, address: str) -> str:
    """The release that answers now."""
    answer = run("estimate", "-", "--server", address, stdin=json.dumps(question()))
    return str(json.loads(answer.stdout)["rule_release"])


def logged(process: Process, event: str) -> dict[str, Any]:
    """The next line of the log that tells of `event`; a service that never tells of it is ended."""
    assert process.stderr is not None
    watch = threading.Timer(120, end, [process])
    watch.start()
    try:
        for line in process.stderr:
            entry: dict[str, Any] = json.loads(line)
            if entry["event"] == event:
                return entry
    finally:
        watch.cancel()
    raise AssertionError(f"the log ended before {event!r}")


def test_rules_are_read_anew_on_sighup(server: Any, rules: Path, run: Any) -> None:
    """The copay rises from 20.00 to 25.00; then a file with an error changes nothing."""
    process, address = server
    asked = json.dumps(question(plan_id="copay-plan", members=[{"id": "ana"}]))
    copay = rules / "copay.yaml"
    before = release_of(run, address)
    copay.write_text(copay.read_text(encoding="utf-8").replace("copay: $20", "copay: $25"), encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    after = logged(process, "rules reloaded")["rule_release"]
    assert after != before
    assert release_of(run, address) == after
    answer = json.loads(run("estimate", "-", "--server", address, stdin=asked).stdout)
    assert [line["copay_cents"] for line in answer["lines"]] == [2500, 2500, 2500]
    copay.write_text("kind: plan\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    refused = logged(process, "rules not reloaded")
    assert "error[missing-key]" in refused["reason"]
    assert release_of(run, address) == after


def test_files_are_read_anew_when_they_are_saved(rules: Path, run: Any) -> None:
    """With --watch; an error is told in the log with its place, and the last good rules go on answering."""
    options = ("--rules", rules, "--listen", "127.0.0.1:0", "--database-url", "off", "--watch")
    with forked_service(*options) as process:
        address = address_of(process)
        copay = rules / "copay.yaml"
        text = copay.read_text(encoding="utf-8")
        copay.write_text(text.replace("copay: $20", "copay: $25"), encoding="utf-8")
        after = logged(process, "rules reloaded")["rule_release"]
        copay.write_text(text.replace("copay: $20", "copay: $2O"), encoding="utf-8")
        assert f"{copay}:18:40: error[invalid-amount]" in logged(process, "rules not reloaded")["reason"]
        assert release_of(run, address) == after
        copay.write_text(text, encoding="utf-8")
        assert logged(process, "rules reloaded")["rule_release"] != after
        end(process)


def test_a_service_that_asks_for_tokens(rules: Path, run: Any, tmp_path: Path) -> None:
    made = run("token", "portal", "--role", "estimate")
    secret = made.stderr.strip().rpartition(" ")[2]
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(made.stdout, encoding="utf-8")
    options = ("--rules", rules, "--listen", "127.0.0.1:0", "--database-url", "off", "--tokens", tokens)
    with forked_service(*options) as process:
        asked = ("estimate", "-", "--server", address_of(process))
        refused = run(*asked, stdin=json.dumps(question()))
        assert refused.exit_code != 0
        assert "authorization: Bearer" in refused.stderr
        answer = run(*asked, "--token", secret, stdin=json.dumps(question()))
        assert json.loads(answer.stdout)["totals"]["patient_cents"] == 6080
        assert logged(process, "call")["code"] == "UNAUTHENTICATED"
        assert logged(process, "call")["caller"] == "portal"
        tokens.write_text(run("token", "other", "--role", "estimate").stdout, encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        logged(process, "rules reloaded")
        assert run(*asked, "--token", secret, stdin=json.dumps(question())).exit_code != 0
        tokens.write_text("nonsense", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        assert "the file is not TOML" in logged(process, "tokens not reloaded")["reason"]
        end(process)


def test_a_file_of_tokens_that_is_wrong(rules: Path, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.write_text("nonsense", encoding="utf-8")
    with forked_service("--rules", rules, "--listen", "127.0.0.1:0", "--tokens", tokens) as process:
        _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert said.startswith(f"{tokens}: the file is not TOML")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--database-url", "off"), "give --rules, or a --database-url whose active"),
        (("--database-url", "sqlite://"), "give --rules, or a --database-url whose active"),
        (("--watch",), "--watch needs --rules and one worker"),
    ],
)
def test_options_that_do_not_go_together(run: Any, options: tuple[str, ...], said: str) -> None:
    result = run("serve", *options)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_several_workers_on_one_port(rules: Path, tmp_path: Path, run: Any) -> None:
    """They answer as one does, share what is stored, read rules anew together, and drain together."""
    database = f"sqlite:///{tmp_path / 'estimates.sqlite'}"
    arguments = ("--rules", rules, "--listen", "127.0.0.1:0", "--database-url", database, "--workers", 2)
    with serving(*arguments) as process:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("listening on ").strip()
        asked = json.dumps(question(request_id="one"))
        answers = {run("estimate", "-", "--server", address, stdin=asked).stdout for _ in range(6)}
        assert len(answers) == 1
        assert json.loads(answers.pop())["totals"]["patient_cents"] == 6080
        copay = rules / "copay.yaml"
        copay.write_text(copay.read_text(encoding="utf-8").replace("copay: $20", "copay: $25"), encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        reloaded = {logged(process, "rules reloaded")["rule_release"] for _ in range(2)}
        assert len(reloaded) == 1
        assert {release_of(run, address) for _ in range(6)} == reloaded
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=120)
        assert process.returncode == 0
        assert [json.loads(line)["event"] for line in log.splitlines()].count("stopped") == 2


@pytest.mark.parametrize("address", ["127.0.0.1:nowhere", "127.0.0.1:99999", "50051", ":50051"])
def test_a_malformed_address_is_refused(rules: Path, address: str, run: Any) -> None:
    result = run("serve", "--rules", rules, "--listen", address)
    assert result.exit_code == 2
    assert f"--listen {address}: expected HOST:PORT" in result.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_an_address_of_another_machine(rules: Path, workers: int) -> None:
    address = "203.0.113.1:50051"
    arguments = ("--rules", rules, "--listen", address, "--insecure", "--database-url", "off", "--workers", workers)
    with forked_service(*arguments) as process:
        _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert (
        said.splitlines()[-1] == f"cannot listen on {address}; the address is taken, or this machine does not have it"
    )


def children(process: Process) -> list[int]:
    """The ids of a process's own processes."""
    return [int(each) for each in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this system does not list processes under /proc")
def test_a_worker_that_ends_by_itself_is_started_again(rules: Path, run: Any) -> None:
    options = ("--rules", rules, "--listen", "127.0.0.1:0", "--database-url", "off", "--workers", 2)
    with forked_service(*options) as process:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("listening on ").strip()
        logged(process, "listening")
        logged(process, "listening")
        workers = [pid for pid in children(process) if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]
        os.kill(workers[0], signal.SIGKILL)
        assert logged(process, "worker ended") | {"timestamp": ""} == {
            "event": "worker ended",
            "level": "error",
            "pid": workers[0],
            "status": -signal.SIGKILL,
            "timestamp": "",
        }
        logged(process, "listening")
        assert release_of(run, address).startswith("rules-")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this system does not list processes under /proc")
def test_workers_end_with_their_supervisor_however_it_ends(rules: Path, tmp_path: Path, run: Any) -> None:
    """Before that nobody else gets the port, also who would share it; afterwards it is free, and no file is left."""
    options = ("--rules", rules, "--database-url", "off", "--workers", 2)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with forked_service("--listen", "127.0.0.1:0", *options, temporary=temporary) as process:
        address = address_of(process)
        for _ in range(2):
            logged(process, "listening")
        with forked_service("--listen", address, *options) as second:
            _, said = second.communicate(timeout=120)
        assert second.returncode == 1
        assert said.splitlines()[-1].startswith(f"cannot listen on {address}")
        process.kill()
        assert [each.name.startswith("camcover-") for each in temporary.iterdir()] == [True]
        # Standard error ends when the last of its processes has.
        process.communicate(timeout=120)
    assert list(temporary.iterdir()) == []
    with forked_service("--listen", address, *options) as other:
        assert address_of(other) == address
        assert release_of(run, address).startswith("rules-")
        end(other)


def test_standard_error_that_nobody_reads_stops_nothing(rules: Path) -> None:
    """A pipe takes 64 KiB, some 350 lines of the log."""
    with forked_service("--rules", rules, "--listen", "127.0.0.1:0", "--database-url", "off") as process:
        with grpc.insecure_channel(address_of(process)) as channel:
            catalog = CatalogServiceStub(channel)
            for _ in range(800):
                assert catalog.ListPlans(catalog_service_pb2.ListPlansRequest(), timeout=120).plans
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=120)
    assert process.returncode == 0


def test_several_workers_cannot_share_a_database_in_memory(rules: Path, run: Any) -> None:
    result = run("serve", "--rules", rules, "--workers", "2", "--database-url", "sqlite://")
    assert result.exit_code == 2
    assert "several workers cannot share a database in memory" in result.stderr.replace("\n", " ")


def test_no_service_where_it_is_looked_for(run: Any) -> None:
    result = run("estimate", "-", "--server", "127.0.0.1:1", stdin=json.dumps(question()))
    assert result.exit_code == 1
    assert result.stderr.startswith("127.0.0.1:1: UNAVAILABLE: ")


def test_bad_rules_are_not_served(rules: Path) -> None:
    (rules / "fees.yaml").write_text("format: camcover/1\nkind: fees\n", encoding="utf-8")
    with forked_service("--rules", rules, "--listen", "127.0.0.1:0", "--database-url", "sqlite://") as process:
        out, said = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, "")
    assert "error[missing-key]" in said


@pytest.mark.parametrize("database", ["nonsense", "sqlite:////nowhere/at/all.sqlite"])
def test_a_database_that_cannot_be_opened(rules: Path, database: str) -> None:
    with forked_service("--rules", rules, "--listen", "127.0.0.1:0", "--database-url", database) as process:
        _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert said.splitlines()[-1].startswith(f"cannot open the database {database}: ")
