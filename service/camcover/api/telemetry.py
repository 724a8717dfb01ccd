"""OpenTelemetry is on only where OTEL_EXPORTER_OTLP_ENDPOINT says where to send figures and traces."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from camcover.extras import ExtraMissing, how_to_install, is_installed

if TYPE_CHECKING:
    from camcover.api.exporting import Exporting
    from camcover.api.measures import Measures

__all__ = ["check_telemetry", "exporting_of"]

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def check_telemetry() -> bool:
    """Whether the environment names a receiver of telemetry. Raises `ExtraMissing` without the extra."""
    if not os.environ.get(_ENDPOINT):
        return False
    if not is_installed("telemetry"):
        raise ExtraMissing(f"{_ENDPOINT} is set, but {how_to_install('telemetry')}")
    return True


def exporting_of(measures: Measures) -> Exporting | None:
    """What sends figures and traces of a service, where they are to be sent somewhere. Raises `ExtraMissing`."""
    if not check_telemetry():
        return None
    from camcover.api.exporting import Exporting  # noqa: PLC0415 - it imports OpenTelemetry, which only an extra brings

    return Exporting(measures)
