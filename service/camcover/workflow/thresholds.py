"""Bounds on an impact, such as `patient_increase_p99 > 50.00`. A change of the rules that crosses one is refused.

What comes in: the text of a bound, and an `Impact`. What goes out: the value found, and whether it crosses the bound.
Nothing is rounded before it is compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from operator import ge, gt, le, lt
from typing import NamedTuple

from camcover.errors import CamcoverError
from camcover.money import dollars
from camcover.rulebook.hints import with_hint
from camcover.workflow.impact.records import Impact

__all__ = ["METRICS", "BoundResult", "Metric", "Threshold", "WrongThreshold", "judge", "threshold"]


class WrongThreshold(CamcoverError, ValueError):
    """A bound that cannot be read; the message says what was found and what was expected."""


class Unit(StrEnum):
    """What a metric is measured in, as it is told to people."""

    MONEY = "dollars"
    SHARE = "percent"
    COUNT = "whole number"


class Metric(NamedTuple):
    """Something that a bound may be set on. `value` is in cents, in basis points, or a count."""

    unit: Unit
    meaning: str
    value: Callable[[Impact], Fraction]


def _quantile(name: str) -> Metric:
    """The change of a member's cost at a quantile."""

    def value(impact: Impact) -> Fraction:
        return Fraction(next(each.change_cents for each in impact.change.quantiles if each.name == name))

    return Metric(Unit.MONEY, f"change of a member's cost at {name} of all compared members", value)


def _mean(impact: Impact) -> Fraction:
    """The mean change, not rounded."""
    return Fraction(impact.change.total_cents, impact.members.compared or 1)


def _share_paying_more(impact: Impact) -> Fraction:
    """Members paying more, in basis points of the compared ones."""
    return Fraction(10_000 * impact.members.paying_more, impact.members.compared or 1)


def _count(meaning: str, value: Callable[[Impact], int]) -> Metric:
    return Metric(Unit.COUNT, meaning, lambda impact: Fraction(value(impact)))


def _money(meaning: str, value: Callable[[Impact], int]) -> Metric:
    return Metric(Unit.MONEY, meaning, lambda impact: Fraction(value(impact)))


METRICS: Mapping[str, Metric] = {
    "patient_increase_p50": _quantile("p50"),
    "patient_increase_p90": _quantile("p90"),
    "patient_increase_p95": _quantile("p95"),
    "patient_increase_p99": _quantile("p99"),
    "patient_increase_p999": _quantile("p99.9"),
    "patient_increase_max": _money("largest increase of a member's cost", lambda each: each.change.most_increase_cents),
    "patient_increase_mean": Metric(Unit.MONEY, "mean change of a member's cost, compared without rounding", _mean),
    "members_paying_more": _count("members who pay more", lambda each: each.members.paying_more),
    "members_paying_more_share": Metric(
        Unit.SHARE, "members who pay more, of all compared members", _share_paying_more
    ),
    "members_paying_less": _count("members who pay less", lambda each: each.members.paying_less),
    "lines_no_longer_covered": _count("lines covered before and not after", lambda each: each.total.no_longer_covered),
    "members_no_longer_priced": _count(
        "members that only the rules before can price", lambda each: each.members.no_longer_priced
    ),
    "patient_total_increase": _money("change of what all patients pay", lambda each: each.change.total_cents),
    "plan_paid_total_increase": _money("change of what the plans pay", lambda each: each.total.plan_paid.change_cents),
}
"""What a bound may be set on, by name. Increases are positive, decreases negative."""

_COMPARISONS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}
_BOUND = re.compile(r"\s*(?P<metric>\w+)\s*(?P<comparison>[<>]=?)\s*(?P<value>\S+)\s*")
_VALUES: Mapping[Unit, tuple[re.Pattern[str], str]] = {
    Unit.MONEY: (re.compile(r"(-?)\$?(\d{1,15})(?:\.(\d{1,2}))?"), "dollars such as 50.00"),
    Unit.SHARE: (re.compile(r"(-?)(\d{1,3})(?:\.(\d{1,2}))?%"), "a percentage such as 5%"),
    Unit.COUNT: (re.compile(r"(-?)(\d{1,15})"), "a whole number such as 100"),
}


class Threshold(NamedTuple):
    """A bound; `bound` in the metric's own unit (cents, basis points, a count)."""

    text: str
    metric: str
    comparison: str
    bound: int


class BoundResult(NamedTuple):
    """The result of a bound: its text, the value found (in words), and whether it is crossed."""

    text: str
    found: str
    is_crossed: bool


def threshold(text: str) -> Threshold:
    """Read a bound such as `members_paying_more_share > 5%`. Raises `WrongThreshold`."""
    match = _BOUND.fullmatch(text)
    if match is None:
        raise WrongThreshold(f"{text!r} is not a bound; expected METRIC > VALUE (or >=, <, <=)")
    name = match["metric"]
    metric = METRICS.get(name)
    if metric is None:
        raise WrongThreshold(with_hint(f"no metric {name!r}", name, METRICS))
    return Threshold(" ".join(text.split()), name, match["comparison"], _value(name, metric.unit, match["value"]))


def _value(name: str, unit: Unit, text: str) -> int:
    """A bound's value in cents, basis points, or as a count."""
    form, expected = _VALUES[unit]
    match = form.fullmatch(text)
    if match is None:
        raise WrongThreshold(f"{name}: found {text!r}, expected {expected}")
    if unit is Unit.COUNT:
        return int(match[1] + match[2])
    return int(match[1] + match[2] + (match[3] or "").ljust(2, "0"))


def judge(impact: Impact, thresholds: Sequence[Threshold]) -> tuple[BoundResult, ...]:
    """The result of each bound, in order."""
    return tuple(_judged(impact, each) for each in thresholds)


def _judged(impact: Impact, bound: Threshold) -> BoundResult:
    """One bound, compared with the value found."""
    metric = METRICS[bound.metric]
    found = metric.value(impact)
    is_crossed = _COMPARISONS[bound.comparison](found, Fraction(bound.bound))
    return BoundResult(bound.text, _shown(metric.unit, found, impact), is_crossed)


def _shown(unit: Unit, found: Fraction, impact: Impact) -> str:
    """What was found, in words: to the cent or to a hundredth of a percent, a half upwards."""
    rounded = (found + Fraction(1, 2)).__floor__()
    if unit is Unit.MONEY:
        return dollars(rounded)
    if unit is Unit.COUNT:
        return f"{rounded:,}"
    members = impact.members
    return f"{rounded // 100}.{rounded % 100:02d}% ({members.paying_more:,} of {members.compared:,})"
