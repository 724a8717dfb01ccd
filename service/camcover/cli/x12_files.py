"""X12 files as commands read them."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from camcover.exchange.x12.segments import text_of

__all__ = ["x12_text"]


def x12_text(file: Path) -> str:
    """The text of a file, or of standard input for `-`. Ends the program with status 1 when it cannot be read."""
    try:
        return text_of(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
        raise typer.Exit(1) from error
