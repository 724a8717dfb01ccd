"""How long a database has been silent: it was asked in a thread, and neither answered nor refused since.

A process with more work than processors runs its threads and its event loop late. That says nothing of the database,
and to give it up would refuse every caller. So only that time is counted which the event loop was there to see.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

__all__ = ["Silence"]

_LOOKS = 9
"""So many looks in a row without an answer make the silence."""


class Silence:
    """Watches one use of a database, which a thread makes, from the event loop that waits for it."""

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self.asked_at: float | None = None
        """When the thread last asked, in seconds of `monotonic`; None: no thread has taken the work up yet."""

    def asked(self) -> None:
        """Note that the database is asked now; to be called in the thread, before each question."""
        self.asked_at = monotonic()

    async def broken(self, work: asyncio.Future[Any], seconds: float) -> bool:
        """Whether the work ended before the database was silent for `seconds`.

        A look adds to the silence no more than the time after which it was due, however late it comes. False, too,
        where no thread took the work up for so long: then `asked_at` is None.
        """
        look = seconds / _LOOKS
        silent, seen, before = 0.0, self.asked_at, monotonic()
        while silent < seconds:
            if (await asyncio.wait({work}, timeout=look))[0]:
                return True
            now, asked_at = monotonic(), self.asked_at
            if asked_at is not None and asked_at != seen:
                silent, seen, before = 0.0, asked_at, max(before, asked_at)
            silent += min(now - before, look)
            before = now
        return False
