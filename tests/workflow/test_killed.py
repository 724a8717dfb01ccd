"""Whatever step of publishing, activating or rolling back a process dies at, the last good release stays whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

TESTS = Path(__file__).resolve().parents[1]
BEFORE = {
    "publish": {"releases": [0], "files": [4], "stack": [0], "log": 2},
    "activate": {"releases": [0, 1], "files": [4, 4], "stack": [0], "log": 3},
    "rollback": {"releases": [0, 1], "files": [4, 4], "stack": [0, 1], "log": 4},
}
AFTER = {
    "publish": BEFORE["activate"],
    "activate": BEFORE["rollback"],
    "rollback": {"releases": [0, 1], "files": [4, 4], "stack": [0], "log": 5},
}


def test_killed_at_each_statement(url: str) -> None:
    """Each kill leaves what was there before; the one run that is not killed leaves what was to come."""
    path = os.pathsep.join((str(TESTS.parent / "service"), str(TESTS)))
    command = [sys.executable, str(TESTS / "workflow" / "killed.py"), url]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = [json.loads(line) for line in done.stdout.splitlines()]
    for name, before in BEFORE.items():
        states = [each for each in seen if each["step"] == name]
        *killed, last = states
        assert len(killed) >= 5
        assert all(each == before | {"step": name, "killed": True} for each in killed), name
        assert last == AFTER[name] | {"step": name, "killed": False}
