"""The answers to estimate requests: priced now, or given again under the same request id, or refused.

What comes in: messages. What goes out: an `Estimate` or a `Status` for each, after it has been kept. Small requests are
priced in the event loop, since handing them to a thread costs as much as pricing them; large ones in a thread.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

from google.rpc.status_pb2 import Status

from camcover.api.contract import CONTRACT
from camcover.api.errors import bad_request, status_of
from camcover.api.estimates import estimate_message
from camcover.api.keeping import Keeper
from camcover.api.reproducing import reproduced
from camcover.api.requests import estimate_request
from camcover.api.validation import validate
from camcover.engine import EstimateRequest, InvalidRequest, Tables
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.store import EstimateStore, Keeping, StoredEstimate
from camcover.store.estimates import stored_estimate
from camcover.workflow.caching import Cache, CacheCounts
from camcover.workflow.errors import RequestIdReused
from camcover.workflow.pricing import expiry, new_name, price_many
from camcover.workflow.rules_in_force import RulesInForce

__all__ = ["CACHED_BYTES", "Answering", "Outcome"]

Request: TypeAlias = request_pb2.EstimatePlanRequest
Outcome: TypeAlias = estimate_pb2.Estimate | Status

CACHED_BYTES = 64 << 20
"""Answers at hand, as bytes: the same question under the same rules is priced once."""

_SMALL_LINES = 100
"""A request of no more lines is priced in the event loop."""


class Asked(NamedTuple):
    """A request, the bytes of its content without the request id, and their SHA-256."""

    message: Request
    content: bytes
    fingerprint: bytes


class Priced(NamedTuple):
    """A request with its first outcome: an estimate with the row to keep, if any, or a refusal."""

    asked: Asked
    outcome: Outcome
    row: StoredEstimate | None = None


class Answering:
    """Prices by the rules in force and keeps in a store."""

    def __init__(self, rules: RulesInForce, store: EstimateStore, cached_bytes: int = CACHED_BYTES) -> None:
        """Answer from `rules`, remember in `store`, and hold so many bytes of answers at hand."""
        self._rules = rules
        self._store = store
        self._keeper = Keeper(store)
        self._cache: Cache[tuple[str, bytes], bytes] = Cache(cached_bytes)

    def counts(self) -> CacheCounts:
        """How often an answer was at hand."""
        return self._cache.counts()

    async def one(self, request: Request) -> Outcome:
        """The outcome of one request."""
        if _lines(request) > _SMALL_LINES or not self._rules.is_at_hand(request.rule_release):
            return (await self.many([request]))[0]
        return (await self._settled(self._priced([request])))[0]

    async def many(self, requests: Sequence[Request]) -> list[Outcome]:
        """The outcome of each request, in order; one that is bad does not harm the others."""
        return await self._settled(await asyncio.to_thread(self._priced, requests))

    def _priced(self, requests: Sequence[Request]) -> list[Priced]:
        """Answer from what is at hand, and price the others together, by the tables that each began with."""
        outcomes: dict[int, Priced] = {}
        groups: dict[int, tuple[Tables, list[int], list[EstimateRequest]]] = {}
        asked = [_asked(message) for message in requests]
        for place, each in enumerate(asked):
            try:
                tables = self._rules.take(each.message.rule_release)
                body = self._cache.get((tables.digest, each.fingerprint))
                if body is not None:
                    outcomes[place] = self._with_row(each, _anew(body, each.message.request_id))
                    continue
                validate(each.message)
                typed = estimate_request(each.message)
            except Exception as error:  # noqa: BLE001 - only refusals are answered, anything else goes on
                outcomes[place] = Priced(each, _refusal(error))
                continue
            _, places, waiting = groups.setdefault(id(tables), (tables, [], []))
            places.append(place)
            waiting.append(typed)
        for tables, places, waiting in groups.values():
            for place, result in zip(places, price_many(tables, waiting), strict=True):
                if isinstance(result, InvalidRequest):
                    outcomes[place] = Priced(asked[place], bad_request(result.violations))
                    continue
                message = estimate_message(result, asked[place].message.request_id)
                outcomes[place] = self._with_row(asked[place], message, tables)
        return [outcomes[place] for place in range(len(requests))]

    def _with_row(self, asked: Asked, message: estimate_pb2.Estimate, tables: Tables | None = None) -> Priced:
        """An estimate with what the store keeps of it; `tables` priced it just now, and it goes to the cache."""
        body = message.SerializeToString(deterministic=True)
        if tables is not None:
            self._cache.put((tables.digest, asked.fingerprint), body, len(body))
        if self._store.keeping is Keeping.OFF:
            return Priced(asked, message)
        row = stored_estimate(
            message.name,
            message.request_id,
            asked.content,
            asked.fingerprint,
            message.plan_id,
            message.rule_release,
            message.created_at.ToDatetime(UTC),
            body,
            CONTRACT,
        )
        return Priced(asked, message, row)

    async def _settled(self, priced: Sequence[Priced]) -> list[Outcome]:
        """The outcomes once estimates are kept; what a request id has answered before is answered again."""
        if self._store.keeping is Keeping.OFF:
            return [each.outcome for each in priced]
        rows = [each.row for each in priced if each.row is not None]
        taken: Mapping[str, StoredEstimate] = await self._keeper.keep(rows) if rows else {}
        refused = [each.asked.message.request_id for each in priced if each.row is None]
        if any(refused):
            # Under other rules the same request may have been priced before.
            taken = {**taken, **await asyncio.to_thread(self._store.by_request_ids, filter(None, refused))}
        if not taken:
            return [each.outcome for each in priced]
        return [await self._again(each, taken.get(each.asked.message.request_id)) for each in priced]

    async def _again(self, priced: Priced, stored: StoredEstimate | None) -> Outcome:
        """The outcome, or what the request id answered before; a refusal where that was to other content."""
        if stored is None or (priced.row is not None and stored.name == priced.row.name):
            return priced.outcome
        if stored.fingerprint != priced.asked.fingerprint:
            return _refusal(RequestIdReused(priced.asked.message.request_id))
        try:
            if stored.body is not None:
                return estimate_pb2.Estimate.FromString(stored.body)
            return await asyncio.to_thread(reproduced, self._rules, stored, priced.asked.content)
        except Exception as error:  # noqa: BLE001 - only refusals are answered, anything else goes on
            return _refusal(error)


def _asked(message: Request) -> Asked:
    """A request with the bytes and the SHA-256 of its content."""
    request_id = message.request_id
    message.request_id = ""
    content = message.SerializeToString(deterministic=True)
    message.request_id = request_id
    return Asked(message, content, hashlib.sha256(content).digest())


def _anew(body: bytes, request_id: str) -> estimate_pb2.Estimate:
    """An answer that was given before, as the answer to another request."""
    message = estimate_pb2.Estimate.FromString(body)
    now = datetime.now(UTC)
    message.name, message.request_id = new_name(), request_id
    message.created_at.FromDatetime(now)
    message.expires_on = expiry(now).isoformat()
    return message


def _lines(request: Request) -> int:
    """About how many lines a request has."""
    return sum(max(len(item.dates), item.sessions) * max(len(item.procedures), 1) for item in request.items)


def _refusal(error: Exception) -> Status:
    """The status of a refusal; anything else is raised again."""
    status = status_of(error)
    if status is None:
        raise error
    return status
