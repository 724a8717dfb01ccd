"""A real call from Node: the contract holds for a client that shares no code with the service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
REQUEST = ROOT / "docs" / "examples" / "request.json"
NODE = shutil.which("node")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "service")}


@pytest.mark.skipif(
    not (HERE / "node_modules").is_dir() or NODE is None,
    reason="Node or its packages are not there: install Node 18 or later and run `make node`",
)
def test_a_call_from_node() -> None:
    """The request of the README: deductible 2 x 40.00, coinsurance 8 x 8.00, massage 2 x 90.00 = 324.00."""
    command = [sys.executable, "-m", "camcover", "serve", "--rules", "rules"]
    command += ["--listen", "127.0.0.1:0", "--database-url", "sqlite://"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as server:
        assert server.stdout is not None
        address = server.stdout.readline().removeprefix("listening on ").strip()
        asked = subprocess.run(
            [str(NODE), str(HERE / "client.mjs"), address, str(REQUEST)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        server.terminate()
        server.communicate()
    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    assert answer["patient_cents"] == 32400
    assert answer["reasons"].count("REASON_EXCLUDED") == 2
    assert (answer["refused"], answer["fields"]) == ("INVALID_ARGUMENT", ["items[0].tier"])
