"""The part of `RuleService` about drafts: written, checked, proposed, looked at by another person, published.

Each method validates, translates, calls use cases, and translates back. What reads rule files runs in another process
(`worker_process`); what asks the database runs in a thread.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import grpc

from camcover.api.access import CALLER
from camcover.api.draft_messages import STATES, changes_of, check_message, draft_message, file_messages, step_message
from camcover.api.paging import PageByPlace
from camcover.api.payer_limits import PayerLimits
from camcover.api.pools import Pool
from camcover.api.rule_messages import moment_of
from camcover.api.staff_servicer import StaffServicer
from camcover.api.validation import validate
from camcover.api.worker_process import WorkerProcess
from camcover.gen.camcover.v1 import draft_pb2
from camcover.gen.camcover.v1 import rule_service_pb2 as messages
from camcover.store import DraftStepKind, DraftStore, EstimateStore
from camcover.workflow import drafting
from camcover.workflow.activation import Decision
from camcover.workflow.draft_checks import check_draft
from camcover.workflow.draft_states import DraftView
from camcover.workflow.drafting import DraftDecision, DraftSave
from camcover.workflow.errors import NotServed
from camcover.workflow.reviewing import prepared
from camcover.workflow.rules_in_force import RulesInForce

__all__ = ["DraftServicer"]

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class DraftServicer(StaffServicer):
    """The methods of `RuleService` about drafts."""

    def __init__(
        self,
        rules: RulesInForce,
        worker_process: WorkerProcess,
        pool: Pool,
        estimates: EstimateStore,
        *,
        follows: bool,
    ) -> None:
        """Work on the drafts beside the releases of `rules`; `follows`: this service answers by the active release."""
        super().__init__(rules, worker_process, pool, estimates)
        self._follows = follows
        self._limits = PayerLimits(self._releases, worker_process, pool)

    async def CreateDraft(
        self, request: draft_pb2.CreateDraftRequest, context: Context
    ) -> draft_pb2.CreateDraftResponse:
        """Begin a draft."""
        await self._pool.run(validate, request)
        actor, files = CALLER.get().subject, changes_of(request.files)
        made = await self._pool.run(drafting.create_draft, self._drafts(), actor, request.title, files)
        return draft_pb2.CreateDraftResponse(draft=draft_message(made))

    async def SaveDraft(self, request: draft_pb2.SaveDraftRequest, context: Context) -> draft_pb2.SaveDraftResponse:
        """Change files of a draft."""
        await self._pool.run(validate, request)
        save = DraftSave(CALLER.get().subject, request.revision, changes_of(request.files), request.rebase)
        saved = await self._pool.run(drafting.save_draft, self._drafts(), request.draft, save)
        return draft_pb2.SaveDraftResponse(draft=draft_message(saved))

    async def GetDraft(self, request: draft_pb2.GetDraftRequest, context: Context) -> draft_pb2.GetDraftResponse:
        """One draft with its steps, on request with its files."""
        validate(request)
        found, files = await self._pool.run(drafting.draft_view, self._drafts(), request.draft)
        return draft_pb2.GetDraftResponse(
            draft=draft_message(found),
            steps=map(step_message, found.steps),
            files=file_messages(files) if request.with_files else (),
        )

    async def ListDrafts(self, request: draft_pb2.ListDraftsRequest, context: Context) -> draft_pb2.ListDraftsResponse:
        """The drafts, newest first."""
        validate(request)
        wanted = PageByPlace(request)
        found = await self._pool.run(drafting.draft_views, self._drafts())
        page, token = wanted.of([each for each in found if request.state in (0, STATES[each.state])])
        return draft_pb2.ListDraftsResponse(drafts=map(draft_message, page), next_page_token=token)

    async def CheckDraft(self, request: messages.CheckDraftRequest, context: Context) -> messages.CheckDraftResponse:
        """Check a draft, with changes that are not saved."""
        await self._pool.run(validate, request)
        more = changes_of(request.files)
        after = await self._pool.run(drafting.snapshot, self._drafts(), request.draft, more)
        before = await self._pool.run(self._releases().files, after.base)
        check = await self._worker_process.run(check_draft, before, after.files, is_whole=request.whole)
        return await self._pool.run(check_message, check)

    async def CommentDraft(
        self, request: draft_pb2.CommentDraftRequest, context: Context
    ) -> draft_pb2.CommentDraftResponse:
        """Say something about a draft."""
        validate(request)
        said = await self._pool.run(
            drafting.comment,
            self._drafts(),
            request.draft,
            CALLER.get().subject,
            request.text,
            file=request.file,
            line=request.line,
        )
        return draft_pb2.CommentDraftResponse(draft=draft_message(said))

    async def ProposeDraft(
        self, request: draft_pb2.ProposeDraftRequest, context: Context
    ) -> draft_pb2.ProposeDraftResponse:
        """Ask for a review."""
        validate(request)
        drafts = self._drafts()
        checked = await self._checked(DraftStepKind.PROPOSE, request)
        await self._worker_process.run(prepared, checked.files)
        proposed = await self._pool.run(drafting.propose, drafts, checked, CALLER.get().subject, request.text)
        return draft_pb2.ProposeDraftResponse(draft=draft_message(proposed))

    async def DecideDraft(
        self, request: draft_pb2.DecideDraftRequest, context: Context
    ) -> draft_pb2.DecideDraftResponse:
        """Approve a draft, or send it back."""
        validate(request)
        if request.approve and CALLER.get().payers is not None:
            await self._checked(DraftStepKind.APPROVE, request)
        decision = DraftDecision(CALLER.get().subject, request.revision, request.approve, request.reason)
        decided = await self._pool.run(drafting.decide, self._drafts(), request.draft, decision)
        return draft_pb2.DecideDraftResponse(draft=draft_message(decided))

    async def PublishDraft(
        self, request: draft_pb2.PublishDraftRequest, context: Context
    ) -> draft_pb2.PublishDraftResponse:
        """Make an approved draft a release, and that release active."""
        validate(request)
        releases = self._releases()
        if not self._follows:
            raise NotServed("this service uses rule files (--rules); drafts are published where it uses its database")
        at = moment_of(request.effective_at, "effective_at") if request.HasField("effective_at") else None
        checked = await self._checked(DraftStepKind.PUBLISH, request)
        ready = await self._worker_process.run(prepared, checked.files)
        decision = Decision(CALLER.get().subject, request.reason)
        done: DraftView = await self._pool.run(drafting.publish_draft, releases, checked, ready, decision, at=at)
        return draft_pb2.PublishDraftResponse(draft=draft_message(done))

    async def WithdrawDraft(
        self, request: draft_pb2.WithdrawDraftRequest, context: Context
    ) -> draft_pb2.WithdrawDraftResponse:
        """Give a draft up."""
        validate(request)
        actor, drafts = CALLER.get().subject, self._drafts()
        gone = await self._pool.run(drafting.withdraw, drafts, request.draft, actor, request.reason)
        return draft_pb2.WithdrawDraftResponse(draft=draft_message(gone))

    async def _checked(
        self,
        step: DraftStepKind,
        request: draft_pb2.ProposeDraftRequest | draft_pb2.DecideDraftRequest | draft_pb2.PublishDraftRequest,
    ) -> drafting.Snapshot:
        """The files of a draft that may take a step, all of whose changes the caller may make."""
        found = await self._pool.run(drafting.snapshot_to, step, self._drafts(), request.draft, request.revision)
        await self._limits.check_files(found.files)
        return found

    def _drafts(self) -> DraftStore:
        """The drafts. Raises `NotServed` where there is no database."""
        return drafting.drafts_of(self._releases())
