"""Whether the store of estimates can be used: told to health and to the log once, and asked again until it can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from camcover.store import EstimateStore, StoreUnavailable
from camcover.store.errors import UnavailableReason

__all__ = ["StoreHealth"]

_LOOK_SECONDS = 0.5
"""How often to ask a store that could not be used: health keeps callers away, so none of theirs would ask."""

_LOG = structlog.get_logger("camcover.store")


class StoreHealth:
    """Watches a store; belongs to one event loop."""

    def __init__(self, store: EstimateStore, changed: Callable[[], object]) -> None:
        """Watch `store`; `changed` is called in the event loop whenever it can be used again, or no longer."""
        self._store, self._changed = store, changed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reason: UnavailableReason | None = None
        self._asking: asyncio.Task[None] | None = None

    def is_available(self) -> bool:
        """Whether estimates can be kept."""
        return self._reason is None

    def start(self) -> None:
        """Watch from now on, in the event loop that runs."""
        self._loop = asyncio.get_running_loop()
        self._store.availability.listen(self._tell)
        self._look()

    async def stop(self) -> None:
        """Watch no more."""
        self._store.availability.forget(self._tell)
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _tell(self) -> None:
        """Something changed; called in whatever thread uses the store."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._look)

    def _look(self) -> None:
        """Note what is so now, and tell of a change."""
        reason, before = self._store.availability.reason, self._reason
        self._reason = reason
        if reason is not None and before is None:
            _LOG.error("store unavailable", reason=str(reason))
            self._changed()
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
        elif reason is None and before is not None:
            _LOG.info("store available again")
            self._changed()

    async def _ask(self) -> None:
        """Ask the store until it can be used."""
        while self._reason is not None:
            await asyncio.sleep(_LOOK_SECONDS)
            with suppress(StoreUnavailable):
                await asyncio.to_thread(self._store.probe)
            self._look()
