"""Answers to estimate requests: priced now, repeated for a known request id, or refused.

What comes in: messages. What goes out: the bytes of an `Estimate`, or a `Status`, for each, after it has been kept.
They are made once, and sent, kept and hashed as they are. Small requests are
priced in the event loop, since handing them to a thread costs as much as pricing them; large ones in a thread, slice by
slice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias, TypeVar

from google.rpc.status_pb2 import Status

from camcover.api.access import CALLER
from camcover.api.contract import CONTRACT
from camcover.api.defaults import CACHED_BYTES
from camcover.api.errors import bad_request, invalid, status_of
from camcover.api.estimates import estimate_bytes
from camcover.api.intake import SMALL_BYTES
from camcover.api.keeping import Keeper, Taken, looked_up
from camcover.api.pools import Pool, Pools
from camcover.api.prices import with_prices
from camcover.api.reproducing import reproduced
from camcover.api.requests import estimate_request
from camcover.api.validation import validate
from camcover.engine import EstimateRequest, InvalidRequest, Tables, Violation
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.observing import step
from camcover.refusals import Refusal
from camcover.request_bounds import MAX_LINES
from camcover.store import EstimateStore, Keeping, RequestKey, StoredEstimate, StoreUnavailable
from camcover.workflow.caching import Cache, CacheCounts
from camcover.workflow.errors import RequestIdReused
from camcover.workflow.pricing import PricedPlan, expiry, new_name, price_many
from camcover.workflow.published_prices import PriceSource, names_provider
from camcover.workflow.rules_in_force import RulesInForce

__all__ = [
    "Answering",
    "Outcome",
    "expected_bytes",
    "in_slices",
    "lines_of",
    "weight_of",
    "within_lines",
]

Request: TypeAlias = request_pb2.EstimatePlanRequest
Outcome: TypeAlias = bytes | Status
"""The bytes of an `Estimate`, or a refusal."""

Given = TypeVar("Given")
Result = TypeVar("Result")

MOST_LINES = 20_000
"""Lines of one answer: of all requests of a batch, or of all plans of a comparison."""

_SMALL_LINES = 100
"""A request of no more lines is priced in the event loop, if it is small in bytes as well."""


_BYTES_OF_LINE = 100
"""About what a line takes in a request."""

_ANSWER_BYTES, _ANSWERED_LINE_BYTES, _EXPLAINED_LINE_BYTES = 3_000, 150, 1_000
"""About what an answer takes before its lines, and each line, without and with its explanation."""


class HashedRequest(NamedTuple):
    """A request, the bytes of its content without the request id, and the SHA-256 of what the caller sent of them.

    The message and the content also have the prices that were looked up, so that the stored content gives the answer
    again, whatever is published since; `priced` is the SHA-256 of that content.
    """

    message: Request
    content: bytes
    fingerprint: bytes
    priced: bytes


class Priced(NamedTuple):
    """A request with its first outcome: an estimate with the row to keep, if any, or a refusal.

    `is_valid`: the request keeps the rules of the .proto, so that its id may be looked for.
    """

    asked: HashedRequest
    outcome: Outcome
    row: StoredEstimate | None = None
    is_valid: bool = True


class _Answer(NamedTuple):
    """The bytes of an estimate, and what of it the store has columns for."""

    body: bytes
    name: str
    rule_release: str
    created_at: datetime


class _Kept(NamedTuple):
    """The stored estimates of known request ids, and the reason if the store did not answer."""

    taken: Taken
    failure: StoreUnavailable | None = None


class Answering:
    """Prices requests by the rules in force, and stores the estimates."""

    def __init__(
        self, rules: RulesInForce, store: EstimateStore, pools: Pools | None = None, cached_bytes: int = CACHED_BYTES
    ) -> None:
        """Answer by `rules`, store in `store`, and cache at most so many bytes of answers."""
        self._rules = rules
        self._pools = pools or Pools()
        self._store = store
        self._keeper = Keeper(store)
        self._cache: Cache[tuple[str, bytes, bytes], bytes] = Cache(cached_bytes)

    def counts(self) -> CacheCounts:
        """The counts of the cache of answers."""
        return self._cache.counts()

    def forget(self, fingerprint: bytes) -> None:
        """Drop the cached answers to requests of that content."""
        self._cache.drop(lambda key: key[1] == fingerprint)

    async def one(self, request: Request) -> Outcome:
        """The outcome of one request."""
        is_small = lines_of(request) <= _SMALL_LINES and request.ByteSize() <= SMALL_BYTES
        if is_small and self._rules.is_at_hand(request.rule_release) and not self._looks_up(request):
            return (await self._settled(self._priced([request])))[0]
        return (await self._settled(await self._pools.pricing.run(self._priced, [request])))[0]

    async def many(self, requests: Sequence[Request]) -> list[Outcome]:
        """The outcome of each request, in order; a refused one does not affect the others.

        Priced in slices, between which a call that has ended is given up and other batches have their turn.
        """
        weights = await self._pools.batches.run(lambda: list(map(weight_of, requests)))
        return await self._settled(await in_slices(self._pools.batches, self._priced, requests, weights))

    def _looks_up(self, request: Request) -> bool:
        """Whether a request needs the file of prices, which the event loop does not wait for."""
        return self._rules.prices is not None and any(map(names_provider, request.items))

    def _priced(self, requests: Sequence[Request]) -> list[Priced]:
        """Answer from the cache, and price the rest together, each request by the tables with which it began."""
        outcomes: dict[int, Priced] = {}
        groups: dict[int, tuple[Tables, list[int], list[EstimateRequest]]] = {}
        asked = [_asked(message) for message in requests]
        prices = self._rules.take_prices() if any(map(self._looks_up, requests)) else None
        with step("validate"):
            for place, each in enumerate(asked):
                is_valid = False
                try:
                    validate(each.message)
                    is_valid = True
                    tables = self._rules.take(each.message.rule_release)
                    each = asked[place] = _with_prices(tables, each, prices)  # noqa: PLW2901 - goes on as this
                    body = self._cache.get((tables.digest, each.fingerprint, each.priced))
                    if body is not None:
                        outcomes[place] = self._answered(each, _anew(body, each.message.request_id))
                        continue
                    typed = estimate_request(each.message)
                except Exception as error:  # noqa: BLE001 - only refusals are answered, anything else goes on
                    outcomes[place] = Priced(each, _refusal(error), is_valid=is_valid)
                    continue
                _, places, waiting = groups.setdefault(id(tables), (tables, [], []))
                places.append(place)
                waiting.append(typed)
        for tables, places, waiting in groups.values():
            for place, result in zip(places, price_many(tables, waiting), strict=True):
                if isinstance(result, InvalidRequest):
                    outcomes[place] = Priced(asked[place], bad_request(result.violations))
                    continue
                outcomes[place] = self._told(asked[place], result, tables)
        return [outcomes[place] for place in range(len(requests))]

    def _told(self, asked: HashedRequest, priced: PricedPlan, tables: Tables) -> Priced:
        """The answer with a priced plan, which is cached as well."""
        body = estimate_bytes(priced, asked.message.request_id, asked.message.language)
        self._cache.put((tables.digest, asked.fingerprint, asked.priced), body, len(body))
        return self._answered(asked, _Answer(body, priced.name, priced.rule_release, priced.created_at))

    def _answered(self, asked: HashedRequest, answer: _Answer) -> Priced:
        """An answer with its row for the store."""
        if self._store.keeping is Keeping.OFF:
            return Priced(asked, answer.body)
        row = StoredEstimate(
            name=answer.name,
            subject=CALLER.get().subject,
            request_id=asked.message.request_id or None,
            fingerprint=asked.fingerprint,
            plan_id=asked.message.plan_id,
            rule_release=answer.rule_release,
            created_at=answer.created_at,
            request=asked.content,
            body=answer.body,
            body_digest=hashlib.sha256(answer.body).digest(),
            contract=CONTRACT,
        )
        return Priced(asked, answer.body, row)

    async def _settled(self, priced: Sequence[Priced]) -> list[Outcome]:
        """Store the estimates and give the outcomes; a known request id gets its first answer again."""
        if self._store.keeping is Keeping.OFF:
            return [each.outcome for each in priced]
        kept = await self._kept([each.row for each in priced if each.row is not None])
        # A request that these rules refuse may have been answered by earlier rules, under the same request id.
        refused = [_key_of(each) for each in priced if _may_be_known(each)]
        found = await self._found(refused) if refused else _Kept({})
        if not kept.taken and kept.failure is None and not refused:
            return [each.outcome for each in priced]
        taken = {**kept.taken, **found.taken}
        outcomes = []
        for each in priced:
            failure = found.failure if _may_be_known(each) else kept.failure if each.row else None
            outcomes.append(await self._again(each, taken.get(_key_of(each)), failure))
        return outcomes

    async def _kept(self, rows: Sequence[StoredEstimate]) -> _Kept:
        """Store rows. If the store refuses them, look up the estimates that it has under their request ids."""
        if not rows:
            return _Kept({})
        try:
            return _Kept(await self._keeper.keep(rows))
        except StoreUnavailable as failure:
            found = await self._found([row.key for row in rows if row.key])
            return found._replace(failure=failure)

    async def _found(self, keys: Sequence[RequestKey]) -> _Kept:
        """Look up the estimates of request ids; gives the failure where the store cannot be read."""
        try:
            pool, store = self._pools.looking_up, self._store
            return _Kept(await looked_up(pool, store, store.by_keys, keys) if keys else {})
        except StoreUnavailable as failure:
            return _Kept({}, failure)

    async def _again(self, priced: Priced, stored: StoredEstimate | None, failure: StoreUnavailable | None) -> Outcome:
        """The outcome, or what the request id answered before; a refusal where that was to other content.

        `failure`: why the store could not be asked; then what is not found there is not answered.
        """
        if stored is None and failure is not None:
            return _refusal(failure)
        if stored is None or (priced.row is not None and stored.name == priced.row.name):
            return priced.outcome
        if stored.fingerprint != priced.asked.fingerprint:
            return _refusal(RequestIdReused(priced.asked.message.request_id))
        try:
            if stored.body is not None:
                return stored.body
            again = await self._pools.pricing.run(reproduced, self._rules, stored, priced.asked.content)
            return again.SerializeToString(deterministic=True)
        except Exception as error:  # noqa: BLE001 - only refusals are answered, anything else goes on
            return _refusal(error)


def _key_of(priced: Priced) -> RequestKey:
    """The request id with its subject."""
    return CALLER.get().subject, priced.asked.message.request_id


def _may_be_known(priced: Priced) -> bool:
    """Whether a request that is refused now may have been answered before, under its request id."""
    return priced.row is None and priced.is_valid and bool(priced.asked.message.request_id)


def _asked(message: Request) -> HashedRequest:
    """A request with the bytes and the SHA-256 of its content."""
    content = _content(message)
    digest = hashlib.sha256(content).digest()
    return HashedRequest(message, content, digest, digest)


def _content(message: Request) -> bytes:
    """The bytes of a request without its request id."""
    request_id = message.request_id
    message.request_id = ""
    content = message.SerializeToString(deterministic=True)
    message.request_id = request_id
    return content


def _with_prices(tables: Tables, asked: HashedRequest, source: PriceSource | None) -> HashedRequest:
    """The request with the published prices of its providers; without any it stays as it is.

    Raises `InvalidRequest`, `StoreUnavailable`.
    """
    message = with_prices(tables, asked.message, source)
    if message is asked.message:
        return asked
    content = _content(message)
    return asked._replace(message=message, content=content, priced=hashlib.sha256(content).digest())


def _anew(body: bytes, request_id: str) -> _Answer:
    """A cached answer, as the answer to another request."""
    message = estimate_pb2.Estimate.FromString(body)
    now = datetime.now(UTC)
    message.name, message.request_id = new_name(), request_id
    message.created_at.FromDatetime(now)
    message.expires_on = expiry(now).isoformat()
    return _Answer(message.SerializeToString(deterministic=True), message.name, message.rule_release, now)


def lines_of(request: Request) -> int:
    """About how many lines a request has; one more than the bound where it has more."""
    lines = sum(max(len(item.dates), item.sessions, 1) * max(len(item.procedures), 1) for item in request.items)
    return min(lines, MAX_LINES + 1)


def weight_of(request: Request) -> int:
    """The cost of pricing a request, as a number of lines: prior use takes time as well."""
    return max(lines_of(request), request.ByteSize() // _BYTES_OF_LINE)


def expected_bytes(request: Request) -> int:
    """About what a request and its answer take while the answer is made."""
    of_line = _EXPLAINED_LINE_BYTES if request.explain else _ANSWERED_LINE_BYTES
    return request.ByteSize() + _ANSWER_BYTES + lines_of(request) * of_line


def within_lines(field: str, lines: int) -> None:
    """Raise `Refused` where an answer would have more than `MOST_LINES`; `field` is what asks for them."""
    if lines > MOST_LINES:
        found, expected = f"{lines} lines in total", f"at most {MOST_LINES}"
        raise invalid(Violation(field, found, expected, Refusal.COUNT_OUT_OF_RANGE))


async def in_slices(
    pool: Pool, work: Callable[[Sequence[Given]], Sequence[Result]], given: Sequence[Given], weights: Iterable[int]
) -> list[Result]:
    """The results of `work` for all items, made in a thread of `pool`, in slices of about `MAX_LINES` lines."""
    results: list[Result] = []
    begin = total = 0
    for place, weight in enumerate(weights):
        if total and total + weight > MAX_LINES:
            results += await pool.run(work, given[begin:place])
            begin, total = place, 0
        total += weight
    results += await pool.run(work, given[begin:])
    return results


def _refusal(error: Exception) -> Status:
    """The status of a refusal; anything else is raised again."""
    status = status_of(error)
    if status is None:
        raise error
    return status
