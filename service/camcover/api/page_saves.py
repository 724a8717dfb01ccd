"""Plans of care that patients keep on the pages: stored estimates of a subject of their own.

What comes in: typed requests with their answers, and keys. What goes out: `SavedPlan`. A key is 160 random bits. The
store has the key's SHA-256 as the name of the estimate, so that who reads the database, the log or a list does not
learn any key. No caller has the subject `PAGES`, so that no method gives these estimates.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, ParamSpec, TypeVar

import structlog

from camcover.api.contract import CONTRACT
from camcover.api.errors import Refused, overloaded, status_of
from camcover.api.estimates import estimate_bytes
from camcover.api.keeping import looked_up
from camcover.api.pools import Pool
from camcover.api.reproducing import as_answered, computed_again
from camcover.api.requests import estimate_request
from camcover.engine import EstimateRequest, Tables
from camcover.engine.request import Member, PlannedService
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.store import EstimateQuery, EstimateStore, StoredEstimate, StoreUnavailable
from camcover.store.schema import PAGES
from camcover.workflow.errors import UseCaseError
from camcover.workflow.pricing import PricedPlan
from camcover.workflow.rules_in_force import RulesInForce
from camcover.workflow.saved_plans import SavedPlan

__all__ = ["PageSaves", "request_message"]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_LOG = structlog.get_logger("camcover.pages")

_KEY_BYTES = 20
_KEY = re.compile(r"[0-9a-f]{40}")

_HOUR = 3600.0
_MOST_AN_HOUR: Final = 1_000
"""Plans that a process keeps in an hour: whoever keeps them is not known, and each takes some ten kilobytes."""

_SWEPT_AT_ONCE = 100
_DAY = 86_400.0


class PageSaves:
    """Keeps plans of care in a store that keeps estimates in full; each for some days."""

    def __init__(
        self,
        rules: RulesInForce,
        store: EstimateStore,
        pool: Pool,
        days: int,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep in `store`, by threads of `pool`; compute anew by `rules`. `now` and `clock` give the time."""
        self._rules, self._store, self._pool, self.days = rules, store, pool, days
        self._now, self._clock = now, clock
        self._kept_at: deque[float] = deque()
        self._sweeping: asyncio.Task[None] | None = None

    async def keep(self, request: EstimateRequest, priced: PricedPlan, language: str) -> str:
        """The key of what was kept. Raises `Refused` without a database, and where too many were kept in an hour."""
        self._count()
        key = secrets.token_hex(_KEY_BYTES)
        message = request_message(request, language)
        content = message.SerializeToString(deterministic=True)
        named = priced._replace(name=_name_of(key))
        body = estimate_bytes(named, "", language)
        row = StoredEstimate(
            name=named.name,
            subject=PAGES,
            request_id=None,
            fingerprint=hashlib.sha256(content).digest(),
            plan_id=request.plan_id,
            rule_release=priced.rule_release,
            created_at=priced.created_at,
            request=content,
            body=body,
            body_digest=hashlib.sha256(body).digest(),
            contract=CONTRACT,
        )
        await self._asked(self._store.keep, [row])
        return key

    async def find(self, key: str) -> SavedPlan | None:
        """What is kept under a key; None where nothing is, or no longer. Raises `Refused` without a database."""
        if not _KEY.fullmatch(key):
            return None
        stored = await self._asked(self._store.by_name, _name_of(key), PAGES)
        if stored is None or stored.request is None or stored.body is None:
            return None
        if stored.created_at <= self._oldest():
            await self.erase(key)
            return None
        totals = estimate_pb2.Estimate.FromString(stored.body).totals
        return SavedPlan(
            request=estimate_request(request_pb2.EstimatePlanRequest.FromString(stored.request)),
            release=stored.rule_release,
            made_on=stored.created_at.date(),
            kept_until=(stored.created_at + timedelta(days=self.days)).date(),
            patient_cents=totals.patient_cents,
            charge_cents=totals.charge_cents,
            again=lambda: self._again(stored),
        )

    async def erase(self, key: str) -> bool:
        """Delete what is kept under a key; False where nothing is. Raises `Refused` without a database."""
        if not _KEY.fullmatch(key):
            return False
        erased = await self._asked(self._store.erase, _name_of(key), PAGES)
        return erased is not None

    async def sweep(self) -> int:
        """Delete all whose time is over; gives how many. Raises `Refused` without a database."""
        wanted = EstimateQuery(PAGES, before=self._oldest())
        count = 0
        while some := await self._asked(self._store.listed, wanted, _SWEPT_AT_ONCE):
            for each in some:
                if each.erased_at is None:
                    await self._asked(self._store.erase, each.name, PAGES)
                    count += 1
            wanted = wanted._replace(after=(some[-1].created_at, some[-1].name))
        return count

    def start(self) -> None:
        """Delete what is over now, and once a day; to be called inside of the event loop."""
        self._sweeping = asyncio.create_task(self._sweep_daily())

    async def stop(self) -> None:
        """Delete no more."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeping

    async def _sweep_daily(self) -> None:
        while True:
            try:
                count = await self.sweep()
            except Refused:
                _LOG.warning("saved plans not swept")
            else:
                _LOG.info("saved plans swept", count=count)
            await asyncio.sleep(_DAY)

    async def _asked(
        self, work: Callable[Parameters, Result], *given: Parameters.args, **named: Parameters.kwargs
    ) -> Result:
        """What the store gives. Raises `Refused` where it cannot be reached."""
        try:
            return await looked_up(self._pool, self._store, work, *given, **named)
        except StoreUnavailable as error:
            raise Refused(status_of(error)) from error

    def _oldest(self) -> datetime:
        """What was made then or before is kept no longer."""
        return self._now() - timedelta(days=self.days)

    def _count(self) -> None:
        """Count one plan more. Raises `Refused`."""
        now = self._clock()
        while self._kept_at and self._kept_at[0] <= now - _HOUR:
            self._kept_at.popleft()
        if len(self._kept_at) >= _MOST_AN_HOUR:
            seconds = self._kept_at[0] + _HOUR - now
            raise Refused(overloaded(int(seconds) + 1, f"more than {_MOST_AN_HOUR} plans of care were kept in an hour"))
        self._kept_at.append(now)

    def _again(self, stored: StoredEstimate) -> tuple[Tables, PricedPlan] | None:
        """The rules and the answer of then."""
        try:
            again = computed_again(self._rules, stored, stored.request or b"")
        except UseCaseError:
            return None
        return (again.tables, again.priced) if as_answered(stored, again.message) else None


def _name_of(key: str) -> str:
    """The name of the estimate that is kept under a key."""
    return f"estimates/{hashlib.sha256(key.encode()).hexdigest()}"


def request_message(request: EstimateRequest, language: str) -> request_pb2.EstimatePlanRequest:
    """The message of a request that a page has made: `estimate_request` makes the same request of it.

    Raises ValueError for a request that states what no page asks for.
    """
    (member,) = request.members
    message = request_pb2.EstimatePlanRequest(
        plan_id=request.plan_id,
        items=map(_item, request.items),
        members=[_member(member)],
        explain=request.explain,
        language=language,
    )
    if estimate_request(message) != request:
        raise ValueError("a request states what no page asks for, and cannot be kept")
    return message


def _item(item: PlannedService) -> request_pb2.PlannedService:
    return request_pb2.PlannedService(
        therapy=item.therapy,
        procedures=[request_pb2.Procedure(code=each.code, units=each.units) for each in item.procedures],
        dates=[day.isoformat() for day in item.dates],
        charge_cents=item.charge_cents,
        practitioner=item.practitioner,
        tier=item.tier,
        conditions=item.conditions,
        attestations=map(str, item.attestations),
    )


def _member(member: Member) -> request_pb2.Member:
    return request_pb2.Member(
        id=member.id,
        age=member.age,
        state=member.state,
        accumulators=[
            request_pb2.AccumulatorUse(accumulator=each.accumulator, used_cents=each.used_cents)
            for each in member.use.accumulators
        ],
        limit_usage=[
            request_pb2.LimitUse(limit=each.limit, used=each.used, used_cents=each.used_cents)
            for each in member.use.limit_usage
        ],
    )
