"""Compiled rules in one file: arrays to map into memory, and each plan's words, to read when it is first asked.

What comes in: `Tables`. What goes out: the same `Tables`, of which a process holds only what it uses. So a service with
ten thousand plans starts as fast as with ten.

Layout: a line that names the format, the digest of the schema (`stored_schema`), the header's length and SHA-256, the
header (JSON), the head (arrays at multiples of 64 bytes, the plans' ids, the vocabulary), then the list of plans and
each plan's words (`record_codec`). The header holds the SHA-256 of the head, which is checked when the file is opened;
the head holds the SHA-256 of each plan's words, which is checked when they are read. So no altered byte is ever used.
The bytes hold numbers and texts only: reading runs nothing, and makes nothing but records of a closed list.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn

import numpy as np
import orjson
from cachetools import LRUCache

from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.plan_summary import PlanSummary
from camcover.engine.compiling.record_codec import WrongRecords, decode, encode
from camcover.engine.compiling.stored_schema import DIGEST_BYTES, schema_digest
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.engine.kernel.tables import RULE_DTYPES, RuleTables
from camcover.errors import CamcoverError

__all__ = ["OtherVersion", "UnreadableTables", "is_own_file", "is_stored", "read_tables", "write_tables"]

_FORMAT = b"camcover-tables/"
_MAGIC = _FORMAT + b"2\n"
_ALIGNED = 64
_LENGTH_BYTES = 8
_PREAMBLE = len(_MAGIC) + DIGEST_BYTES + _LENGTH_BYTES + DIGEST_BYTES
_KEPT_PLANS = 4_096
"""Plans whose words a process keeps at hand."""

_SUMMARIES = Mapping[str, PlanSummary]
_ANEW = "compile the rule files again (`camcover rules compile`)"


class UnreadableTables(CamcoverError):
    """The file holds no compiled rules that this version can read; the message says why."""


class OtherVersion(UnreadableTables):
    """The file holds compiled rules of another version of Camcover; this version does not read them."""

    def __init__(self, path: Path) -> None:
        """Name the file, and say what helps."""
        super().__init__(f"{path} was compiled by another version of camcover; {_ANEW}")


class _Plans(NamedTuple):
    """Where the head says which plans there are; `places` and `digests` are those of their words."""

    plan_count: int
    text: int
    text_bytes: int
    ends: int
    places: int
    digests: int


class _Header(NamedTuple):
    """The header. Places are bytes from the beginning of the head; those of words from its end, where words begin.

    `arrays` are (place, rows), `vocabulary` is (place, length), `plans` the fields of `_Plans`; the list of plans,
    `directory_bytes` long, is the first of the words.
    """

    digest: str
    size: int
    head_bytes: int
    head_sha256: str
    arrays: list[list[int]]
    vocabulary: list[int]
    directory_bytes: int
    directory_sha256: str
    plans: list[int]


def is_stored(path: Path) -> bool:
    """Whether a file has the format of compiled rules, of any version."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_FORMAT)) == _FORMAT


def write_tables(tables: Tables, path: Path) -> None:
    """Write compiled rules to a file, whole or not at all. Raises OSError."""
    ids = sorted(tables.plans, key=str.encode)
    directory = encode(dict(tables.directory), _SUMMARIES)
    words = [encode(tables.plans[plan_id], PlanIndex) for plan_id in ids]
    lengths = np.array([len(directory), *map(len, words)], dtype=np.int64)
    ends = np.cumsum(lengths)
    head = io.BytesIO()
    arrays: Iterable[Any] = tables.arrays
    rows = [[_put(head, array.tobytes()), len(array)] for array in arrays]
    vocabulary = encode(tables.vocabulary, Vocabulary)
    texts = [plan_id.encode() for plan_id in ids]
    plans = _Plans(
        plan_count=len(ids),
        text=_put(head, b"".join(texts)),
        text_bytes=sum(map(len, texts)),
        ends=_put(head, np.cumsum([len(text) for text in texts], dtype=np.int64).tobytes()),
        places=_put(head, np.column_stack((ends[:-1], lengths[1:])).tobytes()),
        digests=_put(head, b"".join(hashlib.sha256(each).digest() for each in words)),
    )
    vocabulary_at = _put(head, vocabulary)
    head_bytes = _put(head, b"")
    header = _Header(
        digest=tables.digest,
        size=head_bytes + int(ends[-1]),
        head_bytes=head_bytes,
        head_sha256=hashlib.sha256(head.getbuffer()).hexdigest(),
        arrays=rows,
        vocabulary=[vocabulary_at, len(vocabulary)],
        directory_bytes=len(directory),
        directory_sha256=hashlib.sha256(directory).hexdigest(),
        plans=list(plans),
    )
    _write(path, _preamble(header), head.getbuffer(), directory, *words)


def _preamble(header: _Header) -> bytes:
    """Everything before the body, padded so that the body begins at a multiple of 64 bytes."""
    content = orjson.dumps(header._asdict())
    content += b" " * (-(_PREAMBLE + len(content)) % _ALIGNED)
    length = len(content).to_bytes(_LENGTH_BYTES, "little")
    return _MAGIC + schema_digest() + length + hashlib.sha256(content).digest() + content


def _write(path: Path, *parts: bytes | memoryview) -> None:
    """Put a file of these parts in place."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        for each in parts:
            file.write(each)
    part.replace(path)


def _put(body: BinaryIO, content: bytes) -> int:
    """Append bytes where they may be mapped; gives their place."""
    body.write(bytes(-body.tell() % _ALIGNED))
    place = body.tell()
    body.write(content)
    return place


def read_tables(path: Path, *, follows_links: bool = True) -> Tables:
    """The compiled rules of a file. Raises `UnreadableTables`, `OtherVersion`, or OSError.

    Only a regular file is opened; with `follows_links` False no symbolic link is.
    """
    with _opened(path, follows_links=follows_links) as file:
        header, start = _read_header(path, file)
        data = np.memmap(file, dtype=np.uint8, mode="r")
    if len(data) != start + header.size:
        _refuse(path, f"found {len(data)} bytes, expected {start + header.size}")
    body = _Part(path, data[start:])
    head = _Part(path, body.part(0, header.head_bytes))
    words = _Part(path, body.part(header.head_bytes, header.size - header.head_bytes))
    if hashlib.sha256(head.content).hexdigest() != header.head_sha256:
        _refuse(path, "it was altered after it was written")
    arrays = (
        head.rows(first, count, RULE_DTYPES[name])
        for name, (first, count) in zip(RuleTables._fields, header.arrays, strict=True)
    )
    return Tables(
        header.digest,
        RuleTables(*arrays),
        _records(path, head.part(*header.vocabulary), Vocabulary),
        _StoredPlans(head, words, _Plans._make(header.plans)),
        _StoredDirectory(words, header.directory_bytes, header.directory_sha256),
    )


def _opened(path: Path, *, follows_links: bool) -> io.BufferedReader:
    """A regular file, opened; anything else would wait for a writer, or is not ours. Raises `UnreadableTables`."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follows_links else os.O_NOFOLLOW)
    number = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        _refuse(path, "not a regular file")
    return os.fdopen(number, "rb")


def is_own_file(path: Path, sha256: str) -> bool:
    """Whether a path is a regular file of this user's, no link, whose content has this SHA-256 (hexadecimal digits)."""
    try:
        with _opened(path, follows_links=False) as file:
            is_own = os.fstat(file.fileno()).st_uid == os.getuid()
            return is_own and hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except (UnreadableTables, OSError):
        return False


def _read_header(path: Path, file: io.BufferedReader) -> tuple[_Header, int]:
    """The header, and where the body begins. Raises `UnreadableTables`, `OtherVersion`."""
    magic = file.read(len(_MAGIC))
    if not magic.startswith(_FORMAT):
        _refuse(path, "not a file of compiled rules")
    schema = file.read(DIGEST_BYTES)
    if magic != _MAGIC or schema != schema_digest():
        raise OtherVersion(path)
    length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    digest = file.read(DIGEST_BYTES)
    content = file.read(min(length, os.fstat(file.fileno()).st_size))
    if hashlib.sha256(content).digest() != digest:
        _refuse(path, "its header is altered")
    try:
        header = _Header(**orjson.loads(content))
        wanted = [header.size, header.head_bytes, header.directory_bytes, *header.plans]
        for first, length in (header.vocabulary, *header.arrays):
            wanted += first, length
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableTables(f"{path}: its header is not readable; {_ANEW}") from error
    is_whole = len(header.plans) == len(_Plans._fields) and len(header.arrays) == len(RuleTables._fields)
    if not is_whole or not all(type(each) is int and each >= 0 for each in wanted):
        _refuse(path, "its header is not readable")
    return header, _PREAMBLE + len(content)


def _refuse(path: Path, what: str) -> NoReturn:
    raise UnreadableTables(f"{path}: {what}; {_ANEW}")


def _records(path: Path, content: Any, declared: Any) -> Any:
    """The records of checked bytes. Raises `UnreadableTables`."""
    try:
        return decode(content.tobytes(), declared)
    except WrongRecords as error:
        raise UnreadableTables(f"{path}: {error}; {_ANEW}") from error


class _Part:
    """A part of a file as it lies in memory; nothing outside of it is given."""

    def __init__(self, path: Path, content: Any) -> None:
        self.path, self.content = path, content

    def part(self, first: int, length: int) -> Any:
        """So many bytes. Raises `UnreadableTables` where they are not there."""
        if min(first, length) < 0 or first + length > len(self.content):
            _refuse(self.path, "its header is not readable")
        return self.content[first : first + length]

    def rows(self, first: int, count: int, dtype: np.dtype[Any]) -> Any:
        """So many rows of a type. Raises `UnreadableTables`."""
        return self.part(first, count * dtype.itemsize).view(dtype)


class _StoredPlans(Mapping[str, PlanIndex]):
    """The plans of a file, each read at its first use. Those used last are kept. Safe for threads."""

    def __init__(self, head: _Part, words: _Part, where: _Plans) -> None:
        self._words = words
        numbers = np.dtype(np.int64)
        ends = head.rows(where.ends, where.plan_count, numbers)
        self._ids = _Ids(head.part(where.text, where.text_bytes), ends)
        self._places = head.rows(where.places, 2 * where.plan_count, numbers).reshape(-1, 2)
        self._digests = head.part(where.digests, where.plan_count * DIGEST_BYTES).reshape(-1, DIGEST_BYTES)
        self._kept: LRUCache[str, PlanIndex] = LRUCache(_KEPT_PLANS)
        self._lock = threading.Lock()

    def __getitem__(self, plan_id: str) -> PlanIndex:
        with self._lock:
            found = self._kept.get(plan_id)
        if found is None:
            place = self._ids.place(plan_id)
            if place < 0:
                raise KeyError(plan_id)
            read = self._read(place, plan_id)
            with self._lock:
                # Another thread may have read it meanwhile. All threads use the same one.
                found = self._kept.setdefault(plan_id, read)
        return found

    def _read(self, place: int, plan_id: str) -> PlanIndex:
        content = self._words.part(*self._places[place].tolist())
        if hashlib.sha256(content).digest() != self._digests[place].tobytes():
            _refuse(self._words.path, f"the words of plan {plan_id} were altered after they were written")
        found: PlanIndex = _records(self._words.path, content, PlanIndex)
        if found.id != plan_id:
            _refuse(self._words.path, f"found the words of plan {found.id}, expected those of {plan_id}")
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, plan_id: object) -> bool:
        return self._ids.place(plan_id) >= 0


class _StoredDirectory(Mapping[str, PlanSummary]):
    """The summaries of all plans, read when the first is asked for."""

    def __init__(self, words: _Part, length: int, sha256: str) -> None:
        self._words, self._length, self._sha256 = words, length, sha256

    @cached_property
    def _all(self) -> Mapping[str, PlanSummary]:
        content = self._words.part(0, self._length)
        if hashlib.sha256(content).hexdigest() != self._sha256:
            _refuse(self._words.path, "its list of plans was altered after it was written")
        found: Mapping[str, PlanSummary] = _records(self._words.path, content, _SUMMARIES)
        return found

    def __getitem__(self, plan_id: str) -> PlanSummary:
        return self._all[plan_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


class _Ids:
    """The ids of all plans, sorted, as they stand in the file: looked up without reading them all."""

    def __init__(self, text: Any, ends: Any) -> None:
        self._text, self._ends = text, ends

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[str]:
        content, begin = self._text.tobytes(), 0
        for end in self._ends.tolist():
            yield content[begin:end].decode()
            begin = end

    def place(self, plan_id: object) -> int:
        """The place of an id; -1 where there is none."""
        wanted = str(plan_id).encode()
        low, high = 0, len(self._ends)
        while low < high:
            middle = (low + high) // 2
            begin = int(self._ends[middle - 1]) if middle else 0
            found = self._text[begin : int(self._ends[middle])].tobytes()
            if found == wanted:
                return middle
            if found < wanted:
                low = middle + 1
            else:
                high = middle
        return -1
