"""S3, decision tables: what a plan decides about a therapy, case by case, under a release."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from starlette.responses import Response

from camcover.rulebook.analysis.decisions import Verdict
from camcover.rulebook.analysis.diagnoses import TooManyCells
from camcover.web.staff.frame import framed
from camcover.web.staff.visits import StaffPage, StaffSite, Visit
from camcover.workflow.decision_tables import DecisionTable, TableQuery, TableRow, UnknownFact, code_words
from camcover.workflow.decision_words import decided, term_lines
from camcover.workflow.errors import NoActiveRelease
from camcover.workflow.release_history import files_of_release, releases_page
from camcover.workflow.reviewing import explained

__all__ = ["PAGES"]

_MOST_RELEASES = 25


class ShownCase(NamedTuple):
    """One case: what it is told by, what is decided, the terms line by line, the rules that do not decide."""

    when: tuple[str, ...]
    is_covered: bool
    decision: str
    place: str
    terms: tuple[str, ...]
    others: tuple[str, ...]


class ShownTable(NamedTuple):
    """A table: its days, its codes, the columns in which cases differ, the cases."""

    days: str
    codes: str
    columns: tuple[str, ...]
    cases: tuple[ShownCase, ...]


async def _show(visit: Visit) -> Response:
    """The tables of one plan and therapy."""
    plan, therapy = visit.path["plan"], visit.path["therapy"]
    release = visit.asked("release") or visit.history.active
    if release is None:
        raise NoActiveRelease
    fault, tables = "", tuple[ShownTable, ...]()
    try:
        tables = await _tables(visit.site, release, plan, therapy)
    except (UnknownFact, TooManyCells) as error:
        fault = str(error)
    known = [each.id for each in (await visit.site.read(releases_page, _MOST_RELEASES)).releases]
    names = {"plan": plan, "therapy": therapy, "release": release}
    status = 404 if fault else 200
    return framed(
        visit, "decisions.html", "Decision table", status=status, fault=fault, tables=tables, known=known, **names
    )


async def _tables(site: StaffSite, release: str, plan: str, therapy: str) -> tuple[ShownTable, ...]:
    """The tables in words, the latest days first; kept, since a release never changes.

    Raises `UnknownFact`, `TooManyCells`.
    """

    async def made() -> tuple[ShownTable, ...]:
        files = await site.read(files_of_release, release)
        found = await site.work(explained, files, TableQuery(plan, therapy))
        return tuple(map(_table, sorted(found, key=lambda each: each.first, reverse=True)))

    return await site.once(("decisions", release, plan, therapy), made)


def _table(table: DecisionTable) -> ShownTable:
    columns = tuple(dict.fromkeys(subject for case in table.cases for subject in case.when))
    days = f"{table.first} to {table.last}" if table.last else f"from {table.first}"
    return ShownTable(days, code_words(table.codes), columns, tuple(_case(each, columns) for each in table.cases))


def _case(case: TableRow, columns: Iterable[str]) -> ShownCase:
    then = [line for each in case.then for line in (f"used up: then {each.benefit}", *term_lines(each))]
    return ShownCase(
        when=tuple(case.when.get(name, "any") for name in columns),
        is_covered=case.verdict is Verdict.BENEFIT,
        decision=decided(case),
        place=case.place,
        terms=(*case.provider_liable, *term_lines(case), *then),
        others=tuple(f"{each.rule} {each.why}" for each in case.others),
    )


PAGES = (StaffPage("/plans/{plan}/therapies/{therapy}", _show),)
