"""Values of the rule language in words: `1500.00`, `12.5%`, `12 visits`, `deductible, then 20%`."""

from __future__ import annotations

from datetime import date

from camcover.money import percent
from camcover.rulebook.facts.part import Fact
from camcover.rulebook.records import (
    AboveAllowed,
    BenefitPeriod,
    Effective,
    PercentOf,
    Phase,
    Place,
)
from camcover.rulebook.words import amount, step_amount, step_terms, step_words


def plain(word: str) -> str:
    """A word of a closed list as people write it: `prior authorization`."""
    return word.replace("_", " ")


def yes_or_no(value: bool) -> str:
    """`yes` or `no`."""
    return "yes" if value else "no"


def amount_or_none(cents: int | None) -> str | None:
    """`1500.00`; None when not given."""
    return None if cents is None else amount(cents)


def amount_or_unlimited(cents: int | None) -> str:
    """`1500.00`, or `unlimited`."""
    return "unlimited" if cents is None else amount(cents)


def day(value: date | None) -> str | None:
    """`2026-01-31`; None when not given."""
    return None if value is None else value.isoformat()


def range_words(effective: Effective) -> str:
    """`2026-01-01 to 2026-12-31`, `from 2026-01-01`."""
    return days_words(effective.start, effective.end)


def days_words(first: date, last: date | None) -> str:
    """The same of two days; `last`: None for no end."""
    return f"{first} to {last}" if last else f"from {first}"


def edition_words(effective: Effective) -> str:
    """A range as the name of an edition: `2026` for a whole calendar year."""
    year = effective.start.year
    is_year = (effective.start, effective.end) == (date(year, 1, 1), date(year, 12, 31))
    return str(year) if is_year else range_words(effective)


def period_start_words(period: BenefitPeriod) -> str:
    """`calendar year`, `starting 07-01`."""
    is_calendar = (period.month, period.day) == (1, 1)
    return "calendar year" if is_calendar else f"starting {period.month:02}-{period.day:02}"


def above_allowed_words(above: AboveAllowed) -> str:
    """`written off`, `member`, `member up to 115%`."""
    cap = "" if above.cap_basis_points is None else f" {percent(above.cap_basis_points)}"
    return f"{plain(above.kind)}{cap}"


def percent_of_words(share: PercentOf | None) -> str | None:
    """`80% of charge`; None when not given."""
    return None if share is None else f"{percent(share.basis_points)} of {share.tier or 'charge'}"


def phase_fact(phase: Phase, visits: str, at: Place) -> Fact:
    """What the member pays in the visits `visits` ("" = all); lists of one shape differ only in amounts."""
    amounts = tuple(
        Fact(f"{kind}{visits}", words, step.at) for step in phase.steps for kind, words in [step_amount(step)] if words
    )
    return Fact(
        f"member pays{visits}",
        ", then ".join(step_words(step, is_brief=True) for step in phase.steps) or "no step",
        phase.steps[0].at if phase.steps else at,
        shape=", then ".join(step_amount(step)[0] + step_terms(step) for step in phase.steps),
        amounts=amounts,
    )
