"""Machine code that is kept on disk: it is compiled anew when any of its sources changes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import camcover
from camcover.jit import IS_COMPILED

INNER = """
from camcover.jit import compiled

@compiled
def fee(units):
    return 40 * units
"""

MIDDLE = """
from camcover.jit import compiled
from inner import fee

@compiled
def total(units):
    return fee(units) + 1
"""

OUTER = """
from hashlib import sha256
from pathlib import Path

from camcover.jit import compiled_entry
from middle import total

def entry_of(sources):
    @compiled_entry
    def entry(units):
        return total(units if sources else 0)

    return entry

folder = Path(__file__).parent
entry = entry_of(sha256(b"".join((folder / name).read_bytes() for name in ("inner.py", "middle.py"))).hexdigest())
"""

CALL = "from outer import entry; print(entry(2), sum(entry.stats.cache_hits.values()))"


def called(folder: Path) -> list[int]:
    """What the entry gives for two units in a process of its own, and how often machine code was found on disk."""
    paths = os.pathsep.join([str(folder), str(Path(camcover.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", CALL], check=True, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths}
    )
    return [int(word) for word in done.stdout.split()]


@pytest.mark.processes
@pytest.mark.skipif(not IS_COMPILED, reason="nothing is compiled in this run")
def test_a_change_two_files_away_from_the_entry_compiles_anew(tmp_path: Path) -> None:
    for name, text in (("inner", INNER), ("middle", MIDDLE), ("outer", OUTER)):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    assert called(tmp_path) == [2 * 40 + 1, 0]
    assert called(tmp_path) == [2 * 40 + 1, 1], "the second process finds it on disk"
    (tmp_path / "inner.py").write_text(INNER.replace("40", "45"), encoding="utf-8")
    assert called(tmp_path) == [2 * 45 + 1, 0]
