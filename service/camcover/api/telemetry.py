"""Metrics are on only where OTEL_EXPORTER_OTLP_ENDPOINT says where to send them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from camcover.extras import ExtraMissing, how_to_install, is_installed
from camcover.workflow.caching import CacheCounts

if TYPE_CHECKING:
    from camcover.api.metrics import Metrics

__all__ = ["check_telemetry", "metrics_of"]

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def check_telemetry() -> bool:
    """Whether the environment says where to send what is measured. Raises `ExtraMissing` where it cannot be sent."""
    if not os.environ.get(_ENDPOINT):
        return False
    if not is_installed("telemetry"):
        raise ExtraMissing(f"{_ENDPOINT} is set, but {how_to_install('telemetry')}")
    return True


def metrics_of(caches: Mapping[str, Callable[[], CacheCounts]]) -> Metrics | None:
    """The meters of a service's caches, where they are to be sent somewhere. Raises `ExtraMissing`."""
    if not check_telemetry():
        return None
    from camcover.api.metrics import Metrics  # noqa: PLC0415 - it imports OpenTelemetry, which only an extra brings

    return Metrics(caches)
