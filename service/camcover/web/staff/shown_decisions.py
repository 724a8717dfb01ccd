"""Decision tables as pages for staff show them: of one release, or with what another release decided before.

Cases are paired by what they are told by, in tables for the same codes whose days meet. A case without a pair is new,
or is gone. That a rule stands in another line is no change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from camcover.rulebook.analysis.decisions import Verdict
from camcover.rulebook.facts.words import days_words
from camcover.workflow.decision_tables import TableRow, code_words
from camcover.workflow.decision_words import decided, term_lines
from camcover.workflow.row_note_words import cliff_words, gap_words
from camcover.workflow.row_notes import NotedTable, ReachingTest, RowNotes

__all__ = [
    "ComparedCase",
    "ComparedTable",
    "PlacedWords",
    "ShownCase",
    "ShownNotes",
    "ShownTable",
    "alone",
    "compared",
    "shown_table",
]


class PlacedWords(NamedTuple):
    """A sentence, and the place in a file that it is about (empty: none)."""

    words: str
    place: str = ""


class ShownNotes(NamedTuple):
    """What is worth a look beside a case. `tests`: those with a line in it; `unreached`: its limits without a test."""

    cliffs: tuple[PlacedWords, ...] = ()
    gaps: tuple[str, ...] = ()
    tests: tuple[ReachingTest, ...] = ()
    unreached: tuple[str, ...] = ()


class ShownCase(NamedTuple):
    """One case: what it is told by, what is decided, the terms line by line, the rules that do not decide."""

    when: Mapping[str, str]
    is_covered: bool
    decision: str
    place: str
    terms: tuple[str, ...]
    others: tuple[str, ...]
    notes: ShownNotes = ShownNotes()

    @property
    def said(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """What it says, without its place and its notes."""
        return self.decision, self.terms, self.others


class ShownTable(NamedTuple):
    """A table: its days (`last`: None for no end), its codes, its cases."""

    first: date
    last: date | None
    codes: str
    cases: tuple[ShownCase, ...]

    @property
    def days(self) -> str:
        """The days in words."""
        return days_words(self.first, self.last)


class ComparedCase(NamedTuple):
    """A case, `word`: whether it is new, gone or changed, else empty; `before`: the case that it was, if changed."""

    case: ShownCase
    word: str = ""
    before: ShownCase | None = None


class ComparedTable(NamedTuple):
    """A table with the columns in which its cases differ.

    `word`: whether the whole is new or gone; `days_before`: the days of the table before, where they are others.
    """

    table: ShownTable
    columns: tuple[str, ...]
    cases: tuple[ComparedCase, ...]
    word: str = ""
    days_before: str = ""

    @property
    def differing(self) -> int:
        """How many of its cases differ."""
        return sum(bool(each.word) for each in self.cases)

    @property
    def to_look_at(self) -> tuple[int, int, int]:
        """How many cliffs, gaps, and cases without a test there are beside its cases that are not gone."""
        notes = [each.case.notes for each in self.cases if each.word != "gone"]
        cliffs, gaps = (sum(map(len, each)) for each in ((n.cliffs for n in notes), (n.gaps for n in notes)))
        return cliffs, gaps, sum(not each.tests for each in notes)


def shown_table(found: NotedTable) -> ShownTable:
    """A table in words."""
    table = found.table
    return ShownTable(table.first, table.last, code_words(table.codes), tuple(map(_case, table.cases, found.notes)))


def _case(case: TableRow, notes: RowNotes) -> ShownCase:
    then = [line for each in case.then for line in (f"used up: then {each.benefit}", *term_lines(each))]
    return ShownCase(
        when=dict(case.when),
        is_covered=case.verdict is Verdict.BENEFIT,
        decision=decided(case),
        place=case.place,
        terms=(*case.provider_liable, *term_lines(case), *then),
        others=tuple(f"{each.rule} {each.why}" for each in case.others),
        notes=ShownNotes(
            cliffs=tuple(PlacedWords(cliff_words(each), each.rule) for each in notes.cliffs),
            gaps=tuple(map(gap_words, notes.gaps)),
            tests=notes.tests,
            unreached=notes.unreached,
        ),
    )


def alone(tables: Sequence[ShownTable], word: str = "") -> tuple[ComparedTable, ...]:
    """Tables as they are, each of their cases with a word."""
    return tuple(_joined(each, [ComparedCase(case, word) for case in each.cases], word) for each in tables)


def compared(before: Sequence[ShownTable], after: Sequence[ShownTable]) -> tuple[ComparedTable, ...]:
    """The tables of a release with what was before; then those of before that none of them is paired with."""
    made: list[ComparedTable] = []
    paired: list[ShownTable] = []
    for table in after:
        old = next((each for each in before if each.codes == table.codes and _meet(each, table)), None)
        if old is None:
            made += alone([table], "new")
            continue
        paired.append(old)
        cases = _joined(table, list(_cases(old, table)))
        made.append(cases if old.days == table.days else cases._replace(days_before=old.days))
    return (*made, *alone([each for each in before if each not in paired], "gone"))


def _meet(one: ShownTable, other: ShownTable) -> bool:
    """Whether two tables have a day in common."""
    return (one.last is None or other.first <= one.last) and (other.last is None or one.first <= other.last)


def _cases(before: ShownTable, after: ShownTable) -> Iterator[ComparedCase]:
    """The cases of a table with what they were, then those that are gone."""
    old = {frozenset(each.when.items()): each for each in before.cases}
    for case in after.cases:
        was = old.pop(frozenset(case.when.items()), None)
        if was is None:
            yield ComparedCase(case, "new")
        elif was.said == case.said:
            yield ComparedCase(case)
        else:
            yield ComparedCase(case, "changed", was)
    yield from (ComparedCase(case, "gone") for case in old.values())


def _joined(table: ShownTable, cases: Sequence[ComparedCase], word: str = "") -> ComparedTable:
    columns = dict.fromkeys(subject for each in cases for subject in each.case.when)
    return ComparedTable(table, tuple(columns), tuple(cases), word)
