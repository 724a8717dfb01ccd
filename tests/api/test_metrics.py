"""Hit rates of the caches as OpenTelemetry metrics, in this process and over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Metric, MetricsData

from camcover.api.answering import Answering
from camcover.api.metrics import Metrics
from camcover.api.telemetry import metrics_of
from camcover.store import NoStore
from camcover.workflow.caching import CacheCounts
from camcover.workflow.rules_in_force import RulesInForce
from small_rules import tables


async def test_hit_rates_are_measured(ask: Any) -> None:
    """Three times the same question: one miss, two hits."""
    answering = Answering(RulesInForce(tables()), NoStore())
    reader = InMemoryMetricReader()
    metrics = Metrics({"estimates": answering.counts}, reader)
    for _ in range(3):
        await answering.one(ask())
    data = reader.get_metrics_data()
    assert isinstance(data, MetricsData)
    found: list[Metric] = list(data.resource_metrics[0].scope_metrics[0].metrics)
    points: dict[str, list[Any]] = {each.name: list(each.data.data_points) for each in found}
    values = {name: [(dict(point.attributes), point.value) for point in each] for name, each in points.items()}
    assert values["camcover.cache.hits"] == [({"cache": "estimates"}, 2)]
    assert values["camcover.cache.misses"] == [({"cache": "estimates"}, 1)]
    assert values["camcover.cache.entries"] == [({"cache": "estimates"}, 1)]
    assert values["camcover.cache.size"][0][1] == answering.counts().size_bytes
    metrics.close()


class Collector(metrics_service_pb2_grpc.MetricsServiceServicer):
    """Keeps the names and values that it is sent."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.received: dict[str, int] = {}

    def Export(self, request: Any, _context: Any) -> Any:  # noqa: N802 - named by gRPC
        """Keep them."""
        for metric in request.resource_metrics[0].scope_metrics[0].metrics:
            points = getattr(metric, metric.WhichOneof("data")).data_points
            self.received |= {
                f"{metric.name} {point.attributes[0].value.string_value}": point.as_int for point in points
            }
        return metrics_service_pb2.ExportMetricsServiceResponse()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector on the loopback, named by the environment."""
    servicer, server = Collector(), grpc.server(ThreadPoolExecutor(1))
    add: Any = metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server
    add(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    yield servicer
    server.stop(0).wait()


def test_metrics_go_to_the_endpoint_of_the_environment(collector: Collector) -> None:
    """What is left is sent when the service ends."""
    metrics = metrics_of({"releases": lambda: CacheCounts(7, 3, 2, 4096)})
    assert metrics is not None
    metrics.close()
    assert collector.received == {
        "camcover.cache.hits releases": 7,
        "camcover.cache.misses releases": 3,
        "camcover.cache.entries releases": 2,
        "camcover.cache.size releases": 4096,
    }


def test_metrics_are_off_without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert metrics_of({"releases": lambda: CacheCounts(7, 3, 2, 4096)}) is None
