"""Texts of rule files as exact numbers, and the calendar: sections 1 and 4 of docs/rule-language.md.

An adjudication reads the same few texts again and again, so what reads one keeps what it found.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

Json = dict[str, Any]
"""A parsed rule document or request, or a part of one."""

PARTS = ("deductible", "copay", "coinsurance")
"""The parts of a line's cost share, in the order of the cap (point 21)."""


def half_up(amount: Fraction) -> int:
    """The nearest whole number, a half going up; for amounts that are not negative."""
    return int(amount + Fraction(1, 2))


def percent_of(percent: Fraction, cents: int) -> int:
    """A percentage of an amount, half up to the cent (point 27)."""
    return half_up(percent * cents)


@cache
def money(text: str) -> int:
    """`$30.50` as 3050 cents."""
    cents = Fraction(text.removeprefix("$")) * 100
    if cents.denominator != 1:
        raise ValueError(f"not whole cents: {text}")
    return int(cents)


def money_or_unlimited(text: str | None) -> int | None:
    """Cents; None for `unlimited` and for an amount that is not given."""
    return None if text is None or text == "unlimited" else money(text)


@cache
def percent(text: str) -> Fraction:
    """`12.5%` as 1/8."""
    return Fraction(text.removesuffix("%")) / 100


def count(text: str) -> int:
    """`12 visits` as 12."""
    return int(text.split(maxsplit=1)[0])


def is_yes(text: str | None) -> bool:
    """`yes` or YAML's `true`."""
    return text in ("yes", "true")


@cache
def copay_amount(text: str) -> tuple[int, str]:
    """`$30 per line` as (3000, "line"); a bare amount is per visit."""
    amount, _, unit = text.partition(" per ")
    return money(amount), unit or "visit"


@dataclass(frozen=True)
class Allowance:
    """`12 visits`, `4 units`, `3 hours` or `$500`: measure "visits", "units", "minutes" or "money", and the amount."""

    measure: str
    amount: int


@cache
def allowance(text: str) -> Allowance:
    """What a limit allows."""
    if text.startswith("$"):
        return Allowance("money", money(text))
    if "hour" in text or "minute" in text:
        return Allowance("minutes", count(text) * (60 if "hour" in text else 1))
    return Allowance("visits" if "visit" in text else "units", count(text))


def add_months(day: date, months: int) -> date:
    """`day` moved by whole months, clipped to the end of the month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def completed_years(birth: date, on: date) -> int:
    """Age; a birthday of 29 February falls on 1 March in common years (point 2)."""
    had_birthday = (on.month, on.day) >= (birth.month, birth.day)
    return on.year - birth.year - (0 if had_birthday else 1)


def period_start(day: date, month: int, day_of_month: int) -> date:
    """First day of the yearly benefit period that holds `day`."""
    start = date(day.year, month, day_of_month)
    return start if start <= day else date(day.year - 1, month, day_of_month)


_ROLLING = re.compile(r"rolling (\d+) (day|month)s?")


def is_rolling(per: str) -> bool:
    """Whether a limit looks back from each date of service."""
    return _ROLLING.fullmatch(per) is not None


def in_window(per: str, past: date, day: date) -> bool:
    """Whether `past` counts on `day`: (day minus the length) < past <= day."""
    found = _ROLLING.fullmatch(per)
    if found is None:
        raise ValueError(f"not a rolling period: {per}")
    length = int(found[1])
    edge = day - timedelta(days=length) if found[2] == "day" else add_months(day, -length)
    return edge < past <= day


_FROM = re.compile(r"(\d+) (day|month)s? from (episode|first_visit)")


@cache
def begins_with(per: str) -> str:
    """`episode` or `first_visit` of a limit that counts from there on, else empty."""
    found = _FROM.fullmatch(per)
    return found[3] if found else ""


def time_end(per: str, first: date, times: int = 1) -> date:
    """The day behind a time that begins on `first`, or behind so many of them, one after the other."""
    found = _FROM.fullmatch(per)
    if found is None:
        raise ValueError(f"not a time from something on: {per}")
    length = int(found[1]) * times
    return first + timedelta(days=length) if found[2] == "day" else add_months(first, length)


def _number_since(per: str, began: date, day: date) -> int:
    """The number of the time from an episode's first day on that holds a day, from 1; 0 = the day is before it."""
    times = 0
    while day >= began and (times == 0 or time_end(per, began, times) <= day):
        times += 1
    return times


def fixed_period(per: str, day: date, benefit_period: date, began: date = date.min) -> tuple[object, ...]:
    """A key that two days share when they lie in one period; `benefit_period` is the first day of the day's own.

    `began`: the first day of the episode.
    """
    if begins_with(per) == "episode":
        return (_number_since(per, began, day),)
    if per in ("visit", "day"):
        return (day,)
    if per == "week":
        return (day - timedelta(days=day.weekday()),)
    if per == "month":
        return (day.year, day.month)
    if per == "quarter":
        return (day.year, (day.month - 1) // 3)
    if per == "calendar_year":
        return (day.year,)
    if per == "benefit_period":
        return (benefit_period,)
    if per in ("lifetime", "episode", "condition"):
        return ()
    raise ValueError(f"unknown period: {per}")


def counted_parts(benefit: Json) -> tuple[str, ...]:
    """What `counts_toward_out_of_pocket_maximum` of a benefit says: all parts, none, or those that it lists."""
    said = benefit.get("counts_toward_out_of_pocket_maximum", "yes")
    if isinstance(said, list):
        return tuple(said)
    return PARTS if is_yes(said) else ()
