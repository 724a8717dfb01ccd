"""`camcover serve` as a process of its own, for tests of what only processes can show.

`serving` starts Python anew, as whoever runs a service does; `forked_service` (forked.py) saves its imports.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from forked import Forked

SERVICE = Path(__file__).resolve().parents[1] / "service"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SERVICE)}


Process = subprocess.Popen[str] | Forked
"""A service as a process."""


class _Served(subprocess.Popen[str]):
    """A service that a test ends. Where the test fails before, the service and its workers are ended here."""

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        """End it where something was raised; then close its pipes and wait for its end."""
        if kind is not None:
            end(self)
        super().__exit__(None, None, None)


def serving(
    *arguments: object,
    log: TextIO | None = None,
    temporary: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    """A started `camcover serve`; its log goes to `log`, else to a pipe that holds some hundred lines.

    `temporary`: where it puts temporary files; `variables`: of its environment, beside those of the tests.
    """
    command = [sys.executable, "-m", "camcover", "serve", *map(str, arguments)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": log or subprocess.PIPE, "text": True}
    environment = _environment(temporary) | dict(variables or {})
    return _Served(command, env=environment, start_new_session=True, **pipes)


def forked(*arguments: object, temporary: Path | None = None) -> Forked:
    """A started `camcover`, forked from a process that has imported what a service needs."""
    return Forked(list(map(str, arguments)), _environment(temporary))


def forked_service(*arguments: object, temporary: Path | None = None) -> Forked:
    """A started `camcover serve`, forked likewise."""
    return forked("serve", *arguments, temporary=temporary)


def _environment(temporary: Path | None) -> dict[str, str]:
    return ENVIRONMENT | ({"TMPDIR": str(temporary)} if temporary else {})


def address_of(process: Process) -> str:
    """The address that a service announces."""
    assert process.stdout is not None
    announced = process.stdout.readline()
    assert announced.startswith("listening on "), process.communicate()[1]
    return announced.removeprefix("listening on ").strip()


def http_of(process: Process) -> str:
    """The address of HTTP, which a service announces after the other."""
    assert process.stdout is not None
    announced = process.stdout.readline()
    assert announced.startswith("http on "), announced
    return f"http://{announced.removeprefix('http on ').strip()}"


def end(process: Process) -> None:
    """End a service and its workers at once."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
