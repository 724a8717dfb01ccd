"""Machine code on disk is that of the sources as they are: a change in any file makes it anew."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from camcover.jit import IS_COMPILED

ASKED = """\
import sys
from camcover import jit
jit.sources_digest = lambda: sys.argv[1]
from one import doubled
print(doubled(1))
"""
ONE = """\
from camcover.jit import compiled, compiled_entry
from other import ADDED, added
_ADDED = int(ADDED)
@compiled
def inner(number): return added(number) + _ADDED
@compiled_entry
def doubled(number): return 2 * inner(number)
"""
OTHER = "from camcover.jit import compiled\nADDED = {0}\n@compiled\ndef added(number): return number + {0}\n"


@pytest.mark.skipif(not IS_COMPILED, reason="nothing is kept on disk")
def test_code_of_before_another_file_changed_is_not_used(tmp_path: Path) -> None:
    """A constant and an inlined function of the other file: 2 * (1 + n + n)."""

    def doubled(added: int, sources: str) -> int:
        (tmp_path / "other.py").write_text(OTHER.format(added), encoding="utf-8")
        command = [sys.executable, "-c", ASKED, sources]
        return int(subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120).stdout)

    (tmp_path / "one.py").write_text(ONE, encoding="utf-8")
    assert doubled(1, "first") == 6
    assert list(tmp_path.glob("__pycache__/one.inner*.nbi")), "kept on disk"
    assert doubled(3, "second") == 14
