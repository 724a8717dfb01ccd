"""Watches whether the store can be used: tells health and the log once, and retries until it can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context

import structlog

from camcover.store import EstimateStore, StoreUnavailable
from camcover.store.errors import UnavailableReason

__all__ = ["StoreHealth"]

_LOOK_SECONDS = 0.5
"""Seconds between probes of an unavailable store: health keeps callers away, so their calls would not probe it."""

_LOG = structlog.get_logger("camcover.store")


class StoreHealth:
    """Watches a store; belongs to one event loop."""

    def __init__(self, store: EstimateStore, changed: Callable[[], object]) -> None:
        """Watch `store`; call `changed` in the event loop whenever it becomes available or unavailable."""
        self._store, self._changed = store, changed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reason: UnavailableReason | None = None
        self._asking: asyncio.Task[None] | None = None

    def is_available(self) -> bool:
        """Whether estimates can be kept."""
        return self._reason is None

    def start(self) -> None:
        """Start watching, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._store.availability.listen(self._tell)
        self._look()

    async def stop(self) -> None:
        """Stop watching."""
        self._store.availability.forget(self._tell)
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _tell(self) -> None:
        """Schedule a look, which is no part of the call in whose thread this is."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._look, context=Context())

    def _look(self) -> None:
        """Compare the state with the last one, and report a change."""
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
        """Probe the store until it can be used."""
        while self._reason is not None:
            await asyncio.sleep(_LOOK_SECONDS)
            with suppress(StoreUnavailable):
                await asyncio.to_thread(self._store.probe)
            self._look()
