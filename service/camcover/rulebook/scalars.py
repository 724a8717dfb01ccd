"""The scalars of the language: text with its unit -> integers and dates, exactly.

What comes in: the text of a scalar. What goes out: its value, or `FAILED`. Nothing passes through a float. Each scalar
also describes what it expects, in words for people and as JSON Schema for editors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from camcover.messages import Message, sentence
from camcover.money import BasisPoints, Cents
from camcover.rulebook.phrases import awaited, quoted_choice
from camcover.rulebook.records import (
    ACCOUNT_PERIODS,
    BOUND_UNITS,
    COPAYS,
    FIXED_PERIODS,
    MINUTES_OF_HOUR,
    NOUNS,
    PERIODS,
    AboveAllowed,
    AboveAllowedKind,
    BenefitPeriod,
    CopayPer,
    LimitPeriod,
    Measure,
    PeriodKind,
    WaitingPeriod,
    WaitingUnit,
)

__all__ = ["FAILED", "Failed", "Quantity", "ScalarType"]


class Failed:
    """The placeholder of a value that could not be read; the fault is already reported."""

    def __repr__(self) -> str:
        """A short name for debugging."""
        return "FAILED"


FAILED: Final = Failed()

JsonSchema = dict[str, Any]

MAX_CENTS = 1_000_000_000
"""The largest amount in a rule file: ten million dollars."""

MAX_COUNT = 10_000
"""The largest count of visits, units or minutes."""


@dataclass(frozen=True, slots=True)
class ScalarType:
    """One kind of scalar: `parse` gives the value or FAILED; `expected` completes "expected ..."."""

    code: str
    expected: Message
    parse: Callable[[str], Any]
    schema: JsonSchema


@dataclass(frozen=True, slots=True)
class Quantity:
    """`12 visits`, `4 units`, `180 minutes` or `$500`: a limit's amount."""

    measure: Measure
    amount: int


_DECIMAL = r"(0|[1-9][0-9]{0,7})(?:\.([0-9]{1,2}))?"
_MONEY = re.compile(rf"\${_DECIMAL}")
_PERCENT = re.compile(rf"{_DECIMAL}%")
_NOUNS = {noun: measure for measure, noun in NOUNS.items() if noun is not None}
_COUNTED = "|".join(f"{noun}s?" for noun in (*_NOUNS, "hour"))
_COUNT = re.compile(rf"(0|[1-9][0-9]{{0,5}}) ({_COUNTED})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COPAY_UNITS = "|".join(COPAYS)
_COPAY = re.compile(rf"(\$[0-9.]+)(?: per ({_COPAY_UNITS}))?")
_BOUND_UNITS = "|".join(BOUND_UNITS)
_UP_TO = re.compile(r"member up to ([0-9.]+%)")
_WINDOWS = {f"{each.begins} {each.unit}": (kind, each) for kind, terms in PERIODS.items() if (each := terms.window)}
_BEGINNINGS = "|".join(dict.fromkeys(window.begins for _, window in _WINDOWS.values() if window.begins))
_LENGTH = "[1-9][0-9]* (day|month)s?"
_WINDOW = re.compile(rf"(rolling )?([1-9][0-9]{{0,3}}) (day|month)s?(?(1)| from ({_BEGINNINGS}))")
_PERCENT_OF = re.compile(r"([0-9.]+%) of ([a-z][a-z0-9_-]*)")
_LIMIT_ID = r"[a-z][a-z0-9_.-]*"
_MONTH_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


def _hundredths(found: re.Match[str]) -> int:
    """`12.5` as 1250."""
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def parse_money(text: str) -> Cents | Failed:
    """`$30.50` as 3050 cents."""
    found = _MONEY.fullmatch(text)
    if found is None:
        return FAILED
    cents = Cents(_hundredths(found))
    return cents if cents <= MAX_CENTS else FAILED


def parse_money_or_unlimited(text: str) -> Cents | Failed | None:
    """Cents; `unlimited` as None."""
    return None if text == "unlimited" else parse_money(text)


def parse_percent(text: str) -> BasisPoints | Failed:
    """`12.5%` as 1250 basis points, at most 100 %."""
    basis_points = parse_large_percent(text)
    return FAILED if isinstance(basis_points, Failed) or basis_points > 10_000 else basis_points


def parse_penalty(text: str) -> tuple[BasisPoints | None, Cents | None] | Failed:
    """`50%` as (5000, None), `$300` as (None, 30000): basis points or cents."""
    if not text.startswith("$"):
        return FAILED if isinstance(part := parse_percent(text), Failed) else (part, None)
    return FAILED if isinstance(cents := parse_money(text), Failed) else (None, cents)


def parse_large_percent(text: str) -> BasisPoints | Failed:
    """`115%` as 11500 basis points, at most 1000 %."""
    found = _PERCENT.fullmatch(text)
    if found is None:
        return FAILED
    basis_points = BasisPoints(_hundredths(found))
    return basis_points if basis_points <= 100_000 else FAILED


def parse_count(text: str) -> Quantity | Failed:
    """`12 visits`, `4 units` or `90 minutes`; `3 hours` as 180 minutes."""
    found = _COUNT.fullmatch(text)
    if found is None:
        return FAILED
    noun = found[2].removesuffix("s")
    amount = int(found[1]) * (MINUTES_OF_HOUR if noun == "hour" else 1)
    return Quantity(_NOUNS.get(noun, Measure.MINUTES), amount) if amount <= MAX_COUNT else FAILED


def parse_quantity(text: str) -> Quantity | Failed:
    """`12 visits`, `4 units`, `3 hours` or `$500`."""
    cents = parse_money(text)
    return parse_count(text) if isinstance(cents, Failed) else Quantity(Measure.MONEY, cents)


def parse_visits(text: str) -> int | Failed:
    """`12 visits` as 12."""
    found = parse_count(text)
    return FAILED if isinstance(found, Failed) or found.measure is not Measure.VISITS else found.amount


def parse_visits_of(text: str) -> tuple[int, str | None] | Failed:
    """`12 visits` as (12, None), `5 visits of manual-therapies` as (5, "manual-therapies")."""
    visits, _, limit = text.partition(" of ")
    number = parse_visits(visits)
    is_named = re.fullmatch(_LIMIT_ID, limit) is not None
    return FAILED if isinstance(number, Failed) or (" of " in text and not is_named) else (number, limit or None)


def parse_whole(text: str) -> int | Failed:
    """A whole number from 0 to 10,000."""
    is_whole = re.fullmatch(r"0|[1-9][0-9]{0,4}", text) is not None
    return int(text) if is_whole and int(text) <= MAX_COUNT else FAILED


def parse_age(text: str) -> int | Failed:
    """Completed years, 0 to 150."""
    years = parse_whole(text)
    return FAILED if isinstance(years, Failed) or years > 150 else years


def parse_minutes(text: str) -> int | Failed:
    """`15 minutes` or `1 hour`, as minutes; at least one."""
    found = parse_count(text)
    is_time = not isinstance(found, Failed) and found.measure is Measure.MINUTES and found.amount > 0
    return found.amount if is_time and not isinstance(found, Failed) else FAILED


def parse_days(text: str) -> int | Failed:
    """`7 days` as 7."""
    found = re.fullmatch(r"([1-9][0-9]{0,3}) (day|days)", text)
    return int(found[1]) if found else FAILED


def parse_waiting_period(text: str) -> WaitingPeriod | Failed:
    """`60 days` or `2 months`."""
    found = re.fullmatch(r"([1-9][0-9]{0,2}) (day|month)s?", text)
    return WaitingPeriod(int(found[1]), WaitingUnit(found[2])) if found else FAILED


def parse_date(text: str) -> date | Failed:
    """An ISO 8601 calendar date from 1990 to 2200."""
    return _date(text, 1990)


def parse_birth_date(text: str) -> date | Failed:
    """An ISO 8601 calendar date from 1880 to 2200."""
    return _date(text, 1880)


def _date(text: str, first_year: int) -> date | Failed:
    """A calendar date from the first day of a year to the end of 2200."""
    if _DATE.fullmatch(text) is None:
        return FAILED
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return FAILED
    return day if first_year <= day.year <= 2200 else FAILED


def parse_yes(text: str) -> bool | Failed:
    """`yes` and `no`, or YAML 1.2's `true` and `false`."""
    return {"yes": True, "true": True, "no": False, "false": False}.get(text, FAILED)


def parse_text(text: str) -> str | Failed:
    """Any text that is not empty."""
    return text.strip() or FAILED


def parse_copay(text: str) -> tuple[Cents, CopayPer] | Failed:
    """`$30`, `$30 per visit`, `$30 per line`, `$30 per unit`, `$30 per day`."""
    found = _COPAY.fullmatch(text)
    cents = parse_money(found[1]) if found else FAILED
    if found is None or isinstance(cents, Failed):
        return FAILED
    return cents, CopayPer(found[2] or next(iter(COPAYS)))


def parse_bound(text: str) -> tuple[Cents, CopayPer] | Failed:
    """The least or the most of a coinsurance: a copay that is not per day."""
    found = parse_copay(text)
    return found if not isinstance(found, Failed) and found[1] in BOUND_UNITS else FAILED


def parse_above_allowed(text: str) -> AboveAllowed | Failed:
    """`written_off`, `member` or `member up to 115%`."""
    if text in ("written_off", "member"):
        return AboveAllowed(AboveAllowedKind(text), None)
    found = _UP_TO.fullmatch(text)
    cap = parse_large_percent(found[1]) if found else FAILED
    if isinstance(cap, Failed) or cap < 10_000:
        return FAILED
    return AboveAllowed(AboveAllowedKind.MEMBER_UP_TO, cap)


def parse_period(text: str) -> LimitPeriod | Failed:
    """A period of section 4, limits."""
    found = _WINDOW.fullmatch(text)
    if found is not None:
        length, (kind, window) = int(found[2]), _WINDOWS[f"{found[4] or ''} {found[3]}"]
        return LimitPeriod(kind, length) if length <= window.longest else FAILED
    return LimitPeriod(PeriodKind(text), 0) if text in FIXED_PERIODS else FAILED


def parse_account_period(text: str) -> LimitPeriod | Failed:
    """A period of an account: one on fixed dates, other than a visit."""
    return LimitPeriod(PeriodKind(text), 0) if text in ACCOUNT_PERIODS else FAILED


def parse_percent_of(text: str) -> tuple[BasisPoints, str] | Failed:
    """`80% of charge` as (8000, "charge"), `100% of in_network` as (10000, "in_network")."""
    found = _PERCENT_OF.fullmatch(text)
    basis_points = parse_large_percent(found[1]) if found else FAILED
    if found is None or isinstance(basis_points, Failed):
        return FAILED
    return basis_points, found[2]


def parse_month_day(text: str) -> BenefitPeriod | Failed:
    """`07-01`: a day that every year has."""
    found = _MONTH_DAY.fullmatch(text)
    if found is None or (int(found[1]), int(found[2])) == (2, 29):
        return FAILED
    try:
        date(2001, int(found[1]), int(found[2]))
    except ValueError:
        return FAILED
    return BenefitPeriod(int(found[1]), int(found[2]))


def _text(pattern: str) -> JsonSchema:
    """A string that matches; `pattern` is in both dialects, Python's and ECMAScript's."""
    return {"type": "string", "pattern": f"^{pattern}$"}


def _any_of(words: Iterable[str]) -> str:
    """`'one', 'two' or 'three'`."""
    *others, last = [f"'{word}'" for word in words]
    return f"{', '.join(others)} or {last}" if others else last


_SUCH_AMOUNT = sentence("expected-such-amount", "amounts")
_PERIOD = sentence("expected-period", "periods", "windows")
_ACCOUNT_PERIOD = sentence("expected-account-period", "periods")

_DOLLARS = r"\$(0|[1-9][0-9]{0,7})(\.[0-9]{1,2})?"
_PERCENTAGE = r"(0|[1-9][0-9]{0,7})(\.[0-9]{1,2})?%"
_WHOLE: JsonSchema = {"type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": 0}

MONEY = ScalarType("invalid-amount", awaited("amount"), parse_money, _text(_DOLLARS))
MONEY_OR_UNLIMITED = ScalarType(
    "invalid-amount", awaited("amount-or-unlimited"), parse_money_or_unlimited, _text(rf"({_DOLLARS}|unlimited)")
)
PERCENT = ScalarType("invalid-percentage", awaited("percentage"), parse_percent, _text(_PERCENTAGE))
PENALTY = ScalarType("invalid-percentage", awaited("penalty"), parse_penalty, _text(rf"({_PERCENTAGE}|{_DOLLARS})"))
QUANTITY = ScalarType(
    "invalid-count", awaited("quantity"), parse_quantity, _text(rf"((0|[1-9][0-9]*) ({_COUNTED})|{_DOLLARS})")
)
VISITS = ScalarType("invalid-count", awaited("visits"), parse_visits, _text("(0|[1-9][0-9]*) visits?"))
VISITS_OF = ScalarType(
    "invalid-count", awaited("visits-of"), parse_visits_of, _text(rf"(0|[1-9][0-9]*) visits?( of {_LIMIT_ID})?")
)
WHOLE = ScalarType("invalid-count", awaited("whole-number"), parse_whole, _WHOLE)
AGE = ScalarType("invalid-count", awaited("age"), parse_age, _WHOLE)
DAYS = ScalarType("invalid-count", awaited("days"), parse_days, _text("[1-9][0-9]{0,3} days?"))
MINUTES = ScalarType("invalid-count", awaited("minutes"), parse_minutes, _text("[1-9][0-9]* (minute|hour)s?"))
WAITING_PERIOD = ScalarType(
    "invalid-count", awaited("waiting-period"), parse_waiting_period, _text("[1-9][0-9]{0,2} (day|month)s?")
)
_CALENDAR_DATE = _text("[0-9]{4}-[0-9]{2}-[0-9]{2}") | {"format": "date"}
DATE = ScalarType("invalid-date", awaited("date"), parse_date, _CALENDAR_DATE)
BIRTH_DATE = ScalarType("invalid-date", awaited("birth-date"), parse_birth_date, _CALENDAR_DATE)
YES = ScalarType("invalid-word", awaited("yes-or-no"), parse_yes, {"enum": ["yes", "no", True, False]})
TEXT = ScalarType("unexpected-shape", awaited("text"), parse_text, {"type": ["string", "number", "boolean"]})
COPAY_WORDS = _any_of(f"$30 per {unit}" for unit in COPAYS)
"""`'$30 per visit', '$30 per line', '$30 per unit' or '$30 per day'`."""

BOUND_WORDS = _any_of(f"$20 per {unit}" for unit in BOUND_UNITS)
"""`'$20 per visit', '$20 per line' or '$20 per unit'`."""

COPAY = ScalarType(
    "invalid-amount",
    _SUCH_AMOUNT(amounts=quoted_choice(f"$30 per {unit}" for unit in COPAYS)),
    parse_copay,
    _text(rf"{_DOLLARS}( per ({_COPAY_UNITS}))?"),
)
BOUND = ScalarType(
    "invalid-amount",
    _SUCH_AMOUNT(amounts=quoted_choice(f"$20 per {unit}" for unit in BOUND_UNITS)),
    parse_bound,
    _text(rf"{_DOLLARS}( per ({_BOUND_UNITS}))?"),
)
ABOVE_ALLOWED = ScalarType(
    "invalid-word",
    awaited("above-allowed"),
    parse_above_allowed,
    _text(rf"(written_off|member|member up to {_PERCENTAGE})"),
)
PERIOD = ScalarType(
    "invalid-word",
    _PERIOD(
        periods=", ".join(FIXED_PERIODS),
        windows=quoted_choice(window.written(window.example) for _, window in _WINDOWS.values()),
    ),
    parse_period,
    _text(f"({'|'.join(FIXED_PERIODS)}|rolling {_LENGTH}|{_LENGTH} from ({_BEGINNINGS}))"),
)
ACCOUNT_PERIOD = ScalarType(
    "invalid-word",
    _ACCOUNT_PERIOD(periods=quoted_choice(ACCOUNT_PERIODS)),
    parse_account_period,
    {"enum": list(ACCOUNT_PERIODS)},
)
PERCENT_OF = ScalarType(
    "invalid-percentage", awaited("percentage-of"), parse_percent_of, _text(rf"{_PERCENTAGE} of [a-z][a-z0-9_-]*")
)
MONTH_DAY = ScalarType(
    "invalid-date", awaited("day-of-year"), parse_month_day, _text("(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
)
