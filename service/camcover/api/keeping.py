"""Keeps answers before they are sent: whatever waits while one transaction is written goes into the next one.

So the cost of a commit is shared by all calls in flight, and no call is answered before its estimate can be found
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from camcover.store import EstimateStore, StoredEstimate

__all__ = ["Keeper", "Taken"]

Taken: TypeAlias = Mapping[str, StoredEstimate]
"""What had taken a request id before, by request id."""


class Keeper:
    """The one writer to a store; belongs to one event loop."""

    def __init__(self, store: EstimateStore) -> None:
        """Write to `store`."""
        self._store = store
        self._waiting: list[tuple[Sequence[StoredEstimate], asyncio.Future[Taken]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, estimates: Sequence[StoredEstimate]) -> Taken:
        """Keep estimates; gives those that had taken a request id before. Raises what the store raises."""
        future: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._waiting.append((estimates, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await future

    async def _write(self) -> None:
        """Write what waits, until nothing does."""
        while self._waiting:
            group, self._waiting = self._waiting, []
            rows = [row for estimates, _ in group for row in estimates]
            try:
                taken = await asyncio.to_thread(self._store.keep, rows)
            except Exception as error:  # noqa: BLE001 - each call that waits gets it
                for _, future in group:
                    if not future.done():
                        future.set_exception(error)
            else:
                for _, future in group:
                    if not future.done():
                        future.set_result(taken)
        self._writing = None
