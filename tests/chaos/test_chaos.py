"""Processes killed under load, a database that goes and comes back, clients that fall silent: no answer is lost."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf import json_format

from camcover.gen.camcover.v1 import request_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from chaos.watched import pids_of
from databases import StoppableServer, stoppable_server
from processes import address_of, end, http_of, serving
from small_rules import question

pytestmark = pytest.mark.processes

CALLERS = 6
SECONDS = 60
"""A call may take so long on a busy machine."""


def asked(request_id: str) -> request_pb2.EstimatePlanRequest:
    """A question under a request id; its answer comes to 60.80, by hand in `small_rules.question`."""
    return json_format.ParseDict(question(request_id=request_id), request_pb2.EstimatePlanRequest())


@contextmanager
def served(rules: Path, url: str, tmp_path: Path, *options: object) -> Iterator[subprocess.Popen[str]]:
    """A service on a free port whose log goes to a file; it and its workers are ended afterwards."""
    with (tmp_path / "log").open("a", encoding="utf-8") as log:
        process = serving("--rules", rules, "--database-url", url, "--listen", "127.0.0.1:0", *options, log=log)
        try:
            yield process
        finally:
            for pid in pids_of(process.pid):
                os.kill(pid, signal.SIGKILL)
            end(process)
            process.communicate()


class Callers:
    """Callers who ask on, each over a connection of its own, until they are told to stop; answers by request id."""

    def __init__(self, address: str) -> None:
        """Ask the service at `address`."""
        self._address = address
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self.answered: dict[str, bytes] = {}
        self.refused: list[tuple[grpc.StatusCode, str]] = []

    def _ask(self, caller: int) -> None:
        with grpc.insecure_channel(self._address) as channel:
            stub = EstimateServiceStub(channel)
            number = 0
            while not self._stop.is_set():
                number += 1
                try:
                    answer = stub.EstimatePlan(asked(f"{caller}-{number}"), timeout=SECONDS)
                except grpc.RpcError as error:
                    with self._changed:
                        self.refused.append((error.code(), str(error.details())))
                        self._changed.notify_all()
                    continue
                assert answer.totals.patient_cents == 6080
                with self._changed:
                    self.answered[f"{caller}-{number}"] = answer.SerializeToString(deterministic=True)
                    self._changed.notify_all()

    def wait(self, until: Callable[[], bool]) -> None:
        """Return once `until` holds, which is asked after each answer and each refusal."""
        with self._changed:
            assert self._changed.wait_for(until, timeout=2 * SECONDS)

    def wait_for_more(self, count: int) -> None:
        """Return after so many answers more."""
        enough = len(self.answered) + count
        self.wait(lambda: len(self.answered) >= enough)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """They ask meanwhile."""
        with ThreadPoolExecutor(CALLERS) as pool:
            calls = [pool.submit(self._ask, caller) for caller in range(CALLERS)]
            try:
                yield
            finally:
                self._stop.set()
        for each in calls:
            each.result()

    def ask_again(self, address: str) -> None:
        """Assert that the service at `address` gives every answer again, to the byte."""
        with grpc.insecure_channel(address) as channel:
            stub = EstimateServiceStub(channel)
            for request_id, answer in self.answered.items():
                again = stub.EstimatePlan(asked(request_id), timeout=SECONDS)
                assert again.SerializeToString(deterministic=True) == answer


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
