"""What the editor says of the shipped rule files as they are: nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from camcover.workflow.decision_at_cursor import Typed, diagnosed_at
from named_tests import ROOT

RULES = ROOT / "rules"
FILES = {str(path.relative_to(RULES)): path.read_bytes() for path in RULES.rglob("*.yaml")}
FOLDERS = sorted({str(Path(name).parent) for name in FILES})


def test_there_are_as_many_files_as_folders_and_more() -> None:
    assert len(FILES) >= 71
    assert "catalog" in FOLDERS


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_shipped_file_has_no_mark(folder: str) -> None:
    """All files of a folder are typed in, which a comment shows, and what that concerns is checked."""
    typed = {name: body + b"# typed\n" for name, body in FILES.items() if str(Path(name).parent) == folder}
    for name in sorted(typed)[:1]:
        found, _ = diagnosed_at(FILES, FILES | typed, Typed(name, typed[name].decode(), 1))
        assert found == ()
