"""Group commit: estimates are stored before they are sent; those that arrive during a transaction share the next.

So the cost of a commit is shared by all calls in flight, and no call is answered before its estimate can be found
again. What waits is bounded, in rows and in time; where a transaction is refused, each row is written by itself, so
that no call fails for another's row.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, ParamSpec, TypeAlias, TypeVar

from camcover.api.figures import STORE
from camcover.api.pools import Pool
from camcover.api.silence import Silence
from camcover.observing import note, step
from camcover.store import EstimateStore, RequestKey, StoredEstimate, StoreUnavailable
from camcover.store.errors import UnavailableReason

__all__ = ["ANSWER_SECONDS", "MOST_WAITING", "Keeper", "Taken", "looked_up"]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

Taken: TypeAlias = Mapping[RequestKey, StoredEstimate]
"""What had taken a request id before, by subject and request id."""

MOST_WAITING = 20_000
"""The most rows that wait; further calls are told to try again."""

_ROWS_AT_ONCE = 2_000
"""About the most rows of one transaction; the rows of one call stay together."""

ANSWER_SECONDS = 0.9
"""After so long a database is given up that was asked and neither answers nor refuses."""

_ROWS_A_SECOND = 4_000
"""It has so much longer for the rows of a transaction: a slow disk writes far more of them in a second."""


class _Waiting(NamedTuple):
    """The rows of a call, and the future for which it waits."""

    rows: Sequence[StoredEstimate]
    future: asyncio.Future[Taken]


class Keeper:
    """The one writer of estimates to a store; it belongs to one event loop."""

    def __init__(self, store: EstimateStore, most_waiting: int = MOST_WAITING, seconds: float | None = None) -> None:
        """Write to `store`. At most `most_waiting` rows wait.

        A transaction may take `seconds` and a little longer for each row; None means ANSWER_SECONDS.
        """
        self._store, self._most, self._seconds = store, most_waiting, seconds
        self._is_stuck = False
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, estimates: Sequence[StoredEstimate]) -> Taken:
        """Keep estimates; gives those that had taken a request id before.

        Raises `StoreUnavailable`, and what the store raises for one of these rows.
        """
        if self._is_stuck:
            raise StoreUnavailable(UnavailableReason.AWAY)
        self._waiting = [each for each in self._waiting if not each.future.done()]
        rows = len(estimates) + sum(len(each.rows) for each in self._waiting)
        if self._waiting and rows > self._most:
            raise StoreUnavailable(UnavailableReason.BUSY)
        future: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_look_at)
        self._waiting.append(_Waiting(estimates, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        with step("store"):
            return await future

    async def _write(self) -> None:
        """Write group after group until nothing waits."""
        while group := self._next_group():
            silence = Silence()
            with _timed("keep"):
                work = asyncio.ensure_future(asyncio.to_thread(self._kept, [each.rows for each in group], silence))
                while not self._is_stuck and not await silence.broken(work, self._seconds_for(group)):
                    self._give_up(group, silence)
                outcomes = await work
            self._is_stuck = False
            for each, outcome in zip(group, outcomes, strict=True):
                if each.future.done():
                    continue
                if isinstance(outcome, Exception):
                    each.future.set_exception(outcome)
                else:
                    each.future.set_result(outcome)
        self._writing = None

    def _seconds_for(self, group: Sequence[_Waiting]) -> float:
        """How long the database may be silent about the rows of a group."""
        seconds = ANSWER_SECONDS if self._seconds is None else self._seconds
        return seconds + sum(len(each.rows) for each in group) / _ROWS_A_SECOND

    def _give_up(self, group: Sequence[_Waiting], silence: Silence) -> None:
        """Refuse the calls of a group that is not written in time, and those behind it.

        The database is given up only where it was asked: a group that waits for a thread tells nothing of it.
        """
        reason = UnavailableReason.BUSY
        if silence.asked_at is not None:
            reason, self._is_stuck = UnavailableReason.AWAY, True
            self._store.availability.gave_up()
        for each in (*group, *self._waiting):
            if not each.future.done():
                each.future.set_exception(StoreUnavailable(reason))

    def _next_group(self) -> list[_Waiting]:
        """The calls whose rows go into the next transaction; cancelled ones are left out."""
        waiting = [each for each in self._waiting if not each.future.done()]
        count = size = 0
        while count < len(waiting) and (count == 0 or size + len(waiting[count].rows) <= _ROWS_AT_ONCE):
            size += len(waiting[count].rows)
            count += 1
        self._waiting = waiting[count:]
        return waiting[:count]

    def _kept(self, calls: Sequence[Sequence[StoredEstimate]], silence: Silence) -> list[Taken | Exception]:
        """Write the rows of some calls and give the outcome of each; runs in a thread."""
        silence.asked()
        try:
            taken = self._store.keep([row for rows in calls for row in rows])
        except StoreUnavailable as error:
            return [error] * len(calls)
        except Exception as error:  # noqa: BLE001 - each call gets what its own rows raise
            if sum(map(len, calls)) == 1:
                return [error] * len(calls)
            return [self._one_by_one(rows, silence) for rows in calls]
        return [taken] * len(calls)

    def _one_by_one(self, rows: Sequence[StoredEstimate], silence: Silence) -> Taken | Exception:
        """Write the rows of a call one by one; gives what the first refused row raises, else the ids taken before."""
        taken: dict[RequestKey, StoredEstimate] = {}
        refused: Exception | None = None
        for row in rows:
            silence.asked()
            try:
                taken |= self._store.keep([row])
            except StoreUnavailable as error:
                return error
            except Exception as error:  # noqa: BLE001 - the call gets it
                refused = refused or error
        return refused or taken


async def looked_up(
    pool: Pool,
    store: EstimateStore,
    work: Callable[Parameters, Result],
    *given: Parameters.args,
    **named: Parameters.kwargs,
) -> Result:
    """The result of `work` on `store`, in a thread of `pool`. Raises `StoreUnavailable` without an answer.

    The database is given up only where the work had begun: who waits for a thread learns nothing of it.
    """
    store.availability.refuse_reading()
    silence = Silence()

    def asked() -> Result:
        """The work, once a thread has taken it up."""
        silence.asked()
        return work(*given, **named)

    with step("store"), _timed("look_up"):
        asking = asyncio.ensure_future(pool.run(asked))
        try:
            if await silence.broken(asking, ANSWER_SECONDS):
                return asking.result()
        finally:
            asking.cancel()
    if silence.asked_at is None:
        raise StoreUnavailable(UnavailableReason.CROWDED)
    store.availability.gave_up()
    raise StoreUnavailable(UnavailableReason.AWAY)


@contextmanager
def _timed(operation: str) -> Iterator[None]:
    """Tell how long the store took, also where it failed."""
    began = time.perf_counter()
    try:
        yield
    finally:
        note(STORE.name, time.perf_counter() - began, operation)


def _look_at(future: asyncio.Future[Taken]) -> None:
    """Retrieve the exception of a future that nobody awaits any more; else asyncio would log it with all its values."""
    if not future.cancelled():
        future.exception()
