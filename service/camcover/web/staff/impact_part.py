"""What a change does to members and money: the card of S6 and S7, the form that begins it, and how far it is.

The work is a job in the background (`Impacts`). Without script the card has a link that shows how far it is; with
script it is told by events.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

from starlette.responses import Response, StreamingResponse

from camcover.web.staff.differences import ChangedBenefit, ReleaseDifferences, SharedDifference
from camcover.web.staff.frame import framed, led_to
from camcover.web.staff.visits import Impacts, StaffPage, Visit
from camcover.workflow import drafting
from camcover.workflow.drafting import drafts_of
from camcover.workflow.impact.job_books import ImpactBook, impact_books
from camcover.workflow.impact.job_files import ImpactOrder, ImpactState, JobState, impact_key, is_impact_key
from camcover.workflow.impact.records import Bin, ChangedMember, Figures, Group, Impact, LineChange, most_changed
from camcover.workflow.impact.words import bin_words, changes_of
from camcover.workflow.release_history import files_of_release
from camcover.workflow.roles import Role

__all__ = ["PAGES", "ImpactCard", "ImpactSides", "impact_card"]

MOST_GROUPS = 8
"""Payer plans and therapies in the card."""

MOST_CAUSES = 3
"""Changes of one line in the card."""

MOST_RULES = 20
"""Benefits in the card."""

MOST_BESIDE = 3
"""Documents that plans share and that differ, in the row of a benefit that does not."""

_LONGEST_ID = 64
_TOLD, _EVERY_SECONDS, _RETRY_MILLISECONDS = 20, 0.5, 500
"""How often one answer tells how far a job is, before the browser asks anew; so none holds a place for long."""

_DRAFT = "drafts/"


class ShownBin(NamedTuple):
    """Members whose cost changes by about as much; `width` of 100, `kind` more, less or same."""

    words: str
    members: int
    width: int
    kind: str


class ShownRule(NamedTuple):
    """A benefit that differs, or whose lines move money: how it differs itself, if it does, and what it moves.

    `figures` are None where no line of the book belongs to it. `beside`: of one that does not differ itself what else
    does; `beside_left_out`: how much more.
    """

    plan_id: str
    benefit: str
    changed: ChangedBenefit | None
    figures: Figures | None
    beside: tuple[SharedDifference, ...]
    beside_left_out: int

    @property
    def moved_cents(self) -> int:
        """How much money changes hands: the sum of the amounts by which patients, plans and providers change."""
        found = self.figures
        return (
            sum(abs(each.change_cents) for each in (found.patient, found.plan_paid, found.written_off)) if found else 0
        )


class ShownMember(NamedTuple):
    """One of those whom the change touches most, and the first line that changes."""

    member: ChangedMember
    why: str
    others: int


class ShownImpact(NamedTuple):
    """An impact as the card shows it; `rules_left_out`: benefits that move less than those that are shown."""

    impact: Impact
    rules: tuple[ShownRule, ...]
    rules_left_out: int
    bins: tuple[ShownBin, ...]
    plans: tuple[Group, ...]
    therapies: tuple[Group, ...]
    members: tuple[ShownMember, ...]


class ImpactCard(NamedTuple):
    """The card: what is compared, with which book, how far that is, and what came of it.

    `shows_members`: whether this person may see single members of the book.
    """

    before: str
    after: str
    back: str
    key: str
    books: tuple[ImpactBook, ...]
    book: ImpactBook
    state: ImpactState | None
    shown: ShownImpact | None
    shows_members: bool

    @property
    def words(self) -> str:
        """How far the job is."""
        return _words(self.state) if self.state is not None else ""


class ImpactSides(NamedTuple):
    """A change from release `before` to a release or draft `after`, whose files have a digest."""

    before: str
    after: str
    digest: str


async def impact_card(visit: Visit, sides: ImpactSides, differs: ReleaseDifferences, back: str) -> ImpactCard | None:
    """The card about a change; `back`: the path of its page. None where the service works no impacts out."""
    before, after, digest = sides
    impacts = visit.site.impacts
    if impacts is None:
        return None
    books = await visit.site.look(impact_books, impacts.book)
    states = {
        each.name: await visit.site.look(impacts.state, impact_key(before, digest, each.digest)) for each in books
    }
    wanted = visit.asked("book") or next((name for name, state in states.items() if state is not None), "")
    book = next((each for each in books if each.name == wanted), books[0])
    state = states[book.name]
    shown = _shown(state.impact, differs) if state is not None and state.impact is not None else None
    shows_members = book.is_invented or visit.person.may(Role.ESTIMATE)
    key = impact_key(before, digest, book.digest)
    return ImpactCard(before, after, back, key, books, book, state, shown, shows_members)


def _shown(impact: Impact, differs: ReleaseDifferences) -> ShownImpact:
    """An impact as the card shows it."""
    changed = [each for each in impact.change.histogram if each.members and not _is_same(each)]
    most = max((each.members for each in changed), default=1)
    bins = tuple(
        ShownBin(bin_words(each), each.members, max(1, 100 * each.members // most), _kind(each)) for each in changed
    )
    members = tuple(map(_shown_member, (*impact.increases, *impact.decreases)))
    plans, therapies = (
        tuple(most_changed(_changed(each), MOST_GROUPS)) for each in (impact.by_plan, impact.by_therapy)
    )
    rules = _rules(impact, differs)
    return ShownImpact(impact, rules[:MOST_RULES], max(0, len(rules) - MOST_RULES), bins, plans, therapies, members)


def _rules(impact: Impact, differs: ReleaseDifferences) -> tuple[ShownRule, ...]:
    """Benefits that differ, or whose lines move money: the most money first."""
    figures = {(each.plan_id, each.benefit): each.figures for each in impact.by_benefit}
    found = (_rule(key, figures.get(key), differs) for key in {*figures, *differs.benefits})
    shown = (each for each in found if each.changed or each.moved_cents)
    return tuple(sorted(shown, key=lambda each: (-each.moved_cents, each.plan_id, each.benefit)))


def _rule(key: tuple[str, str], figures: Figures | None, differs: ReleaseDifferences) -> ShownRule:
    changed = differs.benefits.get(key)
    beside = () if changed else differs.beside(key[0])
    return ShownRule(*key, changed, figures, beside[:MOST_BESIDE], max(0, len(beside) - MOST_BESIDE))


def _changed(groups: tuple[Group, ...]) -> list[Group]:
    return [each for each in groups if each.figures.paying_more or each.figures.paying_less]


def _is_same(each: Bin) -> bool:
    return each.low_cents == 0 and each.high_cents == 0


def _kind(each: Bin) -> str:
    return "more" if (each.high_cents is None or each.high_cents > 0) else "less"


def _shown_member(member: ChangedMember) -> ShownMember:
    first = member.lines[0] if member.lines else None
    why = f"{first.therapy or first.code}: {_why(first)}" if first else ""
    return ShownMember(member, why, max(0, len(member.lines) - 1))


def _why(line: LineChange) -> str:
    """What changes in a line, as far as it fits: the causes stand first."""
    told = [f"{what} {one} → {other}" for what, one, other in changes_of(line.before, line.after)]
    return ", ".join([*told[:MOST_CAUSES], *(["…"] if len(told) > MOST_CAUSES else [])])


async def _do(visit: Visit) -> Response:
    """Begin a job, or wish that it end."""
    impacts = visit.site.impacts
    if impacts is None:
        return _no_job(visit)
    before, after = visit.sent("before", _LONGEST_ID), visit.sent("after", _LONGEST_ID)
    old, new, digest = await _sides(visit, before, after)
    books = await visit.site.look(impact_books, impacts.book)
    book = next((each for each in books if each.name == visit.sent("book")), books[0])
    key = impact_key(before, digest, book.digest)
    if visit.sent("do") == "cancel":
        impacts.cancel(key)
    else:
        impacts.begin(ImpactOrder(key, old, new, book.members))
    is_return = visit.sent("back") == "/releases/roll-back"
    back = f"/{after}" if after.startswith(_DRAFT) else f"/releases/{after}/activate"
    return led_to(f"{'/releases/roll-back' if is_return else back}?book={book.name}#impact")


async def _sides(visit: Visit, before: str, after: str) -> tuple[Mapping[str, bytes], Mapping[str, bytes], str]:
    """The files of both sides, and the digest of the one after. Raises `UnknownRelease`, `UnknownDraft`."""
    old = await visit.site.read(files_of_release, before)
    if not after.startswith(_DRAFT):
        return old, await visit.site.read(files_of_release, after), after
    store = drafts_of(visit.site.releases)
    view, _ = await visit.site.look(drafting.draft_view, store, after)
    whole = await visit.site.look(drafting.snapshot, store, after)
    return old, whole.files, view.digest


async def _events(visit: Visit) -> Response:
    """How far a job is, as server-sent events."""
    impacts, key = visit.site.impacts, visit.path["key"]
    if impacts is None or not is_impact_key(key):
        return _no_job(visit)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no", "x-content-type-options": "nosniff"}
    return StreamingResponse(_told(visit, impacts, key), media_type="text/event-stream", headers=headers)


async def _told(visit: Visit, impacts: Impacts, key: str) -> AsyncIterator[str]:
    yield f"retry: {_RETRY_MILLISECONDS}\n\n"
    for _ in range(_TOLD):
        state = await visit.site.look(impacts.state, key)
        is_live = state is not None and state.state.is_live
        told = {"done": state.done, "total": state.total, "words": _words(state)} if state is not None else {}
        yield f"data: {json.dumps({'live': is_live, **told})}\n\n"
        if not is_live:
            return
        await asyncio.sleep(_EVERY_SECONDS)


def _words(state: ImpactState) -> str:
    """How far a job is, in words."""
    if not state.total:
        return (
            "It begins as soon as the one before it is done."
            if state.state is JobState.WAITING
            else "The rules are read."
        )
    return f"{state.done:,} of {state.total:,} members are priced."


def _no_job(visit: Visit) -> Response:
    """The page where there is no job."""
    return framed(visit, "refused.html", "No such page", status=404, said="No such impact is worked out here.")


PAGES = (
    StaffPage("/impacts", None, _do, needs=Role.RULES_READ),
    StaffPage("/impacts/{key}/events", _events),
)
