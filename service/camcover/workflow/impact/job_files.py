"""How far the working out of an impact is, and what came of it, as files that all processes of a service read.

A job is named by its key: the SHA-256 of what it is about (rules before, rules after, book), so that the same question
is one job, and its answer is kept. The folder is the service's own and goes with it; a process alone makes one with
its first job, and removes it when it ends in order.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import types
import weakref
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_type_hints

from camcover.workflow.impact.records import Impact
from camcover.workflow.reviewing import SyntheticMembers

__all__ = ["ImpactFiles", "ImpactOrder", "ImpactState", "JobState", "impact_key", "is_impact_key"]

MOST_KEPT = 64
"""Answers that are kept; of more, the oldest go."""

MOST_SILENT_SECONDS = 20.0
"""A job whose process has said nothing for so long has ended with it."""


class JobState(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    """Another job runs first."""
    RUNNING = "running"
    """It is worked on."""
    DONE = "done"
    """Its answer is there."""
    FAILED = "failed"
    """It could not be done; the state says why."""
    CANCELLED = "cancelled"
    """Somebody ended it."""

    @property
    def is_live(self) -> bool:
        """Whether more will come."""
        return self in (JobState.WAITING, JobState.RUNNING)


class ImpactState(NamedTuple):
    """A job: `done` of `total` members (0 = not known yet), why it failed, and what came of it."""

    state: JobState
    done: int = 0
    total: int = 0
    said: str = ""
    impact: Impact | None = None


class ImpactOrder(NamedTuple):
    """A job to be done: rule files before and after, and the book, invented or a Parquet file of the operator's."""

    key: str
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    book: SyntheticMembers | Path


def impact_key(before: str, after: str, book: str) -> str:
    """The key of a job, from the digests or ids of both sides and of the book."""
    return hashlib.sha256(f"{before}\n{after}\n{book}".encode()).hexdigest()


def is_impact_key(text: str) -> bool:
    """Whether a text has the form of a key."""
    return re.fullmatch("[0-9a-f]{64}", text) is not None


class ImpactFiles:
    """The files of jobs in a folder, two for each: its state, and the wish that it end."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use a folder, which is made with the first job; without one, a temporary folder of this process."""
        self._folder = folder

    def read(self, key: str) -> ImpactState | None:
        """The state of a job; None where there is none, or its process ended with it unfinished."""
        if self._folder is None:
            return None
        try:
            file = self._file(key)
            silent = time.time() - file.stat().st_mtime
            found = _state(json.loads(file.read_bytes()))
        except FileNotFoundError:
            return None
        return None if found.state.is_live and silent > MOST_SILENT_SECONDS else found

    def write(self, key: str, state: ImpactState) -> None:
        """Put a state in place as a whole."""
        file, data = self._file(key), state._asdict()
        data["impact"] = None if state.impact is None else asdict(state.impact)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(data), encoding="utf-8")
        part.replace(file)

    def refresh(self, key: str) -> None:
        """Say that the job goes on."""
        os.utime(self._file(key))

    def ask_to_end(self, key: str) -> None:
        """Wish that a job end, wherever it runs."""
        self._wish(key).touch()

    def is_asked_to_end(self, key: str) -> bool:
        """Whether somebody wished that."""
        return self._wish(key).exists()

    def begin(self, key: str) -> None:
        """Say that a job waits, without a wish of before; the oldest answers beyond `MOST_KEPT` go."""
        folder = self._made()
        self._wish(key).unlink(missing_ok=True)
        self.write(key, ImpactState(JobState.WAITING))
        kept = sorted(folder.glob("*.json"), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in kept[MOST_KEPT:]:
            old.unlink(missing_ok=True)

    def _made(self) -> Path:
        """The folder, made where it is not there."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="camcover-impacts-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._folder.mkdir(exist_ok=True)
        return self._folder

    def _file(self, key: str) -> Path:
        return self._made() / f"{_checked(key)}.json"

    def _wish(self, key: str) -> Path:
        return self._made() / f"{_checked(key)}.end"


def _checked(key: str) -> str:
    """The key, which becomes part of a path. Raises ValueError for another text."""
    if not is_impact_key(key):
        raise ValueError("expected the 64 hexadecimal digits of a job")
    return key


def _state(data: Mapping[str, Any]) -> ImpactState:
    impact = None if data["impact"] is None else _made(Impact, data["impact"])
    return ImpactState(JobState(data["state"]), data["done"], data["total"], data["said"], impact)


def _made(declared: Any, value: Any) -> Any:
    """A record of a declared type from the plain data that `asdict` made of it."""
    if value is None:
        return None
    if isinstance(declared, types.UnionType):
        (declared,) = (each for each in get_args(declared) if each is not types.NoneType)
    if is_dataclass(declared) and isinstance(declared, type):
        hints = get_type_hints(declared)
        return declared(**{name: _made(hints[name], each) for name, each in value.items()})
    if isinstance(value, list):
        return tuple(_made(get_args(declared)[0], each) for each in value)
    return value
