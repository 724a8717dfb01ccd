"""The fees of a locality: amounts of the office, other ones of hospitals, the reduction of therapy, 95 percent.

What comes in: relative values and a locality. What goes out: a `DraftFees`. Codes that the schedule does not price are
named in the notes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from camcover.exchange.fees_text import DraftFees, DraftRate, DraftTierFees
from camcover.exchange.physician_fees.amounts import amount_of, expense_of
from camcover.exchange.physician_fees.records import Locality, ReadValues, RelativeValues
from camcover.money import Cents
from camcover.rulebook.records import Setting

__all__ = ["WantedFees", "draft_of", "fees_id_of", "is_priced"]

PARTICIPATING, NON_PARTICIPATING = "participating", "non_participating"

_PAID_BY_VALUES = frozenset("ART")
_WHY_NOT = {
    "B": "paid within another service",
    "C": "priced by the contractor",
    "I": "not valid for Medicare",
    "N": "not covered by Medicare",
}
_HOSPITALS = (Setting.OUTPATIENT_HOSPITAL, Setting.INPATIENT_HOSPITAL)
_REDUCTION = "50%"
_PART_WITHOUT_ASSIGNMENT = 95
_RULE = (
    '{title: "42 CFR 414.20, fee schedule amounts of nonparticipating suppliers", '
    'url: "https://www.ecfr.gov/current/title-42/section-414.20"}'
)


def fees_id_of(place: Locality) -> str:
    """`medicare-fees-wa-02`."""
    return f"medicare-fees-{place.key.lower()}"


def is_priced(values: RelativeValues) -> bool:
    """Whether the schedule has an amount of a code."""
    return values.status in _PAID_BY_VALUES and values.work + (values.office or 0) + (values.facility or 0) > 0


class WantedFees(NamedTuple):
    """What a caller wants of fees: the codes, YAML of the source `mpfs`, an id in place of that of the locality.

    `tier`: the one tier that is paid so; empty = those of Original Medicare, with and without assignment.
    """

    codes: Collection[str]
    source: str
    id: str = ""
    tier: str = ""


def draft_of(read: ReadValues, place: Locality, wanted: WantedFees) -> DraftFees:
    """The fees of a locality in the year of the values."""
    values = {code: each for code, each in read.values.items() if is_priced(each)}
    whole = _table(values, place, f"mpfs locality {place.key}, {place.name}")
    tiers = {wanted.tier or PARTICIPATING: whole}
    sources = {"mpfs": wanted.source}
    if not wanted.tier:
        tiers[NON_PARTICIPATING] = _part(whole, _PART_WITHOUT_ASSIGNMENT, "rule paragraph (b)")
        sources["rule"] = _RULE
    return DraftFees(
        id=wanted.id or fees_id_of(place),
        name=f"Medicare physician fee schedule {read.year}, {place.key}, {place.name}",
        first=date(read.year, 1, 1),
        last=date(read.year, 12, 31),
        notes=" ".join(_notes(read, wanted.codes)),
        sources=sources,
        tiers=tiers,
    )


def _table(values: Mapping[str, RelativeValues], place: Locality, cite: str) -> DraftTierFees:
    """The whole amounts."""
    office = {code: amount_of(each, each.office, place) for code, each in values.items() if each.office is not None}
    hospital = {
        code: amount
        for code, each in values.items()
        if each.facility is not None and (amount := amount_of(each, each.facility, place)) != office.get(code)
    }
    expenses = {
        code: expense_of(each, each.office, place)
        for code, each in values.items()
        if each.is_reduced and each.office is not None
    }
    rates = [DraftRate(_HOSPITALS, hospital)] if hospital else []
    return DraftTierFees(office, cite, rates, expenses, _REDUCTION if expenses else "")


def _part(table: DraftTierFees, percent: int, cite: str) -> DraftTierFees:
    """A part of every amount, half up."""

    def part(amounts: Mapping[str, Cents]) -> dict[str, Cents]:
        return {code: Cents((amount * percent + 50) // 100) for code, amount in amounts.items()}

    rates = [DraftRate(each.settings, part(each.codes)) for each in table.rates]
    return DraftTierFees(part(table.codes), cite, rates, part(table.expenses), table.reduction)


def _notes(read: ReadValues, codes: Collection[str]) -> Iterator[str]:
    """What the amounts are, and which codes have none."""
    yield (
        "Relative value units times the locality's indices times the conversion factor, to the cent, half up. Amounts "
        "are those of an office, except where `rates` has those of a hospital: a code that CMS marks NA there has that "
        "of an office. Telehealth is taken as at home. The file is one release of its year; CMS may have published "
        "other values for earlier months."
    )
    factors = sorted({each.factor for each in read.values.values() if is_priced(each)})
    yield f"The conversion factor is {', '.join(map(str, factors))}."
    yield (
        "Not in the amounts: sequestration, incentives and adjustments of single physicians, shortage areas, the lower "
        "rate of some professions, and what a hospital bills for itself."
    )
    unpaid = [each for each in read.values.values() if not is_priced(each)]
    for status in sorted({each.status for each in unpaid}):
        why = _WHY_NOT.get(status, "not paid by these values")
        yield f"Without an amount: {_listed(each.code for each in unpaid if each.status == status)}, {why} ({status})."
    if inside := [each.code for each in read.values.values() if is_priced(each) and each.office is None]:
        yield f"Only with an amount of a hospital: {_listed(inside)}."
    if absent := set(codes) - read.values.keys() - read.modified:
        yield f"Not in the file: {_listed(absent)}."
    if read.modified:
        yield f"Rows with a modifier are not used: {_listed(read.modified)}."


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(sorted(codes))
