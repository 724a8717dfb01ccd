"""The part of `RuleService` that looks: history, explanations, analysis, tests, the audit log, four eyes, reproduction.

Each method validates, translates, calls one use case, and translates back. What reads rule files runs in another
process (`worker_process`); what asks the database runs in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import closing
from itertools import islice
from typing import Any, TypeAlias

import grpc

from camcover.api.access import CALLER
from camcover.api.errors import asked_in
from camcover.api.paging import PageByPlace, number_in_token, page_size, token_of
from camcover.api.pools import Pool
from camcover.api.reproducing import existing, reproduced, request_of
from camcover.api.rule_messages import activation_message, files_of, timestamp
from camcover.api.staff_messages import (
    finding_message,
    log_entry_message,
    question_of,
    refusal_of,
    table_message,
    untested_message,
)
from camcover.api.validation import validate
from camcover.api.worker_process import WorkerProcess
from camcover.engine import InvalidRequest
from camcover.gen.camcover.v1 import rule_service_pb2 as messages
from camcover.gen.camcover.v1.rule_service_pb2_grpc import RuleServiceServicer
from camcover.rulebook.analysis.diagnoses import TooManyCells
from camcover.store import AuditFault, AuditLog, EstimateStore
from camcover.workflow import auditing
from camcover.workflow.activation import FourEyes, four_eyes, switch_four_eyes
from camcover.workflow.decision_tables import UnknownFact
from camcover.workflow.errors import (
    EstimateDiffers,
    NotServed,
)
from camcover.workflow.payers import SETTINGS, for_all_payers
from camcover.workflow.release_names import ACTIVE
from camcover.workflow.release_rules import ReleaseRules, find_release
from camcover.workflow.reviewing import analyzed, covered, explained
from camcover.workflow.rules_in_force import RulesInForce

__all__ = ["StaffServicer"]

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class StaffServicer(RuleServiceServicer):
    """The methods of `RuleService` that look at rules, the log and estimates."""

    def __init__(
        self, rules: RulesInForce, worker_process: WorkerProcess, pool: Pool, estimates: EstimateStore
    ) -> None:
        """Look at the releases of `rules` and at `estimates`, in threads of `pool`."""
        self._rules, self._worker_process, self._pool = rules, worker_process, pool
        self._estimates = estimates
        self._verifying = asyncio.Lock()

    async def ListActivations(
        self, request: messages.ListActivationsRequest, context: Context
    ) -> messages.ListActivationsResponse:
        """All decisions, in order of effect."""
        validate(request)
        wanted = PageByPlace(request)
        page, token = wanted.of(await self._pool.run(self._decisions))
        return messages.ListActivationsResponse(activations=map(activation_message, page), next_page_token=token)

    def _decisions(self) -> list[Any]:
        """The decisions of the ledger."""
        with self._releases().store.reading() as ledger:
            return ledger.activations()

    async def ExplainRules(
        self, request: messages.ExplainRulesRequest, context: Context
    ) -> messages.ExplainRulesResponse:
        """What a plan decides about a therapy."""
        await self._pool.run(validate, request)
        question = question_of(request)
        files = await self._pool.run(self._files, request)
        try:
            tables = await self._worker_process.run(explained, files, question)
        except (UnknownFact, TooManyCells) as error:
            raise refusal_of(error) from error
        return await self._pool.run(
            lambda: messages.ExplainRulesResponse(tables=[table_message(each) for each in tables])
        )

    async def AnalyzeRules(
        self, request: messages.AnalyzeRulesRequest, context: Context
    ) -> messages.AnalyzeRulesResponse:
        """What is odd about rules."""
        await self._pool.run(validate, request)
        wanted = PageByPlace(request)
        files = await self._pool.run(self._files, request)
        found = await self._worker_process.run(analyzed, files, tuple(request.plan_ids))
        page, token = wanted.of([each for each in found.findings if not request.kinds or each.kind in request.kinds])
        return messages.AnalyzeRulesResponse(
            findings=[finding_message(each) for each in page], left_out=found.left_out, next_page_token=token
        )

    async def CoverRules(self, request: messages.CoverRulesRequest, context: Context) -> messages.CoverRulesResponse:
        """What no test reaches."""
        await self._pool.run(validate, request)
        wanted = PageByPlace(request)
        files = await self._pool.run(self._files, request)
        found = await self._worker_process.run(covered, files, tuple(request.plan_ids))
        page, token = wanted.of(found.missing)
        return messages.CoverRulesResponse(
            untested=[untested_message(each) for each in page],
            reachable=found.reachable,
            unreached=len(found.missing),
            next_page_token=token,
        )

    async def ListAuditEntries(
        self, request: messages.ListAuditEntriesRequest, context: Context
    ) -> messages.ListAuditEntriesResponse:
        """The entries of the audit log, in order."""
        validate(request)
        size, after = page_size(request), max(request.after, number_in_token(request))
        found = await self._pool.run(self._entries, after, size + 1)
        token = token_of(str(found[size - 1].number)) if len(found) > size else ""
        return messages.ListAuditEntriesResponse(entries=found[:size], next_page_token=token)

    def _entries(self, after: int, most: int) -> list[messages.LogEntry]:
        """At most so many entries with a number above `after`."""
        with closing(AuditLog(self._releases().store.database).entries(after)) as entries:
            return [log_entry_message(each) for each in islice(entries, most)]

    async def VerifyAudit(self, request: messages.VerifyAuditRequest, context: Context) -> messages.VerifyAuditResponse:
        """Whether the database is as its log says."""
        validate(request)
        database = self._releases().store.database
        async with self._verifying:
            try:
                found = await self._pool.run(auditing.verify, database, request.known_hash)
            except AuditFault as fault:
                return messages.VerifyAuditResponse(fault=str(fault))
        return messages.VerifyAuditResponse(
            intact=True,
            entries=found.entries,
            last_hash=found.last_hash,
            releases=found.releases,
            decisions=found.decisions,
            settings=found.settings,
            drafts=found.drafts,
        )

    async def GetFourEyes(self, request: messages.GetFourEyesRequest, context: Context) -> messages.GetFourEyesResponse:
        """Whether two people are needed."""
        validate(request)
        return messages.GetFourEyesResponse(**_fields(await self._pool.run(four_eyes, self._releases().store)))

    async def SwitchFourEyes(
        self, request: messages.SwitchFourEyesRequest, context: Context
    ) -> messages.SwitchFourEyesResponse:
        """Ask for four eyes, or for their end."""
        validate(request)
        caller, store = CALLER.get(), self._releases().store
        for_all_payers(caller.payers, caller.subject, SETTINGS)
        await self._pool.run(switch_four_eyes, store, caller.subject, is_on=request.on)
        return messages.SwitchFourEyesResponse(**_fields(await self._pool.run(four_eyes, store)))

    async def ReproduceEstimate(
        self, request: messages.ReproduceEstimateRequest, context: Context
    ) -> messages.ReproduceEstimateResponse:
        """Whether a stored estimate comes out the same once more."""
        validate(request)
        return await self._pool.run(self._reproduced, request.name)

    def _reproduced(self, name: str) -> messages.ReproduceEstimateResponse:
        """The comparison of a stored estimate with what its release gives now."""
        stored = existing(name, self._estimates.by_name(name))
        content = request_of(stored)
        difference, same_figures = "", True
        try:
            reproduced(self._rules, stored, content)
        except EstimateDiffers as error:
            difference, same_figures = str(error), error.same_figures
        except InvalidRequest:
            # Its violations are not told, because they quote the request.
            difference, same_figures = "this version refuses its request", False
        return messages.ReproduceEstimateResponse(
            name=name,
            rule_release=stored.rule_release,
            created_at=timestamp(stored.created_at),
            same=not difference,
            difference=difference,
            same_figures=same_figures,
        )

    def _files(
        self,
        request: messages.ExplainRulesRequest | messages.AnalyzeRulesRequest | messages.CoverRulesRequest,
    ) -> Mapping[str, bytes]:
        """The files that a request is about."""
        if request.rules.WhichOneof("source") == "files":
            return files_of(request.rules.files, "rules.files")
        with self._releases().store.reading() as ledger, asked_in("rules.release"):
            return ledger.files(find_release(ledger, request.rules.release or ACTIVE).id)

    def _releases(self) -> ReleaseRules:
        """The releases. Raises `NotServed` where there is no database."""
        if self._rules.releases is None:
            raise NotServed("this service has no database; start it with --database-url")
        return self._rules.releases


def _fields(found: FourEyes) -> dict[str, Any]:
    """Four eyes as fields of an answer."""
    return {"on": found.is_on, "asked_off_by": found.asked_off_by or ""}
