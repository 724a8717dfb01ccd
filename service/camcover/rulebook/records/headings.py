"""What every rule file begins with, and the word that knows its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a rule file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """`file:line:column`, as compilers print it."""
        return f"{self.file}:{self.line}:{self.column}"


class Word(str):
    """An identifier or code as written in a file: a `str` that knows its place.

    Every reference in the records (therapies, codes, conditions, policy, fees, accumulators, tiers, states, ...) and
    every id is a Word, so that a check can point at the very word that is wrong.
    """

    __slots__ = ("at",)
    at: Place

    def __new__(cls, text: str, at: Place) -> Self:
        """`text` read at `at`."""
        word = super().__new__(cls, text)
        word.at = at
        return word

    def __getnewargs__(self) -> tuple[str, Place]:  # type: ignore[override]
        """What a copy is made of."""
        return str(self), self.at


@dataclass(frozen=True, slots=True)
class Effective:
    """An inclusive range of dates; `to` None is open."""

    start: date
    end: date | None
    at: Place

    def holds(self, day: date) -> bool:
        """Whether `day` lies in the range."""
        return self.start <= day and (self.end is None or day <= self.end)

    def meets(self, other: Effective) -> bool:
        """Whether the two ranges have a day in common."""
        return (self.end is None or other.start <= self.end) and (other.end is None or self.start <= other.end)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure was published."""

    title: str
    url: str | None
    published: date | None
    retrieved: date | None
    at: Place


@dataclass(frozen=True, slots=True)
class Review:
    """Who looked at the file, when, and when to look again."""

    on: date
    by: str | None
    next: date | None
    at: Place


@dataclass(frozen=True, slots=True)
class Heading:
    """The keys every rule file begins with."""

    id: str
    name: str | None
    effective: Effective
    sources: Mapping[str, Source]
    illustrative: bool
    reviewed: Review | None
    notes: str | None
    at: Place
