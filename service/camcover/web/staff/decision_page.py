"""S3, decision tables: what a plan decides about a therapy, case by case, by a release or draft, or before and after.

Beside each case stands what is worth a look: cliffs, gaps, and whether a test of the plan reaches it.
"""

from __future__ import annotations

from typing import NamedTuple

from starlette.responses import Response

from camcover.rulebook.analysis.diagnoses import TooManyCells
from camcover.web.staff.drafts_page import draft_named
from camcover.web.staff.frame import framed
from camcover.web.staff.shown_decisions import ComparedTable, ShownTable, alone, compared, shown_table
from camcover.web.staff.visits import StaffPage, StaffSite, Visit
from camcover.workflow.decision_tables import TableQuery, UnknownFact
from camcover.workflow.draft_states import DraftState
from camcover.workflow.draft_texts import is_draft_id
from camcover.workflow.drafting import draft_views, drafts_of
from camcover.workflow.errors import NoActiveRelease, RulesRefused
from camcover.workflow.release_history import files_of_release, releases_page
from camcover.workflow.row_notes import noted

__all__ = ["PAGES"]

_MOST_RELEASES = _MOST_DRAFTS = 25
_DONE = (DraftState.PUBLISHED, DraftState.WITHDRAWN)


class TableSource(NamedTuple):
    """A release or a draft to decide by: its id, its name for people, and what its answers are kept by."""

    id: str
    name: str
    key: tuple[str, ...]


async def _show(visit: Visit) -> Response:
    """The tables of one plan and therapy."""
    plan, therapy = visit.path["plan"], visit.path["therapy"]
    release = visit.asked("release") or visit.history.active
    if release is None:
        raise NoActiveRelease
    other, fault, status, found = visit.asked("before"), "", 200, dict[str, tuple[ShownTable, ...]]()
    names: dict[str, str] = {}
    for each in filter(None, (release, other)):
        source = await _source(visit.site, each)
        names[each] = source.name
        try:
            found[each] = await _tables(visit.site, source, plan, therapy)
        except (UnknownFact, TooManyCells) as error:
            fault, status = f"{source.name}: {error}", 404
        except RulesRefused as error:
            fault, status = f"{source.name} has errors: {error}", 409
    if fault:
        tables: tuple[ComparedTable, ...] = ()
    else:
        tables = compared(found[other], found[release]) if other else alone(found[release])
    known = await _known(visit.site, visit.history.active)
    return framed(
        visit,
        "decisions.html",
        "Decision table",
        status=status,
        fault=fault,
        tables=tables,
        known=names | known,
        names=names,
        plan=plan,
        therapy=therapy,
        release=release,
        before=other,
    )


async def _source(site: StaffSite, name: str) -> TableSource:
    """A release or draft by its id. Raises `UnknownDraft`."""
    if not is_draft_id(name):
        return TableSource(name, name, (name,))
    view = (await site.look(draft_named, site, name)).view
    return TableSource(name, f"draft: {view.draft.title}", (view.base, view.digest))


async def _known(site: StaffSite, active: str | None) -> dict[str, str]:
    """What can be chosen, by id: the newest releases, and the drafts that are not done with."""
    releases = (await site.read(releases_page, _MOST_RELEASES)).releases
    drafts = [each for each in await site.look(draft_views, drafts_of(site.releases)) if each.state not in _DONE]
    found = {each.id: f"{each.id} (answers now)" if each.id == active else each.id for each in releases}
    return found | {each.draft.id: f"draft: {each.draft.title}" for each in drafts[:_MOST_DRAFTS]}


async def _tables(site: StaffSite, source: TableSource, plan: str, therapy: str) -> tuple[ShownTable, ...]:
    """The tables in words, the latest days first; kept: a release never changes, and a draft's digest tells its files.

    Raises `UnknownFact`, `TooManyCells`, `RulesRefused`.
    """

    async def made() -> tuple[ShownTable, ...]:
        """The tables, from the files."""
        if is_draft_id(source.id):
            files = (await site.look(draft_named, site, source.id)).whole.files
        else:
            files = await site.read(files_of_release, source.id)
        found = await site.work(noted, files, TableQuery(plan, therapy))
        return tuple(map(shown_table, sorted(found, key=lambda each: each.table.first, reverse=True)))

    return await site.once(("decisions", *source.key, plan, therapy), made)


PAGES = (StaffPage("/plans/{plan}/therapies/{therapy}", _show),)
