"""Drafts: a change of rules that is written, proposed, looked at by another person, and published.

What comes in: files that differ from the release in force, who does what, and why. What goes out: the draft as it
stands. Each step is one transaction that checks and writes. What takes long (`prepared`) is done between two of them,
on a `Snapshot`; the second one checks that the draft is still the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from camcover.store import Draft, DraftBook, DraftStep, DraftStepKind, DraftStore
from camcover.store.drafts import digest_of_draft
from camcover.workflow.activation import Decision, activate_approved
from camcover.workflow.draft_states import DraftState, DraftView, base_moved, moment_of, view
from camcover.workflow.draft_texts import (
    MOST_BYTES,
    MOST_FILES,
    MOST_STEPS,
    checked_files,
    checked_text,
    checked_title,
    is_draft_id,
)
from camcover.workflow.errors import (
    DraftBaseMoved,
    DraftChanged,
    DraftFull,
    NoActiveRelease,
    OwnDraft,
    UnknownDraft,
    WrongDraftState,
)
from camcover.workflow.publishing import Prepared, publish
from camcover.workflow.release_rules import ReleaseRules

__all__ = [
    "DraftDecision",
    "DraftSave",
    "DraftStepKind",
    "Snapshot",
    "comment",
    "create_draft",
    "decide",
    "draft_view",
    "draft_views",
    "drafts_of",
    "propose",
    "publish_draft",
    "save_draft",
    "snapshot",
    "snapshot_to",
    "withdraw",
]

_WRITABLE = frozenset({DraftState.OPEN, DraftState.PROPOSED, DraftState.APPROVED, DraftState.SENT_BACK})
_ALLOWED = {
    DraftStepKind.SAVE: _WRITABLE,
    DraftStepKind.COMMENT: frozenset(DraftState) - {DraftState.WITHDRAWN},
    DraftStepKind.PROPOSE: frozenset({DraftState.OPEN, DraftState.SENT_BACK}),
    DraftStepKind.APPROVE: frozenset({DraftState.PROPOSED}),
    DraftStepKind.SEND_BACK: frozenset({DraftState.PROPOSED, DraftState.APPROVED}),
    DraftStepKind.PUBLISH: frozenset({DraftState.APPROVED}),
    DraftStepKind.WITHDRAW: _WRITABLE,
}
"""In which states a step may be taken."""

_SHOWN = 64
"""Characters of a text that is no id, where a refusal quotes it."""

_FROM_BASE = (DraftStepKind.PROPOSE, DraftStepKind.APPROVE, DraftStepKind.PUBLISH)
"""Steps that need the base to be in force."""

Changed = Mapping[str, bytes | None]


class Snapshot(NamedTuple):
    """The files of a draft as a whole: those of its base with its changes, at a revision."""

    draft: str
    revision: int
    base: str
    files: dict[str, bytes]


class DraftSave(NamedTuple):
    """Files to save, begun from `revision`. `is_rebased`: the release in force becomes the draft's base."""

    actor: str
    revision: int
    files: Changed
    is_rebased: bool = False


class DraftDecision(NamedTuple):
    """What a reviewer says of the revision that they looked at. `reason` may be empty for an approval alone."""

    actor: str
    revision: int
    is_approved: bool
    reason: str


def drafts_of(rules: ReleaseRules) -> DraftStore:
    """The drafts beside the releases of a database."""
    return DraftStore(rules.store.database)


def create_draft(store: DraftStore, actor: str, title: str, files: Changed) -> DraftView:
    """Begin a draft on the release in force. Raises `InvalidRequest`, `NoActiveRelease`, `DraftFull`."""
    title = checked_title(title)
    checked_files(files)
    with store.writing() as book:
        base, now = book.ledger.active(), book.ledger.now()
        if base is None:
            raise NoActiveRelease
        draft = Draft(f"drafts/{secrets.token_hex(8)}", title, actor, now)
        changed = _changed(book.ledger.files(base), files)
        book.add_draft(draft)
        book.add_files(draft.id, 1, changed)
        digest = digest_of_draft(base, changed)
        book.add_step(draft, DraftStep(draft.id, 1, DraftStepKind.CREATE, actor, now, 1, base, digest))
        return _view(book, draft.id)


def save_draft(store: DraftStore, draft_id: str, save: DraftSave) -> DraftView:
    """Change files of a draft; the others stay as they are. What is as in the base is no change.

    What is the same as before makes no revision; else an approval falls. Raises `InvalidRequest`, `UnknownDraft`,
    `DraftChanged`, `WrongDraftState`, `DraftFull`; `DraftBaseMoved` where others changed files that the draft changes.
    """
    actor, revision, files, is_rebased = save
    checked_files(files)
    with store.writing() as book:
        found = _found(book, draft_id, DraftStepKind.SAVE, revision)
        before = book.files(draft_id, found.revision)
        base = found.base
        if is_rebased and found.active is not None and found.active != base:
            _refuse_conflicts(book, found, before.keys() - files.keys())
            base = found.active
        changed = _changed(book.ledger.files(base), {**before, **files})
        digest = digest_of_draft(base, changed)
        if digest == found.digest:
            return found
        book.add_files(draft_id, found.revision + 1, changed)
        step = _step(book, found, DraftStepKind.SAVE, actor)
        book.add_step(found.draft, step._replace(revision=found.revision + 1, base=base, digest=digest))
        return _view(book, draft_id)


def comment(store: DraftStore, draft_id: str, actor: str, text: str, *, file: str = "", line: int = 0) -> DraftView:
    """Say something about a draft, or about a line of a file. Raises `InvalidRequest`, `UnknownDraft`, and so on."""
    text = checked_text("text", text)
    checked_files({file: None} if file else {})
    with store.writing() as book:
        found = _found(book, draft_id, DraftStepKind.COMMENT)
        step = _step(book, found, DraftStepKind.COMMENT, actor, text=text)
        book.add_step(found.draft, step._replace(file=file, line=line))
        return _view(book, draft_id)


def snapshot(store: DraftStore, draft_id: str, more: Changed | None = None) -> Snapshot:
    """The whole files of a draft, with `more` changes that are not saved. Raises `InvalidRequest`, `UnknownDraft`."""
    checked_files(more or {})
    with store.reading() as book:
        return _snapshot(book, _view(book, draft_id), more or {})


def snapshot_to(step: DraftStepKind, store: DraftStore, draft_id: str, revision: int) -> Snapshot:
    """The whole files of a draft, to be checked before a step that its state allows.

    Raises `UnknownDraft`, `DraftChanged`, `WrongDraftState`; `DraftBaseMoved`, where the step itself sends it back.
    """
    with store.reading() as book:
        found = _found(book, draft_id, step, revision)
        if not found.file_count:
            raise WrongDraftState(f"{draft_id} has no file that differs from {found.base}; save a change first")
        if found.active == found.base or step is not DraftStepKind.PROPOSE:
            return _snapshot(book, found, {})
    raise _moved(found)


def propose(store: DraftStore, checked: Snapshot, actor: str, text: str = "") -> DraftView:
    """Ask for a review of files that were checked as a whole. Raises as `snapshot_to` does."""
    text = checked_text("text", text) if text.strip() else ""
    with store.writing() as book:
        found = _found(book, checked.draft, DraftStepKind.PROPOSE, checked.revision)
        if found.active == found.base:
            book.add_step(found.draft, _step(book, found, DraftStepKind.PROPOSE, actor, text=text))
            return _view(book, checked.draft)
    raise _moved(found)


def decide(store: DraftStore, draft_id: str, decision: DraftDecision) -> DraftView:
    """Approve the files of a revision, or send them back with a reason.

    Raises `UnknownDraft`, `DraftChanged`, `WrongDraftState`, `OwnDraft` where a person who wrote it would approve,
    `InvalidRequest` where it goes back without a reason, `DraftBaseMoved` where it went back since its base moved.
    """
    actor, revision, is_approved, reason = decision
    reason = "" if is_approved and not reason.strip() else checked_text("reason", reason)
    kind = DraftStepKind.APPROVE if is_approved else DraftStepKind.SEND_BACK
    with store.writing() as book:
        found = _found(book, draft_id, kind, revision)
        if is_approved and found.is_editor(actor):
            raise OwnDraft(draft_id, actor)
        if not _goes_back(book, found, kind, actor):
            book.add_step(found.draft, _step(book, found, kind, actor, text=reason))
            return _view(book, draft_id)
    raise _moved(found)


def publish_draft(
    rules: ReleaseRules, checked: Snapshot, prepared: Prepared, decision: Decision, *, at: datetime | None = None
) -> DraftView:
    """Make an approved draft a release, and that release active: now, or from `at` on if its base is active then.

    `prepared` was made of the files of `checked`. The release is published in the name of who publishes; the approval
    stands for the store's four eyes. Raises as `decide` does, and `ReleaseUnusable`.
    """
    reason = checked_text("reason", decision.reason)
    store, release = drafts_of(rules), None
    with store.reading() as book:
        found = _found(book, checked.draft, DraftStepKind.PUBLISH, checked.revision)
    if found.active == found.base:
        release = publish(rules.store, prepared, decision.actor, _told(found)).release
        rules.tables(release.id)
    with store.writing() as book:
        found = _found(book, checked.draft, DraftStepKind.PUBLISH, checked.revision)
        if not _goes_back(book, found, DraftStepKind.PUBLISH, decision.actor) and release is not None:
            bound = Decision(decision.actor, reason, found.base)
            made = activate_approved(book.ledger, release.id, bound, at)
            step = _step(book, found, DraftStepKind.PUBLISH, decision.actor, text=reason)
            book.add_step(found.draft, step._replace(release_id=release.id, activation_id=made.id))
            return _view(book, checked.draft)
    raise _moved(found)


def withdraw(store: DraftStore, draft_id: str, actor: str, reason: str) -> DraftView:
    """Give a draft up; it stays to be read. Raises `InvalidRequest`, `UnknownDraft`, `WrongDraftState`."""
    reason = checked_text("reason", reason)
    with store.writing() as book:
        found = _found(book, draft_id, DraftStepKind.WITHDRAW)
        book.add_step(found.draft, _step(book, found, DraftStepKind.WITHDRAW, actor, text=reason))
        return _view(book, draft_id)


def draft_view(store: DraftStore, draft_id: str) -> tuple[DraftView, dict[str, bytes | None]]:
    """A draft, and its files that differ from the base. Raises `UnknownDraft`."""
    with store.reading() as book:
        found = _view(book, draft_id)
        return found, book.files(draft_id, found.revision)


def draft_views(store: DraftStore) -> list[DraftView]:
    """All drafts, newest first."""
    with store.reading() as book:
        at = moment_of(book.ledger)
        steps, counts = book.steps(), book.file_counts()
        return [
            view(each, steps[each.id], counts.get((each.id, steps[each.id][-1].revision), 0), at)
            for each in book.drafts()
        ]


def _view(book: DraftBook, draft_id: str) -> DraftView:
    """A draft as it stands. Raises `UnknownDraft`; a text of another form is none before it is looked for."""
    draft = book.draft(draft_id) if is_draft_id(draft_id) else None
    if draft is None:
        raise UnknownDraft(draft_id[:_SHOWN])
    steps = book.steps(draft_id)[draft_id]
    return view(draft, steps, len(book.files(draft_id, steps[-1].revision)), moment_of(book.ledger))


def _found(book: DraftBook, draft_id: str, step: DraftStepKind, revision: int | None = None) -> DraftView:
    """A draft that is at the revision which the caller looked at, and whose state allows a step.

    Raises `UnknownDraft`, `DraftChanged`, `WrongDraftState`.
    """
    found = _view(book, draft_id)
    if revision is not None and revision != found.revision:
        saved = next(each for each in found.steps if each.revision == found.revision)
        raise DraftChanged(draft_id, revision, found.revision, saved.actor)
    if found.state not in _ALLOWED[step]:
        expected = " or ".join(sorted(_ALLOWED[step]))
        advice = ""
        if found.state is DraftState.SCHEDULED and found.activation is not None:
            advice = f"; call off activation {found.activation.id} first"
        raise WrongDraftState(f"{draft_id} is {found.state}; to {step} needs {expected}{advice}")
    return found


def _step(book: DraftBook, found: DraftView, kind: DraftStepKind, actor: str, *, text: str = "") -> DraftStep:
    """The next step of a draft, its files as they are. Raises `DraftFull`."""
    last = found.steps[-1]
    if last.number >= MOST_STEPS:
        raise DraftFull(f"{found.draft.id} has {last.number} steps, the most that a draft may have; begin another")
    now = book.ledger.now()
    return DraftStep(last.draft_id, last.number + 1, kind, actor, now, last.revision, last.base, last.digest, text)


def _changed(base: Mapping[str, bytes], files: Changed) -> dict[str, bytes | None]:
    """The files that differ from the base, in order of name. Raises `DraftFull`."""
    changed = {name: content for name, content in sorted(files.items()) if content != base.get(name)}
    size = sum(len(content) for content in changed.values() if content is not None)
    if len(changed) > MOST_FILES or size > MOST_BYTES:
        found = f"{len(changed)} files with {size} bytes would differ from the base"
        raise DraftFull(f"{found}; expected at most {MOST_FILES} files with {MOST_BYTES} bytes")
    return changed


def _refuse_conflicts(book: DraftBook, found: DraftView, names: set[str]) -> None:
    """Raise `DraftBaseMoved` for files which the draft changes that others changed since its base."""
    old = book.ledger.files(found.base)
    new = book.ledger.files(found.active or "")
    both = sorted(name for name in names if old.get(name) != new.get(name))
    if both:
        said = f"{found.active} changed files that {found.draft.id} changes as well: {', '.join(both)}"
        raise DraftBaseMoved(f"{said}; send these files with the save, in the form that they are to have")


def _snapshot(book: DraftBook, found: DraftView, more: Changed) -> Snapshot:
    files: dict[str, bytes | None] = {**book.ledger.files(found.base)}
    files |= {**book.files(found.draft.id, found.revision), **more}
    whole = {name: content for name, content in files.items() if content is not None}
    return Snapshot(found.draft.id, found.revision, found.base, whole)


def _goes_back(book: DraftBook, found: DraftView, step: DraftStepKind, actor: str) -> bool:
    """Send a draft back where its base is no longer in force and the step needs that; whether that was done."""
    if step not in _FROM_BASE or found.active == found.base:
        return False
    why = base_moved(found.base, found.active)
    book.add_step(found.draft, _step(book, found, DraftStepKind.SEND_BACK, actor, text=why))
    return True


def _moved(found: DraftView) -> DraftBaseMoved:
    said = base_moved(found.base, found.active)
    return DraftBaseMoved(f"{said}; save {found.draft.id} on the release in force, look at it again, and propose it")


def _told(found: DraftView) -> str:
    """What a release says of its draft."""
    approval = found.approval
    approved = f", approved by {approval.actor}" if approval else ""
    return f"{found.draft.title} ({found.draft.id}, written by {', '.join(found.editors)}{approved})"
