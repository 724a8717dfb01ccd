"""Every figure that a service gives: its names, its unit, its labels. `/metrics` and OpenTelemetry read this list.

Labels hold names of methods, statuses, reasons and the like, never anything of a request.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from camcover.observing import ESTIMATE_CASES

__all__ = [
    "ANSWERS_HELD",
    "CACHE_BYTES",
    "CACHE_ENTRIES",
    "CACHE_HITS",
    "CACHE_MISSES",
    "CALLS",
    "CASES",
    "FIGURES",
    "FOLLOWING_LAG",
    "REFUSALS",
    "RELEASE",
    "RUNNING",
    "SERVING",
    "STORE",
    "Figure",
    "FigureKind",
]


class FigureKind(Enum):
    """What a figure counts."""

    COUNT = "count"
    """Only rises."""
    GAUGE = "gauge"
    """A value of the moment."""
    HISTOGRAM = "histogram"
    """How values are spread."""


class Figure(NamedTuple):
    """A figure: its name for Prometheus (a count's without `_total`) and for OpenTelemetry, and what it is.

    `unit`: as UCUM writes it. `bounds`: of a histogram, the upper ends of its classes.
    """

    name: str
    otel_name: str
    kind: FigureKind
    about: str
    labels: tuple[str, ...] = ()
    unit: str = "1"
    bounds: tuple[float, ...] = ()

    @property
    def samples(self) -> tuple[str, ...]:
        """The names that Prometheus keeps of it."""
        if self.kind is FigureKind.HISTOGRAM:
            return f"{self.name}_bucket", f"{self.name}_count", f"{self.name}_sum"
        return (f"{self.name}_total" if self.kind is FigureKind.COUNT else self.name,)


_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_NUMBERS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)

CALLS = Figure(
    "camcover_calls_seconds",
    "camcover.calls.duration",
    FigureKind.HISTOGRAM,
    "Calls that have ended, over gRPC and HTTP: how long they took.",
    ("method", "code"),
    "s",
    _SECONDS,
)
REFUSALS = Figure(
    "camcover_refusals", "camcover.refusals", FigureKind.COUNT, "Calls that were refused, by reason.", ("reason",)
)
CASES = Figure(
    ESTIMATE_CASES,
    "camcover.estimate.cases",
    FigureKind.HISTOGRAM,
    "Cases that the kernel adjudicated for an estimate and its range.",
    (),
    "1",
    _NUMBERS,
)
STORE = Figure(
    "camcover_store_seconds",
    "camcover.store.duration",
    FigureKind.HISTOGRAM,
    "Transactions of the store of estimates (keep), and look-ups in it (look_up): how long they took.",
    ("operation",),
    "s",
    _SECONDS,
)
RUNNING = Figure(
    "camcover_calls_running", "camcover.calls.running", FigureKind.GAUGE, "Places that calls take.", ("kind",)
)
ANSWERS_HELD = Figure(
    "camcover_answers_held_bytes",
    "camcover.answers.held",
    FigureKind.GAUGE,
    "Bytes that large answers are expected to take until they are sent.",
    (),
    "By",
)
CACHE_HITS = Figure(
    "camcover_cache_hits", "camcover.cache.hits", FigureKind.COUNT, "Look-ups that found an entry.", ("cache",)
)
CACHE_MISSES = Figure(
    "camcover_cache_misses", "camcover.cache.misses", FigureKind.COUNT, "Look-ups that found none.", ("cache",)
)
CACHE_ENTRIES = Figure(
    "camcover_cache_entries", "camcover.cache.entries", FigureKind.GAUGE, "Entries at hand.", ("cache",)
)
CACHE_BYTES = Figure(
    "camcover_cache_bytes",
    "camcover.cache.size",
    FigureKind.GAUGE,
    "Bytes of the entries at hand.",
    ("cache",),
    "By",
)
RELEASE = Figure(
    "camcover_rule_release", "camcover.rule_release", FigureKind.GAUGE, "1: the active release.", ("release",)
)
SERVING = Figure(
    "camcover_serving", "camcover.serving", FigureKind.GAUGE, "1: health says SERVING; 0: not.", ("service",)
)
FOLLOWING_LAG = Figure(
    "camcover_following_lag_seconds",
    "camcover.following.lag",
    FigureKind.GAUGE,
    "For how long the process has been known not to be at one with its database; 0: it is.",
    (),
    "s",
)

FIGURES = (
    CALLS,
    REFUSALS,
    CASES,
    STORE,
    RUNNING,
    ANSWERS_HELD,
    CACHE_HITS,
    CACHE_MISSES,
    CACHE_ENTRIES,
    CACHE_BYTES,
    RELEASE,
    SERVING,
    FOLLOWING_LAG,
)
"""All of them."""
