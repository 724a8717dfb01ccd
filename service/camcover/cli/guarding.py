"""Makes a command's output harmless in one place: no text from a file, or name of a file, can control the terminal.

Everything that is written to standard output and standard error goes through here, but what Rich draws: its colours are
such characters themselves. The texts in its tables are made harmless by `Screen` (cli/table.py).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from camcover.rulebook import printable

__all__ = ["guarded_output"]


class _Guarded:
    """A stream that escapes control characters."""

    def __init__(self, stream: TextIO) -> None:
        self.rich_proxied_file = stream
        """Where Rich writes past this, as it does past its own proxies."""

    def write(self, text: str) -> int:
        """Write a text, escaped; gives the length of the original."""
        self.rich_proxied_file.write(printable(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


@contextmanager
def guarded_output() -> Iterator[None]:
    """A context in which standard output and standard error are escaped."""
    out, error = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = cast("TextIO", _Guarded(out)), cast("TextIO", _Guarded(error))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, error
