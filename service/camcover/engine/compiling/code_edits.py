"""Rows of `code_edits`: what the codes of a day do to each code (docs/rule-language.md, point 48).

What comes in: the vocabulary, a tier of a plan, a day. What goes out: the first of a row for each service.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from camcover.engine.compiling.compile_rows import ATTESTATION_BITS, Row
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.rulebook.records import CodeEdits, CodeFacts, Plan


def edit_row(facts: CodeFacts | None, code: int, numbers: Mapping[str, int], listed: list[int]) -> Row:
    """A row of `code_edits` (point 48); its lists of codes are added to `listed`."""
    own = len(listed)
    if facts is None:
        return -1, 0, 0, 0, 0, 0, 0
    listed += [code, *(numbers[each] for each in facts.waits_for)]
    firsts, nevers, others = len(facts.add_on_to), len(facts.never_with), len(facts.not_with)
    units = -1 if facts.units_per_day is None else facts.units_per_day
    unless = ATTESTATION_BITS[facts.unless] if facts.unless else 0
    return units, own, firsts, own + 1 + firsts, nevers, others, unless


class CodeEditRows:
    """Writes the rows once for all plans and days under the same catalogs."""

    def __init__(self, vocabulary: Vocabulary, rows: list[Row], listed: list[int]) -> None:
        """Add to `rows`, and lists of codes to `listed`."""
        self._vocabulary = vocabulary
        self._rows = rows
        self._listed = listed
        self._first: dict[tuple[int, ...], int] = {}

    def row_of(self, plan: Plan, tier: str, day: int) -> int:
        """The row for service 0 by which a tier judges the codes of a day; -1 = it does not."""
        if tier not in plan.tiers or plan.edits_in(plan.tiers[tier]) is CodeEdits.NONE:
            return -1
        on = date.fromordinal(day)
        catalogs = [each for each in self._vocabulary.catalogs if each.heading.effective.holds(on)]
        key = tuple(map(id, catalogs))
        if key not in self._first:
            self._first[key] = len(self._rows)
            facts = {str(code): each for catalog in catalogs for code, each in catalog.codes.items()}
            codes = {number: code for code, number in self._vocabulary.codes.items()}
            for number in range(self._vocabulary.count_services()):
                found = facts.get(codes.get(number, ""))
                self._rows.append(edit_row(found, number, self._vocabulary.codes, self._listed))
        return self._first[key]
