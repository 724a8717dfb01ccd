"""Steps, limits and requirements in words for staff: lists of terms, differences, tables of decisions.

`*_words` are whole phrases (`12 visits in a calendar year`), `*_terms` say all that a record does; brief ones are for a
list of differences. Sentences for patients are messages (`term_messages`). Names of single words are in the tables of
records/limit_terms.py and step_terms.py. A test walks every term of every record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from camcover.money import dollars, percent
from camcover.rulebook.records import (
    COINSURANCES,
    DAILY_COPAYS,
    MINUTES_OF_HOUR,
    NOUNS,
    PERIODS,
    WINDOWS,
    Ages,
    BandedCopayStep,
    CoinsuranceOf,
    CoinsuranceStep,
    ComparedStep,
    CopayPer,
    CopayStep,
    DeductibleStep,
    Limit,
    LimitPeriod,
    Measure,
    NothingStep,
    Requirement,
    Step,
    WaitingPeriod,
    WaitingUnit,
)

__all__ = [
    "ages_words",
    "allow_words",
    "amount",
    "bands_words",
    "base_words",
    "bounds_words",
    "count",
    "listed_tiers",
    "penalty_words",
    "per_name",
    "quantity",
    "step_amount",
    "step_terms",
    "step_words",
    "visits_words",
    "waiting_length",
    "waiting_state",
    "waiting_words",
    "written",
    "year_of_words",
]


def amount(cents: int) -> str:
    """`1500.00`."""
    return dollars(cents).replace("$", "").replace(",", "")


def count(number: int, noun: str) -> str:
    """`1 visit`, `12 visits`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def written(cents: int) -> str:
    """`cents` as a rule file writes it: `$8700` or `$30.50`."""
    whole, rest = divmod(cents, 100)
    return f"${whole}.{rest:02}" if rest else f"${whole}"


def quantity(measure: Measure, number: int, money: Callable[[int], str] = dollars) -> str:
    """`12 visits`, `4 units`, `3 hours`; of a measure in money, cents as `money` words them: `$1,500.00`."""
    noun = NOUNS[measure]
    if measure is Measure.MINUTES and number and number % MINUTES_OF_HOUR == 0:
        return count(number // MINUTES_OF_HOUR, "hour")
    return money(number) if noun is None else count(number, noun)


def base_words(of: CoinsuranceOf) -> str:
    """What a coinsurance is a percentage of: `the allowed amount`."""
    return COINSURANCES[of].words


def per_name(per: LimitPeriod) -> str:
    """`benefit period`, `rolling 90 days`, for lists of terms.

    A length beside a period on fixed dates, which no file can give, is told too.
    """
    words = PERIODS[per.kind].analyst.format(length=per.length)
    return f"{words} {per.length}" if per.length and per.kind not in WINDOWS else words


def ages_words(ages: Ages | None) -> str:
    """`18 and over`, `up to 17`, `18 to 64`, `any`."""
    if ages is None or (ages.min is None and ages.max is None):
        return "any"
    if ages.min is None:
        return f"up to {ages.max}"
    return f"{ages.min} and over" if ages.max is None else f"{ages.min} to {ages.max}"


def allow_words(limit: Limit, money: Callable[[int], str] = dollars) -> str:
    """What a limit allows: `12 visits`, or by age: `30 visits at age up to 20, else 15 visits`."""
    parts = [f"{quantity(limit.measure, each.amount, money)} at age {ages_words(each.ages)}" for each in limit.by_age]
    others = quantity(limit.measure, limit.allow, money)
    return f"{', '.join(parts)}, else {others}" if parts else others


def listed_tiers(tiers: Sequence[str]) -> str:
    """`the tier 'in_network'`, `the tiers 'first' and 'second'`."""
    *most, final = [f"'{each}'" for each in tiers]
    return f"the tiers {', '.join(most)} and {final}" if most else f"the tier {final}"


def waiting_words(period: WaitingPeriod) -> str:
    """`2 months`, `60 days`, `year 2`."""
    return f"year {period.length + 1}" if period.unit is WaitingUnit.YEAR else count(period.length, period.unit)


def year_of_words(words: str) -> int | None:
    """The year of `year 2`; None of a waiting period that is counted from the enrollment on."""
    kind, _, number = words.partition(" ")
    return int(number) if kind == "year" else None


def waiting_state(words: str, *, is_over: bool) -> str:
    """Whether a waiting period, in words, is over: `2 months not over`, `from year 2`, `before year 2`."""
    if words.startswith("year"):
        return f"{'from' if is_over else 'before'} {words}"
    return f"{words} {'over' if is_over else 'not over'}"


def waiting_length(period: WaitingPeriod) -> tuple[int, int, int]:
    """A waiting period as (days, months, benefit periods), all but one of which are 0."""
    days, months, periods = (period.length * (period.unit is unit) for unit in WaitingUnit)
    return days, months, periods


def penalty_words(requirement: Requirement) -> str:
    """`the plan pays 50% less`, `the plan pays $300.00 less a visit`, of a bare requirement `not covered`."""
    less = [] if requirement.penalty is None else [f"{percent(requirement.penalty)} less"]
    less += [] if requirement.penalty_cents is None else [f"{dollars(requirement.penalty_cents)} less a visit"]
    return f"the plan pays {' and '.join(less)}" if less else "not covered"


def visits_words(number: int, limit: str | None) -> str:
    """`12 visits`, `5 visits of 'manual-therapies'`."""
    return count(number, "visit") if limit is None else f"{count(number, 'visit')} of '{limit}'"


def step_words(step: Step, *, is_brief: bool = False) -> str:
    """`deductible`, `$30.00 copay per visit`, `20% of what is left`, `nothing`; brief: `30.00 copay ...`, `20%`."""
    kind, asked = step_amount(step)
    if isinstance(step, CopayStep):
        return f"{asked if is_brief else dollars(step.cents)} {kind}{step_terms(step)}"
    if isinstance(step, BandedCopayStep) and not is_brief:
        return f"{kind}: {bands_words(step)}"
    if isinstance(step, CoinsuranceStep) and not is_brief:
        return f"{percent(step.basis_points)} of {base_words(step.of)}{bounds_words(step)}"
    if isinstance(step, ComparedStep):
        parts = (step_words(each, is_brief=is_brief) for each in (step.copay, step.coinsurance))
        return f"the {'lesser' if step.is_lesser else 'greater'} of {' and '.join(parts)}"
    return f"{asked or kind}{step_terms(step)}"


def step_amount(step: Step) -> tuple[str, str]:
    """What a step is called, and the amount it asks for, "" for none."""
    match step:
        case DeductibleStep():
            return "deductible", ""
        case CopayStep():
            return "copay", amount(step.cents)
        case BandedCopayStep():
            return "copay by allowed amount", bands_words(step, is_brief=True)
        case CoinsuranceStep():
            return "coinsurance", f"{percent(step.basis_points)}{bounds_words(step, is_brief=True)}"
        case ComparedStep():
            kind = f"{'lesser' if step.is_lesser else 'greater'} of copay and coinsurance"
            return kind, f"{step_amount(step.copay)[1]} and {step_amount(step.coinsurance)[1]}"
        case NothingStep():
            return "nothing", ""


def step_terms(step: Step) -> str:
    """The terms of a step besides its amount; empty for coinsurance of what is left, which is the usual case."""
    match step:
        case DeductibleStep():
            return f" '{step.accumulator}'" if step.accumulator is not None else ""
        case CopayStep():
            highest = ", the highest of the day" if step.per in DAILY_COPAYS else ""
            waived = ", waived where the line pays any deductible" if step.waived_with_deductible else ""
            unit = "day and facility" if step.per is CopayPer.FACILITY else step.per
            return f" per {unit}{highest}{waived}"
        case BandedCopayStep():
            return " copay by allowed amount"
        case CoinsuranceStep():
            return "" if step.of is next(iter(COINSURANCES)) else f" of {base_words(step.of)}"
        case ComparedStep():
            return f"{step_terms(step.copay)}{step_terms(step.coinsurance)}"
        case NothingStep():
            return ""


def bands_words(step: BandedCopayStep, *, is_brief: bool = False) -> str:
    """`$0.65 up to $10.00, $1.30 up to $25.00, else $2.55`."""
    money = amount if is_brief else dollars
    most = [f"{money(each.cents)} up to {money(each.up_to)}" for each in step.bands if each.up_to is not None]
    last = [f"{'else ' if most else ''}{money(each.cents)}" for each in step.bands if each.up_to is None]
    return ", ".join([*most, *last])


def bounds_words(step: CoinsuranceStep, *, is_brief: bool = False) -> str:
    """`, at least $20.00 per visit, at most $150.00 per visit`; empty where there is neither."""
    bounds = (("least", step.at_least), ("most", step.at_most))
    told = ((word, each, amount(each.cents) if is_brief else dollars(each.cents)) for word, each in bounds if each)
    return "".join(f", at {word} {cents} per {each.per}" for word, each, cents in told)
