"""The words of the catalogs, numbered: therapies, procedure codes, practitioners, states, conditions.

What comes in: the catalogs of a `RuleSet`, all editions. What goes out: indices that are the same for every plan.
A "service" is a therapy or a code: therapies are numbered first, codes behind them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from camcover.calendar import LAST_DAY
from camcover.rulebook.checks.scope import licensing
from camcover.rulebook.records import (
    STATES,
    Benefit,
    Catalog,
    Discount,
    Exclusion,
    Licensure,
    Modifier,
    RuleSet,
    Setting,
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
    """Ids to indices, over every edition of every catalog.

    `therapies_of_code` and `codes_of_therapy`: a therapy's own codes; `visit_codes_of_therapy`: those that are billed
    within a visit of it, too. `practitioners_of_therapy`: who gives it, empty = any may. Of modifiers and
    places of service the latest edition holds; taxonomies are whole codes, or how they begin. `waits_for`: the codes
    that are judged before a code on a day, `ranks`: of the codes that wait (point 48).
    """

    services: dict[str, int]
    codes: dict[str, int]
    practitioners: dict[str, int]
    conditions: frozenset[str]
    therapies_of_code: dict[str, tuple[str, ...]]
    codes_of_therapy: dict[str, frozenset[str]]
    visit_codes_of_therapy: dict[str, frozenset[str]]
    therapies_of_visit_code: dict[str, tuple[str, ...]]
    practitioners_of_therapy: dict[str, frozenset[str]]
    modifiers: dict[str, Modifier]
    places_of_service: dict[str, Setting]
    practitioners_of_taxonomy: dict[str, tuple[str, ...]]
    waits_for: dict[str, frozenset[str]]
    ranks: dict[str, int]
    catalogs: tuple[Catalog, ...]
    timed: frozenset[str]
    """Therapies of which some edition says how long they take."""
    breaks: tuple[int, ...]
    """Ordinal days between two of which, in order, no word changes its meaning."""

    def count_services(self) -> int:
        """How many services there are: therapies and codes."""
        return len(self.services) + len(self.codes)

    def bills(self, therapy: str, code: str) -> bool:
        """Whether a code may be billed for a therapy, as its own or within a visit of it."""
        return code in self.codes_of_therapy[therapy] or code in self.visit_codes_of_therapy[therapy]

    def knows(self, code: str) -> bool:
        """Whether any therapy has a code, as its own or within a visit of it."""
        return code in self.therapies_of_code or code in self.therapies_of_visit_code

    def therapies_of(self, code: str, practitioner: str, beside: Iterable[str]) -> Sequence[str]:
        """The therapies that a code may be of where the request names none (docs/rule-language.md, point 2).

        `beside`: the other codes of the item. More than one: the request has to name the therapy.
        """
        own = self.therapies_of_code.get(code, ())
        visits = self.therapies_of_visit_code.get(code)
        left: Sequence[str] = (*own, *visits) if visits else own
        if len(left) < 2:
            return left
        given = [each for each in left if self.gives(practitioner, each)] if practitioner else left
        left = given or left
        told = [each for each in left if any(each in self.therapies_of_code.get(other, ()) for other in beside)]
        left = told or left
        return [each for each in left if each in own] or left

    def practitioners_with(self, taxonomy: str) -> tuple[str, ...]:
        """The practitioners of a NUCC taxonomy code: of the code, else of its longest known beginning."""
        for length in range(len(taxonomy), 0, -1):
            found = self.practitioners_of_taxonomy.get(taxonomy[:length])
            if found:
                return found
        return ()

    def gives(self, practitioner: str, therapy: str) -> bool:
        """Whether a kind of practitioner gives a therapy by the catalog."""
        return not self.practitioners_of_therapy[therapy] or practitioner in self.practitioners_of_therapy[therapy]

    def typical_charge(self, therapy: str, day: date) -> TypicalCharge | None:
        """What one session costs in the edition in force on `day`, else in the one nearest to it."""
        found = [catalog for catalog in self.catalogs if therapy in catalog.therapies]
        if not found:
            return None
        return _nearest(found, day).therapies[therapy].typical_charge

    def timed_unit(self, therapy: str, code: str, day: int) -> int:
        """The minutes of one unit of a code that the therapy's `minutes` name on an ordinal `day`; 0 = not named."""
        if therapy not in self.timed:
            return 0
        found = [catalog for catalog in self.catalogs if therapy in catalog.therapies]
        minutes = _nearest(found, date.fromordinal(day)).therapies[therapy].minutes
        return 0 if minutes is None else minutes.codes.get(code, 0)

    def minutes_of(self, therapy: str, code: str, day: int) -> int:
        """The minutes of one unit, in the edition in force on an ordinal `day`, else in the nearest; 0 = not known."""
        if therapy not in self.timed:
            return 0
        found = [catalog for catalog in self.catalogs if therapy in catalog.therapies]
        minutes = _nearest(found, date.fromordinal(day)).therapies[therapy].minutes
        return 0 if minutes is None else minutes.of_unit(code)

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
    own, visits = _Codes(therapies), _Codes(therapies)
    practitioners: dict[str, set[str]] = {therapy: set() for therapy in therapies}
    any_may: set[str] = set()
    for therapy in (therapy for catalog in catalogs for therapy in catalog.therapies.values()):
        own.add(therapy.id, therapy.codes)
        visits.add(therapy.id, therapy.visit_codes)
        practitioners[therapy.id].update(map(str, therapy.practitioners))
        if not therapy.practitioners:
            any_may.add(therapy.id)
    codes = dict.fromkeys([*own.therapies, *visits.therapies, *_codes_of_rules(rules)])
    waits = _waiting(catalogs)
    return Vocabulary(
        services={str(therapy): index for index, therapy in enumerate(therapies)},
        codes={str(code): len(therapies) + index for index, code in enumerate(codes)},
        practitioners=_numbered(practitioner for catalog in catalogs for practitioner in catalog.practitioners),
        conditions=frozenset(str(condition) for catalog in catalogs for condition in catalog.conditions),
        therapies_of_code=own.therapies_by_code(),
        codes_of_therapy={therapy: frozenset(codes) for therapy, codes in own.codes.items()},
        visit_codes_of_therapy={therapy: frozenset(codes) for therapy, codes in visits.codes.items()},
        therapies_of_visit_code=visits.therapies_by_code(),
        practitioners_of_therapy={
            therapy: frozenset() if therapy in any_may else frozenset(names) for therapy, names in practitioners.items()
        },
        modifiers={str(code): each for catalog in catalogs for code, each in catalog.modifiers.items()},
        places_of_service={str(code): each for catalog in catalogs for code, each in catalog.places_of_service.items()},
        practitioners_of_taxonomy=_by_taxonomy(catalogs),
        waits_for=waits,
        ranks={code: _rank(code, waits) for code in waits},
        catalogs=catalogs,
        timed=frozenset(str(id_) for each in catalogs for id_, of in each.therapies.items() if of.minutes is not None),
        breaks=_breaks(catalogs),
    )


class _Codes:
    """Codes and therapies in both directions, gathered over every edition."""

    def __init__(self, therapies: Iterable[str]) -> None:
        self.codes: dict[str, set[str]] = {therapy: set() for therapy in therapies}
        self.therapies: dict[str, dict[str, None]] = {}

    def add(self, therapy: str, codes: Iterable[str]) -> None:
        """Add the codes of a therapy."""
        self.codes[therapy].update(map(str, codes))
        for code in codes:
            self.therapies.setdefault(code, {})[therapy] = None

    def therapies_by_code(self) -> dict[str, tuple[str, ...]]:
        """The therapies of each code, in the order of the files."""
        return {code: tuple(therapies) for code, therapies in self.therapies.items()}


def _waiting(catalogs: Iterable[Catalog]) -> dict[str, frozenset[str]]:
    """The codes for which each code waits, in any edition; only codes that wait for one."""
    found: dict[str, set[str]] = {}
    for facts in (facts for catalog in catalogs for facts in catalog.codes.values()):
        if facts.waits_for:
            found.setdefault(str(facts.code), set()).update(map(str, facts.waits_for))
    return {code: frozenset(codes) for code, codes in found.items()}


def _rank(code: str, waits: Mapping[str, frozenset[str]]) -> int:
    """One more than the highest rank of the codes for which a code waits, which itself is none of them."""
    return 1 + max(map(partial(_rank, waits=waits), waits[code])) if code in waits else 0


def _by_taxonomy(catalogs: Iterable[Catalog]) -> dict[str, tuple[str, ...]]:
    """The practitioners of each taxonomy code, or beginning of one."""
    found: dict[str, dict[str, None]] = {}
    for practitioner in (each for catalog in catalogs for each in catalog.practitioners.values()):
        own = (practitioner.taxonomy,) if practitioner.taxonomy else ()
        for code in (*own, *practitioner.taxonomies):
            found.setdefault(str(code), {})[str(practitioner.id)] = None
    return {code: tuple(practitioners) for code, practitioners in found.items()}


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
            for rate in table.rates:
                yield from rate.codes
    for plan in (plan for editions in rules.plans.values() for plan in editions):
        named: list[Benefit | Exclusion | Discount] = [*plan.benefits.values(), *plan.exclusions, *plan.discounts]
        for rule in named:
            yield from rule.codes
            if isinstance(rule, Benefit):
                yield from rule.without_codes


def services_named(vocabulary: Vocabulary, named: Benefit | Exclusion | Discount) -> list[int]:
    """The services that a benefit, exclusion or discount names, each once."""
    numbers = [vocabulary.services[therapy] for therapy in named.therapies]
    numbers += [vocabulary.codes[code] for code in named.codes]
    return list(dict.fromkeys(numbers))


def licensing_states(entry: Licensure | None) -> int:
    """The mask of states that license a practitioner."""
    return _state_mask(licensing(entry))


def _state_mask(states: Iterable[str]) -> int:
    """The mask of a list of USPS codes."""
    mask = 0
    for state in states:
        mask |= 1 << STATE_INDEX[state]
    return mask
