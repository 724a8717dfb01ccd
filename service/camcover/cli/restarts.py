"""How often workers may be started again: later and later, and no more when they end again and again.

Only the ends of the last minute count, so that rare ones never add up.
"""

from __future__ import annotations

__all__ = ["WINDOW_SECONDS", "Restarts"]

WINDOW_SECONDS = 60.0

_MOST_OF_WORKER = 5
"""Ends in that time, for each worker, after which the service gives up."""

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.1, 5.0


class Restarts:
    """The ends of workers nobody asked for. Times are seconds of one clock."""

    def __init__(self, workers: int) -> None:
        """Nothing has ended yet."""
        self._most = _MOST_OF_WORKER * workers
        self._ends: list[float] = []
        self._due: dict[int | None, float] = {}

    @property
    def count(self) -> int:
        """Ends within the last minute, by the last that was noted."""
        return len(self._ends)

    @property
    def are_too_many(self) -> bool:
        """Whether to give up."""
        return self.count > self._most

    def note(self, worker: int | None, now: float) -> bool:
        """Note that a worker has ended; False where that is known. The next start waits twice as long as the last."""
        if worker in self._due:
            return False
        self._ends = [each for each in self._ends if now - each < WINDOW_SECONDS] + [now]
        wait = min(_FIRST_WAIT_SECONDS * 2 ** (self.count - 1), _LONGEST_WAIT_SECONDS)
        self._due[worker] = now + wait
        return True

    def is_due(self, worker: int | None, now: float) -> bool:
        """Whether to start another in place of one whose end was noted; to be asked until it says so."""
        if now < self._due[worker]:
            return False
        del self._due[worker]
        return True
