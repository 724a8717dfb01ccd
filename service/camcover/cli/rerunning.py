"""The option `--watch`: a command runs again whenever a rule file is saved, added or removed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import typer

__all__ = ["ends_as", "run_whenever_saved"]


def ends_as(once: Callable[[], int], paths: Sequence[Path], *, watch: bool) -> typer.Exit:
    """Run once, or whenever something below `paths` is saved; gives how the program ends: as the last run did."""
    if not watch:
        return typer.Exit(once())
    statuses = [0]

    def again() -> None:
        statuses[0] = _status(once)
        typer.echo("watching for changes; interrupt to end", err=True)

    with suppress(KeyboardInterrupt):
        asyncio.run(run_whenever_saved(again, paths))
    return typer.Exit(statuses[0])


def _status(once: Callable[[], int]) -> int:
    """The exit status of one run; 1, with the error printed, if a file disappears while it is read."""
    try:
        return once()
    except typer.Exit as ended:
        return ended.exit_code
    except OSError as error:
        typer.echo(str(error), err=True)
        return 1


async def run_whenever_saved(once: Callable[[], object], paths: Sequence[Path]) -> None:
    """Run once, and again after each change below `paths`, for ever; what changes meanwhile is one more run."""
    from camcover.cli.watching import Watcher  # noqa: PLC0415 - what watches is needed with --watch alone

    changed = asyncio.Event()
    watcher = Watcher(paths, changed.set)
    await watcher.start()
    try:
        while True:
            changed.clear()
            once()
            await changed.wait()
    finally:
        await watcher.stop()
