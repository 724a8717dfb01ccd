"""One EB segment with what belongs to it: the facts that it says by itself, and its amounts of sums and limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from camcover.exchange.eligibility.codes import (
    ACTIVE,
    BENEFITS,
    DAY_PERIODS,
    INACTIVE,
    LEVELS,
    LIFETIME_REMAINING,
    NETWORKS,
    PERIODS_TOLD,
    REMAINING,
    UNITS_TOLD,
    USED_SO_FAR,
)
from camcover.exchange.eligibility.records import (
    BenefitNetwork,
    Confidence,
    CoverageLevel,
    EligibilityFact,
    EligibilityNote,
    FactKind,
    FactUnit,
    NoteKind,
)
from camcover.exchange.x12.days import days_of
from camcover.exchange.x12.segments import X12Segment

__all__ = ["TOTAL", "BenefitStatement", "PartOf", "Stated", "StatedAmount", "stated"]

TOTAL = "total"
"""The role of a total, beside X12's codes of what is used and what is left."""

_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{0,6})?|\.[0-9]{1,6}")
_ENDLESS = re.compile(r"9{5,}(\.99|\.00|\.)?")
_ONCE = {"", "1"}
"""HSD04 and HSD06 of a limit in one period."""

_ENDLESS_COUNTS = {"999", "9999", "99999"}
_MOST_COUNT = 10_000
_MOST_CENTS = 10**11
_BENEFIT_DATES = {"291", "292", "307", "346", "347", "348", "349", "356", "357"}


class BenefitStatement(NamedTuple):
    """An EB segment, and the segments behind it that belong to it."""

    segment: X12Segment
    others: tuple[X12Segment, ...]

    def named(self, name: str) -> tuple[X12Segment, ...]:
        """Those of a name."""
        return tuple(each for each in self.others if each.name == name)

    @property
    def is_status(self) -> bool:
        """Whether it says if the plan as a whole is active."""
        codes = self.segment.repeats(3)
        return self.segment[1] in {*ACTIVE, *INACTIVE} and (not codes or "30" in codes)

    @property
    def texts(self) -> tuple[str, ...]:
        """What the payer says in words."""
        return tuple(each[1] for each in self.named("MSG") if each[1])


class PartOf(NamedTuple):
    """What a sum or a limit is told of, the same in all its segments."""

    kind: FactKind
    level: CoverageLevel
    network: BenefitNetwork
    service_types: tuple[str, ...]
    procedure: str
    insurance_type: str
    places: tuple[str, ...]
    unit: FactUnit


class StatedAmount(NamedTuple):
    """A total, what is used, or what is left. `amount` None: without an end. `role`: X12's 24 or 29, or `TOTAL`.

    `days`: the first and the last for which it is told.
    """

    of: PartOf
    role: str
    period: str
    amount: int | None
    segment: int
    texts: tuple[str, ...]
    days: tuple[date | None, date | None]
    is_sure: bool = True


class Stated(NamedTuple):
    """What one EB segment says: whole facts, amounts of sums and limits, notes."""

    facts: tuple[EligibilityFact, ...] = ()
    amounts: tuple[StatedAmount, ...] = ()
    notes: tuple[EligibilityNote, ...] = ()


def stated(benefit: BenefitStatement) -> Stated:
    """What an EB segment and its companions say; what of them is not read is noted."""
    found = _stated(benefit)
    needed = benefit.segment[11] == "Y" and not any(each.kind is FactKind.AUTHORIZATION for each in found.facts)
    facts = (_fact(benefit, FactKind.AUTHORIZATION, word="needed"),) if needed else ()
    read = {each.segment for each in found.amounts}
    left = [each for each in benefit.others if each.place not in read and not _is_read(each)]
    names = ", ".join(sorted({each.name for each in left}))
    places = tuple(each.place for each in left)
    said = f"{names} of a benefit (EB01 {benefit.segment[1][:3]}), of which nothing is taken"
    notes = (EligibilityNote(NoteKind.NOT_READ, places, said),) if left else ()
    return Stated((*found.facts, *facts), found.amounts, (*found.notes, *notes))


def _is_read(segment: X12Segment) -> bool:
    """Whether a companion is read where the benefit is, whatever that is."""
    if segment.name == "DTP":
        return segment[1] in _BENEFIT_DATES and days_of(segment)[0] is not None
    return segment.name == "MSG" or (segment.name == "III" and segment[1] == "ZZ")


def _stated(benefit: BenefitStatement) -> Stated:
    code = benefit.segment[1]
    if code in ACTIVE or code in INACTIVE:
        return Stated(facts=(_status(benefit),))
    if code in {"A", "B"}:
        return _cost_share(benefit)
    if code in {"C", "G"}:
        kind = FactKind.DEDUCTIBLE if code == "C" else FactKind.OUT_OF_POCKET_MAXIMUM
        return _of_amounts(benefit, _money(benefit, kind))
    if code == "F":
        return _of_amounts(benefit, [*_money(benefit, FactKind.LIMIT), *_counts(benefit)])
    if code == "I":
        return Stated(facts=(_fact(benefit, FactKind.NOT_COVERED, texts=benefit.texts),))
    if code == "CB":
        return Stated(facts=(_fact(benefit, FactKind.AUTHORIZATION, word="needed", texts=benefit.texts),))
    what = f"{BENEFITS.get(code, 'something that is not read here')} (EB01 {code[:3]})"
    return Stated(notes=(_note(benefit, NoteKind.NOT_USED, f"{what}, of which a request takes nothing"),))


def _status(benefit: BenefitStatement) -> EligibilityFact:
    word = "active" if benefit.segment[1] in ACTIVE else "inactive"
    name = (benefit.segment[5],) if benefit.segment[5] else ()
    return _fact(benefit, FactKind.COVERAGE, word=word, texts=(*name, *benefit.texts))


def _cost_share(benefit: BenefitStatement) -> Stated:
    """A copay in cents, or a coinsurance in basis points."""
    segment, is_copay = benefit.segment, benefit.segment[1] == "B"
    kind, unit = (FactKind.COPAY, FactUnit.CENTS) if is_copay else (FactKind.COINSURANCE, FactUnit.BASIS_POINTS)
    number = _number(segment[7] if is_copay else segment[8])
    if number is None:
        return _unreadable(benefit, "an amount" if is_copay else "a percentage")
    sure, because = Confidence.HIGH, ""
    if not is_copay and number > 1:
        number, sure, because = number / 100, Confidence.MEDIUM, "the percentage is told as a number above 1"
    scaled = number * (100 if is_copay else 10_000)
    if scaled != int(scaled) or (not is_copay and scaled > 10_000):
        return _unreadable(benefit, "whole cents" if is_copay else "a percentage with two digits at most")
    fact = _fact(benefit, kind, sure, because, period=segment[6], unit=unit, amount=int(scaled), texts=benefit.texts)
    return Stated(facts=(fact,))


def _of_amounts(benefit: BenefitStatement, amounts: Iterable[StatedAmount]) -> Stated:
    """The amounts of a sum or limit; a note where there is none."""
    found = tuple(amounts)
    if found:
        return Stated(amounts=found)
    return _unreadable(benefit, "an amount, or a quantity with its unit")


def _money(benefit: BenefitStatement, kind: FactKind) -> Iterator[StatedAmount]:
    """The amount in dollars of a sum or limit."""
    segment = benefit.segment
    role, period = _role(segment[6])
    number = _number(segment[7])
    cents = None if number is None else number * 100
    if not role or cents is None or cents != int(cents) or cents >= _MOST_CENTS:
        return
    amount = None if _ENDLESS.fullmatch(segment[7]) else int(cents)
    part = _part(benefit, kind, FactUnit.CENTS)
    days = _days_of_benefit(benefit)
    yield StatedAmount(part, role, period, amount, segment.place, benefit.texts, days)


def _counts(benefit: BenefitStatement) -> Iterator[StatedAmount]:
    """The visits, units or hours of a limit, in EB or in HSD segments; those of several periods are not read."""
    segment = benefit.segment
    quantities = [(segment[9], segment[10], segment[6], segment.place)]
    for each in benefit.named("HSD"):
        if not {each[4], each[6]} <= _ONCE:
            continue
        period = each[5] or DAY_PERIODS.get(each[3], "") or segment[6]
        quantities.append((each[1], each[2], period, each.place))
    for unit, text, qualifier, place in quantities:
        role, period = _role(qualifier)
        number = _number(text)
        if unit not in UNITS_TOLD or number is None or not role:
            continue
        named, size = UNITS_TOLD[unit]
        if number * size == int(number * size):
            amount = None if text in _ENDLESS_COUNTS or number * size > _MOST_COUNT else int(number * size)
            part = _part(benefit, FactKind.LIMIT, named)
            days = _days_of_benefit(benefit)
            yield StatedAmount(part, role, period, amount, place, benefit.texts, days, is_sure=unit != "DY")


def _role(qualifier: str) -> tuple[str, str]:
    """What an amount is by its time period qualifier, and the period of a total; no role: it is not read."""
    if qualifier in {REMAINING, LIFETIME_REMAINING}:
        return REMAINING, ""
    if qualifier == USED_SO_FAR:
        return USED_SO_FAR, ""
    return (TOTAL, qualifier) if qualifier in PERIODS_TOLD else ("", "")


def _part(benefit: BenefitStatement, kind: FactKind, unit: FactUnit) -> PartOf:
    fact = _fact(benefit, kind)
    where = fact.network, fact.service_types, fact.procedure, fact.insurance_type, fact.places
    return PartOf(kind, fact.level, *where, unit)


def _fact(
    benefit: BenefitStatement,
    kind: FactKind,
    confidence: Confidence = Confidence.HIGH,
    because: str = "",
    **others: object,
) -> EligibilityFact:
    """A fact of whom, where and for which services the segment says."""
    segment = benefit.segment
    product = segment.parts(13)
    first, last = _days_of_benefit(benefit)
    known = {
        "level": LEVELS.get(segment[2], CoverageLevel.UNKNOWN),
        "network": NETWORKS.get(segment[12], BenefitNetwork.UNKNOWN),
        "service_types": tuple(dict.fromkeys(segment.repeats(3))),
        "procedure": product[1] if len(product) > 1 else "",
        "insurance_type": segment[4],
        "places": tuple(each[2] for each in benefit.named("III") if each[1] == "ZZ"),
        "first_day": first,
        "last_day": last,
    }
    return EligibilityFact(kind, (segment.place,), confidence, because, **{**known, **others})  # type: ignore[arg-type]


def _days_of_benefit(benefit: BenefitStatement) -> tuple[date | None, date | None]:
    """The first and the last day for which the benefit holds, as far as its own dates say; a plan's dates do not."""
    first, last = None, None
    for segment in benefit.named("DTP"):
        begins, ends = days_of(segment)
        if segment[1] in {"292", "348"}:
            first, last = begins or first, ends or last
        elif segment[1] == "349":
            last = begins or last
    return first, last


def _number(text: str) -> Decimal | None:
    """A number without a sign as X12 writes it; None: it is none."""
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # pragma: no cover - the form above is always a number
        return None


def _unreadable(benefit: BenefitStatement, expected: str) -> Stated:
    said = f"EB01 {benefit.segment[1][:3]} without a number that is read; expected {expected}"
    return Stated(notes=(_note(benefit, NoteKind.NOT_READ, said),))


def _note(benefit: BenefitStatement, kind: NoteKind, text: str) -> EligibilityNote:
    return EligibilityNote(kind, (benefit.segment.place,), text)
