"""The documented workflow for pull requests: it parses, and its commands are commands with their options."""

from __future__ import annotations

import shlex
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from camcover.cli import app
from camcover.workflow.thresholds import threshold

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "examples" / "rules-pull-request.yml"


def workflow() -> Any:
    return yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def commands() -> list[list[str]]:
    """Every `camcover ...` command of the workflow, without what the shell does with its output."""
    (job,) = workflow()["jobs"].values()
    scripts = [step["run"].replace("\\\n", " ") for step in job["steps"] if "run" in step]
    lines = [line for script in scripts for line in script.splitlines() if line.startswith("camcover ")]
    words = [shlex.split(line)[1:] for line in lines]
    return [list(takewhile(lambda word: word != ">>", each)) for each in words]


def test_the_workflow_runs_on_pull_requests_and_keeps_the_page() -> None:
    found = workflow()
    assert found["on"] == {"pull_request": {"paths": ["rules/**"]}}
    assert found["permissions"] == {"contents": "read"}
    (job,) = found["jobs"].values()
    assert all(("uses" in step) != ("run" in step) for step in job["steps"])
    (kept,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/upload-artifact")]
    assert kept["with"]["path"] == "impact.html"
    assert kept["if"] == "always()"


def test_the_workflow_checks_tests_compares_and_prices() -> None:
    names = [" ".join(command[:2]) for command in commands()]
    assert names == ["rules check", "rules test", "rules diff", "book generate", "rules impact"]


@pytest.mark.parametrize("command", commands(), ids=lambda command: " ".join(command[:2]))
def test_every_command_of_the_workflow_exists_with_its_options(command: list[str], tmp_path: Path) -> None:
    """Parsed by the command line itself, files as the steps before leave them; nothing is run."""
    group, name, *arguments = command
    main: Any = typer.main.get_command(app)
    known = main.commands[group].commands
    (tmp_path / "book.parquet").touch()
    for folder in ("rules", "base/rules"):
        (tmp_path / folder).mkdir(parents=True)
    places = {each: str(tmp_path / each) for each in ("rules", "base/rules", "book.parquet", "impact.html")}
    context = known[name].make_context(name, [places.get(each, each) for each in arguments])
    for bound in context.params.get("fail_if") or ():
        threshold(bound)
