"""S6, drafts and their review: what changes, what the checks say, what was said, and the next step."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from starlette.responses import Response

from camcover.web.staff.differences import ReleaseDifferences, grouped
from camcover.web.staff.frame import framed, led_to
from camcover.web.staff.impact_part import ImpactSides, impact_card
from camcover.web.staff.visits import SAY_WHY, StaffPage, StaffSite, Visit, whole_number
from camcover.workflow import drafting
from camcover.workflow.activation import Decision
from camcover.workflow.draft_checks import DraftCheck, check_draft
from camcover.workflow.draft_states import DraftState, DraftView
from camcover.workflow.drafting import DraftDecision, DraftSave, DraftStepKind, Snapshot, drafts_of
from camcover.workflow.errors import RulesRefused, WrongDraftState
from camcover.workflow.reviewing import changes, prepared

__all__ = ["PAGES", "DraftAtHand", "draft_at_hand", "draft_id", "draft_named", "revision"]

_LONGEST_TEXT, _LONGEST_TITLE, _LONGEST_NUMBER, _LONGEST_TIME = 4_000, 200, 9, 16
_MOST_LINES = 400
"""Lines of one file's difference that are shown."""


class FileDifference(NamedTuple):
    """A file that differs from the base: its lines, each with `+`, `-`, `@` or a blank before it."""

    name: str
    word: str
    lines: tuple[tuple[str, str], ...]
    left_out: int


class DraftAtHand(NamedTuple):
    """A draft with its files against its base."""

    view: DraftView
    changed: Mapping[str, bytes | None]
    base: Mapping[str, bytes]
    whole: Snapshot


def draft_id(visit: Visit) -> str:
    """The id of the draft that an address names."""
    return f"drafts/{visit.path['draft'][:64]}"


def draft_at_hand(visit: Visit) -> DraftAtHand:
    """The draft of an address. Raises `UnknownDraft`."""
    return draft_named(visit.site, draft_id(visit))


def draft_named(site: StaffSite, name: str) -> DraftAtHand:
    """A draft by its id. Raises `UnknownDraft`."""
    store = drafts_of(site.releases)
    view, changed = drafting.draft_view(store, name)
    return DraftAtHand(view, changed, site.releases.files(view.base), drafting.snapshot(store, name))


async def _list(visit: Visit, fault: str = "") -> Response:
    """All drafts, and the form that begins one."""
    found = await visit.site.look(drafting.draft_views, drafts_of(visit.site.releases))
    title = visit.sent("title", _LONGEST_TITLE)
    return framed(
        visit,
        "drafts.html",
        "Drafts",
        status=400 if fault else 200,
        found=found,
        fault=fault,
        title_given=title,
        longest=_LONGEST_TITLE,
    )


async def _begin(visit: Visit) -> Response:
    """Begin a draft."""
    title = visit.sent("title", _LONGEST_TITLE)
    if not title:
        return await _list(visit, "Say what the change is about.")
    store = drafts_of(visit.site.releases)
    made = await visit.site.look(drafting.create_draft, store, visit.person.subject, title, {})
    return led_to(f"/{made.draft.id}")


async def _one(visit: Visit, fault: str = "") -> Response:
    """One draft."""
    found = await visit.site.look(draft_at_hand, visit)
    check = await visit.site.once(("check", found.view.digest), lambda: _checked(visit, found))
    differs = await visit.site.once(("differences", found.view.digest), lambda: _differences(visit, found))
    view = found.view
    sides = ImpactSides(view.base, view.draft.id, view.digest)
    card = await impact_card(visit, sides, differs, f"/{view.draft.id}") if differs and view.file_count else None
    return framed(
        visit,
        "draft.html",
        view.draft.title,
        status=400 if fault else 200,
        found=view,
        files=[_file_difference(name, found.base.get(name), body) for name, body in found.changed.items()],
        check=check,
        differs=differs,
        impact=card,
        is_writer=view.is_editor(visit.person.subject),
        is_moved=view.active != view.base,
        can_write=view.state in (DraftState.OPEN, DraftState.PROPOSED, DraftState.APPROVED, DraftState.SENT_BACK),
        fault=fault,
        text=visit.sent("text", _LONGEST_TEXT),
        longest=_LONGEST_TEXT,
    )


async def _checked(visit: Visit, found: DraftAtHand) -> DraftCheck:
    return await visit.site.work(check_draft, found.base, found.whole.files, is_whole=False)


async def _differences(visit: Visit, found: DraftAtHand) -> ReleaseDifferences | None:
    """What differs in what the rules say; None where the files have errors."""
    try:
        told = await visit.site.work(changes, found.base, found.whole.files)
    except RulesRefused:
        return None
    return grouped(found.view.base, found.view.draft.id, told)


def _file_difference(name: str, before: bytes | None, after: bytes | None) -> FileDifference:
    """What differs in a file, line by line."""
    word = "new" if before is None else "removed" if after is None else "changed"
    old, new = ((body or b"").decode(errors="replace").splitlines() for body in (before, after))
    lines = [(line[:1], line[1:]) for line in list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]]
    return FileDifference(name, word, tuple(lines[:_MOST_LINES]), max(0, len(lines) - _MOST_LINES))


async def _do(visit: Visit) -> Response:
    """Take the step that a form asks for."""
    step = _STEPS.get(visit.sent("do"))
    if step is None:
        raise WrongDraftState(f"{draft_id(visit)}: found no step; expected one of {', '.join(_STEPS)}")
    is_said = bool(visit.sent("text"))
    if not is_said and visit.sent("do") in _WITH_REASON:
        return await _one(visit, SAY_WHY)
    await step(visit)
    return led_to(f"/{draft_id(visit)}")


async def _comment(visit: Visit) -> None:
    text = visit.sent("text", _LONGEST_TEXT)
    await visit.site.look(drafting.comment, drafts_of(visit.site.releases), draft_id(visit), visit.person.subject, text)


async def _rebase(visit: Visit) -> None:
    save = DraftSave(visit.person.subject, revision(visit), {}, is_rebased=True)
    await visit.site.look(drafting.save_draft, drafts_of(visit.site.releases), draft_id(visit), save)


async def _propose(visit: Visit) -> None:
    checked = await _allowed(visit, DraftStepKind.PROPOSE)
    await visit.site.work(prepared, checked.files)
    text = visit.sent("text", _LONGEST_TEXT)
    await visit.site.look(drafting.propose, drafts_of(visit.site.releases), checked, visit.person.subject, text=text)


async def _approve(visit: Visit) -> None:
    await _allowed(visit, DraftStepKind.APPROVE)
    await _decide(visit, is_approved=True)


async def _send_back(visit: Visit) -> None:
    await _decide(visit, is_approved=False)


async def _decide(visit: Visit, *, is_approved: bool) -> None:
    text = visit.sent("text", _LONGEST_TEXT)
    decision = DraftDecision(visit.person.subject, revision(visit), is_approved, text)
    await visit.site.look(drafting.decide, drafts_of(visit.site.releases), draft_id(visit), decision)


async def _publish(visit: Visit) -> None:
    at = _time(visit)
    checked = await _allowed(visit, DraftStepKind.PUBLISH)
    ready = await visit.site.work(prepared, checked.files)
    decision = Decision(visit.person.subject, visit.sent("text", _LONGEST_TEXT))
    await visit.site.look(drafting.publish_draft, visit.site.releases, checked, ready, decision, at=at)


async def _withdraw(visit: Visit) -> None:
    text = visit.sent("text", _LONGEST_TEXT)
    await visit.site.look(
        drafting.withdraw, drafts_of(visit.site.releases), draft_id(visit), visit.person.subject, text
    )


async def _allowed(visit: Visit, step: DraftStepKind) -> Snapshot:
    """The files of a draft that may take a step, all of whose changes this person may make.

    Raises `PayerNotAllowed`, and what `snapshot_to` raises.
    """
    site = visit.site
    found: Snapshot = await site.look(
        drafting.snapshot_to, step, drafts_of(site.releases), draft_id(visit), revision(visit)
    )
    await visit.check_payers(found.files)
    return found


def revision(visit: Visit) -> int:
    """The revision that a form was shown for; 0, which none has, where it names none."""
    return whole_number(visit.sent("revision", _LONGEST_NUMBER)) or 0


def _time(visit: Visit) -> datetime | None:
    """From when on a release shall be active, in UTC; None: at once. Raises `WrongDraftState` for no such time."""
    text = visit.sent("at", _LONGEST_TIME)
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise WrongDraftState(f"found time {text!r}; expected a time such as 2027-01-01T00:00") from None


_STEPS: Mapping[str, Callable[[Visit], Awaitable[None]]] = {
    "comment": _comment,
    "rebase": _rebase,
    "propose": _propose,
    "approve": _approve,
    "send-back": _send_back,
    "publish": _publish,
    "withdraw": _withdraw,
}
_WITH_REASON = ("comment", "send-back", "publish", "withdraw")

PAGES = (StaffPage("/drafts", _list, _begin), StaffPage("/drafts/{draft}", _one, _do))
