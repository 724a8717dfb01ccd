"""Watching rule files: calls back whenever the files to read have changed, in whatever way.

A file is saved; a link is set to another folder, as git-sync and Kubernetes do; a folder is renamed away and made anew.
The operating system reports changes of a folder that it was pointed at, not of the path that led there, so that paths
are looked at besides, ten times a second.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import structlog
from watchfiles import awatch

from camcover.rulebook import Diagnostic, find

_LOG = structlog.get_logger("camcover.rules")

LOOK_MS = 100
"""How often the paths are looked at, milliseconds."""

_Place = tuple[str, int, int]
"""Where a path leads: the path without links, device and inode."""

_Read = tuple[dict[Path, tuple[str, int, int, int]], tuple[Diagnostic, ...]]
"""The rule files, each with its path and stat, which change with its text; and the faults of unread files."""


class Watcher:
    """Calls back whenever rule files are saved, added, removed or replaced."""

    def __init__(self, paths: Sequence[Path], tell: Callable[[], object]) -> None:
        """Watch rule files and folders. `tell` is called after each change of what they hold."""
        self._paths, self._tell = list(paths), tell
        self._task: asyncio.Task[None] | None = None
        self._read: _Read = ({}, ())
        self._gone: set[Path] = set()
        self._is_only_looking = False

    async def start(self) -> None:
        """Start watching; `tell` is called in this event loop."""
        self._read = await asyncio.to_thread(self._files)
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        """Follow the folders that the paths lead to; start over when they lead elsewhere."""
        while True:
            places = self._places()
            await self._look()
            if not places:
                await asyncio.sleep(LOOK_MS / 1000)
                continue
            try:
                await self._follow(places)
            except (OSError, RuntimeError) as error:  # a folder went meanwhile, or the system's watches are used up
                if self._places() == places and not self._is_only_looking:
                    self._is_only_looking = True
                    _LOG.warning("rule files are polled, not watched", reason=str(error))
                await asyncio.sleep(LOOK_MS / 1000)

    async def _follow(self, places: dict[Path, _Place]) -> None:
        """Look at each change; return when a path leads elsewhere."""
        folders = {place for place, _, _ in places.values()}
        changes = awatch(
            *folders, watch_filter=None, step=50, debounce=200, rust_timeout=LOOK_MS, yield_on_timeout=True
        )
        is_first = True
        async with aclosing(changes):
            async for changed in changes:
                # A change before the watch was set up is not reported, so that the first look comes after that.
                if changed or is_first:
                    await self._look()
                is_first = False
                if self._places() != places:
                    return

    def _places(self) -> dict[Path, _Place]:
        """The current targets of the paths; logs once when a path is gone, and once when it is back."""
        places = {}
        for path in self._paths:
            try:
                status, place = path.stat(), os.path.realpath(path)
            except OSError:
                if path not in self._gone:
                    _LOG.error("watched path is gone", path=str(path))
                self._gone.add(path)
                continue
            places[path] = (place, status.st_dev, status.st_ino)
            if path in self._gone:
                self._gone.remove(path)
                _LOG.info("watched path is back", path=str(path))
        return places

    async def _look(self) -> None:
        """Call back when the files differ from the last time; while a path is gone, the rules in force stay."""
        if self._gone:
            return
        read = await asyncio.to_thread(self._files)
        if read == self._read:
            return
        self._places()  # a path that disappeared during the reading has given only some of its files
        if not self._gone:
            self._read = read
            self._tell()

    def _files(self) -> _Read:
        """The files to read; those of the last time, where a path has gone meanwhile."""
        try:
            found = find(self._paths)
        except FileNotFoundError:
            return self._read
        files = {}
        for file in found.files:
            try:
                status = file.stat()
            except OSError:
                continue
            files[file] = (os.path.realpath(file), status.st_ino, status.st_size, status.st_mtime_ns)
        return files, found.faults
