"""Processes of our program that are forked from one that has imported it, so that a test need not wait for imports.

A new Python takes two seconds of a processor for what a service imports. Each process of a test run has one server
(`forkserver` of multiprocessing) that imports it once. What it forks is a process of its own: with its own pipes,
session, signals, environment, database and status. Python itself is started anew by `processes.serving`.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any, Self, TextIO

import pytest

__all__ = ["Forked", "ForkingContext"]

FOLDERS = [Path(__file__).resolve().parents[1] / "service", Path(__file__).resolve().parent]


@cache
def _forking() -> ForkServerContext:
    """Starts processes by the server, which is started here."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["preloaded"])
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", os.pathsep.join(map(str, FOLDERS)))
        multiprocessing.forkserver.ensure_running()
    return context


class ForkingContext:
    """Stands for a context of multiprocessing: the server is started when a process is."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_forking(), name)


class Forked:
    """A forked `camcover`, with the part of `subprocess.Popen` that tests use.

    As a context it ends its whole session where something was raised, closes its pipes and waits for its end.
    """

    def __init__(self, arguments: list[str], environment: Mapping[str, str], log: TextIO | None = None) -> None:
        """Run `camcover` with the arguments; its standard error goes to `log`, else to a pipe as its output does."""
        out, its_out = _forking().Pipe(duplex=False)
        self.stdout, self.stderr = _text(out), None
        if log is None:
            said, its_error = _forking().Pipe(duplex=False)
            self.stderr = _text(said)
        else:
            its_error = Connection(os.dup(log.fileno()), readable=False)
        with its_out, its_error:
            given = (arguments, dict(environment), its_out, its_error)
            self._process: ForkServerProcess = _forking().Process(target=_run, args=given)
            self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit status, a signal's number below zero; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status once it has ended. Raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("camcover", timeout or 0.0)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What is still to be read of both pipes, once it has ended. Raises `subprocess.TimeoutExpired`, ending it."""
        pipes = [each for each in (self.stdout, self.stderr) if each is not None]
        with ThreadPoolExecutor(len(pipes)) as readers:
            reading = [readers.submit(each.read) for each in pipes]
            if wait(reading, timeout).not_done:
                self.end()
                raise subprocess.TimeoutExpired("camcover", timeout or 0.0)
        for each in pipes:
            each.close()
        self.wait(timeout)
        out, said = [*(each.result() for each in reading), ""][:2]
        return out, said

    def send_signal(self, number: int) -> None:
        """Send it a signal, while it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, and none of its own processes."""
        self.send_signal(signal.SIGKILL)

    def end(self) -> None:
        """End it at once with its own processes."""
        if self.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        if kind is not None:
            self.end()
        for each in (self.stdout, self.stderr):
            if each is not None:
                each.close()
        self.wait()


def _text(pipe: Connection) -> TextIO:
    """What is read from a pipe, as text."""
    with pipe:
        return open(os.dup(pipe.fileno()), encoding="utf-8")  # noqa: PTH123 - no path; `Forked` closes it


def _run(arguments: list[str], environment: dict[str, str], out: Connection, error: Connection) -> None:
    """What the forked process does: the same as `python -m camcover`."""
    os.setsid()
    for pipe, number in ((out, 1), (error, 2)):
        os.dup2(pipe.fileno(), number)
        pipe.close()
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    sys.argv = ["camcover", *arguments]
    from camcover.cli import main  # noqa: PLC0415 - whoever starts the process need not import it

    main()
