"""Figures: counted as they should be, and sent by OpenTelemetry, in this process and over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricsData
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from camcover.api import figures
from camcover.api.admission import Admission
from camcover.api.answering import Answering
from camcover.api.exporting import Exporting
from camcover.api.figures import FIGURES, FigureKind
from camcover.api.measures import Measures, sources_of
from camcover.api.server import Settings
from camcover.api.telemetry import exporting_of
from camcover.api.trace_context import TraceContext
from camcover.observing import OBSERVER
from camcover.store import NoStore
from camcover.workflow.caching import CacheCounts
from camcover.workflow.rules_in_force import RulesInForce
from small_rules import tables

NO_SPANS = SimpleSpanProcessor(InMemorySpanExporter())


class Quiet:
    """A server without rules that has not followed its database for five seconds."""

    rule_release = ""

    def serving(self) -> dict[str, bool]:
        """Nothing is served."""
        return {"": False}

    def following_lag_seconds(self) -> float:
        """Five seconds."""
        return 5.0


def read(reader: InMemoryMetricReader) -> dict[str, list[Any]]:
    """The points of each figure that OpenTelemetry has."""
    data = reader.get_metrics_data()
    assert isinstance(data, MetricsData)
    found = data.resource_metrics[0].scope_metrics[0].metrics
    return {each.name: list(each.data.data_points) for each in found}


async def test_hit_rates_and_cases_are_measured(ask: Any) -> None:
    """Three times the same question: one miss, two hits. It leaves nothing open: the kernel has one case."""
    answering, measures = Answering(RulesInForce(tables()), NoStore()), Measures()
    measures.look_up(sources_of(Quiet(), Admission(Settings().bounds()), {"estimates": answering.counts}))
    OBSERVER.set(measures)
    for _ in range(3):
        await answering.one(ask())
    values = {each.name: measures.values(each) for each in FIGURES}
    assert values["camcover_cache_hits"] == [(("estimates",), 2)]
    assert values["camcover_cache_misses"] == [(("estimates",), 1)]
    assert values["camcover_cache_entries"] == [(("estimates",), 1)]
    assert values["camcover_cache_bytes"] == [(("estimates",), answering.counts().size_bytes)]
    ((labels, cases),) = measures.spreads(figures.CASES)
    assert (labels, sum(cases.counts)) == ((), 1)
    assert cases.total >= 1


def test_the_classes_of_a_histogram_have_their_upper_ends_in_them() -> None:
    """Seconds 0.001 | 0.0025 | ... | 10 | more: the second is in the first class, 11 in the last."""
    measures = Measures()
    for seconds in (0.001, 0.002, 11.0):
        measures.note(figures.STORE.name, seconds, "keep")
    ((labels, spread),) = measures.spreads(figures.STORE)
    assert labels == ("keep",)
    assert (spread.counts[0], spread.counts[1], spread.counts[-1], sum(spread.counts)) == (1, 1, 1, 3)
    assert spread.total == pytest.approx(11.003)


def test_opentelemetry_has_every_figure() -> None:
    """By its own name and unit; histograms with the same classes."""
    measures, reader = Measures(), InMemoryMetricReader()
    counts = {"estimates": lambda: CacheCounts(7, 3, 2, 4096)}
    server = Quiet()
    server.rule_release = "rules-1"
    measures.look_up(sources_of(server, Admission(Settings().bounds()), counts))
    exporting = Exporting(measures, reader, NO_SPANS)
    for each in FIGURES:
        if each.kind is FigureKind.HISTOGRAM:
            measures.note(each.name, 0.3, *(f"a {label}" for label in each.labels))
    measures.note(figures.REFUSALS.name, 1, "OVERLOADED")
    points = read(reader)
    assert set(points) == {each.otel_name for each in FIGURES}
    (call,) = points["camcover.calls.duration"]
    assert dict(call.attributes) == {"method": "a method", "code": "a code"}
    assert (tuple(call.explicit_bounds), call.sum) == (figures.CALLS.bounds, 0.3)
    assert [(dict(each.attributes), each.value) for each in points["camcover.refusals"]] == [
        ({"reason": "OVERLOADED"}, 1)
    ]
    assert points["camcover.cache.size"][0].value == 4096
    assert points["camcover.following.lag"][0].value == 5
    exporting.close()


def test_names_of_figures() -> None:
    """Of Prometheus and of OpenTelemetry: no two are the same, and their form is that of each."""
    samples = [name for each in FIGURES for name in each.samples]
    assert len(samples) == len(set(samples))
    assert len({each.otel_name for each in FIGURES}) == len(FIGURES)
    assert all(name.startswith("camcover_") and name.replace("_", "a").isalpha() for name in samples)
    assert all(each.otel_name.startswith("camcover.") for each in FIGURES)


class Collector(metrics_service_pb2_grpc.MetricsServiceServicer):
    """Keeps the names and values that it is sent."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.received: dict[str, int] = {}

    def Export(self, request: Any, _context: Any) -> Any:  # noqa: N802 - named by gRPC
        """Keep them."""
        for metric in request.resource_metrics[0].scope_metrics[0].metrics:
            points = getattr(metric, metric.WhichOneof("data")).data_points
            self.received |= {f"{metric.name} {each.attributes[0].value.string_value}": each.as_int for each in points}
        return metrics_service_pb2.ExportMetricsServiceResponse()


class SpanCollector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps the names of spans that it is sent, with the name of the service."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.received: list[tuple[str, str]] = []

    def Export(self, request: Any, _context: Any) -> Any:  # noqa: N802 - named by gRPC
        """Keep them."""
        for sent in request.resource_spans:
            named = {each.key: each.value.string_value for each in sent.resource.attributes}
            spans = [span for scope in sent.scope_spans for span in scope.spans]
            self.received += [(named["service.name"], span.name) for span in spans]
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
def span_collector() -> SpanCollector:
    """What the collector has of spans."""
    return SpanCollector()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch, span_collector: SpanCollector) -> Iterator[Collector]:
    """A collector on the loopback, named by the environment."""
    servicer, server = Collector(), grpc.server(ThreadPoolExecutor(1))
    add: Any = metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server
    add(servicer, server)
    add = trace_service_pb2_grpc.add_TraceServiceServicer_to_server
    add(span_collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    yield servicer
    server.stop(0).wait()


def test_figures_and_spans_go_to_the_endpoint_of_the_environment(
    collector: Collector, span_collector: SpanCollector
) -> None:
    """What is left is sent when the service ends."""
    measures = Measures()
    measures.look_up({"camcover_cache_hits": lambda: [(("releases",), 7)], "camcover_serving": lambda: [(("all",), 1)]})
    exporting = exporting_of(measures)
    assert exporting is not None
    _, end = measures.tracer.call("/camcover.v1.EstimateService/EstimatePlan", TraceContext("4b" * 16))
    end("OK", "")
    exporting.close()
    assert span_collector.received == [("camcover", "camcover.v1.EstimateService/EstimatePlan")]
    assert collector.received == {"camcover.cache.hits releases": 7, "camcover.serving all": 1}


def test_telemetry_is_off_without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert exporting_of(Measures()) is None
