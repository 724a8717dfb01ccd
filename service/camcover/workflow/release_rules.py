"""The rules of releases: their files and their compiled tables. Those used last stay in memory.

What comes in: a release's id. What goes out: `Tables`, mapped from a file, or the records of its files. The processes
of a service share a folder of such files; a process alone removes each file once it is mapped. An id of another form is
refused before it is used. The database is asked before a file is opened. So nothing that a caller sends ever becomes a
path.
"""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import structlog

from camcover.engine import Tables, compile_rules
from camcover.engine.compiling.stored import UnreadableTables, is_own_file, read_tables, write_tables
from camcover.engine.compiling.stored_schema import schema_digest
from camcover.rulebook import Loaded, RuleSet, is_release_id, load_files, nearest
from camcover.rulebook import release_id as named
from camcover.store import Compiled, Ledger, Release, ReleaseStore
from camcover.workflow.caching import Cache, CacheCounts
from camcover.workflow.errors import NoActiveRelease, ReleaseUnusable, UnknownRelease
from camcover.workflow.release_names import ACTIVE, LATEST

__all__ = ["ReleaseRules", "compiled", "find_release", "unknown_release"]

_LOG = structlog.get_logger("camcover.rules")

_SHOWN = 64
"""Characters of a text that is no id, where a refusal quotes it."""

CACHED_BYTES = 1 << 30
"""Compiled releases at hand, by the size of their files; only what is used of them takes memory."""


class ReleaseRules:
    """Releases by id. Safe to use from several threads."""

    def __init__(self, store: ReleaseStore, folder: Path | None = None, maximum_bytes: int = CACHED_BYTES) -> None:
        """Read from `store`; compiled files stay in `folder`, and nowhere if there is none."""
        self.store = store
        self._folder = folder
        self._tables: Cache[str, Tables] = Cache(maximum_bytes)
        self._reading = threading.Lock()

    def has(self, release_id: str) -> bool:
        """Whether a release's tables are at hand."""
        return release_id in self._tables

    def tables(self, release_id: str) -> Tables:
        """The compiled rules of a release. Raises `UnknownRelease`, `ReleaseUnusable`."""
        _checked(release_id)
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
        _checked(release_id)
        with self.store.reading() as ledger:
            files = _files(ledger, release_id)
            published = ledger.release(release_id)
        loaded = load_files(files)
        if loaded.rules is None:
            raise ReleaseUnusable(release_id, _first_error(loaded))
        # The id is made of the digest, so that neither is changed without the other.
        is_published = published is not None and published.digest == loaded.rules.digest
        if not is_published or named(loaded.rules.digest) != release_id:
            raise ReleaseUnusable(release_id, "its files differ from the published files")
        return loaded.rules

    def files(self, release_id: str) -> dict[str, bytes]:
        """The files of a release by name. Raises `UnknownRelease`."""
        _checked(release_id)
        with self.store.reading() as ledger:
            return _files(ledger, release_id)

    def counts(self) -> CacheCounts:
        """How often tables were at hand."""
        return self._tables.counts()

    def _read(self, release_id: str) -> tuple[Tables, int]:
        """The tables of a release, mapped from its file, and their size in bytes."""
        if self._folder is not None:
            return self._read_in(self._folder, release_id)
        # What is mapped stays readable after its file is gone. So nothing is left behind, however the process ends.
        with tempfile.TemporaryDirectory(prefix="camcover-") as folder:
            return self._read_in(Path(folder), release_id)

    def _read_in(self, folder: Path, release_id: str) -> tuple[Tables, int]:
        """Map the stored tables; compile the files anew where this version has none that are as they were written."""
        schema = schema_digest().hex()
        with self.store.reading() as ledger:
            if ledger.release(release_id) is None:
                raise unknown_release(release_id, ledger.ids())
            digest = ledger.digest_of(release_id, schema)
        file = folder / release_id
        if digest is not None and self._fetched(file, release_id, schema, digest):
            try:
                return _opened(file, release_id)
            except UnreadableTables as error:
                _LOG.error("compiled release not read", rule_release=release_id, reason=str(error))
        made = compiled(compile_rules(self.rules(release_id)))
        with self.store.writing() as ledger:
            ledger.set_compiled(release_id, made)
        self._write(file, made.body)
        return _opened(file, release_id)

    def _fetched(self, file: Path, release_id: str, schema: str, digest: str) -> bool:
        """Whether the file holds the tables that the audit log knows; if need be, they are taken from the database."""
        if is_own_file(file, digest):
            return True
        with self.store.reading() as ledger:
            found = ledger.compiled(release_id, schema)
        if found is None:
            # Stored tables may be deleted at any time.
            return False
        if found.digest != digest:
            _LOG.error("compiled release not as it was written", rule_release=release_id)
            return False
        self._write(file, found.body)
        return True

    @staticmethod
    def _write(file: Path, body: bytes) -> None:
        """Put a complete file in place. Other processes may do the same, and may have it mapped."""
        part = file.with_suffix(f".{os.getpid()}")
        part.write_bytes(body)
        part.replace(file)


def compiled(tables: Tables) -> Compiled:
    """Compiled rules as they are stored, and read once to see that they can be. Raises `UnreadableTables`."""
    with tempfile.TemporaryDirectory(prefix="camcover-") as folder:
        file = Path(folder) / "rules"
        write_tables(tables, file)
        _whole(read_tables(file))
        return Compiled(schema_digest().hex(), file.read_bytes())


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


def _files(ledger: Ledger, release_id: str) -> dict[str, bytes]:
    """The files of a release by name. Raises `UnknownRelease`."""
    files = ledger.files(release_id)
    if not files:
        raise unknown_release(release_id, ledger.ids())
    return files


def _checked(release_id: str) -> None:
    """Refuse what does not have the form of a release's id: there is none of that name. Raises `UnknownRelease`."""
    if not is_release_id(release_id):
        raise UnknownRelease(release_id[:_SHOWN])


def _opened(file: Path, release_id: str) -> tuple[Tables, int]:
    """The tables of a file, which have to be those of the release, and its size in bytes."""
    tables = _whole(read_tables(file, follows_links=False))
    if tables.release != release_id:
        raise UnreadableTables(f"{file} holds the rules of {tables.release}, not of {release_id}")
    return tables, file.stat().st_size


def _whole(tables: Tables) -> Tables:
    """The same tables, with their list of plans and first plan read, so that faults in them show now."""
    for plan_id in tables.directory:
        _ = tables.plans[plan_id]
        break
    return tables


def _first_error(loaded: Loaded) -> str:
    first = loaded.errors[0]
    return f"{first.at}: {first.message}"
