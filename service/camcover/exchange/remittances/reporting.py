"""How right estimates were, in numbers: by plan, by therapy and by rule, with what explains the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from camcover.exchange.remittances.records import ComparedLine, ErrorCause

__all__ = ["AccuracyGroup", "AccuracyReport", "CauseCount", "accuracy_report"]

BOUNDS_CENTS = (0, 100, 500, 2_000, 5_000)
"""The classes of errors: right to the cent, up to $1, $5, $20, $50, and above."""


class CauseCount(NamedTuple):
    """Of how many lines a cause explains most, and what it explains of all errors: signed, and without signs."""

    cause: ErrorCause
    lines: int
    cents: int
    absolute_cents: int


class AccuracyGroup(NamedTuple):
    """Figures of some lines. Errors are what the patient owes less what was estimated, cents.

    `exact`: lines right to the cent; `same_coverage`: lines whose coverage was said rightly; `total_error_cents` over
    `lines` is the bias; `errors`: how many lines are in each class of `BOUNDS_CENTS`, and above.
    """

    name: str
    lines: int
    exact: int
    same_coverage: int
    total_error_cents: int
    absolute_error_cents: int
    median_error_cents: int
    ninetieth_error_cents: int
    largest_error_cents: int
    errors: tuple[int, ...]
    causes: tuple[CauseCount, ...]


class AccuracyReport(NamedTuple):
    """Figures of all lines, and by plan, therapy and rule; `unmatched`: lines without an estimate."""

    all: AccuracyGroup
    plans: tuple[AccuracyGroup, ...]
    therapies: tuple[AccuracyGroup, ...]
    rules: tuple[AccuracyGroup, ...]
    unmatched: int


def accuracy_report(lines: Sequence[ComparedLine], unmatched: int) -> AccuracyReport:
    """The figures of compared lines."""
    return AccuracyReport(
        _group("all", lines),
        _by(lines, lambda each: each.plan),
        _by(lines, lambda each: each.estimated.therapy),
        _by(lines, lambda each: f"{each.plan}/{each.estimated.benefit or 'no benefit'}"),
        unmatched,
    )


def _by(lines: Iterable[ComparedLine], key: Callable[[ComparedLine], str]) -> tuple[AccuracyGroup, ...]:
    """A group for each key, that with the largest errors first."""
    found: dict[str, list[ComparedLine]] = {}
    for each in lines:
        found.setdefault(key(each), []).append(each)
    groups = [_group(name, some) for name, some in found.items()]
    return tuple(sorted(groups, key=lambda each: (-each.absolute_error_cents, each.name)))


def _group(name: str, lines: Sequence[ComparedLine]) -> AccuracyGroup:
    errors = [each.error_cents for each in lines]
    sizes = sorted(map(abs, errors))
    return AccuracyGroup(
        name,
        len(lines),
        errors.count(0),
        sum(each.remitted.is_denied != each.estimated.is_covered for each in lines),
        sum(errors),
        sum(sizes),
        _quantile(sizes, 1, 2),
        _quantile(sizes, 9, 10),
        sizes[-1] if sizes else 0,
        _classes(sizes),
        tuple(_cause(cause, lines) for cause in ErrorCause),
    )


def _classes(sizes: Sequence[int]) -> tuple[int, ...]:
    upto = [sum(size <= bound for size in sizes) for bound in BOUNDS_CENTS]
    return tuple(later - before for before, later in zip([0, *upto], [*upto, len(sizes)], strict=True))


def _quantile(sizes: Sequence[int], part: int, whole: int) -> int:
    """The smallest size that so large a part of all does not exceed; 0 of none."""
    return sizes[max(-(-len(sizes) * part // whole) - 1, 0)] if sizes else 0


def _cause(cause: ErrorCause, lines: Sequence[ComparedLine]) -> CauseCount:
    parts = [each.causes.get(cause, 0) for each in lines]
    main = sum(each.main_cause is cause for each in lines)
    return CauseCount(cause, main, sum(parts), sum(map(abs, parts)))
