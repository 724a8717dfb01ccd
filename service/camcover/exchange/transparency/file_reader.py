"""A Transparency in Coverage file, read value by value: a heading, and a list with an entry for each code.

What comes in: a file, and which prices are wanted. What goes out, to a subclass: each element of a wanted entry, and
the entry's end. What cannot be read is listed here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from camcover.exchange.json_stream import JsonStream
from camcover.exchange.notes import Unread, UnreadableFile
from camcover.exchange.transparency.codes import is_maybe_wanted, wanted_code
from camcover.exchange.transparency.headings import HEADING, check_plan, heading_text
from camcover.exchange.transparency.records import LeftOutTally, ReadPrices, Spot, WantedPrices

__all__ = ["FileKind", "FileReader"]


class FileKind(NamedTuple):
    """How a kind of file is made.

    `entries`: the list of entries; `fields`: what is asked of an entry; `elements`: the list in it, whose elements are
    called `element` where one is left out; `told`: what such a file is.
    """

    entries: str
    fields: frozenset[str]
    elements: str
    element: str
    told: str


class FileReader(ABC):
    """One reading of a file."""

    kind: ClassVar[FileKind]

    def __init__(self, path: Path, wanted: WantedPrices) -> None:
        """Nothing is read yet."""
        self.found = ReadPrices()
        self.wanted = wanted
        self._stream = JsonStream(path)

    @abstractmethod
    def end_entry(self, code: str) -> None:
        """The entry is over; empty: its code, known at its end alone, is not wanted, and its prices are none."""

    @abstractmethod
    def _element(self, element: Any, spot: Spot) -> None:
        """Take an element of an entry."""

    def _is_taken(self, _name: str) -> bool:
        """Read a list of the file beside its entries, if a subclass wants the one with that name."""
        return False

    def read(self) -> None:
        """Read the whole file. Raises `UnreadableFile`, and OSError where the file cannot be read."""
        stream, kind, has_entries = self._stream, self.kind, False
        for name in stream.fields():
            if name == kind.entries:
                has_entries = stream.is_list()
                for number in stream.items():
                    self._entry(f"{name} {number}")
            elif self._is_taken(name):
                continue
            elif name in HEADING:
                self.found.heading[name] = heading_text(stream.value())
            else:
                stream.skip()
        stream.end()
        if not has_entries:
            raise UnreadableFile([Unread(stream.name, 0, "", f"no list {kind.entries}", kind.told)])
        check_plan(stream, self.found.heading, self.wanted.plan_id)
        self.found.file = (stream.name, stream.sha256)

    def _entry(self, place: str) -> None:
        """Read the entry of one code, and hand on its elements unless its code is known not to be wanted."""
        stream, kind = self._stream, self.kind
        fields: dict[str, Any] = {}
        left = LeftOutTally()
        for name in stream.fields():
            if name in kind.fields:
                fields[name] = stream.value()
            elif name != kind.elements or not is_maybe_wanted(fields, self.wanted):
                stream.skip()
            else:
                for number in stream.items():
                    self._element(stream.value(), Spot(left, f"{place}, {kind.element} {number}"))
        self.found.count_entry(fields.get("billing_code"), is_wanted=bool(wanted_code(fields, self.wanted)))
        self.end_entry(self._code(fields, place, left))

    def _code(self, fields: Mapping[str, Any], _place: str, left: LeftOutTally) -> str:
        """The code of a whole entry, empty where it is not wanted; `left`: what was left out of it."""
        code = wanted_code(fields, self.wanted)
        if code:
            self.found.left.add_all(left, code)
        return code
