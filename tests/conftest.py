"""For all tests: how many random examples a run tries, rule files on disk, and the command line as a function."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import HealthCheck, settings
from typer.testing import CliRunner

from camcover.cli import app
from small_rules import TEXTS

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

settings.register_profile("default", max_examples=500, deadline=None, suppress_health_check=SLOW)
settings.register_profile("brief", max_examples=60, deadline=None, suppress_health_check=SLOW)
settings.register_profile("nightly", max_examples=20_000, deadline=None, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


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
