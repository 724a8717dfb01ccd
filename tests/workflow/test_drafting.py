"""Drafts: written, proposed, looked at by another person, published; sent back where the base moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from camcover.engine import InvalidRequest
from camcover.rulebook import load_files
from camcover.store import AuditLog, Database, DraftStepKind, DraftStore, Ledger
from camcover.workflow import draft_texts, drafting
from camcover.workflow.activation import Decision, activate, active_release, cancel, roll_back
from camcover.workflow.auditing import verify
from camcover.workflow.draft_states import DraftState, DraftView
from camcover.workflow.drafting import (
    DraftDecision,
    DraftSave,
    comment,
    create_draft,
    decide,
    draft_view,
    draft_views,
    propose,
    publish_draft,
    save_draft,
    snapshot,
    snapshot_to,
    withdraw,
)
from camcover.workflow.errors import (
    DraftBaseMoved,
    DraftChanged,
    DraftFull,
    FourEyesNeeded,
    NoActiveRelease,
    OwnDraft,
    UnknownDraft,
    WrongDraftState,
)
from camcover.workflow.publishing import Prepared, prepare, publish
from camcover.workflow.release_history import history
from small_rules import COPAY_PLAN, TEXTS

BOB = Decision("bob", "agreed")


def copay(dollars: int) -> dict[str, bytes | None]:
    """The copay plan with another copay."""
    return {"copay.yaml": COPAY_PLAN.replace("copay: $20", f"copay: ${dollars}").encode()}


@cache
def prepared(files: tuple[tuple[str, bytes], ...]) -> Prepared:
    """What a release of the files is made of."""
    return prepare(load_files(dict(files)))


class Desk(NamedTuple):
    """Three releases with copays of 20, 30 and 40 dollars, the first in force; and the drafts."""

    releases: Any
    store: DraftStore

    def begin(self, files: dict[str, bytes | None] | None = None) -> DraftView:
        """A draft of ana's."""
        return create_draft(self.store, "ana", "A copay of 35", copay(35) if files is None else files)

    def propose(self, draft: DraftView) -> DraftView:
        """Propose a draft by its owner."""
        return propose(
            self.store, snapshot_to(DraftStepKind.PROPOSE, self.store, draft.draft.id, draft.revision), "ana"
        )

    def approved(self, actor: str = "bob") -> DraftView:
        """A draft of ana's that another person approved."""
        draft = self.propose(self.begin())
        return decide(self.store, draft.draft.id, DraftDecision(actor, draft.revision, is_approved=True, reason=""))

    def publish(self, draft: DraftView, actor: str = "ana", at: datetime | None = None) -> DraftView:
        """Publish an approved draft."""
        checked = snapshot_to(DraftStepKind.PUBLISH, self.store, draft.draft.id, draft.revision)
        ready = prepared(tuple(checked.files.items()))
        return publish_draft(self.releases.rules, checked, ready, Decision(actor, "as agreed"), at=at)

    def now(self, draft: DraftView) -> DraftView:
        """The draft as it stands."""
        return draft_view(self.store, draft.draft.id)[0]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Of one kind; `test_drafting_on_both.py` walks once over the other as well."""
    return f"sqlite:///{tmp_path / 'camcover.sqlite'}"


@pytest.fixture
def desk(releases: Any) -> Iterator[Desk]:
    activate(releases.rules, releases.ids[0], BOB)
    yield Desk(releases, DraftStore(releases.database))
    # Whatever was done, the log tells of it.
    verify(releases.database)


def test_from_a_change_to_the_release_in_force(desk: Desk) -> None:
    """Ana writes and publishes, bob approves; four eyes of the store are on, and the approval stands for them."""
    first = desk.releases.ids[0]
    with desk.releases.store.writing() as ledger:
        ledger.set_four_eyes("boss", is_on=True)
    draft = desk.begin()
    assert (draft.state, draft.revision, draft.base, draft.file_count) == (DraftState.OPEN, 1, first, 1)
    assert draft.draft.owner == "ana"
    assert draft_texts.is_draft_id(draft.draft.id)
    assert desk.propose(draft).state is DraftState.PROPOSED
    decided = decide(desk.store, draft.draft.id, DraftDecision("bob", 1, is_approved=True, reason="Right."))
    assert decided.state is DraftState.APPROVED
    assert decided.approval is not None
    assert (decided.approval.actor, decided.approval.text) == ("bob", "Right.")
    done = desk.publish(decided)
    assert done.state is DraftState.PUBLISHED
    release = active_release(desk.releases.store)
    assert release not in (None, *desk.releases.ids)
    assert desk.releases.rules.files(release)["copay.yaml"] == copay(35)["copay.yaml"]
    with desk.releases.store.reading() as ledger:
        made = ledger.release(release or "")
    assert made is not None
    assert made.author == "ana"
    assert made.message == f"A copay of 35 ({draft.draft.id}, written by ana, approved by bob)"
    # The release alone is still ana's: the way without a draft asks for another person.
    roll_back(desk.releases.rules, BOB)
    with pytest.raises(FourEyesNeeded):
        activate(desk.releases.rules, release or "", Decision("ana", "again"))
    of_draft = [each for each in AuditLog(desk.store.database).entries() if each.subject == draft.draft.id]
    assert [(each.action, each.actor) for each in of_draft] == [
        ("draft-create", "ana"),
        ("draft-propose", "ana"),
        ("draft-approve", "bob"),
        ("draft-publish", "ana"),
    ]


def test_a_stale_save_is_refused_and_nothing_is_lost(desk: Desk) -> None:
    draft = desk.begin()
    name = draft.draft.id
    second = save_draft(desk.store, name, DraftSave("bob", 1, {"share.yaml": None}))
    assert (second.revision, second.file_count) == (2, 2)
    with pytest.raises(DraftChanged, match=f"expected {name} at revision 1; found revision 2, saved by bob; read it"):
        save_draft(desk.store, name, DraftSave("ana", 1, copay(50)))
    view, files = draft_view(desk.store, name)
    assert view.editors == ("ana", "bob")
    assert files == {**copay(35), "share.yaml": None}
    with desk.store.reading() as book:
        assert book.files(name, 1) == copay(35)
    # The whole: what was removed is not there.
    assert sorted(snapshot(desk.store, name).files) == ["catalog.yaml", "copay.yaml", "fees.yaml"]


def test_what_is_as_in_the_base_is_no_change(desk: Desk) -> None:
    draft = desk.begin({**copay(35), "fees.yaml": TEXTS["fees.yaml"].encode(), "none.yaml": None})
    name = draft.draft.id
    assert draft.file_count == 1
    assert save_draft(desk.store, name, DraftSave("bob", 1, copay(35))).revision == 1
    assert desk.now(draft).editors == ("ana",)
    empty = save_draft(desk.store, name, DraftSave("ana", 1, copay(20)))
    assert (empty.revision, empty.file_count) == (2, 0)
    with pytest.raises(WrongDraftState, match=f"{name} has no file that differs from {desk.releases.ids[0]}"):
        desk.propose(empty)


def test_nobody_approves_what_they_wrote(desk: Desk) -> None:
    """Persons count: whoever began it or saved a file, even one that was saved over later."""
    draft = desk.begin()
    name = draft.draft.id
    save_draft(desk.store, name, DraftSave("bob", 1, copay(36)))
    save_draft(desk.store, name, DraftSave("ana", 2, copay(35)))
    proposed = desk.propose(desk.now(draft))
    for writer in ("ana", "bob", "Ana", "BOB"):
        with pytest.raises(OwnDraft, match=f"{writer} wrote files of {name}; another person must approve it"):
            decide(desk.store, name, DraftDecision(writer, 3, is_approved=True, reason=""))
    assert desk.now(proposed).state is DraftState.PROPOSED
    assert decide(desk.store, name, DraftDecision("cy", 3, is_approved=True, reason="")).state is DraftState.APPROVED


@pytest.mark.parametrize("was_approved", [False, True])
def test_review_falls_when_files_change(desk: Desk, *, was_approved: bool) -> None:
    draft = desk.approved() if was_approved else desk.propose(desk.begin())
    changed = save_draft(desk.store, draft.draft.id, DraftSave("ana", 1, copay(37)))
    assert (changed.state, changed.approval) == (DraftState.OPEN, None)
    with pytest.raises(WrongDraftState, match="is open; to publish needs approved"):
        desk.publish(changed)
    with pytest.raises(DraftChanged):
        decide(desk.store, draft.draft.id, DraftDecision("bob", 1, is_approved=True, reason=""))


def test_a_draft_is_sent_back_with_a_reason_and_proposed_again(desk: Desk) -> None:
    draft = desk.propose(desk.begin())
    name = draft.draft.id
    with pytest.raises(InvalidRequest, match="reason: found nothing"):
        decide(desk.store, name, DraftDecision("bob", 1, is_approved=False, reason="  "))
    back = decide(desk.store, name, DraftDecision("bob", 1, is_approved=False, reason="Where is the source?"))
    assert (back.state, back.reason) == (DraftState.SENT_BACK, "Where is the source?")
    assert desk.propose(back).state is DraftState.PROPOSED


def test_comments_stand_at_lines_and_change_no_state(desk: Desk) -> None:
    draft = desk.approved()
    said = comment(desk.store, draft.draft.id, "cy", "Why 35?", file="copay.yaml", line=18)
    assert said.state is DraftState.APPROVED
    step = said.steps[-1]
    assert (step.kind, step.actor, step.text, step.file, step.line) == (
        DraftStepKind.COMMENT,
        "cy",
        "Why 35?",
        "copay.yaml",
        18,
    )


MOVED = "was in force, not {base}, which the draft changes"


def test_an_approved_draft_whose_base_moved_goes_back(desk: Desk) -> None:
    first, second, _ = desk.releases.ids
    draft = desk.approved()
    activate(desk.releases.rules, second, BOB)
    expected = f"{second} {MOVED.format(base=first)}"
    with pytest.raises(DraftBaseMoved, match=f"{expected}; save {draft.draft.id} on the release in force"):
        desk.publish(draft)
    back = desk.now(draft)
    assert (back.state, back.reason, back.steps[-1].actor) == (DraftState.SENT_BACK, expected, "ana")
    assert active_release(desk.releases.store) == second
    with pytest.raises(DraftBaseMoved):
        desk.propose(back)
    with desk.releases.store.reading() as ledger:
        assert len(ledger.ids()) == 3


def test_a_reviewer_is_told_that_the_base_moved(desk: Desk) -> None:
    draft = desk.propose(desk.begin())
    activate(desk.releases.rules, desk.releases.ids[1], BOB)
    with pytest.raises(DraftBaseMoved):
        decide(desk.store, draft.draft.id, DraftDecision("bob", 1, is_approved=True, reason=""))
    assert desk.now(draft).state is DraftState.SENT_BACK


def test_the_base_moves_while_a_proposal_is_checked(desk: Desk) -> None:
    draft = desk.begin()
    checked = snapshot_to(DraftStepKind.PROPOSE, desk.store, draft.draft.id, 1)
    activate(desk.releases.rules, desk.releases.ids[1], BOB)
    with pytest.raises(DraftBaseMoved):
        propose(desk.store, checked, "ana")
    assert desk.now(draft).state is DraftState.OPEN


def test_a_draft_is_brought_to_the_release_in_force(desk: Desk) -> None:
    """The second release has another copay: the draft's own file has to be sent again; another file need not."""
    first, second, _ = desk.releases.ids
    draft = desk.begin({**copay(35), "fees.yaml": TEXTS["fees.yaml"].replace("$48.00", "$47.00").encode()})
    name = draft.draft.id
    activate(desk.releases.rules, second, BOB)
    with pytest.raises(DraftBaseMoved, match=f"{second} changed files that {name} changes as well: copay.yaml; send"):
        save_draft(desk.store, name, DraftSave("ana", 1, {}, is_rebased=True))
    assert desk.now(draft).base == first
    saved = save_draft(desk.store, name, DraftSave("ana", 1, copay(36), is_rebased=True))
    assert (saved.base, saved.revision, saved.file_count) == (second, 2, 2)
    assert desk.propose(saved).state is DraftState.PROPOSED


def test_a_scheduled_draft_has_no_effect_once_its_base_moved(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scheduled on the first release for tomorrow; meanwhile the second becomes active, and stays so."""
    first, second, _ = desk.releases.ids
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    draft = desk.publish(desk.approved(), at=tomorrow)
    assert draft.state is DraftState.SCHEDULED
    assert draft.activation is not None
    assert (draft.activation.only_from, draft.activation.effective_at) == (first, tomorrow)
    with pytest.raises(
        WrongDraftState, match=f"is scheduled; to save needs .*; call off activation {draft.activation.id}"
    ):
        save_draft(desk.store, draft.draft.id, DraftSave("ana", 1, copay(36)))
    activate(desk.releases.rules, second, BOB)
    monkeypatch.setattr(Ledger, "now", lambda _: tomorrow + timedelta(hours=1))
    assert active_release(desk.releases.store) == second
    with desk.releases.store.reading() as ledger:
        told = history(ledger)
    assert told.decision is not None
    assert (told.active, told.decision.release_id, told.scheduled) == (second, second, ())
    back = desk.now(draft)
    assert back.state is DraftState.SENT_BACK
    assert back.reason == f"at {tomorrow:%Y-%m-%d %H:%M:%S} UTC {second} {MOVED.format(base=first)}"
    # By another decision of its own the same release does become active, and that decision is the one that tells.
    release = back.steps[-1].release_id or ""
    made = activate(desk.releases.rules, release, BOB)
    assert made.id != draft.activation.id
    assert activate(desk.releases.rules, release, BOB) == made
    monkeypatch.undo()


def test_a_scheduled_draft_takes_effect_on_its_base(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    draft = desk.publish(desk.approved(), at=tomorrow)
    monkeypatch.setattr(Ledger, "now", lambda _: tomorrow)
    assert desk.now(draft).state is DraftState.PUBLISHED
    assert active_release(desk.releases.store) == draft.steps[-1].release_id
    monkeypatch.undo()


def test_what_was_called_off_is_approved_still(desk: Desk) -> None:
    draft = desk.publish(desk.approved(), at=datetime.now(UTC) + timedelta(days=1))
    assert draft.activation is not None
    cancel(desk.releases.store, draft.activation.id, BOB)
    again = desk.now(draft)
    assert (again.state, again.activation) == (DraftState.APPROVED, None)
    assert desk.publish(again).state is DraftState.PUBLISHED


def test_the_base_moves_while_a_draft_is_published(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the release and its activation: it is kept, and not active."""
    second = desk.releases.ids[1]
    draft = desk.approved()

    def meanwhile(*given: Any) -> Any:
        activate(desk.releases.rules, second, BOB)
        return publish(*given)

    monkeypatch.setattr(drafting, "publish", meanwhile)
    with pytest.raises(DraftBaseMoved):
        desk.publish(draft)
    assert desk.now(draft).state is DraftState.SENT_BACK
    assert active_release(desk.releases.store) == second


def test_a_withdrawn_draft_stays_to_be_read(desk: Desk) -> None:
    draft = desk.begin()
    gone = withdraw(desk.store, draft.draft.id, "ana", "The payer took it back.")
    assert (gone.state, gone.reason) == (DraftState.WITHDRAWN, "The payer took it back.")
    assert [each.state for each in draft_views(desk.store)] == [DraftState.WITHDRAWN]
    with pytest.raises(WrongDraftState, match="is withdrawn; to comment needs approved or open or proposed or"):
        comment(desk.store, draft.draft.id, "ana", "Wait.")
    with pytest.raises(WrongDraftState, match="is withdrawn; to save needs approved or open or proposed or sent-back"):
        save_draft(desk.store, draft.draft.id, DraftSave("ana", 1, copay(36)))
    with pytest.raises(WrongDraftState, match="is withdrawn; to withdraw"):
        withdraw(desk.store, draft.draft.id, "ana", "Again.")


def test_drafts_are_listed_newest_first(desk: Desk) -> None:
    names = [desk.begin(files).draft.id for files in (copay(35), {}, {**copay(36), "share.yaml": None})]
    found = draft_views(desk.store)
    assert [each.draft.id for each in found] == names[::-1]
    assert [each.file_count for each in found] == [2, 0, 1]


@pytest.mark.parametrize(
    "name", ["", "drafts/0123456789ABCDEF", "drafts/../../etc/x", "drafts/0123456789abcdef", "x" * 99]
)
def test_there_is_no_such_draft(desk: Desk, name: str) -> None:
    with pytest.raises(UnknownDraft) as caught:
        draft_view(desk.store, name)
    assert caught.value.name == name[:64]


def test_a_draft_needs_a_release_in_force(releases: Any) -> None:
    with pytest.raises(NoActiveRelease):
        create_draft(DraftStore(releases.database), "ana", "First", {})


WRONG: dict[str, tuple[Callable[[DraftStore], object], str]] = {
    "no title": (lambda store: create_draft(store, "ana", " ", {}), "title: found nothing; expected 1 to 200"),
    "long title": (lambda store: create_draft(store, "ana", "x" * 201, {}), "title: found 201 characters"),
    "two lines": (lambda store: create_draft(store, "ana", "a\nb", {}), r"title: found 'a\\nb' with a control"),
    "a bell": (lambda store: comment(store, "drafts/0", "ana", "a\x07"), r"text: found 'a\\x07' with a control"),
    "turned": (lambda store: withdraw(store, "drafts/0", "ana", "a\u202e"), "reason: found .* with a control"),
    "a path up": (lambda store: create_draft(store, "ana", "x", {"../a.yaml": b""}), r"files\[0\].name: found '../a"),
    "hidden": (
        lambda store: create_draft(store, "ana", "x", {"a/.b.yaml": b""}),
        "files.*no part that begins with a dot",
    ),
    "no rules": (lambda store: create_draft(store, "ana", "x", {"a.sh": b""}), "files.*ends in .yaml"),
    "about": (lambda store: comment(store, "drafts/0", "ana", "a", file="/etc/x.yaml"), r"files\[0\].name"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_texts_and_names_are_bounded(tmp_path: Path, wrong: str) -> None:
    """Before the database is asked: it has no tables."""
    call, said = WRONG[wrong]
    with pytest.raises(InvalidRequest, match=said):
        call(DraftStore(Database(f"sqlite:///{tmp_path / 'empty.sqlite'}")))


def test_files_and_steps_are_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "MOST_FILES", 2)
    with pytest.raises(DraftFull, match="3 files with 3 bytes would differ from the base; expected at most 2 files"):
        desk.begin({f"{name}.yaml": b"x" for name in "abc"})
    monkeypatch.setattr(drafting, "MOST_BYTES", 10)
    with pytest.raises(DraftFull, match="1 files with 11 bytes"):
        desk.begin({"a.yaml": b"x" * 11})
    draft = desk.begin({"a.yaml": b"x"})
    monkeypatch.setattr(drafting, "MOST_STEPS", 1)
    with pytest.raises(DraftFull, match="has 1 steps, the most that a draft may have; begin another"):
        comment(desk.store, draft.draft.id, "ana", "One more.")
    assert desk.now(draft).steps[-1].number == 1


def test_a_database_without_drafts_verifies(desk: Desk) -> None:
    assert verify(desk.store.database).drafts == 0
    desk.approved()
    assert verify(desk.store.database).drafts == 1


def test_the_log_has_every_step(desk: Desk) -> None:
    """Files by their digest, words as they are."""
    draft = desk.begin()
    comment(desk.store, draft.draft.id, "bob", "Why?")
    told = [each for each in AuditLog(desk.store.database).entries() if each.subject == draft.draft.id]
    assert [each.action for each in told] == ["draft-create", "draft-comment"]
    assert '"title": "A copay of 35"' in told[0].details
    assert f'"digest": "{draft.digest}"' in told[0].details
    assert '"text": "Why?"' in told[1].details
