"""The rules of releases: their files and their compiled tables, those used last at hand.

What comes in: a release's id. What goes out: `Tables`, mapped from a file in a folder that processes of one service
share, or the records of its files.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from pathlib import Path

from camcover.engine import Tables, compile_rules
from camcover.engine.stored import UnreadableTables, read_tables, write_tables
from camcover.rulebook import Loaded, RuleSet, load_files, nearest
from camcover.store import Ledger, Release, ReleaseStore
from camcover.workflow.caching import Cache, CacheCounts
from camcover.workflow.errors import NoActiveRelease, ReleaseUnusable, UnknownRelease

__all__ = ["ACTIVE", "LATEST", "ReleaseRules", "compiled_bytes", "find_release", "unknown_release"]

ACTIVE, LATEST = "active", "latest"
"""Words for the release that is active, and for the one that was published last."""

CACHED_BYTES = 1 << 30
"""Compiled releases at hand, by the size of their files; only what is used of them takes memory."""


class ReleaseRules:
    """Releases by id. Safe to use from several threads."""

    def __init__(self, store: ReleaseStore, folder: Path | None = None, maximum_bytes: int = CACHED_BYTES) -> None:
        """Read from `store`; compiled files go to `folder`, else to a temporary one that goes with this object."""
        self.store = store
        self._folder = folder or Path(tempfile.mkdtemp(prefix="camcover-"))
        if folder is None:
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._tables: Cache[str, Tables] = Cache(maximum_bytes)
        self._reading = threading.Lock()

    def has(self, release_id: str) -> bool:
        """Whether a release's tables are at hand."""
        return release_id in self._tables

    def tables(self, release_id: str) -> Tables:
        """The compiled rules of a release. Raises `UnknownRelease`, `ReleaseUnusable`."""
        found = self._tables.get(release_id)
        if found is not None:
            return found
        with self._reading:
            # Another thread may have read it while this one waited.
            found = self._tables.get(release_id) if release_id in self._tables else None
            if found is None:
                found, size = self._read(release_id)
                self._tables.put(release_id, found, size)
        return found

    def rules(self, release_id: str) -> RuleSet:
        """The records of a release's files. Raises `UnknownRelease`, `ReleaseUnusable`."""
        loaded = load_files(self.files(release_id))
        if loaded.rules is None:
            raise ReleaseUnusable(release_id, _first_error(loaded))
        return loaded.rules

    def files(self, release_id: str) -> dict[str, bytes]:
        """The files of a release by name. Raises `UnknownRelease`."""
        with self.store.reading() as ledger:
            files = ledger.files(release_id)
            if not files:
                raise unknown_release(release_id, ledger.ids())
        return files

    def counts(self) -> CacheCounts:
        """How often tables were at hand."""
        return self._tables.counts()

    def _read(self, release_id: str) -> tuple[Tables, int]:
        """Map the stored tables; compile the files anew where this version cannot read them, or they are altered."""
        file = self._folder / release_id
        if not file.exists():
            with self.store.reading() as ledger:
                body = ledger.compiled(release_id)
            if body is None:
                self.files(release_id)
            self._write(file, body or b"")
        try:
            return _whole(read_tables(file)), file.stat().st_size
        except UnreadableTables:
            body = compiled_bytes(compile_rules(self.rules(release_id)))
            with self.store.writing() as ledger:
                ledger.set_compiled(release_id, body)
            self._write(file, body)
            return read_tables(file), len(body)

    @staticmethod
    def _write(file: Path, body: bytes) -> None:
        """Put a file in place whole; other processes may do the same, and may have it mapped."""
        part = file.with_suffix(f".{os.getpid()}")
        part.write_bytes(body)
        part.replace(file)


def compiled_bytes(tables: Tables) -> bytes:
    """Compiled rules as they are stored, and read once to see that they can be. Raises `UnreadableTables`."""
    with tempfile.TemporaryDirectory(prefix="camcover-") as folder:
        file = Path(folder) / "rules"
        write_tables(tables, file)
        _whole(read_tables(file))
        return file.read_bytes()


def find_release(ledger: Ledger, name: str) -> Release:
    """The release that `name` stands for: its id, the beginning of one alone, `active`, or `latest`.

    Raises `UnknownRelease`, `NoActiveRelease`.
    """
    if name == ACTIVE:
        active = ledger.active()
        if active is None:
            raise NoActiveRelease
        name = active
    ids = ledger.ids()
    matching = ids[:1] if name == LATEST else [each for each in ids if each.startswith(name)]
    found = ledger.release(matching[0]) if len(matching) == 1 else None
    if found is None:
        raise UnknownRelease(name, tuple(matching[:3])) if matching else unknown_release(name, ids)
    return found


def unknown_release(release_id: str, known: list[str]) -> UnknownRelease:
    """The refusal of an id, with those it may have meant: the newest where none is near."""
    return UnknownRelease(release_id, nearest(release_id, known) or tuple(known[:1]))


def _whole(tables: Tables) -> Tables:
    """The same tables, their directory and first plan read, so that records of another version show now."""
    for plan_id in tables.directory:
        _ = tables.plans[plan_id]
        break
    return tables


def _first_error(loaded: Loaded) -> str:
    first = loaded.errors[0]
    return f"{first.at}: {first.message}"
