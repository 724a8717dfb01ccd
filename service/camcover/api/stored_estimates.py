"""Stored estimates of the caller: listed by pages, and erased.

What comes in: messages and a store. What goes out: pages of what a list tells, and when an estimate was erased.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from camcover.api.errors import invalid
from camcover.api.paging import page_size, read_token, refuse_token, token_of
from camcover.api.rule_messages import moment_of, timestamp
from camcover.engine import Violation
from camcover.gen.camcover.v1 import estimate_service_pb2 as messages
from camcover.gen.camcover.v1 import request_pb2
from camcover.refusals import Refusal
from camcover.store import EstimateQuery, EstimateStore, Keeping, ListedEstimate
from camcover.workflow.errors import NotServed, UnknownEstimate

__all__ = ["deleted", "page_of"]

_LOOKED_AT = 500
"""Estimates whose requests one page looks at for a member."""

_AT_ONCE, _LOOKED_AT_BYTES = 20, 16 << 20
"""How many requests are read at once, and the bytes after which a page ends."""

_ROWS_AT_ONCE = 200
"""How many estimates are read at once without their requests: an answer of a fraction of a second, also from a disk."""

_SECONDS = 0.3
"""After so long a page ends: others wait for its thread, and its own call for at most `ANSWER_SECONDS`."""


def page_of(
    store: EstimateStore,
    request: messages.ListEstimatesRequest,
    subject: str,
    clock: Callable[[], float] = time.monotonic,
) -> messages.ListEstimatesResponse:
    """A page of the estimates of a subject. `clock` gives seconds. Raises `Refused`, `NotServed`, `StoreUnavailable`.

    The page of a member or a plan ends early, with the token of the next, once it has looked at much or for long.
    """
    wanted = _wanted(request, subject)
    size = page_size(request)
    if request.member_id and store.keeping is not Keeping.FULL:
        raise NotServed("this service stores no requests, so it cannot look for a member; --keep full stores them")
    if request.member_id or request.plan_id:
        found, last = _searched(store, wanted, partial(_is_wanted, request), size, clock=clock)
    else:
        found = list(store.listed(wanted, size + 1))
        last = found[size - 1] if len(found) > size else None
        found = found[:size]
    token = "" if last is None else token_of(f"{last.created_at.isoformat()} {last.name}")
    return messages.ListEstimatesResponse(estimates=map(_message, found), next_page_token=token)


def deleted(store: EstimateStore, name: str, subject: str) -> tuple[messages.DeleteEstimateResponse, bytes]:
    """What became of an estimate that is to be erased, and the SHA-256 of its request, empty where it is not known.

    Raises `UnknownEstimate`, `StoreUnavailable`.
    """
    erased = store.erase(name, subject)
    if erased is None:
        if store.keeping is not Keeping.OFF:
            raise UnknownEstimate(name)
        return messages.DeleteEstimateResponse(name=name), b""
    return messages.DeleteEstimateResponse(name=name, erased_at=timestamp(erased.at)), erased.fingerprint


def _wanted(request: messages.ListEstimatesRequest, subject: str) -> EstimateQuery:
    """Which estimates are asked for. Raises `Refused`."""
    times: dict[str, datetime | None] = {
        field: moment_of(getattr(request, field), field) if request.HasField(field) else None
        for field in ("created_from", "created_before")
    }
    since, before = times["created_from"], times["created_before"]
    if since is not None and before is not None and since >= before:
        expected = f"a time after created_from ({since.isoformat()})"
        raise invalid(Violation("created_before", before.isoformat(), expected, Refusal.CONTRADICTORY_STATEMENTS))
    return EstimateQuery(subject, since, before, _after(request), with_requests=bool(request.member_id))


def _after(request: messages.ListEstimatesRequest) -> tuple[datetime, str] | None:
    """The last estimate of the page before. Raises `Refused`."""
    token = read_token(request)
    if not token:
        return None
    made, _, name = token.partition(" ")
    try:
        when = datetime.fromisoformat(made)
    except ValueError:
        refuse_token()
    if when.tzinfo is None or not name:
        refuse_token()
    return when, name


def _searched(
    store: EstimateStore,
    wanted: EstimateQuery,
    is_wanted: Callable[[ListedEstimate], bool],
    size: int,
    *,
    clock: Callable[[], float],
) -> tuple[list[ListedEstimate], ListedEstimate | None]:
    """Estimates for which `is_wanted` holds, and the last one examined; None at the end of all.

    The database looks for none of them: it could take long for one answer, and would be given up for everybody.
    """
    found: list[ListedEstimate] = []
    last: ListedEstimate | None = None
    looked_at = read = 0
    ends = clock() + _SECONDS
    at_once = _AT_ONCE if wanted.with_requests else _ROWS_AT_ONCE
    while some := store.listed(wanted, at_once):
        for each in some:
            has_read_much = wanted.with_requests and (looked_at == _LOOKED_AT or read > _LOOKED_AT_BYTES)
            if last is not None and (len(found) == size or has_read_much):
                return found, last
            if is_wanted(each):
                found.append(each)
            last, looked_at, read = each, looked_at + 1, read + len(each.request or b"")
        if clock() >= ends and len(some) == at_once:
            return found, last
        wanted = wanted._replace(after=(some[-1].created_at, some[-1].name))
    return found, None


def _is_wanted(request: messages.ListEstimatesRequest, listed: ListedEstimate) -> bool:
    """Whether an estimate is of the plan and of a member that are asked for."""
    if request.plan_id and listed.plan_id != request.plan_id:
        return False
    return not request.member_id or (listed.request is not None and request.member_id in _members(listed.request))


def _members(content: bytes) -> Sequence[str]:
    """The ids of the members of a request; a member without an id has its number, from 1."""
    given = request_pb2.EstimatePlanRequest.FromString(content).members
    return [each.id or str(place) for place, each in enumerate(given, start=1)] or ["1"]


def _message(listed: ListedEstimate) -> messages.StoredEstimate:
    return messages.StoredEstimate(
        name=listed.name,
        request_id=listed.request_id or "",
        plan_id=listed.plan_id,
        rule_release=listed.rule_release,
        created_at=timestamp(listed.created_at),
        is_whole=listed.is_whole,
        erased_at=None if listed.erased_at is None else timestamp(listed.erased_at),
    )
