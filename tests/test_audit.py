"""docs/audit_packages.py: what it says of packages that were looked up, and of those that were not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audit_packages import audited, verdict

GOOD: dict[str, Any] = {"name": "grpcio", "version": "1.80.0", "vulns": []}
BAD: dict[str, Any] = {
    "name": "jinja2",
    "version": "2.10",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"]}, {"id": "PYSEC-1", "fix_versions": []}],
}
UNKNOWN: dict[str, Any] = {"name": "ours", "skip_reason": "Dependency not found on PyPI"}
MENDED = "jinja2 2.10: PYSEC-2019-217; mended in 2.10.1"
NOT_MENDED = "jinja2 2.10: PYSEC-1; mended in no version yet"
UNANSWERED = "NOT AUDITED, since the service does not know them: ours"
NOTHING = "NOT AUDITED: no advisory service answered, so nothing is known of the packages"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, (NOTHING, 0)),
        ([UNKNOWN, UNKNOWN], (NOTHING, 0)),
        ([GOOD], ("1 packages audited, 0 advisories", 0)),
        (
            [GOOD, BAD, UNKNOWN],
            (
                f"2 packages audited, 2 advisories\n{MENDED}\n{NOT_MENDED}\n{UNANSWERED}",
                1,
            ),
        ),
    ],
)
def test_what_is_said_of_packages(found: Any, expected: tuple[str, int]) -> None:
    assert verdict(found) == expected


def test_without_its_program_nothing_is_audited(tmp_path: Path) -> None:
    assert audited(tmp_path / "pip-audit") is None


def test_a_program_that_gets_no_answer_writes_nothing(tmp_path: Path) -> None:
    program = tmp_path / "pip-audit"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    assert audited(program) is None
