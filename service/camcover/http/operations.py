"""What those who run the service ask: whether the process lives, whether it is ready, and what it counts."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from camcover.api.server import Server
from camcover.http.openapi import document
from camcover.http.replies import Reply, json_reply, tagged, takes_gzip

__all__ = ["Described", "Lives", "Measured", "Ready"]

_UNAVAILABLE = 503


class Lives:
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
        self._registry.register(_Figures(server))

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

    def __init__(self, server: Server) -> None:
        self._server = server

    def collect(self) -> Iterator[Metric]:
        """Calls by method and status, calls at once, caches, the active release, health."""
        yield from self._calls()
        yield from self._caches()
        release = GaugeMetricFamily("camcover_rule_release", "The active release of the rules.", labels=["release"])
        if self._server.rule_release:
            release.add_metric([self._server.rule_release], 1)
        yield release
        health = GaugeMetricFamily("camcover_serving", "1: health says SERVING.", labels=["service"])
        for name, is_well in self._server.serving().items():
            health.add_metric([name], int(is_well))
        yield health

    def _calls(self) -> Iterator[Metric]:
        admission = self._server.admission
        ended = SummaryMetricFamily(
            "camcover_calls_seconds", "Calls that have ended, over gRPC and HTTP.", labels=["method", "code"]
        )
        for labels, calls in tuple(admission.ended.items()):
            ended.add_metric(labels, calls.calls, calls.seconds)
        yield ended
        places = GaugeMetricFamily("camcover_calls_running", "Places that calls take.", labels=["kind"])
        for kind in ("arrivals", "calls", "leaving", "streams", "watchers"):
            places.add_metric([kind], getattr(admission, kind).count)
        yield places
        held = "Bytes that large answers are expected to take until they are sent."
        yield GaugeMetricFamily("camcover_answers_held_bytes", held, value=admission.answers.count)

    def _caches(self) -> Iterator[Metric]:
        hits = CounterMetricFamily("camcover_cache_hits", "Look-ups that found an entry.", labels=["cache"])
        misses = CounterMetricFamily("camcover_cache_misses", "Look-ups that found none.", labels=["cache"])
        entries = GaugeMetricFamily("camcover_cache_entries", "Entries at hand.", labels=["cache"])
        size = GaugeMetricFamily("camcover_cache_bytes", "Bytes of the entries at hand.", labels=["cache"])
        for name, counts_of in self._server.caches.items():
            counts = counts_of()
            hits.add_metric([name], counts.hits)
            misses.add_metric([name], counts.misses)
            entries.add_metric([name], counts.entries)
            size.add_metric([name], counts.size_bytes)
        yield from (hits, misses, entries, size)
