"""When workers may be restarted: with growing delays, and no more once they end too often.

Only the ends of the last minute count, so that rare ones never add up.
"""

from __future__ import annotations

__all__ = ["WINDOW_SECONDS", "Restarts"]

WINDOW_SECONDS = 60.0

_MOST_OF_WORKER = 5
"""The service gives up after so many ends in that time, for each worker."""

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.1, 5.0


class Restarts:
    """Unexpected worker exits. Times are seconds of one clock."""

    def __init__(self, workers: int) -> None:
        """No exit yet."""
        self._most = _MOST_OF_WORKER * workers
        self._ends: list[float] = []
        self._due: dict[int | None, float] = {}

    @property
    def count(self) -> int:
        """The number of exits in the minute before the last one."""
        return len(self._ends)

    @property
    def are_too_many(self) -> bool:
        """Whether the supervisor should stop."""
        return self.count > self._most

    def note(self, worker: int | None, now: float) -> bool:
        """Note a worker's exit; gives False where it was noted already. Each next start waits twice as long."""
        if worker in self._due:
            return False
        self._ends = [each for each in self._ends if now - each < WINDOW_SECONDS] + [now]
        wait = min(_FIRST_WAIT_SECONDS * 2 ** (self.count - 1), _LONGEST_WAIT_SECONDS)
        self._due[worker] = now + wait
        return True

    def is_due(self, worker: int | None, now: float) -> bool:
        """Whether to replace now a worker whose end was noted. Ask again until it is true."""
        if now < self._due[worker]:
            return False
        del self._due[worker]
        return True
