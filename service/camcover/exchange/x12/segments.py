"""The segments of an X12 file, each with its place and its own text, so that all of them together are the file again.

What comes in: a text that begins with an ISA segment. What goes out: `X12Text`. The delimiters are those that each ISA
segment says. Nothing is judged but the form: codes that nobody knows, segments that nobody reads, and lengths that the
standard does not allow are kept as they stand. What is bounded: characters, segments, elements, repetitions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, NoReturn

from camcover.exchange.notes import Unread, UnreadableFile

__all__ = [
    "LARGE_FILE",
    "SMALL_FILE",
    "X12Bounds",
    "X12Delimiters",
    "X12Segment",
    "X12Text",
    "read_segments",
    "text_of",
]

_ISA = "ISA"
_BEGINNING = "an ISA segment, which begins an X12 file"
_ISA_ELEMENTS = 16
_LONGEST_ISA = 200
"""Characters within which the 16 elements of an ISA segment stand; 106 by the standard."""

_REPETITION_ELEMENT = 11
_BLANK = " \t\r\n"
_LEAD = "\ufeff" + _BLANK
_NAME = re.compile(r"[A-Z][A-Z0-9]{1,2}")


class X12Bounds(NamedTuple):
    """How large a file may be, in all and by segment."""

    characters: int
    segments: int
    elements: int = 100
    repetitions: int = 500


SMALL_FILE = X12Bounds(characters=1 << 20, segments=10_000)
"""The bounds of a file about one person, or a few."""

LARGE_FILE = X12Bounds(characters=64 << 20, segments=1_000_000)
"""The bounds of a file about many claims."""


class X12Delimiters(NamedTuple):
    """The four delimiters; `repetition` is empty where a file has none."""

    element: str = "*"
    repetition: str = "^"
    component: str = ":"
    segment: str = "~"


@dataclass(frozen=True)
class X12Segment:
    """One segment. `place`: its number in the file, from 1. `text`: its own characters, spaces before it included.

    `is_whole`: its terminator is there; a segment without one may have lost its end.
    """

    place: int
    text: str
    delimiters: X12Delimiters
    is_whole: bool = True

    @cached_property
    def _elements(self) -> list[str]:
        content = self.text.strip(_LEAD)
        return content.removesuffix(self.delimiters.segment).strip(_LEAD).split(self.delimiters.element)

    @property
    def name(self) -> str:
        """Its name, such as EB; empty where its first characters are none."""
        return self._elements[0] if _NAME.fullmatch(self._elements[0]) else ""

    @property
    def elements(self) -> int:
        """How many elements it has."""
        return len(self._elements) - 1

    def __getitem__(self, number: int) -> str:
        """The text of an element by its number, from 1; empty where it has none."""
        return self._elements[number].strip(_BLANK) if 0 < number < len(self._elements) else ""

    def repeats(self, number: int) -> tuple[str, ...]:
        """The repetitions of an element, without empty ones."""
        return _split(self[number], self.delimiters.repetition)

    def parts(self, number: int) -> tuple[str, ...]:
        """The components of an element, empty ones included; none of an element that is empty."""
        text = self[number]
        return tuple(part.strip(_BLANK) for part in text.split(self.delimiters.component)) if text else ()


class X12Text(NamedTuple):
    """A file: its segments in order, and what stands behind the last one."""

    segments: tuple[X12Segment, ...]
    tail: str = ""

    def as_text(self) -> str:
        """The file again, character for character."""
        return "".join(segment.text for segment in self.segments) + self.tail


def text_of(content: bytes) -> str:
    """The text of a file: UTF-8, else Latin-1, in which every byte is a character."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def read_segments(text: str, bounds: X12Bounds = SMALL_FILE, file: str = "") -> X12Text:
    """The segments of a text. `file`: its name in what is refused. Raises `UnreadableFile`, which repeats no text."""
    return _SegmentReader(text, bounds, file).read()


class _SegmentReader(NamedTuple):
    """A text, its bounds and its name."""

    text: str
    bounds: X12Bounds
    file: str

    def read(self) -> X12Text:
        """The segments. Raises `UnreadableFile`."""
        text, bounds = self.text, self.bounds
        if len(text) > bounds.characters:
            self._refuse(0, f"{len(text)} characters", f"at most {bounds.characters}")
        found: list[X12Segment] = []
        delimiters: X12Delimiters | None = None
        at = 0
        while (begins := self._behind_lead(at)) < len(text):
            place = len(found) + 1
            if place > bounds.segments:
                self._refuse(place, f"more than {bounds.segments} segments", f"at most {bounds.segments}")
            if text.startswith(_ISA, begins):
                delimiters = self._delimiters(begins, place)
            if delimiters is None:
                self._refuse(place, "a text that does not begin with ISA", _BEGINNING)
            end = text.find(delimiters.segment, begins)
            behind = len(text) if end < 0 else end + len(delimiters.segment)
            segment = X12Segment(place, text[at:behind], delimiters, is_whole=end >= 0)
            self._check_bounds(segment)
            found.append(segment)
            at = behind
        if not found:
            self._refuse(0, "no text", _BEGINNING)
        return X12Text(tuple(found), text[at:])

    def _behind_lead(self, at: int) -> int:
        """Where the next character stands that is no space, line break or byte-order mark."""
        while at < len(self.text) and self.text[at] in _LEAD:
            at += 1
        return at

    def _delimiters(self, begins: int, place: int) -> X12Delimiters:
        """The delimiters that an ISA segment says. Raises `UnreadableFile`."""
        text = self.text
        element = text[begins + len(_ISA) : begins + len(_ISA) + 1]
        self._check_delimiter(element, place, "behind ISA")
        starts: list[int] = []
        at = begins + len(_ISA)
        while at >= 0 and len(starts) < _ISA_ELEMENTS:
            starts.append(at + 1)
            at = text.find(element, at + 1, begins + _LONGEST_ISA)
        if len(starts) < _ISA_ELEMENTS:
            self._refuse(place, f"an ISA segment with {len(starts)} elements", f"{_ISA_ELEMENTS} elements")
        last = starts[-1]
        component, terminator = text[last : last + 1], text[last + 1 : last + 2]
        self._check_delimiter(component, place, "as element 16 of ISA")
        if terminator not in {"\r", "\n"}:  # a line break ends segments like another character
            self._check_delimiter(terminator, place, "behind element 16 of ISA")
        repetition = text[starts[_REPETITION_ELEMENT - 1] : starts[_REPETITION_ELEMENT] - 1].strip(_BLANK)
        if len(repetition) != 1 or repetition.isalnum():
            repetition = ""  # earlier versions have a code of the standard here
        chosen = X12Delimiters(element, repetition, component, terminator)
        used = [each for each in chosen if each]
        if len(set(used)) < len(used):
            self._refuse(place, "one character as two delimiters in ISA", "a character of its own for each")
        return chosen

    def _check_delimiter(self, text: str, place: int, where: str) -> None:
        if not text or text.isalnum() or text in _BLANK:
            found = "the end of the file" if not text else "a letter, a digit or a space"
            self._refuse(place, f"{found} {where}", "a delimiter, such as *")

    def _check_bounds(self, segment: X12Segment) -> None:
        """Refuse a segment of more elements, or of more repetitions, than are read."""
        elements = segment.text.count(segment.delimiters.element)
        if elements > self.bounds.elements:
            self._refuse(segment.place, f"{elements} elements", f"at most {self.bounds.elements} in a segment")
        repetition = segment.delimiters.repetition
        most = self.bounds.repetitions
        if repetition and segment.text.count(repetition) >= most:
            self._refuse(segment.place, f"{most} repetitions and more", f"less than {most} in a segment")

    def _refuse(self, place: int, found: str, expected: str) -> NoReturn:
        raise UnreadableFile([Unread(self.file, place, "segment" if place else "", found, expected)])


def _split(text: str, delimiter: str) -> tuple[str, ...]:
    pieces = text.split(delimiter) if delimiter else [text]
    return tuple(piece.strip(_BLANK) for piece in pieces if piece.strip(_BLANK))
