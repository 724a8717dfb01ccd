"""Compiled rules in one file: arrays to map into memory, and each plan's words, to read when it is first asked.

What comes in: `Tables`. What goes out: the same `Tables`, of which a process holds only what it uses. So a service with
ten thousand plans starts as fast as with ten. Layout: a line that names the format, the length of the header, the
header (JSON: digest and places), arrays at multiples of 64 bytes, then pickles, each with its CRC-32. Reading makes
nothing but the records of this package; a file that is cut off, altered, or of another version is refused.
"""

from __future__ import annotations

import io
import json
import pickle
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from camcover.engine.compile import Tables
from camcover.engine.plan_index import PlanIndex, PlanSummary
from camcover.engine.tables import RULE_DTYPES, RuleTables

__all__ = ["UnreadableTables", "is_stored", "read_tables", "write_tables"]

_MAGIC = b"camcover-tables/1\n"
_ALIGNED = 64
_CRC = 4
_KEPT_PLANS = 4_096
"""Plans whose words a process keeps at hand."""

_ALLOWED = ("camcover.rulebook.records", "camcover.engine.plan_index", "camcover.engine.vocabulary")
_ALLOWED_NAMES = {
    ("datetime", "date"),
    ("builtins", "frozenset"),
    ("builtins", "set"),
    ("camcover.engine.estimate", "Citation"),
}


class UnreadableTables(Exception):
    """The file holds no compiled rules that this version can read; says why."""


def is_stored(path: Path) -> bool:
    """Whether a file says that it holds compiled rules."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def write_tables(tables: Tables, path: Path) -> None:
    """Write compiled rules to a file, whole or not at all. Raises OSError."""
    places: dict[str, Any] = {"digest": tables.digest, "arrays": {}}
    body = io.BytesIO()
    arrays: Iterable[Any] = tables.arrays
    for name, array in zip(RuleTables._fields, arrays, strict=True):
        places["arrays"][name] = [_put(body, array), len(array), _described(array.dtype)]
    places["vocabulary"] = _dump(body, tables.vocabulary)
    places["directory"] = _dump(body, dict(tables.directory))
    ids = sorted(tables.plans, key=str.encode)
    texts = [plan_id.encode() for plan_id in ids]
    plans = [_dump(body, tables.plans[plan_id].as_compiled()) for plan_id in ids]
    places["plans"] = {
        "count": len(ids),
        "text": [_put(body, np.frombuffer(b"".join(texts), dtype=np.uint8)), sum(map(len, texts))],
        "ends": _put(body, np.cumsum([len(text) for text in texts], dtype=np.int64)),
        "places": _put(body, np.array(plans, dtype=np.int64)),
    }
    places["size"] = body.tell()
    header = json.dumps(places).encode()
    start = len(_MAGIC) + 8 + len(header)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(_MAGIC + len(header).to_bytes(8, "little") + header + bytes(-start % _ALIGNED))
        file.write(body.getbuffer())
    part.replace(path)


def read_tables(path: Path) -> Tables:
    """The compiled rules of a file. Raises `UnreadableTables`, or OSError."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise UnreadableTables(f"{path}: no compiled rules of this version; compile the rule files anew")
        length = int.from_bytes(file.read(8), "little")
        try:
            places = json.loads(file.read(length))
        except ValueError as error:
            raise UnreadableTables(f"{path}: its header is not readable; compile the rule files anew") from error
        start = file.tell() + -file.tell() % _ALIGNED
    data = np.memmap(path, dtype=np.uint8, mode="r")
    if len(data) != start + places["size"]:
        found, expected = len(data), start + places["size"]
        raise UnreadableTables(f"{path}: {found} bytes; expected {expected}. Compile the rule files anew")
    body = data[start:]
    arrays = [_array(path, body, name, places["arrays"].get(name)) for name in RuleTables._fields]
    plans = places["plans"]
    first, length = plans["text"]
    ids = _Ids(body[first : first + length], _numbers(body, plans["ends"], plans["count"]))
    return Tables(
        places["digest"],
        RuleTables(*arrays),
        _load(path, body, places["vocabulary"]),
        _StoredPlans(path, body, ids, _numbers(body, plans["places"], 2 * plans["count"]).reshape(-1, 2)),
        _StoredDirectory(path, body, places["directory"]),
    )


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


class _StoredPlans(Mapping[str, PlanIndex]):
    """The plans of a file, each read when it is first asked for; those asked last are kept."""

    def __init__(self, path: Path, body: Any, ids: _Ids, places: Any) -> None:
        self._path, self._body, self._ids, self._places = path, body, ids, places
        self._kept: OrderedDict[str, PlanIndex] = OrderedDict()

    def __getitem__(self, plan_id: str) -> PlanIndex:
        found = self._kept.get(plan_id)
        if found is None:
            place = self._ids.place(plan_id)
            if place < 0:
                raise KeyError(plan_id)
            found = self._kept[plan_id] = _load(self._path, self._body, self._places[place].tolist())
            if len(self._kept) > _KEPT_PLANS:
                self._kept.popitem(last=False)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, plan_id: object) -> bool:
        return self._ids.place(plan_id) >= 0


class _StoredDirectory(Mapping[str, PlanSummary]):
    """The summaries of all plans, read when the first is asked for."""

    def __init__(self, path: Path, body: Any, place: list[int]) -> None:
        self._where = path, body, place

    @cached_property
    def _all(self) -> dict[str, PlanSummary]:
        found: dict[str, PlanSummary] = _load(*self._where)
        return found

    def __getitem__(self, plan_id: str) -> PlanSummary:
        return self._all[plan_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def _put(body: BinaryIO, array: Any) -> int:
    """Append an array where it may be mapped; gives its place."""
    body.write(bytes(-body.tell() % _ALIGNED))
    place = body.tell()
    body.write(array.tobytes())
    return place


def _numbers(body: Any, first: int, count: int) -> Any:
    """Integers of the file."""
    return body[first : first + 8 * count].view(np.int64)


def _described(dtype: np.dtype[Any]) -> list[Any]:
    """A type as JSON holds it, so that a reader sees whether its own is the same."""
    return json.loads(json.dumps(dtype.descr))


def _array(path: Path, body: Any, name: str, place: list[Any] | None) -> Any:
    """An array of the file, of the type that this version has for it."""
    expected = RULE_DTYPES[name]
    if place is None or place[2] != _described(expected):
        raise UnreadableTables(f"{path}: table {name!r} is of another version; compile the rule files anew")
    first, rows, _ = place
    return body[first : first + rows * expected.itemsize].view(expected)


def _dump(body: BinaryIO, record: object) -> list[int]:
    """Append a record; gives its place."""
    content = pickle.dumps(record, protocol=5)
    place = [body.tell(), len(content)]
    body.write(content + zlib.crc32(content).to_bytes(_CRC, "little"))
    return place


def _load(path: Path, body: Any, place: list[int]) -> Any:
    """The record at a place. Raises `UnreadableTables` when its bytes are not those that were written."""
    first, length = place
    content = body[first : first + length].tobytes()
    if zlib.crc32(content).to_bytes(_CRC, "little") != body[first + length : first + length + _CRC].tobytes():
        raise UnreadableTables(f"{path}: altered since it was written; compile the rule files anew")
    try:
        return _Reader(io.BytesIO(content)).load()
    except (pickle.UnpicklingError, AttributeError, TypeError, EOFError) as error:
        raise UnreadableTables(f"{path}: records of another version; compile the rule files anew") from error


class _Reader(pickle.Unpickler):
    """Makes records of this package and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """A class that a file may name."""
        if module.startswith(_ALLOWED) or (module, name) in _ALLOWED_NAMES:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no record")
