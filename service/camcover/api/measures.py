"""What a service has counted: values that it was told, and values that it looks up when it is asked.

What comes in: values of the figures of `figures`. What goes out: their samples, for `/metrics`, and each value at once
for OpenTelemetry, where that is on.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

from camcover.api import figures
from camcover.api.admission import Admission
from camcover.api.figures import FIGURES, Figure, FigureKind
from camcover.api.trace_context import TraceContext
from camcover.observing import Observer, Step
from camcover.workflow.caching import CacheCounts

__all__ = ["EndOfCall", "Labels", "Measures", "Source", "Spread", "Tracer", "sources_of"]

Labels: TypeAlias = tuple[str, ...]
"""Values of a figure's labels, in their order."""

EndOfCall: TypeAlias = Callable[[str, str], object]
"""Takes the names of a call's status and of the reason of its refusal; the latter is empty where there is none."""

Source: TypeAlias = Callable[[], Iterable[tuple[Labels, float]]]
"""What gives the samples of a figure at the moment."""


@dataclass(slots=True)
class Spread:
    """How values are spread: how many are in each class, the last of which has no end; and their sum."""

    counts: list[int]
    total: float = 0.0

    def take(self, value: float, bounds: tuple[float, ...]) -> None:
        """Count a value."""
        self.counts[bisect_left(bounds, value)] += 1
        self.total += value


class Tracer(Protocol):
    """Opens the parts of a trace."""

    def step(self, name: str) -> Step:
        """A context for a part of the running call."""

    def call(self, method: str, context: TraceContext) -> tuple[str, EndOfCall]:
        """Begin a call: the id of its trace, and what is told its status and reason at its end."""


class _Untraced(Observer):
    """Keeps no trace."""

    def call(self, method: str, context: TraceContext) -> tuple[str, EndOfCall]:  # noqa: ARG002 - for those that do
        """The id of the caller's trace alone."""
        return context.trace_id, lambda *_: None


@dataclass(slots=True)
class _TalliesOfFigure:
    """Values of one figure that the service was told, by labels."""

    spreads: dict[Labels, Spread] = field(default_factory=dict)
    counts: dict[Labels, float] = field(default_factory=dict)


class Measures(Observer):
    """The figures of one service. Values may come from any thread."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._told = {each.name: _TalliesOfFigure() for each in FIGURES}
        self._kinds = {each.name: each for each in FIGURES}
        self._sources: dict[str, Source] = {}
        self._lock = threading.Lock()
        self.tracer: Tracer = _Untraced()
        self.heard: Callable[[Figure, float, Labels], object] = lambda *_: None

    def step(self, name: str) -> Step:
        """A context for a part of the call that runs; a span where traces are on."""
        return self.tracer.step(name)

    def note(self, name: str, value: float, *labels: str) -> None:
        """Count a value: into the classes of a histogram, or to the sum of a count."""
        figure, told = self._kinds[name], self._told[name]
        with self._lock:
            if figure.kind is FigureKind.HISTOGRAM:
                spread = told.spreads.get(labels)
                if spread is None:
                    spread = told.spreads[labels] = Spread([0] * (len(figure.bounds) + 1))
                spread.take(value, figure.bounds)
            else:
                told.counts[labels] = told.counts.get(labels, 0.0) + value
        self.heard(figure, value, labels)

    def look_up(self, sources: Mapping[str, Source]) -> None:
        """Look the values of figures up, by their names, when they are asked for."""
        self._sources |= sources

    def values(self, figure: Figure) -> list[tuple[Labels, float]]:
        """The samples of a count or a gauge."""
        source = self._sources.get(figure.name)
        if source is not None:
            return list(source())
        with self._lock:
            return list(self._told[figure.name].counts.items())

    def spreads(self, figure: Figure) -> list[tuple[Labels, Spread]]:
        """How the values of a histogram are spread, by labels."""
        with self._lock:
            told = self._told[figure.name].spreads
            return [(labels, Spread(list(each.counts), each.total)) for labels, each in told.items()]


class Watched(Protocol):
    """What a server says of itself."""

    @property
    def rule_release(self) -> str:
        """The active release's id; empty when none is active."""

    def serving(self) -> Mapping[str, bool]:
        """Whether each service is SERVING, by its name."""

    def following_lag_seconds(self) -> float:
        """For how long it has not been at one with its database."""


class _OfCache(NamedTuple):
    """A figure of all caches: its name, and the count that it shows."""

    figure: Figure
    count: Callable[[CacheCounts], int]


_OF_CACHES = (
    _OfCache(figures.CACHE_HITS, lambda counts: counts.hits),
    _OfCache(figures.CACHE_MISSES, lambda counts: counts.misses),
    _OfCache(figures.CACHE_ENTRIES, lambda counts: counts.entries),
    _OfCache(figures.CACHE_BYTES, lambda counts: counts.size_bytes),
)

_PLACES = ("arrivals", "calls", "leaving", "streams", "watchers")


def sources_of(
    server: Watched, admission: Admission, caches: Mapping[str, Callable[[], CacheCounts]]
) -> dict[str, Source]:
    """The figures that are looked up in a server."""

    def of_caches(count: Callable[[CacheCounts], int]) -> Source:
        return lambda: [((name,), count(counts())) for name, counts in caches.items()]

    def running() -> Iterator[tuple[Labels, float]]:
        for kind in _PLACES:
            yield (kind,), getattr(admission, kind).count

    return {
        figures.RUNNING.name: running,
        figures.ANSWERS_HELD.name: lambda: [((), admission.answers.count)],
        figures.RELEASE.name: lambda: [((server.rule_release,), 1)] if server.rule_release else [],
        figures.SERVING.name: lambda: [((name,), int(is_well)) for name, is_well in server.serving().items()],
        figures.FOLLOWING_LAG.name: lambda: [((), server.following_lag_seconds())],
        **{each.figure.name: of_caches(each.count) for each in _OF_CACHES},
    }
