"""A real call from Node: the contract holds for a client that shares no code with the service."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes import address_of, end, serving

pytestmark = pytest.mark.processes

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
REQUEST = ROOT / "docs" / "examples" / "request.json"
NODE = shutil.which("node")

CLIENT = ROOT / "clients" / "node"
NOT_THERE = "Node or its packages are not there: install Node 20 or later and run `make node`"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A service over the shipped rules, as a process."""
    options = ("--rules", ROOT / "rules", "--listen", "127.0.0.1:0", "--database-url", "sqlite://")
    with serving(*options) as server:
        yield address_of(server)
        end(server)


def printed(*words: object, folder: Path = HERE) -> str:
    """What Node prints."""
    command = [str(NODE), *map(str, words)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not (HERE / "node_modules").is_dir() or NODE is None, reason=NOT_THERE)
def test_a_call_from_node(address: str) -> None:
    """The request of the README: deductible 2 x 40.00, coinsurance 8 x 8.00, massage 2 x 90.00 = 324.00."""
    answer = json.loads(printed(HERE / "client.mjs", address, REQUEST))
    assert answer["patient_cents"] == 32400
    assert answer["reasons"].count("REASON_EXCLUDED") == 2
    assert (answer["refused"], answer["fields"]) == ("INVALID_ARGUMENT", ["items[0].tier"])


@pytest.mark.skipif(not (CLIENT / "dist").is_dir() or NODE is None, reason=NOT_THERE)
def test_the_example_of_the_typescript_client(address: str) -> None:
    """README's block prints what stands beside each `console.log`: six visits of 40.00 are below the deductible."""
    readme = (CLIENT / "README.md").read_text(encoding="utf-8").replace("localhost:50051", address)
    (block,) = re.findall(r"```js\n(.+?)```", readme, re.DOTALL)
    stated = [words for line in re.findall(r"console\.log\(.*// (.+)", block) for words in line.split()]
    ended = f"{block}\nprocess.exit(0);"
    assert printed("--input-type=module", "--eval", ended, folder=CLIENT).split() == stated


@pytest.mark.skipif(not (CLIENT / "dist").is_dir() or NODE is None, reason=NOT_THERE)
def test_the_typescript_client_tries_again_and_says_what_failed(address: str) -> None:
    """UNAVAILABLE is 14, NOT_FOUND 5, DEADLINE_EXCEEDED 4. Four tries have one request id; a decision is sent once."""
    assert json.loads(printed(HERE / "typed.mjs", f"http://{address}")) == {
        "typed": True,
        "codes": [14, 5, 4],
        "tries": [4, 1, 1],
        "unknown": ["UNKNOWN_PLAN", "plan", "did you mean original-medicare-part-b?"],
        "watched": ["rules-"],
        "plain": True,
    }
