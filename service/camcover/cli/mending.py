"""`camcover rules check --fix`: the edits of findings, put into the files."""

from __future__ import annotations

import os
import tempfile
from itertools import groupby
from pathlib import Path

import typer

from camcover.rulebook import Loaded
from camcover.rulebook.extents import mended
from camcover.rulebook.words import count

__all__ = ["mend"]


def mend(loaded: Loaded) -> None:
    """Put the edits of all findings into the files that were read, each file as a whole or not at all.

    Says on standard error which files were written, and which could not be.
    """
    done = 0
    for name, group in groupby((each for each in loaded.diagnostics if each.edits), key=lambda each: each.at.file):
        found = list(group)
        before = loaded.texts[name]
        after = mended(before, found)
        if after == before:
            typer.echo(f"not mended: {name}: its {count(len(found), 'correction')} do not fit together", err=True)
        elif _written(Path(name), before, after):
            typer.echo(f"mended: {name}: {count(len(found), 'correction')}", err=True)
            done += 1
    typer.echo(f"{count(done, 'file')} mended", err=True)


def _written(file: Path, before: str, after: str) -> bool:
    """Write a file in one step, with the permissions it has, if it still holds the text that was read."""
    part: Path | None = None
    try:
        file = file.resolve()
        if file.read_bytes() != before.encode():
            typer.echo(f"not mended: {file}: it was saved meanwhile", err=True)
            return False
        handle, named = tempfile.mkstemp(prefix=".camcover-", dir=file.parent)
        part = Path(named)
        with os.fdopen(handle, "wb") as output:
            output.write(after.encode())
        part.chmod(file.stat().st_mode & 0o7777)
        part.replace(file)
    except OSError as error:
        typer.echo(f"not mended: {file}: {error.strerror}", err=True)
        if part is not None:
            part.unlink(missing_ok=True)
        return False
    return True
