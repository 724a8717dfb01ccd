"""The answers to estimate requests: priced now, or given again under the same request id, or refused.

What comes in: messages. What goes out: an `Estimate` or a `Status` for each, after it has been kept. Small requests are
priced in the event loop, since handing them to a thread costs as much as pricing them; large ones in a thread.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from google.rpc.status_pb2 import Status

from camcover.api.errors import bad_request, status_of
from camcover.api.estimates import estimate_message
from camcover.api.keeping import Keeper, Taken
from camcover.api.requests import estimate_request
from camcover.api.validation import validate
from camcover.engine import EstimateRequest, InvalidRequest, Tables
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.store import EstimateStore, StoredEstimate
from camcover.workflow.errors import RequestIdReused
from camcover.workflow.pricing import PricedPlan, price_many
from camcover.workflow.rules_in_force import RulesInForce

__all__ = ["Answering", "Outcome"]

Request: TypeAlias = request_pb2.EstimatePlanRequest
Outcome: TypeAlias = estimate_pb2.Estimate | Status

_SMALL_LINES = 100
"""A request of no more lines is priced in the event loop."""


class Priced(NamedTuple):
    """A request with its first outcome: an estimate with the row to keep, if any, or a refusal."""

    outcome: Outcome
    row: StoredEstimate | None


class Answering:
    """Prices by the rules in force and keeps in a store."""

    def __init__(self, rules: RulesInForce, store: EstimateStore) -> None:
        """Answer from `rules`, remember in `store`."""
        self._rules = rules
        self._store = store
        self._keeper = Keeper(store)

    async def one(self, request: Request) -> Outcome:
        """The outcome of one request."""
        if _lines(request) > _SMALL_LINES:
            return (await self.many([request]))[0]
        return (await self._settled([request], self._priced([request])))[0]

    async def many(self, requests: Sequence[Request]) -> list[Outcome]:
        """The outcome of each request, in order; one that is bad does not harm the others."""
        return await self._settled(requests, await asyncio.to_thread(self._priced, requests))

    def _priced(self, requests: Sequence[Request]) -> list[Priced]:
        """Price requests together, by the tables that each began with."""
        outcomes: dict[int, Priced] = {}
        groups: dict[int, tuple[Tables, list[int], list[EstimateRequest]]] = {}
        for place, message in enumerate(requests):
            try:
                validate(message)
                tables = self._rules.take(message.rule_release)
                typed = estimate_request(message)
            except Exception as error:  # noqa: BLE001 - only refusals are answered, anything else goes on
                outcomes[place] = Priced(_refusal(error), None)
                continue
            _, places, waiting = groups.setdefault(id(tables), (tables, [], []))
            places.append(place)
            waiting.append(typed)
        for tables, places, waiting in groups.values():
            for place, result in zip(places, price_many(tables, waiting), strict=True):
                outcomes[place] = self._first_outcome(requests[place], result)
        return [outcomes[place] for place in range(len(requests))]

    async def _settled(self, requests: Sequence[Request], priced: Sequence[Priced]) -> list[Outcome]:
        """The outcomes once estimates are kept; what a request id has answered before is answered again."""
        if not self._store.is_on:
            return [each.outcome for each in priced]
        rows = [each.row for each in priced if each.row is not None]
        taken: Taken = await self._keeper.keep(rows) if rows else {}
        refused = [one.request_id for one, each in zip(requests, priced, strict=True) if not each.row]
        if any(refused):
            # Under other rules the same request may have been priced before.
            taken = {**taken, **await asyncio.to_thread(self._store.by_request_ids, filter(None, refused))}
        if not taken:
            return [each.outcome for each in priced]
        return [_again(one, each, taken) for one, each in zip(requests, priced, strict=True)]

    def _first_outcome(self, request: Request, result: PricedPlan | InvalidRequest) -> Priced:
        """What the engine said, as a message, with the row to keep where anything is kept."""
        if isinstance(result, InvalidRequest):
            return Priced(bad_request(result.violations), None)
        message = estimate_message(result, request.request_id)
        return Priced(message, _row(request, result, message) if self._store.is_on else None)


def _lines(request: Request) -> int:
    """About how many lines a request has."""
    return sum(max(len(item.dates), item.sessions) * max(len(item.procedures), 1) for item in request.items)


def _row(request: Request, priced: PricedPlan, message: estimate_pb2.Estimate) -> StoredEstimate:
    """What the store keeps of an answer."""
    return StoredEstimate(
        priced.name,
        request.request_id or None,
        _fingerprint(request),
        message.plan_id,
        priced.rule_release,
        priced.created_at,
        message.SerializeToString(deterministic=True),
    )


def _refusal(error: Exception) -> Status:
    """The status of a refusal; anything else is raised again."""
    status = status_of(error)
    if status is None:
        raise error
    return status


def _fingerprint(message: Request) -> bytes:
    """SHA-256 of a request's content."""
    return hashlib.sha256(message.SerializeToString(deterministic=True)).digest()


def _again(request: Request, priced: Priced, taken: Taken) -> Outcome:
    """The outcome, or what the request id answered before; a refusal where that was to other content."""
    stored = taken.get(request.request_id)
    if stored is None or (priced.row is not None and stored.name == priced.row.name):
        return priced.outcome
    if stored.fingerprint != _fingerprint(request):
        return _refusal(RequestIdReused(request.request_id))
    return estimate_pb2.Estimate.FromString(stored.body)
