"""Commands start quickly: help imports no library that only work needs, and a command only those of its own work."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import typer

from camcover.cli import app
from camcover.cli.declaring import WORK, work_of
from camcover.engine.kernel.call import load_kernel

ROOT = Path(__file__).parents[2]

HEAVY = {
    "alembic", "babel", "google.protobuf", "grpc", "jinja2", "numba", "numpy", "opentelemetry", "protovalidate",
    "psycopg", "pyarrow", "sqlalchemy", "sqlmodel", "structlog", "watchfiles",
}  # fmt: skip
"""Libraries that take from a fiftieth to a third of a second to import."""

STORE = {"psycopg", "sqlalchemy", "sqlmodel"}

NEEDED: dict[str, set[str]] = {
    "rules check rules": set(),
    "rules fmt --check rules": set(),
    "rules schema --check rules/schema": set(),
    "rules diff rules rules": set(),
    "token ana@payer.example --role estimate": set(),
    "shipped rules": set(),
    "rules compile rules -o {folder}/compiled": {"numpy"},
    "rules explain cascade-silver acupuncture": {"babel", "numpy", "google.protobuf"},
    "rules test rules --no-coverage": {"numpy"},
    "estimate docs/examples/request.json --rules rules": {
        "babel",
        "google.protobuf",
        "numpy",
        "protovalidate",
    },
    "optimize docs/examples/request.json --rules rules --tiers participating": {
        "babel",
        "google.protobuf",
        "numpy",
        "protovalidate",
    },
    "eligibility docs/examples/eligibility.271 --plan cascade-silver --rules rules": {
        "babel",
        "google.protobuf",
        "numpy",
        "protovalidate",
    },
    "letter docs/examples/request.json --rules rules -o {folder}/letter.pdf": {
        "babel",
        "google.protobuf",
        "numpy",
        "protovalidate",
    },
    "db status --database-url sqlite:///{folder}/new.sqlite": STORE,
    "audit verify --database-url sqlite:///{folder}/kept.sqlite": {*STORE, "alembic"},
}
"""Commands, each with those of them that it may import. None imports Numba once the kernel is compiled."""

HELP_OF_ALL = """
import sys
from functools import cache
import typer.testing
from camcover.cli import app
typer.testing._get_command = cache(typer.testing._get_command)  # what it makes of the app is the same each time
for words in sys.argv[1:]:
    assert typer.testing.CliRunner().invoke(app, [*words.split(), "--help"]).exit_code == 0, words
print(*sys.modules)
"""


def commands(group: typer.Typer = app, words: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its words, with the function that Typer calls."""
    for each in group.registered_commands:
        name = each.name or str(getattr(each.callback, "__name__", "")).replace("_", "-")
        yield f"{words}{name}", each.callback
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from commands(inner.typer_instance, f"{words}{inner.name} ")


def imported(*arguments: str) -> set[str]:
    """The heavy libraries that Python imports while it runs."""
    command = [sys.executable, "-X", "importtime", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env=os.environ)
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    others = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("import time:"))
    assert done.returncode in (0, 1), others
    return HEAVY & {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.processes
def test_help_imports_nothing_that_work_needs() -> None:
    every = ["", "rules", "bulk", "book", "db", "audit", *(words for words, _ in commands())]
    command = [sys.executable, "-c", HELP_OF_ALL, *every]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert not HEAVY & set(done.stdout.split())


@pytest.mark.processes
@pytest.mark.parametrize("command", NEEDED)
def test_a_command_imports_only_what_its_work_needs(command: str, tmp_path: Path) -> None:
    load_kernel()  # from here on machine code is kept, also after a change of the kernel
    assert imported("-m", "camcover", *command.format(folder=tmp_path).split()) <= NEEDED[command]


@pytest.mark.parametrize(("words", "command"), list(commands()), ids=[words for words, _ in commands()])
def test_a_commands_work_takes_what_the_command_declares(words: str, command: Any) -> None:
    work = work_of(WORK[command])
    assert list(inspect.signature(work).parameters) == list(inspect.signature(command).parameters), words
    assert get_type_hints(work) == get_type_hints(command), words
