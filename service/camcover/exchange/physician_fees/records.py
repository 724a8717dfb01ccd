"""What is known of a procedure code and of a locality in the Medicare physician fee schedule."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from camcover.exchange.notes import Unread

__all__ = ["Locality", "ReadLocalities", "ReadValues", "RelativeValues"]


class RelativeValues(NamedTuple):
    """A code's relative value units. `office`, `facility`: practice expense, None = not given there (`NA`).

    `status`: whether Medicare pays by these values (`A`, `R`, `T`), or how else. `is_reduced`: whether the practice
    expense of further units of a day is reduced (multiple procedures 5).
    """

    code: str
    line: int
    status: str
    work: Decimal
    office: Decimal | None
    facility: Decimal | None
    malpractice: Decimal
    factor: Decimal
    is_reduced: bool


class Locality(NamedTuple):
    """A payment locality with its geographic practice cost indices."""

    contractor: str
    state: str
    number: str
    name: str
    work: Decimal
    expense: Decimal
    malpractice: Decimal

    @property
    def key(self) -> str:
        """`WA-02`: what tells it from all others."""
        return f"{self.state}-{self.number}"


@dataclass(slots=True)
class ReadValues:
    """The relative values of a year by code, `modified`: codes that have rows with a modifier; what was not read."""

    year: int
    title: str
    values: dict[str, RelativeValues] = field(default_factory=dict)
    modified: set[str] = field(default_factory=set)
    unread: list[Unread] = field(default_factory=list)
    file: tuple[str, str] = ("", "")


@dataclass(slots=True)
class ReadLocalities:
    """The localities of a year, in the order of the file. `file`: name and SHA-256."""

    year: int
    places: list[Locality] = field(default_factory=list)
    file: tuple[str, str] = ("", "")
