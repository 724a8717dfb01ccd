"""`EstimateService`: price, stream, batch, compare, optimize, check coverage, and get stored estimates.

Each method validates, translates, calls one use case, and translates back; estimates go by `answering`. Refusals are
raised; `interceptors` turns them into statuses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime
from itertools import repeat
from operator import itemgetter
from typing import Any, TypeAlias

import grpc
from google.rpc.status_pb2 import Status

from camcover.api.access import CALLER
from camcover.api.admission import hold
from camcover.api.answering import (
    Answering,
    Outcome,
    expected_bytes,
    in_slices,
    lines_of,
    weight_of,
    within_lines,
)
from camcover.api.comparing import compared, comparison, comparison_answer
from camcover.api.coverage_messages import coverage_message
from camcover.api.defaults import CACHED_BYTES
from camcover.api.eligibility import ELIGIBILITY_GROWTH, eligibility_answer, eligibility_told
from camcover.api.errors import Refused, asked_in
from camcover.api.good_faith import GOOD_FAITH_GROWTH, good_faith_answer, good_faith_asked
from camcover.api.keeping import looked_up
from camcover.api.optimizing import asked_search, begun_search, priced_search, search_answer
from camcover.api.ordering import OrderedAnswers, Room
from camcover.api.pools import Pools
from camcover.api.reproducing import existing
from camcover.api.requests import member, planned_service
from camcover.api.stored_estimates import deleted, page_of
from camcover.api.validation import validate
from camcover.api.wire import as_it_is, writer
from camcover.engine import EstimateRequest, InvalidRequest, Tables, Violation
from camcover.engine.request import Member
from camcover.gen.camcover.v1 import eligibility_pb2, estimate_service_pb2, good_faith_pb2, request_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceServicer
from camcover.store import EstimateStore
from camcover.workflow.caching import CacheCounts
from camcover.workflow.coverage import check_coverage
from camcover.workflow.errors import EstimateNotKept
from camcover.workflow.pricing import Rank, rank, under_plans
from camcover.workflow.published_prices import PriceSource, with_published_prices
from camcover.workflow.rules_in_force import RulesInForce

__all__ = ["EstimateServicer"]

Request = request_pb2.EstimatePlanRequest
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class EstimateServicer(EstimateServiceServicer):
    """The methods of `EstimateService` over the active rules and the store."""

    def __init__(
        self,
        rules: RulesInForce,
        store: EstimateStore,
        pools: Pools | None = None,
        cached_bytes: int = CACHED_BYTES,
        *,
        today: Callable[[], date] | None = None,
        room: Room | None = None,
    ) -> None:
        """Answer from `rules`, remember in `store`; `today` gives the date of coverage checks without one.

        `room` bounds the answers of streams that wait to be read.
        """
        self._rules = rules
        self._store = store
        self._pools = pools or Pools()
        self._answering = Answering(rules, store, self._pools, cached_bytes)
        self._room = room or Room()
        self._today = today or (lambda: datetime.now(UTC).date())

    def counts(self) -> CacheCounts:
        """The counts of the cache of answers."""
        return self._answering.counts()

    async def EstimatePlan(self, request: Request, context: Context) -> bytes:
        """One well-being plan under one payer plan: the bytes of its `Estimate`."""
        hold(expected_bytes(request))
        outcome = await self._answering.one(request)
        if isinstance(outcome, Status):
            raise Refused(outcome)
        return outcome

    async def StreamEstimates(
        self, request_iterator: AsyncIterator[Request | Status], context: Context
    ) -> AsyncIterator[bytes]:
        """The same for a stream, answers in order; a bad request is answered and ends nothing.

        Each answer is given as the bytes of its message, which take a third of the message's room while they wait.
        """
        in_order = OrderedAnswers(self._streamed, _expected, self._room)
        async with aclosing(in_order.answers(request_iterator)) as answers:
            async for answer in answers:
                yield answer

    async def _streamed(self, request: Request | Status) -> bytes:
        """The answer to one request of a stream; to one that could not be taken, why."""
        if isinstance(request, Status):
            return _RESULT_OF_STREAM(_result("", request))
        return _RESULT_OF_STREAM(_result(request.request_id, await self._answering.one(request)))

    async def BatchEstimatePlans(
        self, request: estimate_service_pb2.BatchEstimatePlansRequest, context: Context
    ) -> bytes:
        """The same for up to 1,000 requests, a call of the kernel for each slice of them. Gives the message's bytes."""
        requests, expected = await self._pools.batches.run(_batched, request)
        hold(expected)
        outcomes = await self._answering.many(requests)
        return await self._pools.batches.run(_batch_answer, requests, outcomes)

    async def ComparePlans(self, request: estimate_service_pb2.ComparePlansRequest, context: Context) -> bytes:
        """One well-being plan under several payer plans, cheapest first. Nothing of it is stored.

        Gives the bytes of the message.
        """
        plan, asked = await self._pools.reading.run(compared, request)
        hold(expected_bytes(plan) * len(request.plan_ids))
        with asked_in("request.rule_release"):
            tables = await self._take(plan.rule_release)
        prices = await self._prices()

        def priced(plan_ids: Sequence[str]) -> list[tuple[Rank, estimate_service_pb2.PlanComparison]]:
            """Answers, each with where it stands."""
            found = [with_published_prices(tables, asked[plan_id], prices) for plan_id in plan_ids]
            results = under_plans(tables, found)
            return [(rank(each), comparison(tables, *each, plan)) for each in results]

        results = await in_slices(
            self._pools.pricing, priced, request.plan_ids, repeat(weight_of(plan), len(request.plan_ids))
        )
        results.sort(key=itemgetter(0))
        return await self._pools.pricing.run(comparison_answer, [message for _, message in results])

    async def OptimizePlan(
        self, request: estimate_service_pb2.OptimizePlanRequest, context: Context
    ) -> estimate_service_pb2.OptimizePlanResponse:
        """Cheaper ways to the same care. Nothing of it is stored.

        Priced in slices, between which a call that has ended is given up and other searches have their turn.
        """
        asked = await self._pools.reading.run(asked_search, request)
        hold(asked.expected_bytes)
        with asked_in("request.rule_release"):
            tables = await self._take(request.request.rule_release)
        pool = self._pools.searching
        if (prices := await self._prices()) is not None:
            asked = await pool.run(priced_search, tables, asked, prices)
        search = await pool.run(begun_search, tables, asked)
        while await pool.run(search.advance):
            pass
        return await pool.run(search_answer, tables, asked, search.found(), request.request.language)

    async def CheckCoverage(
        self, request: estimate_service_pb2.CheckCoverageRequest, context: Context
    ) -> estimate_service_pb2.CheckCoverageResponse:
        """Whether a therapy is covered, and under what terms."""
        asked = await self._pools.reading.run(_coverage_asked, request, self._today())
        tables = await self._take(request.rule_release)
        try:
            answer = await self._pools.pricing.run(check_coverage, tables, asked)
        except InvalidRequest as error:
            raise InvalidRequest(tuple(_renamed(each) for each in error.violations)) from error
        return coverage_message(answer, tables.release, request.language)

    async def ReadEligibility(
        self, request: eligibility_pb2.ReadEligibilityRequest, context: Context
    ) -> eligibility_pb2.ReadEligibilityResponse:
        """What a payer's answer to an eligibility inquiry says. Nothing of it is stored."""
        hold(len(request.content) * ELIGIBILITY_GROWTH)
        told = await self._pools.reading.run(eligibility_told, request)
        tables = await self._take(request.rule_release)
        return await self._pools.reading.run(eligibility_answer, tables, request, told, self._today)

    async def ExplainGoodFaithEstimate(
        self, request: good_faith_pb2.ExplainGoodFaithEstimateRequest, context: Context
    ) -> good_faith_pb2.ExplainGoodFaithEstimateResponse:
        """A provider's good-faith estimate as an advance explanation of benefits. Nothing of it is stored."""
        hold(len(request.bundle) * GOOD_FAITH_GROWTH)
        asked = await self._pools.reading.run(good_faith_asked, request)
        tables = await self._take(request.rule_release)
        prices = await self._prices()
        return await self._pools.pricing.run(good_faith_answer, tables, asked, datetime.now(UTC), prices)

    async def _take(self, release: str) -> Tables:
        """The rules to answer by; a release that is not loaded is loaded in a thread."""
        if self._rules.is_at_hand(release):
            return self._rules.take(release)
        return await self._pools.pricing.run(self._rules.take, release)

    async def _prices(self) -> PriceSource | None:
        """What payers publish by provider now; a file that was replaced is opened in a thread."""
        return None if self._rules.prices is None else await self._pools.reading.run(self._rules.take_prices)

    async def GetEstimate(self, request: estimate_service_pb2.GetEstimateRequest, context: Context) -> bytes:
        """A stored estimate of the caller, byte for byte as it was answered."""
        validate(request)
        pool, by_name = self._pools.looking_up, self._store.by_name
        stored = existing(request.name, await looked_up(pool, self._store, by_name, request.name, CALLER.get().subject))
        if stored.body is None:
            raise EstimateNotKept(f"{request.name} cannot be shown: only its hashes were kept")
        return stored.body

    async def ListEstimates(
        self, request: estimate_service_pb2.ListEstimatesRequest, context: Context
    ) -> estimate_service_pb2.ListEstimatesResponse:
        """The stored estimates of the caller, newest first."""
        validate(request)
        return await looked_up(self._pools.looking_up, self._store, page_of, self._store, request, CALLER.get().subject)

    async def DeleteEstimate(
        self, request: estimate_service_pb2.DeleteEstimateRequest, context: Context
    ) -> estimate_service_pb2.DeleteEstimateResponse:
        """Erase a stored estimate of the caller."""
        validate(request)
        pool, subject = self._pools.looking_up, CALLER.get().subject
        answer, fingerprint = await looked_up(pool, self._store, deleted, self._store, request.name, subject)
        if fingerprint:
            self._answering.forget(fingerprint)
        return answer


_RESULT_OF_STREAM, _RESULT_OF_BATCH = (
    writer(message, ("request_id", "estimate", "error"), estimate=as_it_is, error=as_it_is)
    for message in (estimate_service_pb2.StreamEstimatesResponse, estimate_service_pb2.EstimateResult)
)
_BATCH = writer(estimate_service_pb2.BatchEstimatePlansResponse, ("results",), results=_RESULT_OF_BATCH)


def _result(request_id: str, outcome: Outcome) -> tuple[str, bytes | None, bytes | None]:
    """The answer to one of several requests: its id, and the bytes of the estimate or of the refusal."""
    if isinstance(outcome, Status):
        return request_id, None, outcome.SerializeToString()
    return request_id, outcome, None


def _expected(request: Request | Status) -> int:
    """About how many bytes a request of a stream and its answer take while it is answered."""
    return request.ByteSize() if isinstance(request, Status) else expected_bytes(request)


def _batched(request: estimate_service_pb2.BatchEstimatePlansRequest) -> tuple[Sequence[Request], int]:
    """The requests of a batch, and about how many bytes its answer takes. Raises `Refused`."""
    validate(request)
    within_lines("requests", sum(map(lines_of, request.requests)))
    return list(request.requests), sum(map(expected_bytes, request.requests))


def _batch_answer(requests: Sequence[Request], outcomes: Sequence[Outcome]) -> bytes:
    """The answers of a batch."""
    return _BATCH(([_result(one.request_id, each) for one, each in zip(requests, outcomes, strict=True)],))


def _coverage_asked(request: estimate_service_pb2.CheckCoverageRequest, today: date) -> EstimateRequest:
    """What is asked about a therapy, as a request for its estimate. Raises `Refused`, `InvalidRequest`."""
    validate(request)
    return EstimateRequest(
        plan_id=request.plan_id,
        items=(planned_service("service", request.service, today),),
        members=(member("member", request.member) if request.HasField("member") else Member(),),
        assume_requirements=request.requirements != request_pb2.REQUIREMENTS_AS_ATTESTED,
    )


def _renamed(violation: Violation) -> Violation:
    """A violation with the paths of a coverage check: one member, one service."""
    field = violation.field.replace("items[0]", "service", 1).replace("members[0]", "member", 1)
    return violation._replace(field=field)
