"""The facts that every kind of file has, and those of policies, fees and catalogs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from camcover.money import percent
from camcover.rulebook.facts.part import Fact, Part, fact, set_fact
from camcover.rulebook.facts.words import (
    amount_or_none,
    day,
    percent_of_words,
    plain,
    range_words,
    yes_or_no,
)
from camcover.rulebook.records import (
    Catalog,
    CodeFacts,
    Condition,
    Criteria,
    FeeRate,
    Fees,
    FeeTable,
    Heading,
    Licensure,
    Measure,
    Modifier,
    Place,
    Policy,
    Practitioner,
    Setting,
    Source,
    Therapy,
    WaitingUnit,
    Word,
)
from camcover.rulebook.words import ages_words, amount, count, quantity, waiting_words

__all__ = ["catalog_part", "criteria_facts", "fees_part", "heading_facts", "policy_part", "source_parts"]


def heading_facts(heading: Heading) -> Iterator[Fact]:
    """The keys every file begins with, but its id and its sources."""
    at, review = heading.at, heading.reviewed
    yield fact("name", heading.name, at)
    yield fact("effective", range_words(heading.effective), heading.effective.at)
    yield fact("illustrative", yes_or_no(heading.illustrative), at, "no")
    yield fact("notes", heading.notes, at)
    place = review.at if review else at
    yield fact("reviewed on", day(review.on) if review else None, place)
    yield fact("reviewed by", review.by if review else None, place)
    yield fact("next review", day(review.next) if review else None, place)


def source_parts(heading: Heading) -> Iterator[Part]:
    """The documents that a file cites."""
    for name, source in heading.sources.items():
        yield Part(f"source {name}", f"source {name}", source.at, source, partial(_source_facts, source))


def _source_facts(source: Source) -> Iterator[Fact]:
    yield fact("title", source.title, source.at)
    yield fact("url", source.url, source.at)
    yield fact("published", day(source.published), source.at)
    yield fact("retrieved", day(source.retrieved), source.at)


def criteria_facts(when: Criteria | None, at: Place) -> Iterator[Fact]:
    """The criteria of a `when:`; None has none, like an empty one."""
    place = when.at if when else at
    yield set_fact("conditions", when.conditions if when else None, place, "not given")
    yield set_fact("icd10", when.icd10 if when else None, place, "not given")
    yield set_fact("not conditions", when.not_conditions if when else None, place, "not given")
    yield set_fact("practitioners", when.practitioners if when else None, place, "any")
    settings = tuple(map(plain, when.settings)) if when and when.settings is not None else None
    yield set_fact("settings", settings, place, "any")
    ages = when.ages if when else None
    yield fact("ages", ages_words(ages), ages.at if ages else place, "any")
    yield set_fact("states", when.states if when else None, place, "any")
    yield fact("license", "required" if when and when.licensed else "not required", place, "not required")
    yield set_fact("member role", when.roles if when else None, place, "any")
    yield set_fact("member status", when.statuses if when else None, place, "any")
    waiting = when.waiting_period if when else None
    is_year = waiting is not None and waiting.unit is WaitingUnit.YEAR
    yield fact("waiting period", waiting_words(waiting) if waiting and not is_year else None, place, "none")
    yield fact("from", waiting_words(waiting) if waiting and is_year else None, place, "the first year on")
    attested, not_attested = (when.attested, when.not_attested) if when else (None, None)
    for name, asked in (("attested", attested), ("not attested", not_attested)):
        yield set_fact(name, asked and tuple(map(plain, asked)), place, "not asked")


def policy_part(policy: Policy) -> Part:
    """A policy."""
    return Part(
        key="policy",
        label="",
        at=policy.heading.at,
        record=policy,
        facts=lambda: (
            *heading_facts(policy.heading),
            *criteria_facts(policy.when, policy.heading.at),
            fact("cite", policy.cite, policy.heading.at),
        ),
        parts=lambda: source_parts(policy.heading),
        brief=policy.heading.name or "",
    )


# Fees


def fees_part(fees: Fees) -> Part:
    """A fee file."""
    return Part(
        key="fees",
        label="",
        at=fees.heading.at,
        record=fees,
        facts=lambda: heading_facts(fees.heading),
        parts=lambda: (*source_parts(fees.heading), *map(_fee_table_part, fees.tiers.values())),
        brief=fees.heading.name or "",
    )


def _fee_table_part(table: FeeTable) -> Part:
    otherwise = percent_of_words(table.otherwise)
    reduced = None if table.multiple_procedures is None else percent(table.multiple_procedures)
    return Part(
        key=f"tier {table.tier}",
        label=plain(table.tier),
        at=table.at,
        record=table,
        facts=lambda: (
            fact("otherwise", otherwise, table.otherwise.at if table.otherwise else table.at),
            fact("maximum per day", amount_or_none(table.maximum_per_day), table.at),
            fact("multiple procedures", reduced, table.at),
            fact("cite", table.cite, table.at),
        ),
        parts=lambda: (
            *_amount_parts("code", table.codes, table.at),
            *_amount_parts("visit of", table.visits, table.at),
            *_amount_parts("therapy", table.therapies, table.at),
            *_amount_parts("practice expense of", table.practice_expense, table.at),
            *map(_rate_part, table.rates),
        ),
        noun="fee table",
        brief=f"{count(_amounts(table), 'amount')}, otherwise {otherwise or 'the charge'}",
    )


def _rate_part(rate: FeeRate) -> Part:
    """Other amounts for some practitioners or settings."""
    settings = None if rate.settings is None else tuple(map(plain, rate.settings))
    part = None if rate.basis_points is None else percent(rate.basis_points)
    return Part(
        key="rate",
        label="rate for ",
        at=rate.at,
        record=rate,
        facts=lambda: (
            set_fact("practitioners", rate.practitioners, rate.at, "any"),
            set_fact("settings", settings, rate.at, "any"),
            fact("percent", part, rate.at),
        ),
        parts=lambda: (
            *_amount_parts("code", rate.codes, rate.at),
            *_amount_parts("visit of", rate.visits, rate.at),
            *_amount_parts("therapy", rate.therapies, rate.at),
        ),
        order="order of rates",
        names=(*map(str, rate.practitioners or ()), *map(plain, rate.settings or ())),
        brief=part or count(_amounts(rate), "amount"),
    )


def _amounts(table: FeeTable | FeeRate) -> int:
    """How many amounts a fee table or a rate lists."""
    return len(table.codes) + len(table.visits) + len(table.therapies)


def _amount_parts(kind: str, amounts: Mapping[str, int], at: Place) -> Iterator[Part]:
    """A part for each amount of a fee table."""
    for name, cents in amounts.items():
        place: Place = getattr(name, "at", at)
        facts = partial(_amount_facts, cents, place)
        yield Part(f"{kind} {name}", f"{kind} {name}", place, cents, facts, noun="allowed amount")


def _amount_facts(cents: int, at: Place) -> Iterator[Fact]:
    yield fact("allowed amount", amount(cents), at)


# Catalogs


def catalog_part(catalog: Catalog) -> Part:
    """A catalog."""
    return Part(
        key="catalog",
        label="",
        at=catalog.heading.at,
        record=catalog,
        facts=lambda: heading_facts(catalog.heading),
        parts=lambda: (
            *source_parts(catalog.heading),
            *map(_therapy_part, catalog.therapies.values()),
            *map(_condition_part, catalog.conditions.values()),
            *map(_practitioner_part, catalog.practitioners.values()),
            *map(_licensure_part, catalog.licensure.values()),
            *map(_code_part, catalog.codes.values()),
            *map(_modifier_part, catalog.modifiers.values()),
            *(_place_part(code, setting, catalog.heading.at) for code, setting in catalog.places_of_service.items()),
        ),
        brief=catalog.heading.name or "",
    )


def _therapy_part(therapy: Therapy) -> Part:
    label = f"therapy {therapy.id}"
    return Part(label, label, therapy.at, therapy, partial(_therapy_facts, therapy))


def _therapy_facts(therapy: Therapy) -> Iterator[Fact]:
    at, charge = therapy.at, therapy.typical_charge
    yield fact("name", therapy.name, at)
    yield set_fact("aliases", therapy.aliases, at)
    yield set_fact("codes", therapy.codes, at)
    yield set_fact("visit codes", therapy.visit_codes, at)
    yield set_fact("practitioners", therapy.practitioners, at)
    yield fact("service type", therapy.service_type, at)
    place = charge.at if charge else at
    yield fact("low charge", amount_or_none(charge.low if charge else None), place)
    yield fact("typical charge", amount_or_none(charge.typical if charge else None), place)
    yield fact("high charge", amount_or_none(charge.high if charge else None), place)
    minutes = therapy.minutes
    place = minutes.at if minutes else at
    yield fact("session", quantity(Measure.MINUTES, minutes.session) if minutes else None, place)
    codes = minutes.codes.items() if minutes else ()
    yield set_fact("unit of", tuple(f"{code}: {quantity(Measure.MINUTES, number)}" for code, number in codes), place)
    yield fact("tax advantaged", plain(therapy.tax_advantaged) if therapy.tax_advantaged else None, at)


def _condition_part(condition: Condition) -> Part:
    label = f"condition {condition.id}"
    return Part(label, label, condition.at, condition, partial(_condition_facts, condition))


def _condition_facts(condition: Condition) -> Iterator[Fact]:
    yield fact("name", condition.name, condition.at)
    yield set_fact("icd10", condition.icd10, condition.at)


def _practitioner_part(practitioner: Practitioner) -> Part:
    label = f"practitioner {practitioner.id}"
    return Part(label, label, practitioner.at, practitioner, partial(_practitioner_facts, practitioner))


def _practitioner_facts(practitioner: Practitioner) -> Iterator[Fact]:
    yield fact("name", practitioner.name, practitioner.at)
    yield fact("taxonomy", practitioner.taxonomy, practitioner.at)
    yield set_fact("taxonomies", practitioner.taxonomies, practitioner.at)


def _code_part(facts: CodeFacts) -> Part:
    label = f"code {facts.code}"
    return Part(label, label, facts.at, facts, partial(_code_facts, facts))


def _code_facts(facts: CodeFacts) -> Iterator[Fact]:
    yield set_fact("add-on to", facts.add_on_to, facts.at)
    yield set_fact("not with", facts.not_with, facts.at)
    yield set_fact("never with", facts.never_with, facts.at)
    yield fact("unless", plain(facts.unless) if facts.unless else None, facts.at)
    yield fact("units per day", None if facts.units_per_day is None else str(facts.units_per_day), facts.at)
    yield fact("always therapy", yes_or_no(facts.always_therapy), facts.at, "no")


def _modifier_part(modifier: Modifier) -> Part:
    label = f"modifier {modifier.code}"
    return Part(label, label, modifier.at, modifier, partial(_modifier_facts, modifier))


def _modifier_facts(modifier: Modifier) -> Iterator[Fact]:
    yield fact("name", modifier.name, modifier.at)
    yield set_fact("attests", tuple(map(plain, modifier.attests)), modifier.at)
    yield set_fact("lacks", tuple(map(plain, modifier.lacks)), modifier.at)
    yield fact("setting", plain(modifier.setting) if modifier.setting else None, modifier.at)


def _place_part(code: str, setting: Setting, otherwise: Place) -> Part:
    label = f"place of service {code}"
    at = code.at if isinstance(code, Word) else otherwise
    return Part(label, label, at, setting, lambda: iter((fact("setting", plain(setting), at),)))


def _licensure_part(licensure: Licensure) -> Part:
    label = f"licensure of {licensure.practitioner}"
    return Part(label, label, licensure.at, licensure, partial(_licensure_facts, licensure))


def _licensure_facts(licensure: Licensure) -> Iterator[Fact]:
    yield set_fact("licensed", licensure.licensed, licensure.at, "not given")
    yield set_fact("unlicensed", licensure.unlicensed, licensure.at, "not given")
