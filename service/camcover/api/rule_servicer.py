"""`RuleService`: check, publish, list, compare, weigh and activate releases of the rules.

Each method validates, translates, calls one use case, and translates back. What reads or compiles rule files runs in
another process (`worker_process`); what asks the database runs in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

import grpc
import structlog

from camcover.api.access import CALLER
from camcover.api.draft_servicer import DraftServicer
from camcover.api.errors import asked_in
from camcover.api.paging import PageByPlace, page_size, read_token, refuse_token, token_of
from camcover.api.pools import Pool
from camcover.api.rule_messages import (
    activation_message,
    change_message,
    files_of,
    impact_message,
    moment_of,
    release_message,
    timestamp,
    validation_message,
)
from camcover.api.validation import validate
from camcover.api.worker_process import WorkerProcess
from camcover.extras import how_to_install, is_installed
from camcover.gen.camcover.v1 import rule_service_pb2 as messages
from camcover.store import Activation, EstimateStore, Release
from camcover.workflow.activation import Decision, activate, cancel, clock_warning, roll_back
from camcover.workflow.errors import NoActiveRelease, NotServed
from camcover.workflow.publishing import publish
from camcover.workflow.release_names import ACTIVE
from camcover.workflow.release_rules import find_release, unknown_release
from camcover.workflow.reviewing import SyntheticMembers, changes, impact_on, prepared, validate_files
from camcover.workflow.rules_in_force import RulesInForce

__all__ = ["RuleServicer"]

_LOG = structlog.get_logger("camcover.rules")

_WORST = 20
"""Worst cases where the request does not say how many."""

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class RuleServicer(DraftServicer):
    """The methods of `RuleService` over the releases of a database."""

    def __init__(
        self,
        rules: RulesInForce,
        worker_process: WorkerProcess,
        pool: Pool,
        estimates: EstimateStore,
        *,
        follows: bool,
    ) -> None:
        """Work on the releases of `rules`, in threads of `pool`; `follows`: this service answers by the active one.

        `estimates` are those that may be reproduced.
        """
        super().__init__(rules, worker_process, pool, estimates, follows=follows)
        self._since = datetime.now(UTC)
        self._watchers: set[asyncio.Event] = set()
        self._is_ending = False
        rules.listen(self._changed)

    async def ValidateRules(
        self, request: messages.ValidateRulesRequest, context: Context
    ) -> messages.ValidateRulesResponse:
        """Check rule files and run their tests."""
        await self._pool.run(validate, request)
        validation = await self._worker_process.run(validate_files, files_of(request.rules, "rules"))
        return await self._pool.run(validation_message, validation)

    async def PublishRelease(
        self, request: messages.PublishReleaseRequest, context: Context
    ) -> messages.PublishReleaseResponse:
        """Keep rule files as a release."""
        await self._pool.run(validate, request)
        store, files = self._releases().store, files_of(request.rules, "rules")
        await self._limits.check_files(files)
        ready = await self._worker_process.run(prepared, files)
        published = await self._pool.run(publish, store, ready, CALLER.get().subject, request.message)
        message = release_message(published.release, self._rules.release)
        return messages.PublishReleaseResponse(release=message, created=published.is_new)

    async def ListReleases(
        self, request: messages.ListReleasesRequest, context: Context
    ) -> messages.ListReleasesResponse:
        """The releases, newest first."""
        validate(request)
        releases, active, token = await self._pool.run(self._page, request)
        return messages.ListReleasesResponse(
            releases=[release_message(each, active) for each in releases], next_page_token=token
        )

    def _page(self, request: messages.ListReleasesRequest) -> tuple[list[Release], str | None, str]:
        """A page of releases, the active one's id, and the token of the next page."""
        size, last = page_size(request), read_token(request)
        with self._releases().store.reading() as ledger:
            before = ledger.release(last) if last else None
            if last and before is None:
                refuse_token()
            found = ledger.releases(size + 1, before, request.filter)
            active = ledger.active()
        page = found[:size]
        return page, active, token_of(page[-1].id) if len(found) > size else ""

    async def GetRelease(self, request: messages.GetReleaseRequest, context: Context) -> messages.GetReleaseResponse:
        """One release, on request with its files."""
        validate(request)
        release, active, activations, files = await self._pool.run(self._release, request)
        return messages.GetReleaseResponse(
            release=release_message(release, active),
            activations=map(activation_message, activations),
            files=[messages.RuleFile(name=name, content=content) for name, content in files.items()],
        )

    def _release(
        self, request: messages.GetReleaseRequest
    ) -> tuple[Release, str | None, list[Activation], dict[str, bytes]]:
        """A release, the active one's id, the decisions about it, and its files where they are wanted."""
        with self._releases().store.reading() as ledger:
            active = ledger.active()
            wanted = request.release or active
            if wanted is None:
                raise NoActiveRelease
            release = ledger.release(wanted)
            if release is None:
                with asked_in("release"):
                    raise unknown_release(wanted, ledger.ids())
            files = ledger.files(wanted) if request.with_files else {}
            decisions = [each for each in ledger.activations() if each.release_id == wanted]
        return release, active, decisions, files

    async def ActivateRelease(
        self, request: messages.ActivateReleaseRequest, context: Context
    ) -> messages.ActivateReleaseResponse:
        """Activate a release, roll back, or cancel a scheduled activation."""
        validate(request)
        decision = Decision(CALLER.get().subject, request.reason, request.expected_active_release or None)
        if self._follows:
            decision = await self._limits.checked(request, decision)
        activation = await self._pool.run(self._decide, request, decision)
        warning = await self._pool.run(clock_warning, self._releases().store)
        if warning:
            _LOG.warning("clock behind a decision", reason=warning)
        return messages.ActivateReleaseResponse(activation=activation_message(activation))

    def _decide(self, request: messages.ActivateReleaseRequest, decision: Decision) -> Activation:
        """Make the decision that the request asks for."""
        releases = self._releases()
        if not self._follows:
            raise NotServed(
                "this service uses rule files (--rules); releases are activated only where it uses its database"
            )
        if request.cancel_number:
            return cancel(releases.store, request.cancel_number, decision)
        if request.roll_back:
            return roll_back(releases, decision)
        at = moment_of(request.effective_at, "effective_at") if request.HasField("effective_at") else None
        with asked_in("release"):
            return activate(releases, request.release, decision, at)

    async def DiffReleases(
        self, request: messages.DiffReleasesRequest, context: Context
    ) -> messages.DiffReleasesResponse:
        """What differs, in words."""
        await self._pool.run(validate, request)
        wanted = PageByPlace(request)
        sides = await self._pool.run(self._sides, request)
        found = [each for each in await self._worker_process.run(changes, *sides) if request.id in ("", each.id)]
        page, token = wanted.of(found)
        return messages.DiffReleasesResponse(changes=map(change_message, page), next_page_token=token)

    async def AnalyzeImpact(
        self, request: messages.AnalyzeImpactRequest, context: Context
    ) -> messages.AnalyzeImpactResponse:
        """The members whom a change of the rules touches, and by how much."""
        await self._pool.run(validate, request)
        if not is_installed("bulk"):
            raise NotServed(f"this service cannot read books of business; {how_to_install('bulk')}")
        before, after = await self._pool.run(self._sides, request)
        wanted = request.synthetic
        book = SyntheticMembers(wanted.members, wanted.seed) if request.HasField("synthetic") else request.parquet
        return impact_message(await self._worker_process.run(impact_on, book, before, after, request.worst or _WORST))

    def _sides(
        self, request: messages.DiffReleasesRequest | messages.AnalyzeImpactRequest
    ) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """The files before and after."""
        with self._releases().store.reading() as ledger:
            with asked_in("before"):
                before = ledger.files(find_release(ledger, request.before or ACTIVE).id)
            if request.WhichOneof("after") == "after_rules":
                return before, files_of(request.after_rules, "after_rules")
            with asked_in("after_release"):
                return before, ledger.files(find_release(ledger, request.after_release).id)

    async def WatchReleases(
        self, request: messages.WatchReleasesRequest, context: Context
    ) -> AsyncIterator[messages.WatchReleasesResponse]:
        """The release that this replica answers by, now and at each change; ends when the server drains."""
        changed = asyncio.Event()
        self._watchers.add(changed)
        try:
            while not self._is_ending:
                changed.clear()
                yield messages.WatchReleasesResponse(release=self._rules.release, since=timestamp(self._since))
                await changed.wait()
        finally:
            self._watchers.discard(changed)

    def end_watches(self) -> None:
        """Let every `WatchReleases` end."""
        self._is_ending = True
        self._wake()

    def _changed(self) -> None:
        """Wake the watchers: another release answers now."""
        self._since = datetime.now(UTC)
        self._wake()

    def _wake(self) -> None:
        for changed in self._watchers:
            changed.set()
