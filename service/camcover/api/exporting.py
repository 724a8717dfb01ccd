"""Figures and traces by OpenTelemetry, sent where OTEL_EXPORTER_OTLP_ENDPOINT says.

The figures are those of `figures`. A trace has a span for each call, and below it one for each step: `validate`,
`lay_out`, `kernel`, `store`. Spans hold names of method, status and reason, and no text of an exception: it may quote a
request.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context, attach
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags

from camcover.api.figures import FIGURES, Figure, FigureKind
from camcover.api.measures import Labels, Measures
from camcover.api.trace_context import TraceContext

__all__ = ["Exporting"]

_NAME = "camcover"

_OURS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Statuses that are faults of the service, as the conventions of OpenTelemetry for servers have it."""


class Exporting:
    """Sends the figures and the traces of one service."""

    def __init__(
        self, measures: Measures, reader: MetricReader | None = None, processor: SpanProcessor | None = None
    ) -> None:
        """Send those of `measures`; by `reader` and `processor`, else by the exporters that the environment names."""
        resource = _resource()
        taker = reader or PeriodicExportingMetricReader(OTLPMetricExporter())
        self._meters = MeterProvider(metric_readers=[taker], resource=resource, shutdown_on_exit=False)
        self._spans = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._spans.add_span_processor(processor or BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._spans.get_tracer(_NAME)
        self._instruments: dict[str, Callable[[float, dict[str, str]], object]] = {}
        meter = self._meters.get_meter(_NAME)
        for each in FIGURES:
            self._measure(meter, each, measures)
        measures.heard = self._hear
        measures.tracer = self

    def close(self) -> None:
        """Send what is left and stop."""
        self._spans.shutdown()
        self._meters.shutdown()

    @contextmanager
    def step(self, name: str) -> Iterator[object]:
        """A span below the one of the call that runs."""
        with self._tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as span:
            yield span

    def call(self, method: str, context: TraceContext) -> tuple[str, Callable[[str, str], object]]:
        """Begin the span of a call, `/package.Service/Method`, in its caller's trace.

        Gives the id of the trace, and what ends the span with the names of status and reason.
        """
        service, _, name = method.lstrip("/").partition("/")
        attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}
        span = self._tracer.start_span(f"{service}/{name}", _caller(context), SpanKind.SERVER, attributes)
        # The call has a task of its own, whose context ends with it.
        attach(trace.set_span_in_context(span))
        return f"{span.get_span_context().trace_id:032x}", lambda code, reason: _end(span, code, reason)

    def _measure(self, meter: Meter, figure: Figure, measures: Measures) -> None:
        """Make the instrument of a figure."""
        name, unit, about = figure.otel_name, figure.unit, figure.about
        if figure.kind is FigureKind.HISTOGRAM:
            made = meter.create_histogram(name, unit, about, explicit_bucket_boundaries_advisory=list(figure.bounds))
            self._instruments[figure.name] = made.record
        elif figure.kind is FigureKind.COUNT:
            meter.create_observable_counter(name, [_observing(figure, measures)], unit, about)
        else:
            meter.create_observable_gauge(name, [_observing(figure, measures)], unit, about)

    def _hear(self, figure: Figure, value: float, labels: Labels) -> None:
        """Hand a value of a histogram on; the rest is looked up."""
        record = self._instruments.get(figure.name)
        if record is not None:
            record(value, dict(zip(figure.labels, labels, strict=True)))


def _observing(figure: Figure, measures: Measures) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observe(_: CallbackOptions) -> Iterable[Observation]:
        for labels, value in measures.values(figure):
            yield Observation(value, dict(zip(figure.labels, labels, strict=True)))

    return observe


def _resource() -> Resource:
    """Which process this is. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before."""
    ours: dict[str, Any] = {"service.name": _NAME, "service.instance.id": f"{socket.gethostname()}:{os.getpid()}"}
    given = Resource.create().attributes
    named = {key: value for key, value in given.items() if not str(value).startswith("unknown_service")}
    return Resource(ours).merge(Resource(named))


def _caller(found: TraceContext) -> Context:
    """The context that the caller's span makes; none for a call without one."""
    if not found.parent_id:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if found.is_sampled else TraceFlags.DEFAULT)
    parent = SpanContext(int(found.trace_id, 16), int(found.parent_id, 16), is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(parent), Context())


def _end(span: Span, code: str, reason: str) -> None:
    """End the span of a call."""
    span.set_attribute("rpc.response.status_code", code)
    if reason:
        span.set_attribute("camcover.reason", reason)
    if code in _OURS:
        span.set_status(StatusCode.ERROR)
    span.end()
