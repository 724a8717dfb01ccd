"""What all of `camcover import` have in common: the folder is written, and what could not be read is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn, TypeVar

import typer

from camcover.exchange.notes import Unread, UnreadableFile, as_json_lines
from camcover.exchange.plan_text import text_in_quotes
from camcover.exchange.rule_folder import FolderRefused, check_folder, write_folder
from camcover.rulebook import printable

__all__ = ["check_fees_id", "end", "read_whole", "show", "source_text", "write_files"]

MOST_SHOWN = 20
"""Of what could not be read; the file has all of it."""

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_ID = 60

Found = TypeVar("Found")


def check_fees_id(option: str, fees: str, *, may_be_empty: bool = True) -> None:
    """End the command where the id of a fee file has another form."""
    if (fees or not may_be_empty) and (not _ID.fullmatch(fees) or len(fees) > _LONGEST_ID):
        end(f"{option} {fees!r}: expected an id such as medicare-advantage-fees")


def end(message: str) -> NoReturn:
    """Say why nothing is written, and end with status 2."""
    typer.echo(printable(message), err=True)
    raise typer.Exit(2)


def read_whole(read: Callable[[], Found], output: Path, *, may_replace: bool) -> Found:
    """What files give; ends the command where they give nothing, or the folder may not be written."""
    try:
        check_folder(output, may_replace=may_replace)
        return read()
    except UnreadableFile as error:
        for each in error.unread:
            typer.echo(str(each), err=True)
        end("nothing is written")
    except FolderRefused as error:
        end(str(error))
    except OSError as error:
        end(f"{error.filename}: {error.strerror or error}")


def source_text(title: str, files: Iterable[tuple[str, str]], retrieved: datetime | None) -> str:
    """The source that an imported file cites: what it is, the files and the beginning of their SHA-256, the day."""
    names = "; ".join(f"{name} (SHA-256 {digest[:16]})" for name, digest in files)
    day = f", retrieved: {retrieved.date()}" if retrieved is not None else ""
    return f"{{title: {text_in_quotes(printable(f'{title}: {names}'))}{day}}}"


def write_files(
    output: Path, texts: Iterable[tuple[str, str]], unread: Sequence[Unread], what: str, *, may_replace: bool
) -> None:
    """Write files, and the list of what could not be read; says what was done. `what`: what is written, `2 plans`."""

    def files() -> Iterator[tuple[str, str]]:
        yield "imported.jsonl", as_json_lines(unread)
        yield from texts

    try:
        write_folder(output, files(), may_replace=may_replace)
    except FolderRefused as error:
        end(str(error))
    except OSError as error:
        end(f"{error.filename}: {error.strerror or error}")
    show(unread)
    typer.echo(f"{output}: {what}; {len(unread)} parts of the files could not be read")
    if unread:
        raise typer.Exit(1)


def show(unread: Sequence[Unread]) -> None:
    """The first of what could not be read, on standard error."""
    for each in unread[:MOST_SHOWN]:
        typer.echo(str(each), err=True)
    if len(unread) > MOST_SHOWN:
        typer.echo(f"... and {len(unread) - MOST_SHOWN} more", err=True)
