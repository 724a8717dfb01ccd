"""Processes killed under load, a database that goes and comes back, clients that fall silent: no answer is lost."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from chaos.load import SECONDS, Callers, served
from chaos.watched import pids_of
from databases import StoppableServer, stoppable_server
from processes import address_of, http_of

pytestmark = pytest.mark.processes


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """The workers of a supervisor."""
    found = [pid for pid in pids_of(process.pid) if pid != process.pid]
    return [pid for pid in found if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]


def test_workers_killed_under_load_lose_no_answer(rules: Path, url: str, tmp_path: Path) -> None:
    """Each of two is killed in turn. Callers go on, and every answer is given again."""
    with served(rules, url, tmp_path, "--workers", 2) as process:
        address = address_of(process)
        callers = Callers(address)
        with callers.asking():
            for pid in workers_of(process):
                callers.wait_for_more(20)
                os.kill(pid, signal.SIGKILL)
            callers.wait_for_more(40)
        callers.ask_again(address)


def test_a_supervisor_killed_under_load_loses_no_answer(rules: Path, url: str, tmp_path: Path) -> None:
    """Its workers end by themselves, so that nobody is left; a new service gives every answer again."""
    with served(rules, url, tmp_path, "--workers", 2) as process:
        callers = Callers(address_of(process))
        with callers.asking():
            callers.wait_for_more(40)
            process.send_signal(signal.SIGKILL)
            callers.wait(lambda: bool(callers.refused))
            process.wait(SECONDS)
            for pid in workers_of(process):
                wait_for_the_end_of(pid)
    with served(rules, url, tmp_path) as process:
        callers.ask_again(address_of(process))


def wait_for_the_end_of(pid: int) -> None:
    """Return once a process has ended, whoever's child it is."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        readable, _, _ = select.select([descriptor], [], [], SECONDS)
        assert readable
    finally:
        os.close(descriptor)


def test_silent_clients_hold_up_nobody(rules: Path, url: str, tmp_path: Path) -> None:
    """A hundred connections to either port say half of what they begin with and no more; others are answered."""
    halves = {
        False: b"PRI * HTTP/2.0\r\n\r\nSM",
        True: b"POST /v1/estimates HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
    }
    with served(rules, url, tmp_path, "--http", "127.0.0.1:0") as process:
        address = address_of(process)
        http = http_of(process).removeprefix("http://")
        silent = []
        for number in range(200):
            host, _, port = (http if number % 2 else address).rpartition(":")
            silent.append(socket.create_connection((host, int(port)), timeout=SECONDS))
            silent[-1].sendall(halves[bool(number % 2)])
        callers = Callers(address)
        with callers.asking():
            callers.wait_for_more(100)
        assert callers.refused == []
        for each in silent:
            each.close()


@pytest.fixture
def stoppable() -> Iterator[StoppableServer]:
    with stoppable_server() as server:
        yield server


def test_a_database_that_goes_under_load_and_comes_back(
    rules: Path, stoppable: StoppableServer, tmp_path: Path
) -> None:
    """It ends as by a crash. Calls are refused as UNAVAILABLE until it is back; none is answered that is not kept."""
    with served(rules, stoppable.url, tmp_path) as process:
        address = address_of(process)
        callers = Callers(address)
        with callers.asking():
            callers.wait_for_more(40)
            stoppable.crash()
            callers.wait(lambda: len(callers.refused) >= 20)
            stoppable.start_again()
            callers.wait_for_more(40)
        assert {code for code, _ in callers.refused} == {grpc.StatusCode.UNAVAILABLE}
        callers.ask_again(address)
