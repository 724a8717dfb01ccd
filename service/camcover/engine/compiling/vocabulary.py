"""The words of the catalogs, numbered: therapies, procedure codes, practitioners, states, conditions.

What comes in: the catalogs of a `RuleSet`, all editions. What goes out: indices that are the same for every plan.
A "service" is a therapy or a code: therapies are numbered first, codes behind them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from camcover.calendar import LAST_DAY
from camcover.rulebook.checks.scope import licensing
from camcover.rulebook.records import (
    STATES,
    Benefit,
    Catalog,
    Discount,
    Exclusion,
    Licensure,
    RuleSet,
    TypicalCharge,
)

ICD10 = re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?", re.IGNORECASE)
"""What an ICD-10-CM code looks like."""

STATE_INDEX = {state: index for index, state in enumerate(STATES)}


def plain_icd10(code: str) -> str:
    """An ICD-10-CM code or prefix as it is compared: upper case, no dots."""
    return code.upper().replace(".", "").strip()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Ids to indices, over every edition of every catalog."""

    services: dict[str, int]
    codes: dict[str, int]
    practitioners: dict[str, int]
    conditions: frozenset[str]
    therapies_of_code: dict[str, tuple[str, ...]]
    codes_of_therapy: dict[str, frozenset[str]]
    catalogs: tuple[Catalog, ...]
    breaks: tuple[int, ...]
    """Ordinal days between two of which, in order, no word changes its meaning."""

    def typical_charge(self, therapy: str, day: date) -> TypicalCharge | None:
        """What one session costs in the edition in force on `day`, else in the one nearest to it."""
        found = [catalog for catalog in self.catalogs if therapy in catalog.therapies]
        if not found:
            return None
        return _nearest(found, day).therapies[therapy].typical_charge

    def diagnoses_of(self, condition: str, day: date) -> list[str]:
        """The plain ICD-10 prefixes a condition stands for in the edition in force on `day`, else in the nearest."""
        found = [catalog for catalog in self.catalogs if condition in catalog.conditions]
        return [plain_icd10(prefix) for prefix in _nearest(found, day).conditions[condition].icd10] if found else []


def _nearest(catalogs: Iterable[Catalog], day: date) -> Catalog:
    """The edition in force on `day`, else the one fewest days away."""
    return min(catalogs, key=lambda catalog: _distance(catalog, day))


def _distance(catalog: Catalog, day: date) -> int:
    """Days between `day` and the catalog's effective range; 0 inside it."""
    effective = catalog.heading.effective
    if effective.holds(day):
        return 0
    return (effective.start - day).days if day < effective.start else (day - (effective.end or day)).days


def build_vocabulary(rules: RuleSet) -> Vocabulary:
    """Number every word of the catalogs, and the codes that plans and fee tables name beside them."""
    catalogs = tuple(catalog for editions in rules.catalogs.values() for catalog in editions)
    therapies = dict.fromkeys(therapy for catalog in catalogs for therapy in catalog.therapies)
    of_therapy: dict[str, set[str]] = {therapy: set() for therapy in therapies}
    of_code: dict[str, dict[str, None]] = {}
    for catalog in catalogs:
        for therapy in catalog.therapies.values():
            of_therapy[therapy.id].update(map(str, therapy.codes))
            for code in therapy.codes:
                of_code.setdefault(code, {})[therapy.id] = None
    codes = dict.fromkeys([*of_code, *_codes_of_rules(rules)])
    return Vocabulary(
        services={str(therapy): index for index, therapy in enumerate(therapies)},
        codes={str(code): len(therapies) + index for index, code in enumerate(codes)},
        practitioners=_numbered(practitioner for catalog in catalogs for practitioner in catalog.practitioners),
        conditions=frozenset(str(condition) for catalog in catalogs for condition in catalog.conditions),
        therapies_of_code={code: tuple(therapies) for code, therapies in of_code.items()},
        codes_of_therapy={therapy: frozenset(codes) for therapy, codes in of_therapy.items()},
        catalogs=catalogs,
        breaks=_breaks(catalogs),
    )


def _breaks(catalogs: Sequence[Catalog]) -> tuple[int, ...]:
    """The days on which another edition may become the one in force or the nearest."""
    if len(catalogs) < 2:
        return ()
    days: set[int] = set()
    for catalog in catalogs:
        effective = catalog.heading.effective
        end = effective.end.toordinal() if effective.end else LAST_DAY
        days.update((effective.start.toordinal(), end + 1))
        later = [each.heading.effective.start.toordinal() for each in catalogs]
        days.update((end + start) // 2 + after for start in later if start > end for after in (0, 1))
    return tuple(sorted(days))


def _numbered(words: Iterable[str]) -> dict[str, int]:
    """Each word once, in order, with its number."""
    return {str(word): index for index, word in enumerate(dict.fromkeys(words))}


def _codes_of_rules(rules: RuleSet) -> Iterator[str]:
    """The codes that fee tables, benefits, exclusions and discounts name."""
    for fees in (fees for editions in rules.fees.values() for fees in editions):
        for table in fees.tiers.values():
            yield from table.codes
    for plan in (plan for editions in rules.plans.values() for plan in editions):
        named: list[Benefit | Exclusion | Discount] = [*plan.benefits.values(), *plan.exclusions, *plan.discounts]
        for rule in named:
            yield from rule.codes


def licensing_states(entry: Licensure | None) -> int:
    """The mask of states that license a practitioner."""
    return _state_mask(licensing(entry))


def _state_mask(states: Iterable[str]) -> int:
    """The mask of a list of USPS codes."""
    mask = 0
    for state in states:
        mask |= 1 << STATE_INDEX[state]
    return mask
