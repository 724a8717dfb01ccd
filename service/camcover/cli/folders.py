"""Files that a command writes to a folder of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import typer

__all__ = ["write_files"]


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a new or empty folder. Prints what is wrong and ends the program where that cannot be."""
    try:
        if folder.exists() and any(folder.iterdir()):
            typer.echo(f"{folder}: not empty; expected a new or empty folder", err=True)
            raise typer.Exit(2)
        for name, content in files.items():
            file = folder / name
            if not file.resolve().is_relative_to(folder.resolve()):
                typer.echo(f"{name}: lies outside of {folder}", err=True)
                raise typer.Exit(1)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    except OSError as error:
        typer.echo(f"{error.filename or folder}: {error.strerror}", err=True)
        raise typer.Exit(1) from error
