"""Rule files on disk, and the command line as a function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from camcover.cli import app
from small_rules import TEXTS


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder with the small rule set."""
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def run() -> Callable[..., Result]:
    """Runs `camcover` with arguments; `input` is its standard input."""

    def invoke(*arguments: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(each) for each in arguments], input=stdin)

    return invoke
