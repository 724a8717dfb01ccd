"""What a command prints, made harmless in one place: no text of a rule file, a book or a file's name steers a terminal.

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
    """A stream whose texts are written out where they would steer a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self.rich_proxied_file = stream
        """Where Rich writes past this, as it does past its own proxies."""

    def write(self, text: str) -> int:
        """Write a text harmless; gives its length, as if it had been written as it is."""
        self.rich_proxied_file.write(printable(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


@contextmanager
def guarded_output() -> Iterator[None]:
    """Inside, what is written to standard output and standard error steers no terminal."""
    out, error = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = cast("TextIO", _Guarded(out)), cast("TextIO", _Guarded(error))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, error
