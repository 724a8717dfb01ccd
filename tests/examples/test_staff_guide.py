"""docs/staff-guide.md, typed from the first command to the last: each does, and says, what the page shows.

On SQLite; at night (`CAMCOVER_TESTS=nightly`) on PostgreSQL, too.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from databases import new_postgresql_database
from extent import EXTENT
from processes import ENVIRONMENT

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "staff-guide.md"
ADDRESS, SQLITE = "127.0.0.1:50051", "sqlite:///staff.sqlite"
MOST_SECONDS = 60


class Typed(NamedTuple):
    """A command of the page, and what it shows below it."""

    command: str
    shown: list[str]


def typed() -> list[Typed]:
    """All commands in order."""
    found: list[Typed] = []
    for block in re.findall(r"```console\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Typed(line[2:], []))
            else:
                found[-1].shown.append(line)
    return found


def is_shown(shown: list[str], said: str) -> bool:
    """Whether what was said is what the page shows: `...` is any text, alone any lines; blanks count once."""
    pattern = ""
    for line in shown:
        words = re.escape(" ".join(line.split())).replace(r"\.\.\.", ".*")
        pattern += r"(?:.*\n)*?" if line == "..." else words + r"\n"
    lines = "".join(f"{' '.join(line.split())}\n" for line in said.splitlines() if line.strip())
    return re.fullmatch(pattern, lines) is not None


class Shell:
    """A shell that commands are typed into."""

    def __init__(self, folder: Path) -> None:
        """Begin in `folder`, with `camcover` on the path."""
        scripts = folder / "bin"
        scripts.mkdir()
        command = scripts / "camcover"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m camcover "$@"\n', encoding="utf-8")
        command.chmod(0o755)
        environment = ENVIRONMENT | {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "160"}
        self._said = folder / "said"
        with self._said.open("w") as said:
            self._shell = subprocess.Popen(
                [shutil.which("bash") or "bash"], cwd=folder, env=environment, stdin=subprocess.PIPE,
                stdout=said, stderr=said, text=True,
            )  # fmt: skip
        self._number = 0

    def type(self, command: str, shown: list[str]) -> tuple[str, str]:
        """Type a command; gives what it says and its status. One in the background is waited for until it says it."""
        self._number += 1
        begin, done = len(self._said.read_text(encoding="utf-8")), f"done {self._number} "
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{command}\necho {done}$?\n")
        self._shell.stdin.flush()
        until = time.monotonic() + MOST_SECONDS
        while time.monotonic() < until:
            said = self._said.read_text(encoding="utf-8")[begin:]
            found = re.search(rf"^{done}(\d+)\n", said, re.MULTILINE)
            if found is not None:
                own = said.replace(found[0], "")
                if not command.endswith("&") or is_shown(shown, own):
                    return own, found[1]
            time.sleep(0.05)
        raise AssertionError(f"no end of {command!r}: {self._said.read_text(encoding='utf-8')[begin:]}")

    def end(self) -> None:
        """End what runs in the background, then the shell."""
        self._shell.communicate("kill $(jobs -p) 2> /dev/null; wait; exit\n", timeout=MOST_SECONDS)


@pytest.fixture(params=["sqlite", "postgresql"] if EXTENT == "nightly" else ["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The database that takes the place of the page's file."""
    return SQLITE if request.param == "sqlite" else new_postgresql_database(request.getfixturevalue("postgresql"))


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in a folder with what the page asks for."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    shutil.copy(ROOT / "docs" / "examples" / "visits.json", tmp_path)
    opened = Shell(tmp_path)
    yield opened
    opened.end()


def free_address() -> str:
    """An address of the loopback that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def test_the_staff_guide_works_as_typed(shell: Shell, database_url: str) -> None:
    """A service needs a moment to follow: an estimate is asked for again until it is by the release shown."""
    address = free_address()
    for command, shown in typed():
        actual = command.replace(ADDRESS, address).replace(SQLITE, database_url)
        wanted = [line.replace(ADDRESS, address) for line in shown]
        until = time.monotonic() + MOST_SECONDS
        said, status = shell.type(actual, wanted)
        while command.startswith("camcover estimate") and not is_shown(wanted, said) and time.monotonic() < until:
            said, status = shell.type(actual, wanted)
        assert is_shown(wanted, said), f"$ {command}\n{said}\nexpected\n" + "\n".join(wanted)
        assert status == "0", f"$ {command}\n{said}"
