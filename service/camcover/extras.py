"""What a plain install leaves out, since only some commands need it: `pip install 'camcover[EXTRA]'`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from camcover.errors import CamcoverError

__all__ = ["EXTRAS", "ExtraMissing", "extra_named", "how_to_install", "is_installed"]

EXTRAS = {
    "bulk": "pyarrow",
    "http": "starlette",
    "letters": "typst",
    "oidc": "joserfc",
    "spark": "pyspark",
    "telemetry": "opentelemetry",
}
"""Each extra of pyproject.toml with the top package that only it brings."""

_TITLES = {
    "joserfc": "joserfc",
    "pyarrow": "PyArrow",
    "pyspark": "PySpark",
    "starlette": "Starlette",
    "typst": "Typst",
    "opentelemetry": "OpenTelemetry",
}


class ExtraMissing(CamcoverError, ImportError):
    """Something was asked for that needs an extra, which is not installed. The message says how to install it."""


def how_to_install(extra: str) -> str:
    """What is missing, and the command that installs it."""
    return f"{_TITLES[EXTRAS[extra]]} is not installed: pip install 'camcover[{extra}]'"


def is_installed(extra: str) -> bool:
    """Whether the package that an extra brings is there. Nothing is imported."""
    return find_spec(EXTRAS[extra]) is not None


@contextmanager
def extra_named() -> Iterator[None]:
    """Raise `ExtraMissing` in place of the error that a package of an extra is missing, when it is imported inside."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        extra = next((name for name, brought in EXTRAS.items() if brought == package), None)
        if extra is None:
            raise
        raise ExtraMissing(how_to_install(extra)) from error
