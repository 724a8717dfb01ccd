"""docs/security.md: each threat has an answer, and a test that exists."""

from __future__ import annotations

import pytest

from named_tests import ROOT, names_tests_that_exist, rows_of

ROWS = rows_of((ROOT / "docs" / "security.md").read_text(encoding="utf-8"))
THREATS = [cells for cells in ROWS if cells[0] not in {"threat", "---"}]


@pytest.mark.parametrize("cells", THREATS, ids=lambda cells: cells[0][:40])
def test_each_threat_names_its_answer_and_tests_that_exist(cells: list[str]) -> None:
    threat, answer, shown_by = cells
    assert threat.endswith(".")
    assert answer.endswith(".")
    assert names_tests_that_exist(shown_by)


def test_the_page_has_threats_of_every_part() -> None:
    assert len(THREATS) > 30
