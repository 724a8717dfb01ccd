"""Drafts by the methods of `RuleService`: by whom, in which state, and what is refused by which reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo

from at_once import AtOnce
from camcover.api.access import CALLER, Caller
from camcover.api.credentials import Role
from camcover.api.draft_messages import STATES
from camcover.api.errors import status_of
from camcover.api.pools import Pools
from camcover.api.rule_messages import timestamp
from camcover.api.rule_servicer import RuleServicer
from camcover.errors import CamcoverError
from camcover.gen.camcover.v1 import draft_pb2
from camcover.gen.camcover.v1 import rule_service_pb2 as messages
from camcover.rulebook import load_files
from camcover.store import Database, ReleaseStore, estimate_store, open_database
from camcover.workflow.activation import Decision, activate, active_release
from camcover.workflow.draft_states import DraftState
from camcover.workflow.errors import NotServed
from camcover.workflow.publishing import prepare, publish
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from small_rules import COPAY_PLAN, TEXTS

CONTEXT: Any = None
OTHER = COPAY_PLAN.replace("payer: {id: example, name: Example Health}", "payer: {id: other, name: Other}")
FILES = {name: text.encode() for name, text in (TEXTS | {"copay.yaml": OTHER}).items()}
NOBODYS = "drafts/0123456789abcdef"


def over(database: Database, *, follows: bool = True) -> RuleServicer:
    """The methods over a database."""
    rules = RulesInForce(releases=ReleaseRules(ReleaseStore(database)))
    process: Any = AtOnce()
    return RuleServicer(rules, process, Pools().staff, estimate_store(database), follows=follows)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A release of the small rules, which is active; copay-plan is another payer's."""
    database = open_database(new_sqlite_database(tmp_path_factory.mktemp("drafts") / "camcover.sqlite"))
    store = ReleaseStore(database)
    first = publish(store, prepare(load_files(FILES)), "boss", "first").release
    activate(ReleaseRules(store), first.id, Decision("boss", "first"))
    yield database
    database.close()


@pytest.fixture
async def staff(database: Database) -> AsyncIterator[RuleServicer]:
    """The methods; whatever a test makes active, the first release is active again behind it."""
    first = active_release(ReleaseStore(database))
    yield over(database)
    if active_release(ReleaseStore(database)) != first:
        activate(ReleaseRules(ReleaseStore(database)), first or "", Decision("boss", "as before"))


@contextmanager
def calling(subject: str, payers: frozenset[str] | None = None) -> Iterator[None]:
    """Somebody who may change rules calls."""
    before = CALLER.set(Caller(subject, frozenset({Role.RULES_WRITE}), payers=payers))
    yield
    CALLER.reset(before)


def copay(dollars: int | str) -> draft_pb2.DraftFile:
    """The copay plan with another copay."""
    return draft_pb2.DraftFile(name="copay.yaml", content=OTHER.replace("copay: $20", f"copay: ${dollars}").encode())


async def begun(staff: RuleServicer, *files: draft_pb2.DraftFile) -> draft_pb2.Draft:
    """A draft of ana's."""
    with calling("ana"):
        request = draft_pb2.CreateDraftRequest(title="A copay of 35", files=files or [copay(35)])
        return (await staff.CreateDraft(request, CONTEXT)).draft


async def proposed(staff: RuleServicer, draft: draft_pb2.Draft) -> draft_pb2.Draft:
    """The draft, proposed by ana."""
    with calling("ana"):
        request = draft_pb2.ProposeDraftRequest(draft=draft.id, revision=draft.revision, text="Please.")
        return (await staff.ProposeDraft(request, CONTEXT)).draft


def approval(draft: draft_pb2.Draft, **others: Any) -> draft_pb2.DecideDraftRequest:
    """The decision that a draft may be published."""
    return draft_pb2.DecideDraftRequest(draft=draft.id, revision=draft.revision, approve=True, **others)


def publication(draft: draft_pb2.Draft, **others: Any) -> draft_pb2.PublishDraftRequest:
    """To publish a draft."""
    return draft_pb2.PublishDraftRequest(draft=draft.id, revision=draft.revision, reason="as agreed", **others)


async def approved(staff: RuleServicer) -> draft_pb2.Draft:
    """A draft of ana's that bob approved."""
    draft = await proposed(staff, await begun(staff))
    with calling("bob"):
        return (await staff.DecideDraft(approval(draft), CONTEXT)).draft


async def refusal(call: Any, subject: str = "ana", payers: frozenset[str] | None = None) -> tuple[str, str]:
    """The reason of a refusal, and its violations as one text."""
    with calling(subject, payers), pytest.raises(CamcoverError) as caught:
        await call
    error: Any = caught.value
    status = status_of(error)
    assert status is not None
    (reason,) = [ErrorInfo.FromString(each.value).reason for each in status.details if each.Is(ErrorInfo.DESCRIPTOR)]
    fields = [BadRequest.FromString(each.value) for each in status.details if each.Is(BadRequest.DESCRIPTOR)]
    return reason, "; ".join(f"{each.field}: {each.description}" for one in fields for each in one.field_violations)


async def test_from_a_draft_to_the_active_release(staff: RuleServicer, database: Database) -> None:
    draft = await begun(staff)
    base = active_release(ReleaseStore(database))
    assert (draft.state, draft.revision, draft.base, draft.base_active) == (draft_pb2.DRAFT_STATE_OPEN, 1, base, True)
    with calling("cy"):
        said = draft_pb2.CommentDraftRequest(draft=draft.id, text="Why 35?", file="copay.yaml", line=18)
        await staff.CommentDraft(said, CONTEXT)
    draft = await proposed(staff, draft)
    assert draft.state == draft_pb2.DRAFT_STATE_PROPOSED
    with calling("bob"):
        draft = (await staff.DecideDraft(approval(draft, reason="Right."), CONTEXT)).draft
    assert (draft.state, draft.approved_by) == (draft_pb2.DRAFT_STATE_APPROVED, "bob")
    with calling("ana"):
        draft = (await staff.PublishDraft(publication(draft), CONTEXT)).draft
    assert (draft.state, draft.release) == (draft_pb2.DRAFT_STATE_PUBLISHED, active_release(ReleaseStore(database)))
    found = await staff.GetDraft(draft_pb2.GetDraftRequest(draft=draft.id, with_files=True), CONTEXT)
    assert found.files == [copay(35)]
    told = [(each.number, each.kind, each.actor, each.text) for each in found.steps]
    assert told == [
        (1, "create", "ana", ""),
        (2, "comment", "cy", "Why 35?"),
        (3, "propose", "ana", "Please."),
        (4, "approve", "bob", "Right."),
        (5, "publish", "ana", "as agreed"),
    ]
    assert (found.steps[1].file, found.steps[1].line) == ("copay.yaml", 18)
    assert (found.steps[4].release, found.steps[4].activation) == (draft.release, draft.activation)
    without = await staff.GetDraft(draft_pb2.GetDraftRequest(draft=draft.id), CONTEXT)
    assert not without.files


async def test_files_are_changed_removed_and_taken_back(staff: RuleServicer) -> None:
    draft = await begun(staff, copay(35), draft_pb2.DraftFile(name="share.yaml", removed=True))
    assert draft.file_count == 2
    back = draft_pb2.DraftFile(name="share.yaml", content=FILES["share.yaml"])
    with calling("bob"):
        request = draft_pb2.SaveDraftRequest(draft=draft.id, revision=1, files=[back])
        saved = (await staff.SaveDraft(request, CONTEXT)).draft
        assert (saved.revision, saved.file_count, list(saved.editors)) == (2, 1, ["ana", "bob"])
        assert (await refusal(staff.SaveDraft(request, CONTEXT)))[0] == "DRAFT_CHANGED"
    found = await staff.GetDraft(draft_pb2.GetDraftRequest(draft=draft.id, with_files=True), CONTEXT)
    assert found.files == [copay(35)]


async def test_a_check_is_quick_or_whole_and_takes_what_is_not_saved(staff: RuleServicer) -> None:
    """Of the copay plan's payer: catalog, fees, plan. `$2O` has a letter in it."""
    draft = await begun(staff)
    quick = await staff.CheckDraft(messages.CheckDraftRequest(draft=draft.id), CONTEXT)
    assert (quick.whole, quick.file_count, quick.sound) == (False, 3, True)
    assert {each.code for each in quick.diagnostics} == {"plan-without-tests"}
    unsaved = messages.CheckDraftRequest(draft=draft.id, files=[copay("2O")])
    wrong = await staff.CheckDraft(unsaved, CONTEXT)
    assert (wrong.sound, len(wrong.tests)) == (False, 0)
    errors = [each for each in wrong.diagnostics if each.severity == messages.SEVERITY_ERROR]
    assert [(each.code, each.file, each.line) for each in errors] == [("invalid-amount", "copay.yaml", 18)]
    whole = await staff.CheckDraft(messages.CheckDraftRequest(draft=draft.id, whole=True), CONTEXT)
    assert (whole.whole, whole.file_count, whole.sound) == (True, 4, True)


async def test_what_has_an_error_is_not_proposed(staff: RuleServicer) -> None:
    draft = await begun(staff, copay("2O"))
    request = draft_pb2.ProposeDraftRequest(draft=draft.id, revision=1)
    reason, said = await refusal(staff.ProposeDraft(request, CONTEXT))
    assert reason == "RULES_REFUSED"
    assert said.startswith("copay.yaml:18:40: ")


async def test_who_wrote_it_does_not_approve_it(staff: RuleServicer) -> None:
    """By another token of the same person as well: the subject counts."""
    draft = await proposed(staff, await begun(staff))
    reason, said = await refusal(staff.DecideDraft(approval(draft), CONTEXT))
    assert (reason, said) == (
        "FOUR_EYES_NEEDED",
        f"draft: ana wrote files of {draft.id}; another person must approve it",
    )
    with calling("bob"):
        request = draft_pb2.DecideDraftRequest(draft=draft.id, revision=1, reason="No.")
        back = (await staff.DecideDraft(request, CONTEXT)).draft
    assert (back.state, back.state_reason) == (draft_pb2.DRAFT_STATE_SENT_BACK, "No.")


async def test_a_moved_base_sends_it_back(staff: RuleServicer, database: Database) -> None:
    draft = await approved(staff)
    store = ReleaseStore(database)
    other = publish(store, prepare(load_files(FILES | {"copay.yaml": copay(21).content})), "boss", "other").release
    activate(ReleaseRules(store), other.id, Decision("boss", "other"))
    assert (await refusal(staff.PublishDraft(publication(draft), CONTEXT)))[0] == "DRAFT_BASE_MOVED"
    found = (await staff.GetDraft(draft_pb2.GetDraftRequest(draft=draft.id), CONTEXT)).draft
    assert (found.state, found.base_active) == (draft_pb2.DRAFT_STATE_SENT_BACK, False)
    assert found.state_reason == f"{other.id} was in force, not {draft.base}, which the draft changes"
    moved = draft_pb2.SaveDraftRequest(draft=draft.id, revision=1, rebase=True)
    reason, said = await refusal(staff.SaveDraft(moved, CONTEXT))
    assert (reason, "copay.yaml; send these files" in said) == ("DRAFT_BASE_MOVED", True)
    moved.files.append(copay(35))
    with calling("ana"):
        saved = (await staff.SaveDraft(moved, CONTEXT)).draft
    assert (saved.base, saved.base_active, saved.state) == (other.id, True, draft_pb2.DRAFT_STATE_OPEN)


async def test_a_later_time_and_its_end(staff: RuleServicer, database: Database) -> None:
    draft = await approved(staff)
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    with calling("ana"):
        later = (await staff.PublishDraft(publication(draft, effective_at=timestamp(at)), CONTEXT)).draft
        assert (later.state, later.effective_at.ToDatetime(UTC)) == (draft_pb2.DRAFT_STATE_SCHEDULED, at)
        cancelled = messages.ActivateReleaseRequest(cancel_number=later.activation, reason="not yet")
        activation = (await staff.ActivateRelease(cancelled, CONTEXT)).activation
    assert (activation.only_from, activation.cancelled) == (draft.base, True)
    found = (await staff.GetDraft(draft_pb2.GetDraftRequest(draft=draft.id), CONTEXT)).draft
    assert (found.state, found.activation) == (draft_pb2.DRAFT_STATE_APPROVED, 0)
    assert active_release(ReleaseStore(database)) == draft.base


async def test_drafts_in_pages_by_state(staff: RuleServicer) -> None:
    names = [(await begun(staff)).id for _ in range(2)]
    with calling("ana"):
        await staff.WithdrawDraft(draft_pb2.WithdrawDraftRequest(draft=names[0], reason="Not now."), CONTEXT)
    first = await staff.ListDrafts(draft_pb2.ListDraftsRequest(page_size=1), CONTEXT)
    second = await staff.ListDrafts(draft_pb2.ListDraftsRequest(page_size=1, page_token=first.next_page_token), CONTEXT)
    assert [first.drafts[0].id, second.drafts[0].id] == names[::-1]
    given_up = await staff.ListDrafts(draft_pb2.ListDraftsRequest(state=draft_pb2.DRAFT_STATE_WITHDRAWN), CONTEXT)
    assert [(each.id, each.state_reason) for each in given_up.drafts] == [(names[0], "Not now.")]
    wrong = draft_pb2.ListDraftsRequest(page_token="AAAA")
    assert (await refusal(staff.ListDrafts(wrong, CONTEXT)))[0] == "INVALID_PAGE_TOKEN"


async def test_an_author_of_one_payer_changes_no_other(staff: RuleServicer) -> None:
    """The draft changes rules of `other`: who may change those of `example` takes none of the steps."""
    draft = await begun(staff)
    example, other = frozenset({"example"}), frozenset({"other"})
    asked = draft_pb2.ProposeDraftRequest(draft=draft.id, revision=1)
    foreign = "PAYER_NOT_ALLOWED"
    assert (await refusal(staff.ProposeDraft(asked, CONTEXT), "eve", example))[0] == foreign
    with calling("ana", other):
        await staff.ProposeDraft(asked, CONTEXT)
    assert (await refusal(staff.DecideDraft(approval(draft), CONTEXT), "eve", example))[0] == foreign
    with calling("bob", other):
        await staff.DecideDraft(approval(draft), CONTEXT)
    assert (await refusal(staff.PublishDraft(publication(draft), CONTEXT), "eve", example))[0] == foreign
    with calling("ana", other):
        done = (await staff.PublishDraft(publication(draft), CONTEXT)).draft
    assert done.state == draft_pb2.DRAFT_STATE_PUBLISHED


async def test_requests_that_contradict_themselves(staff: RuleServicer) -> None:
    kept = draft_pb2.DraftFile(name="copay.yaml", removed=False)
    request = draft_pb2.CreateDraftRequest(title="x", files=[kept])
    assert await refusal(staff.CreateDraft(request, CONTEXT)) == (
        "CONTRADICTORY_STATEMENTS",
        "files[0].removed: found false; expected true, or content in its place",
    )
    twice = draft_pb2.CreateDraftRequest(title="x", files=[copay(1), copay(2)])
    assert (await refusal(staff.CreateDraft(twice, CONTEXT)))[0] == "REPEATED"
    blank = draft_pb2.CreateDraftRequest(title=" ")
    assert (await refusal(staff.CreateDraft(blank, CONTEXT)))[0] == "MISSING_VALUE"
    draft = await proposed(staff, await begun(staff))
    silent = draft_pb2.DecideDraftRequest(draft=draft.id, revision=1)
    assert (await refusal(staff.DecideDraft(silent, CONTEXT), "bob"))[0] == "MISSING_VALUE"
    years = publication(draft)
    years.effective_at.seconds = 99_999_999_999
    assert (await refusal(staff.PublishDraft(years, CONTEXT)))[0] == "DATE_OUT_OF_RANGE"


async def test_steps_that_the_state_does_not_allow(staff: RuleServicer) -> None:
    draft = await begun(staff)
    wrong = "WRONG_DRAFT_STATE"
    assert (await refusal(staff.PublishDraft(publication(draft), CONTEXT)))[0] == wrong
    assert (await refusal(staff.DecideDraft(approval(draft), CONTEXT), "bob"))[0] == wrong
    empty = await begun(staff, draft_pb2.DraftFile(name="copay.yaml", content=FILES["copay.yaml"]))
    asked = draft_pb2.ProposeDraftRequest(draft=empty.id, revision=1)
    assert (await refusal(staff.ProposeDraft(asked, CONTEXT)))[0] == wrong


async def test_there_is_no_such_draft(staff: RuleServicer) -> None:
    draft = draft_pb2.Draft(id=NOBODYS, revision=1)
    for call in (
        staff.SaveDraft(draft_pb2.SaveDraftRequest(draft=NOBODYS, revision=1), CONTEXT),
        staff.GetDraft(draft_pb2.GetDraftRequest(draft=NOBODYS), CONTEXT),
        staff.CheckDraft(messages.CheckDraftRequest(draft=NOBODYS), CONTEXT),
        staff.CommentDraft(draft_pb2.CommentDraftRequest(draft=NOBODYS, text="x"), CONTEXT),
        staff.ProposeDraft(draft_pb2.ProposeDraftRequest(draft=NOBODYS, revision=1), CONTEXT),
        staff.DecideDraft(approval(draft), CONTEXT),
        staff.PublishDraft(publication(draft), CONTEXT),
        staff.WithdrawDraft(draft_pb2.WithdrawDraftRequest(draft=NOBODYS, reason="x"), CONTEXT),
    ):
        reason, said = await refusal(call)
        assert (reason, said) == ("UNKNOWN_DRAFT", f"draft: found draft {NOBODYS!r}; expected an existing draft")


async def test_a_service_on_rule_files_has_no_drafts(database: Database, tmp_path: Path) -> None:
    process: Any = AtOnce()
    without = RuleServicer(RulesInForce(), process, Pools().staff, estimate_store(None), follows=False)
    with pytest.raises(NotServed, match="has no database"):
        await without.ListDrafts(draft_pb2.ListDraftsRequest(), CONTEXT)
    # With a database for estimates alone, drafts are written and approved, and published elsewhere.
    beside = over(database, follows=False)
    draft = await begun(beside)
    with pytest.raises(NotServed, match="drafts are published where it uses its database"):
        await beside.PublishDraft(publication(draft), CONTEXT)
    empty = open_database(new_sqlite_database(tmp_path / "empty.sqlite"))
    reason, _ = await refusal(over(empty).CreateDraft(draft_pb2.CreateDraftRequest(title="x"), CONTEXT))
    assert reason == "NO_ACTIVE_RELEASE"
    empty.close()


def test_every_state_has_its_word() -> None:
    assert set(STATES) == set(DraftState)
    assert sorted([0, *STATES.values()]) == sorted(draft_pb2.DraftState.values())
