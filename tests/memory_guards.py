"""Guards around every array of the kernel: bytes of a pattern before the first row and after the last.

Compiled code checks no index. While `guarded()` holds, each array of a workspace and of a batch is as long as what is
reserved, stands between two guards, and after each run of the kernel every guard that is left must hold its pattern.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pytest

from camcover.bulk import estimate as bulk
from camcover.bulk.book import lay_out_book
from camcover.engine.asking.adjudicator import Adjudicator
from camcover.engine.evaluate import _THREAD
from camcover.engine.kernel import workspace
from camcover.engine.kernel.tables import Array

PATTERN = 0xA5
WIDTH = 4_096
"""Bytes of a guard, a multiple of what arrays are aligned to."""


class Overrun(AssertionError):
    """Compiled code wrote outside of an array."""


class _Guarded(NamedTuple):
    """An array's memory with its guards, and what the array holds."""

    memory: weakref.ReferenceType[np.ndarray[Any, Any]]
    columns: tuple[str, ...]


class Guards:
    """Makes arrays between guards and looks after them for as long as they live."""

    def __init__(self) -> None:
        """Begin with no array."""
        self._made: list[_Guarded] = []
        self._lock = threading.Lock()

    def new_rows(self, rows: int, dtype: np.dtype[Any]) -> Array:
        """As `workspace.new_rows`; the rows hold the pattern too, so that nothing may count on what they hold."""
        memory = np.full(max(rows, 1) * dtype.itemsize + 2 * WIDTH, PATTERN, dtype=np.uint8)
        inside = memory[WIDTH:-WIDTH]
        with self._lock:
            self._made.append(_Guarded(weakref.ref(memory), dtype.names or (str(dtype),)))
        return inside.view(dtype)

    def check(self) -> None:
        """Raise `Overrun` where a guard was written to."""
        with self._lock:
            self._made = looked_after = [each for each in self._made if each.memory() is not None]
        for memory, columns in looked_after:
            held = memory()
            if held is not None and not ((held[:WIDTH] == PATTERN).all() and (held[-WIDTH:] == PATTERN).all()):
                raise Overrun(f"written outside of an array of {columns}")

    def forget(self) -> None:
        """Look after no array that was made so far."""
        with self._lock:
            self._made = []

    def checking(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Compiled code, and after it, however it ends, a check."""

        def checked(*arguments: Any) -> Any:
            try:
                return run(*arguments)
            finally:
                self.check()

        return checked


@contextmanager
def guarded() -> Iterator[Guards]:
    """Put guards around the arrays of single requests and of batches that are made meanwhile."""
    guards = Guards()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(workspace, "_FIRST_ROWS", 1)
        patched.setattr(workspace, "_GROWTH", 1)
        patched.setattr(bulk, "lay_out_book", guards.checking(lay_out_book))
        for module in (workspace, bulk):
            patched.setattr(module, "new_rows", guards.new_rows)
            patched.setattr(module, "run", guards.checking(module.run))
        # This thread made its arrays before; other threads make theirs from here on.
        patched.setattr(_THREAD, "adjudicator", Adjudicator())
        yield guards
