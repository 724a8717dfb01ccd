"""`camcover serve` as a process: it announces itself, answers, drains on SIGTERM, and says what is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from small_rules import question

SERVICE = Path(__file__).resolve().parents[2] / "service"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SERVICE)}


def serving(*arguments: object) -> subprocess.Popen[str]:
    """A started `camcover serve`."""
    command = [sys.executable, "-m", "camcover", "serve", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


@pytest.fixture
def server(rules: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A service over the small rules, and its address."""
    database = f"sqlite:///{tmp_path / 'estimates.sqlite'}"
    with serving("--rules", rules, "--listen", "127.0.0.1:0", "--database", database) as process:
        assert process.stdout is not None
        announced = process.stdout.readline()
        assert announced.startswith("listening on 127.0.0.1:"), process.communicate()[1]
        yield process, announced.removeprefix("listening on ").strip()
        process.kill()


def test_asked_over_the_network_and_drained(server: Any, run: Any) -> None:
    process, address = server
    good = run("estimate", "-", "--server", address, stdin=json.dumps(question()))
    assert json.loads(good.stdout)["totals"]["patient_cents"] == 6080
    assert json.loads(good.stdout)["name"].startswith("estimates/")
    bad = run("estimate", "-", "--server", address, stdin=json.dumps(question(plan_id="share-plam")))
    assert bad.exit_code == 2
    assert bad.stderr.startswith("plan_id: no plan 'share-plam'; did you mean 'share-plan'?")
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    events = [json.loads(line) for line in log.splitlines()]
    assert [each["event"] for each in events] == ["listening", "call", "call", "draining", "stopped"]
    assert [each["code"] for each in events if each["event"] == "call"] == ["OK", "NOT_FOUND"]


def test_an_address_that_is_taken(server: Any, rules: Path) -> None:
    _, address = server
    with serving("--rules", rules, "--listen", address, "--database", "sqlite://") as second:
        _, said = second.communicate(timeout=30)
    assert second.returncode == 1
    assert said.splitlines()[-1] == f"cannot listen on {address}: is it taken, or not an address of this machine?"


def test_no_service_where_it_is_looked_for(run: Any) -> None:
    result = run("estimate", "-", "--server", "127.0.0.1:1", stdin=json.dumps(question()))
    assert result.exit_code == 1
    assert result.stderr.startswith("127.0.0.1:1: UNAVAILABLE: ")


def test_bad_rules_are_not_served(rules: Path) -> None:
    (rules / "fees.yaml").write_text("format: camcover/1\nkind: fees\n", encoding="utf-8")
    with serving("--rules", rules, "--listen", "127.0.0.1:0", "--database", "sqlite://") as process:
        out, said = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert "error[missing-key]" in said


@pytest.mark.parametrize("database", ["nonsense", "sqlite:////nowhere/at/all.sqlite"])
def test_a_database_that_cannot_be_opened(rules: Path, database: str) -> None:
    with serving("--rules", rules, "--listen", "127.0.0.1:0", "--database", database) as process:
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said.splitlines()[-1].startswith(f"cannot open the database {database}: ")
