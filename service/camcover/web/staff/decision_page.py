"""S3, decision tables: what a plan decides about a therapy, case by case, under a release or before and after it."""

from __future__ import annotations

from starlette.responses import Response

from camcover.rulebook.analysis.diagnoses import TooManyCells
from camcover.web.staff.frame import framed
from camcover.web.staff.shown_decisions import ComparedTable, ShownTable, alone, compared, shown_table
from camcover.web.staff.visits import StaffPage, StaffSite, Visit
from camcover.workflow.decision_tables import TableQuery, UnknownFact
from camcover.workflow.errors import NoActiveRelease
from camcover.workflow.release_history import files_of_release, releases_page
from camcover.workflow.reviewing import explained

__all__ = ["PAGES"]

_MOST_RELEASES = 25


async def _show(visit: Visit) -> Response:
    """The tables of one plan and therapy."""
    plan, therapy = visit.path["plan"], visit.path["therapy"]
    release = visit.asked("release") or visit.history.active
    if release is None:
        raise NoActiveRelease
    other, fault, found = visit.asked("before"), "", dict[str, tuple[ShownTable, ...]]()
    for name in filter(None, (release, other)):
        try:
            found[name] = await _tables(visit.site, name, plan, therapy)
        except (UnknownFact, TooManyCells) as error:
            fault = f"{name}: {error}"
    if fault:
        tables: tuple[ComparedTable, ...] = ()
    else:
        tables = compared(found[other], found[release]) if other else alone(found[release])
    known = [each.id for each in (await visit.site.read(releases_page, _MOST_RELEASES)).releases]
    names = {"plan": plan, "therapy": therapy, "release": release, "before": other}
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
        return tuple(map(shown_table, sorted(found, key=lambda each: each.first, reverse=True)))

    return await site.once(("decisions", release, plan, therapy), made)


PAGES = (StaffPage("/plans/{plan}/therapies/{therapy}", _show),)
