"""A service as a process, and callers who ask it without pause and keep what they were told."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import grpc
from google.protobuf import json_format

from camcover.gen.camcover.v1 import estimate_pb2, request_pb2, rule_service_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.gen.camcover.v1.rule_service_pb2_grpc import RuleServiceStub
from chaos.watched import pids_of
from processes import end, serving
from small_rules import question

__all__ = ["CALLERS", "SECONDS", "Ask", "Callers", "asked", "by_grpc", "served", "started", "wait_for_release"]

CALLERS = 6
SECONDS = 60
"""A call may take so long on a busy machine."""

Ask: TypeAlias = Callable[[request_pb2.EstimatePlanRequest], estimate_pb2.Estimate]
"""Asks for one estimate. Raises `grpc.RpcError` where it is refused."""


def asked(request_id: str) -> request_pb2.EstimatePlanRequest:
    """A question under a request id; its answer comes to 60.80, by hand in `small_rules.question`."""
    return json_format.ParseDict(question(request_id=request_id), request_pb2.EstimatePlanRequest())


@contextmanager
def started(
    folder: Path, *options: object, variables: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A service on a free port whose log goes to `folder`; it and its workers are ended afterwards."""
    with (folder / "log").open("a", encoding="utf-8") as log:
        process = serving("--listen", "127.0.0.1:0", *options, log=log, variables=variables)
        try:
            yield process
        finally:
            for pid in pids_of(process.pid):
                os.kill(pid, signal.SIGKILL)
            end(process)
            process.communicate()


@contextmanager
def served(rules: Path, url: str, folder: Path, *options: object) -> Iterator[subprocess.Popen[str]]:
    """The same by rule files, with a database."""
    with started(folder, "--rules", rules, "--database-url", url, *options) as process:
        yield process


@contextmanager
def by_grpc(address: str) -> Iterator[Ask]:
    """Asks a service over one connection, without encryption."""
    with grpc.insecure_channel(address) as channel:
        stub = EstimateServiceStub(channel)
        yield lambda request: stub.EstimatePlan(request, timeout=SECONDS)


def wait_for_release(address: str, release: str) -> None:
    """Return once the service says that it answers by it."""
    with grpc.insecure_channel(address) as channel:
        watching = RuleServiceStub(channel).WatchReleases(rule_service_pb2.WatchReleasesRequest(), timeout=2 * SECONDS)
        assert any(each.release == release for each in watching)
        watching.cancel()


class Callers:
    """Callers who ask on, each in its own way, until they are told to stop; answers by request id."""

    def __init__(self, address: str, ways: Callable[[int], Iterator[Ask]] | None = None) -> None:
        """Ask the service at `address`, or by `ways`: how the caller of that number asks, for each call anew."""
        self._address = address
        self._ways = ways
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._answers_of: Counter[int] = Counter()
        self.answered: dict[str, bytes] = {}
        self.refused: list[tuple[grpc.StatusCode, str]] = []

    def _ask(self, caller: int) -> None:
        if self._ways is not None:
            self._ask_by(caller, self._ways(caller))
            return
        with by_grpc(self._address) as ask:
            self._ask_by(caller, iter(lambda: ask, None))

    def _ask_by(self, caller: int, ways: Iterator[Ask]) -> None:
        for number, ask in enumerate(ways, 1):
            if self._stop.is_set():
                return
            try:
                answer = ask(asked(f"{caller}-{number}"))
            except grpc.RpcError as error:
                with self._changed:
                    self.refused.append((error.code(), str(error.details())))
                    self._changed.notify_all()
                continue
            assert answer.totals.patient_cents == 6080
            with self._changed:
                self.answered[f"{caller}-{number}"] = answer.SerializeToString(deterministic=True)
                self._answers_of[caller] += 1
                self._changed.notify_all()

    def wait(self, until: Callable[[], bool]) -> None:
        """Return once `until` holds, which is asked after each answer and each refusal."""
        with self._changed:
            assert self._changed.wait_for(until, timeout=2 * SECONDS), self.refused[-3:]

    def wait_for_more(self, count: int) -> None:
        """Return after so many answers more."""
        enough = len(self.answered) + count
        self.wait(lambda: len(self.answered) >= enough)

    def wait_for_each(self) -> None:
        """Return once every caller has begun a call after this moment and was answered."""
        enough = {caller: self._answers_of[caller] + 2 for caller in range(CALLERS)}
        self.wait(lambda: all(self._answers_of[caller] >= count for caller, count in enough.items()))

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

    def ask_again(self, address: str, most: int = 1_000_000) -> None:
        """Assert that the service at `address` gives the answers again to the byte, all or at most so many of them."""
        with by_grpc(address) as ask:
            self.ask_again_by(ask, most)

    def ask_again_by(self, ask: Ask, most: int = 1_000_000) -> None:
        """The same in another way."""
        for request_id in [*self.answered][:: 1 + len(self.answered) // most]:
            answer = ask(asked(request_id)).SerializeToString(deterministic=True)
            assert answer == self.answered[request_id]
