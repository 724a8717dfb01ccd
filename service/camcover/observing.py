"""What the layers below a service tell whoever watches a call: where its time goes, and figures of its work.

Nobody watches unless a service sets `OBSERVER`; then both cost next to nothing.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Final

__all__ = ["ESTIMATE_CASES", "OBSERVER", "Observer", "Step", "note", "step"]

ESTIMATE_CASES = "camcover_estimate_cases"
"""The figure that the engine tells: cases of an estimate."""

Step = AbstractContextManager[object]
"""A part of a call while it runs."""

_NOTHING: Final[Step] = nullcontext()


class Observer:
    """Watches nothing."""

    def step(self, name: str) -> Step:  # noqa: ARG002 - for those that watch
        """A context for the part of a call that has this name; a name holds no data of a request."""
        return _NOTHING

    def note(self, name: str, value: float, *labels: str) -> None:
        """Take a value of a figure (`api/figures.py`), and of the values of its labels."""


OBSERVER: ContextVar[Observer | None] = ContextVar("observer", default=None)
"""Who watches the call that runs, if anybody does."""


def step(name: str) -> Step:
    """A context for the part of the running call that has this name."""
    observer = OBSERVER.get()
    return _NOTHING if observer is None else observer.step(name)


def note(name: str, value: float, *labels: str) -> None:
    """Tell a value of a figure."""
    observer = OBSERVER.get()
    if observer is not None:
        observer.note(name, value, *labels)
