"""The records behind the rows of a plan's tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from camcover.engine.compiling.segments import Segment
from camcover.rulebook.records import (
    Benefit,
    Criteria,
    Discount,
    Exclusion,
    Limit,
    Phase,
    Policy,
    Requirement,
    Step,
)

Record = TypeVar("Record")


class Rows(Generic[Record]):
    """The records behind a plan's rows of one table, by row of the whole table."""

    __slots__ = ("_first", "_records")

    def __init__(self, first: int) -> None:
        """Begin at row `first`."""
        self._first = first
        self._records: list[Record] = []

    def append(self, record: Record) -> None:
        """Add the record of the next row."""
        self._records.append(record)

    def __getitem__(self, row: int) -> Record:
        """The record behind a row of the table."""
        return self._records[row - self._first]

    @property
    def first(self) -> int:
        """The row of the first record."""
        return self._first

    def items(self) -> Iterator[tuple[int, Record]]:
        """Every row with its record."""
        return enumerate(self._records, self._first)


@dataclass(frozen=True, slots=True)
class CriteriaSource:
    """Where a row of `criteria` stands: in a policy (then its id), else in the benefit or exclusion itself."""

    criteria: Criteria
    policy: Policy | None


@dataclass(frozen=True, slots=True)
class Sources:
    """The record behind each row of a plan in the tables of the same name."""

    rules: Rows[Benefit | Exclusion]
    criteria: Rows[CriteriaSource]
    phases: Rows[Phase]
    steps: Rows[Step]
    requirements: Rows[Requirement]
    limits: Rows[Limit]
    discounts: Rows[Discount]
    segments: Rows[Segment]
