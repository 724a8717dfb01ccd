"""The disk fills up and the clock moves while calls come in."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from camcover.rulebook import load_texts
from camcover.store import ReleaseStore, open_database
from camcover.workflow.activation import Decision, activate
from camcover.workflow.publishing import prepare, publish
from camcover.workflow.release_rules import ReleaseRules
from chaos.load import SECONDS, Callers, asked, by_grpc, served, started, wait_for_release
from databases import new_sqlite_database
from processes import address_of
from small_rules import COPAY_PLAN, TEXTS

pytestmark = pytest.mark.processes

ESTIMATES = "camcover.v1.EstimateService"
DISK_BYTES = 4 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, in memory, with little room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = [shutil.which("mount") or "mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a file system can be mounted by root alone")
    try:
        yield folder
    finally:
        subprocess.run([shutil.which("umount") or "umount", "--lazy", folder], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    file = disk / "other"
    with suppress(OSError), file.open("wb", buffering=0) as written:
        while True:
            written.write(b"x" * 4096)
    return file


def wait_for_health(address: str, service: str, status: int) -> None:
    """Return once health says so."""
    with grpc.insecure_channel(address) as channel:
        stub: Any = HealthStub(channel)
        watching = stub.Watch(health_pb2.HealthCheckRequest(service=service), timeout=2 * SECONDS)
        assert any(each.status == status for each in watching)
        watching.cancel()


def lines(log: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log, without the halves that a full disk leaves: those are counted as dropped."""
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def test_a_disk_that_fills_up_under_load(rules: Path, disk: Path) -> None:
    """Database and log lie on it. Calls are refused as UNAVAILABLE and health says so; with room again all goes on.

    Lines of the log that found no room are counted in it.
    """
    url = new_sqlite_database(disk / "camcover.sqlite")
    with served(rules, url, disk) as process:
        address = address_of(process)
        callers = Callers(address)
        with callers.asking():
            callers.wait_for_more(40)
            filled = fill(disk)
            callers.wait(lambda: len(callers.refused) >= 100)
            wait_for_health(address, ESTIMATES, health_pb2.HealthCheckResponse.NOT_SERVING)
            filled.unlink()
            wait_for_health(address, ESTIMATES, health_pb2.HealthCheckResponse.SERVING)
            callers.wait_for_more(40)
        assert {code for code, _ in callers.refused} == {grpc.StatusCode.UNAVAILABLE}
        callers.ask_again(address)
    told = [*lines(disk / "log")]
    dropped = sum(each["count"] for each in told if each["event"] == "log lines dropped")
    assert dropped > 0
    assert dropped + sum(each["event"] == "call" for each in told) >= 2 * len(callers.answered) + len(callers.refused)
    with closing(sqlite3.connect(disk / "camcover.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


class Clock:
    """The time of day of the processes that have `variables`: the true one, until it is set otherwise."""

    def __init__(self, folder: Path) -> None:
        """Keep in `folder` what the processes read. Skips the test where there is no C compiler."""
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("there is no C compiler")
        library = folder / "clock.so"
        source = Path(__file__).with_name("clock.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-Wall", "-o", library, source], check=True)
        self._file = folder / "clock"
        self._file.write_bytes(bytes(8))
        self.variables = {"LD_PRELOAD": str(library), "CLOCK": str(self._file)}

    def set(self, ahead: timedelta) -> None:
        """So far ahead of the true time, or behind it, from now on."""
        with self._file.open("r+b") as file:
            file.write(int(ahead.total_seconds()).to_bytes(8, sys.byteorder, signed=True))


def put_live(releases: ReleaseRules, copay: int) -> str:
    """Publish and activate the small rules with another copay, by the true clock; gives the release's id."""
    texts = TEXTS | {"copay.yaml": COPAY_PLAN.replace("copay: $20", f"copay: ${copay}")}
    release, _ = publish(releases.store, prepare(load_texts(texts)), "ana", "another copay")
    activate(releases, release.id, Decision("bob", "agreed"))
    return release.id


def test_a_clock_that_moves_under_load(url: str, tmp_path: Path) -> None:
    """It jumps by hours and by weeks, on and back. No call is refused, and no answer becomes another.

    What is put live by another clock while this one is ahead or behind is followed all the same.
    """
    clock = Clock(tmp_path)
    with closing(open_database(url)) as database:
        releases = ReleaseRules(ReleaseStore(database))
        first = put_live(releases, copay=20)
        with started(tmp_path, "--database-url", url, variables=clock.variables) as process:
            address = address_of(process)
            wait_for_release(address, first)
            callers = Callers(address)
            with callers.asking(), by_grpc(address) as ask:
                for copay, hours in enumerate((1, -1, 14 * 24, -14 * 24, 0), 21):
                    callers.wait_for_each()
                    ahead = timedelta(hours=hours)
                    clock.set(ahead)
                    made = ask(asked("")).created_at.ToDatetime(UTC)
                    assert abs(made - ahead - datetime.now(UTC)) < timedelta(minutes=10)
                    wait_for_release(address, put_live(releases, copay))
                callers.wait_for_each()
            assert callers.refused == []
            callers.ask_again(address)
