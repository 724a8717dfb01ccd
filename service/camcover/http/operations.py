"""What those who run the service ask: whether the process lives, whether it is ready, and what it counts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from camcover.api.figures import FIGURES, Figure, FigureKind
from camcover.api.measures import Measures
from camcover.api.server import Server
from camcover.http.openapi import document
from camcover.http.replies import Reply, json_reply, tagged, takes_gzip

__all__ = ["Described", "LivenessProbe", "Measured", "Ready"]

_UNAVAILABLE = 503


class LivenessProbe:
    """`/livez`: 200, and 503 once the process is to be started anew."""

    def __init__(self, server: Server) -> None:
        """Tell of `server`."""
        self._server = server

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one call."""
        has_failed = self._server.has_failed()
        status = "to be started anew" if has_failed else "alive"
        await json_reply({"status": status}, _UNAVAILABLE if has_failed else 200).send(send)


class Ready:
    """`/readyz`: the statuses of `grpc.health.v1`; 503 where the server as a whole is not SERVING."""

    def __init__(self, server: Server) -> None:
        """Tell of `server`."""
        self._server = server

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one call."""
        states = {name: "SERVING" if is_well else "NOT_SERVING" for name, is_well in self._server.serving().items()}
        whole = states.pop("", "NOT_SERVING")
        number = 200 if whole == "SERVING" else _UNAVAILABLE
        await json_reply({"status": whole, "services": states}, number).send(send)


class Measured:
    """`/metrics`: what the process counts, as Prometheus reads it."""

    def __init__(self, server: Server) -> None:
        """Tell of `server`."""
        self._registry = CollectorRegistry()
        self._registry.register(_Figures(server.measures))

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one call."""
        await Reply(generate_latest(self._registry), CONTENT_TYPE_PLAIN_1_0_0).send(send)


class Described:
    """`/openapi.json`: the contract over HTTP."""

    def __init__(self, server: Server) -> None:
        """Describe the methods of `server`."""
        self._plain = json_reply(document(server.methods)).more(vary="Accept-Encoding")
        self._packed = self._plain.packed()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one call."""
        headers = Headers(scope=scope)
        reply = self._packed if takes_gzip(headers.getlist("accept-encoding")) else self._plain
        await tagged(lambda made: made, headers.getlist("if-none-match"))(reply).send(send)


class _Figures(Collector):
    """The figures of a server at the moment they are asked for."""

    def __init__(self, measures: Measures) -> None:
        self._measures = measures

    def collect(self) -> Iterator[Metric]:
        """Every figure of `api/figures.py`."""
        for figure in FIGURES:
            yield self._spread(figure) if figure.kind is FigureKind.HISTOGRAM else self._plain(figure)

    def _plain(self, figure: Figure) -> Metric:
        """A count or a gauge."""
        make = CounterMetricFamily if figure.kind is FigureKind.COUNT else GaugeMetricFamily
        family = make(figure.name, figure.about, labels=figure.labels)
        for labels, value in self._measures.values(figure):
            family.add_metric(labels, value)
        return family

    def _spread(self, figure: Figure) -> Metric:
        """A histogram; its classes hold what the classes before hold."""
        family = HistogramMetricFamily(figure.name, figure.about, labels=figure.labels)
        ends = [*map(floatToGoString, figure.bounds), "+Inf"]
        for labels, spread in self._measures.spreads(figure):
            family.add_metric(labels, list(zip(ends, accumulate(spread.counts), strict=True)), spread.total)
        return family
