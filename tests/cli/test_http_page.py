"""docs/http.md: every example runs as it stands, and gives what stands behind it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes import address_of, end, forked_service

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are asked by curl"),
]

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```sh\n(.*?)```\n```text\n(.*?)```", PAGE, flags=re.MULTILINE | re.DOTALL)
SERVED = "127.0.0.1:8080"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the shipped rules are served over HTTP."""
    rules = ROOT / "rules"
    with forked_service(
        "--rules", rules, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--database-url", "off"
    ) as process:
        address_of(process)
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("http on ").strip()
        end(process)


def test_every_block_of_commands_is_an_example() -> None:
    assert len(EXAMPLES) == PAGE.count("```sh\n") == PAGE.count("```text\n") >= 6


@pytest.mark.parametrize(("commands", "expected"), EXAMPLES)
def test_an_example(commands: str, expected: str, address: str, tmp_path: Path) -> None:
    """Run in a folder of its own, which has what the project's has."""
    for name in ("docs", "protos"):
        (tmp_path / name).symlink_to(ROOT / name)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", commands.replace(SERVED, address)],
        cwd=tmp_path,
        env={"PATH": path, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.stdout, done.returncode) == (expected, 0), done.stderr
