"""The transactions of an X12 file, and where its envelopes disagree: control numbers, counts, missing ends.

Payers' files often disagree with themselves there, so a disagreement is told and hinders nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from camcover.exchange.notes import Unread
from camcover.exchange.x12.segments import X12Segment

__all__ = ["X12Transaction", "envelope_remarks", "transactions"]

_ENVELOPES = {"ST": ("SE", 2), "GS": ("GE", 6), "ISA": ("IEA", 13)}
"""What begins an envelope: what ends it, and the element with its control number, which is the end's second."""


class X12Transaction(NamedTuple):
    """One transaction: the code of its set, such as 271, and its segments, from ST to SE."""

    code: str
    segments: tuple[X12Segment, ...]


def transactions(segments: Iterable[X12Segment]) -> Iterator[X12Transaction]:
    """The transactions of a file, in order. One without an end goes to the next, or to the end of the file."""
    inside: list[X12Segment] = []
    for segment in segments:
        if segment.name in {"ST", "GE", "IEA", "ISA"} and inside:
            yield X12Transaction(inside[0][1], tuple(inside))
            inside = []
        if segment.name == "ST" or inside:
            inside.append(segment)
            if segment.name == "SE":
                yield X12Transaction(inside[0][1], tuple(inside))
                inside = []
    if inside:
        yield X12Transaction(inside[0][1], tuple(inside))


def envelope_remarks(segments: Sequence[X12Segment], file: str = "") -> Iterator[Unread]:
    """Where envelopes disagree, in order of the file; `file`: its name."""
    opened: list[X12Segment] = []
    for segment in segments:
        if segment.name in _ENVELOPES:
            opened.append(segment)
        elif opened and segment.name == _ENVELOPES[opened[-1].name][0]:
            yield from _disagreements(opened.pop(), segment, file)
        elif segment.name in {end for end, _ in _ENVELOPES.values()}:
            yield Unread(file, segment.place, "segment", segment.name, "the end of what was begun last")
    for segment in opened:
        yield Unread(file, segment.place, "segment", f"{segment.name} without its end", _ENVELOPES[segment.name][0])


def _disagreements(begin: X12Segment, end: X12Segment, file: str) -> Iterator[Unread]:
    number = _ENVELOPES[begin.name][1]
    if begin[number] != end[2]:
        expected = f"the control number of segment {begin.place}"
        yield Unread(file, end.place, "segment", f"{end.name} with another control number", expected)
    count = end.place - begin.place + 1
    if begin.name == "ST" and end[1].isdecimal() and int(end[1][:10]) != count:
        yield Unread(file, end.place, "segment", f"SE that counts {end[1][:10]} segments", f"{count}")
