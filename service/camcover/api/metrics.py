"""What is measured, as OpenTelemetry metrics; sent where OTEL_EXPORTER_OTLP_ENDPOINT says.

`camcover.cache.hits`, `camcover.cache.misses` (sums), `camcover.cache.entries`, `camcover.cache.size` (bytes, gauges),
each with the attribute `cache`: `releases` (compiled releases by id) or `estimates` (answers by content).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader

from camcover.workflow.caching import CacheCounts

__all__ = ["Metrics"]


class Metrics:
    """The meters of one service."""

    def __init__(self, caches: Mapping[str, Callable[[], CacheCounts]], reader: MetricReader | None = None) -> None:
        """Observe `caches`; `reader` takes the figures, else the exporter that the environment names."""
        taker = reader or PeriodicExportingMetricReader(OTLPMetricExporter())
        self._caches = caches
        self._provider = MeterProvider(metric_readers=[taker], shutdown_on_exit=False)
        self._observe(self._provider.get_meter("camcover"))

    def close(self) -> None:
        """Send the last figures and stop."""
        self._provider.shutdown()

    def _observe(self, meter: Meter) -> None:
        sums = meter.create_observable_counter
        sums("camcover.cache.hits", [self._callback("hits")], description="Look-ups that found an entry.")
        sums("camcover.cache.misses", [self._callback("misses")], description="Look-ups that found none.")
        gauges = meter.create_observable_gauge
        gauges("camcover.cache.entries", [self._callback("entries")], description="Entries at hand.")
        gauges("camcover.cache.size", [self._callback("size_bytes")], "By", "Bytes of the entries at hand.")

    def _callback(self, field: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            for name, counts in self._caches.items():
                yield Observation(getattr(counts(), field), {"cache": name})

        return observe
