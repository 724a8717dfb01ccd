"""Branch coverage of the processes of pytest-xdist: `pytest -p measured`, with `COVERAGE_PROCESS_START` set."""

from __future__ import annotations

import coverage
import pytest

_MEASURED = coverage.process_startup()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Write what this process ran: xdist ends its processes without their last words."""
    if _MEASURED is not None:
        _MEASURED.stop()
        _MEASURED.save()
