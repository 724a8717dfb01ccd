"""What members of a synthetic book may look like: for each payer plan its services, patients and sums.

What comes in: checked rules and the book's date. What goes out: `PlanProfile`s, from which `drawing` draws. A profile
contains only words that the rules know, so that these rules can price every row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from typing import NamedTuple

from camcover.calendar import LAST_DAY
from camcover.engine.asking.contradictions import counted_in
from camcover.engine.compiling.plan_index import member_maximum
from camcover.engine.compiling.vocabulary import ICD10, Vocabulary, build_vocabulary
from camcover.errors import CamcoverError
from camcover.rulebook import RuleSet
from camcover.rulebook.hints import with_hint
from camcover.rulebook.records import (
    LONG_PERIODS,
    AccumulatorKind,
    Benefit,
    Criteria,
    Limit,
    Measure,
    Plan,
    TypicalCharge,
)

__all__ = ["LimitProfile", "PlanProfile", "ServiceProfile", "SumProfile", "WrongBook", "book_date", "plan_profiles"]

OLDEST = 95
"""Completed years of the oldest member."""


class WrongBook(CamcoverError, ValueError):
    """These rules cannot make such a book; the message says what was asked for and what exists."""


class ServiceProfile(NamedTuple):
    """One service of a plan, and the words that its benefit asks for; empty where it asks for none.

    `charge`: (low, typical, high) cents of a session. `is_assumable`: it may have no charge. `needs_code`: only its
    codes are covered. `ages`: completed years, inclusive.
    """

    therapy: str
    codes: tuple[str, ...]
    needs_code: bool
    charge: tuple[int, int, int]
    is_assumable: bool
    practitioners: tuple[str, ...]
    settings: tuple[str, ...]
    tiers: tuple[str, ...]
    diagnoses: tuple[str, ...]
    conditions: tuple[str, ...]
    attestations: tuple[str, ...]
    ages: tuple[int, int]


class SumProfile(NamedTuple):
    """An accumulator's maxima: for a member alone, for one in a family, for the family; -1 = unlimited.

    `toward`: the maxima that every cent of this accumulator counts toward, each as its distance behind it in the list.
    """

    name: str
    is_deductible: bool
    alone_cents: int
    in_family_cents: int
    family_cents: int
    toward: tuple[int, ...]


class LimitProfile(NamedTuple):
    """A limit whose use may be stated, and the most of it (visits, units or cents)."""

    name: str
    is_money: bool
    most: int


class PlanProfile(NamedTuple):
    """A payer plan on the book's date; `last_day` is the ordinal day on which its editions end without a gap."""

    plan_id: str
    last_day: int
    tiers: tuple[str, ...]
    states: tuple[str, ...]
    covered: tuple[ServiceProfile, ...]
    others: tuple[ServiceProfile, ...]
    sums: tuple[SumProfile, ...]
    limits: tuple[LimitProfile, ...]


def book_date(rules: RuleSet, plans: Sequence[str] = ()) -> date:
    """The first day of an edition on which most of the plans are in force.

    Of several such days, the ones on which most editions begin; of these the latest. `plans`: their ids, empty = all.
    Raises `WrongBook` for an id that does not exist, or if there is no plan.
    """
    editions = [rules.plans[name] for name in _named(rules, plans)]
    starts = Counter(edition.heading.effective.start for each in editions for edition in each)
    in_force = {day: sum(_edition_on(each, day) is not None for each in editions) for day in starts}
    return max(starts, key=lambda day: (in_force[day], starts[day], day))


def plan_profiles(rules: RuleSet, on: date, plans: Sequence[str] = ()) -> tuple[PlanProfile, ...]:
    """A profile of each plan in force on a date, in order of id; `plans`: only these.

    Raises `WrongBook` when one of `plans` does not exist or is not in force, or when none is.
    """
    vocabulary = build_vocabulary(rules)
    found = []
    for name in _named(rules, plans):
        edition = _edition_on(rules.plans[name], on)
        if edition is not None:
            found.append(_plan(rules, vocabulary, rules.plans[name], edition, on=on))
        elif plans:
            raise WrongBook(f"plan {name!r} has no edition in force on {on}")
    if not vocabulary.services:
        raise WrongBook("the catalog has no therapy")
    if not found:
        raise WrongBook(f"no plan has an edition in force on {on}")
    return tuple(found)


def _named(rules: RuleSet, plans: Sequence[str]) -> list[str]:
    """The plans meant, each once, in order of id."""
    for name in plans:
        if name not in rules.plans:
            raise WrongBook(with_hint(f"no plan {name!r}", name, rules.plans))
    if not rules.plans:
        raise WrongBook("the rules have no plan")
    return sorted(set(map(str, plans or rules.plans)))


def _edition_on(editions: Iterable[Plan], day: date) -> Plan | None:
    return next((plan for plan in editions if plan.heading.effective.holds(day)), None)


def _plan(rules: RuleSet, vocabulary: Vocabulary, editions: Sequence[Plan], plan: Plan, *, on: date) -> PlanProfile:
    """The profile of one plan edition."""
    merged = [(benefit, _criteria(rules, benefit, on)) for benefit in plan.benefits.values()]
    covered = [service for benefit, when in merged for service in _covered(vocabulary, plan, benefit, when, on=on)]
    named = {service.therapy for service in covered}
    others = [
        _service(vocabulary, plan, None, (), therapy=therapy, codes=(), on=on)
        for therapy in sorted(vocabulary.services)
        if therapy not in named
    ]
    return PlanProfile(
        plan_id=str(plan.heading.id),
        last_day=_last_day(editions, plan),
        tiers=tuple(map(str, plan.tiers)),
        states=_words(state for _, when in merged for each in when for state in each.states or ()),
        covered=tuple(covered),
        others=tuple(others),
        sums=tuple(_sums(editions, plan)),
        limits=tuple(_limits(editions, plan)),
    )


def _criteria(rules: RuleSet, benefit: Benefit, on: date) -> tuple[Criteria, ...]:
    """The benefit's own criteria, then those of its policy on a date."""
    policies = rules.policies.get(benefit.policy, ()) if benefit.policy else ()
    held = [policy.when for policy in policies if policy.heading.effective.holds(on)]
    return tuple(each for each in (benefit.when, *held) if each is not None)


def _covered(
    vocabulary: Vocabulary, plan: Plan, benefit: Benefit, when: Sequence[Criteria], *, on: date
) -> Iterator[ServiceProfile]:
    """The services that a benefit covers."""
    for therapy in benefit.therapies:
        yield _service(vocabulary, plan, benefit, when, therapy=str(therapy), codes=(), on=on)
    for code in benefit.codes:
        for therapy in vocabulary.therapies_of_code.get(code, ()):
            if therapy not in benefit.therapies:
                yield _service(vocabulary, plan, benefit, when, therapy=str(therapy), codes=(str(code),), on=on)


def _service(
    vocabulary: Vocabulary,
    plan: Plan,
    benefit: Benefit | None,
    when: Sequence[Criteria],
    *,
    therapy: str,
    codes: tuple[str, ...],
    on: date,
) -> ServiceProfile:
    """A therapy under a benefit, or under none; `codes`: only these, empty = all of the therapy's."""
    known = [catalog.therapies[therapy] for catalog in vocabulary.catalogs if therapy in catalog.therapies]
    charge = vocabulary.typical_charge(therapy, on)
    asked = _first(each.practitioners for each in when)
    return ServiceProfile(
        therapy=therapy,
        codes=codes or tuple(sorted(vocabulary.codes_of_therapy[therapy])),
        needs_code=bool(codes),
        charge=_charge(charge),
        is_assumable=all(each.typical_charge is not None for each in known),
        practitioners=asked or _words(name for each in known for name in each.practitioners),
        settings=_first(each.settings for each in when),
        tiers=_words(benefit.tiers if benefit else plan.tiers),
        diagnoses=_words(_diagnoses(vocabulary, when)),
        conditions=_first(each.conditions for each in when),
        attestations=_words(_attestations(plan, benefit, when)) if benefit else (),
        ages=_ages(when),
    )


def _charge(charge: TypicalCharge | None) -> tuple[int, int, int]:
    """Low, typical and high cash price of a session, cents; 50 to 150 dollars where the catalog knows none."""
    return (charge.low, charge.typical, charge.high) if charge else (5_000, 10_000, 15_000)


def _first(choices: Iterable[Sequence[str] | None]) -> tuple[str, ...]:
    """The first list that is given: a benefit's own goes before its policy's."""
    return _words(next((each for each in choices if each), ()))


def _words(words: Iterable[str]) -> tuple[str, ...]:
    """Plain words, each once, in order of first appearance."""
    return tuple(dict.fromkeys(map(str, words)))


def _diagnoses(vocabulary: Vocabulary, when: Sequence[Criteria]) -> Iterator[str]:
    """The prefixes that criteria ask for, as they are written, as far as they are codes by themselves."""
    known = [catalog.conditions for catalog in vocabulary.catalogs]
    for each in when:
        named = [code for name in each.conditions or () for one in known if name in one for code in one[name].icd10]
        yield from (prefix for prefix in (*named, *(each.icd10 or ())) if ICD10.fullmatch(prefix))


def _attestations(plan: Plan, benefit: Benefit, when: Sequence[Criteria]) -> Iterator[str]:
    """The attestations of criteria, requirements and soft limits, and those that make a denial the member's."""
    yield from (name for each in when for name in each.attested or ())
    yield from (each.attestation for each in benefit.requires)
    yield from (limit.beyond for limit in benefit.limits if limit.beyond)
    liable = (plan.tiers[tier].provider_liable for tier in benefit.tiers)
    yield from (each.unless for each in liable if each is not None and each.unless)


def _ages(when: Sequence[Criteria]) -> tuple[int, int]:
    """The ages that all criteria let through, at most `OLDEST`."""
    ages = [each.ages for each in when if each.ages]
    low = max((each.min for each in ages if each.min is not None), default=0)
    high = min((each.max for each in ages if each.max is not None), default=OLDEST)
    return min(low, OLDEST), max(min(high, OLDEST), min(low, OLDEST))


def _last_day(editions: Sequence[Plan], plan: Plan) -> int:
    """The ordinal day up to which the plan's editions follow one another without a gap."""
    last = _end(plan)
    for each in sorted(editions, key=lambda edition: edition.heading.effective.start):
        if each.heading.effective.start.toordinal() == last + 1:
            last = _end(each)
    return last


def _end(plan: Plan) -> int:
    """The ordinal day on which an edition ends."""
    end = plan.heading.effective.end
    return end.toordinal() if end else LAST_DAY


def _sums(editions: Sequence[Plan], plan: Plan) -> Iterator[SumProfile]:
    """The accumulators of an edition."""
    counted, places = dict(counted_in(editions)), list(plan.accumulators)
    for place, (name, each) in enumerate(plan.accumulators.items()):
        yield SumProfile(
            str(name),
            each.kind is AccumulatorKind.DEDUCTIBLE,
            member_maximum(each, family=False),
            member_maximum(each, family=True),
            -1 if each.family is None else each.family,
            tuple(places.index(each) - place for each in counted.get(str(name), ()) if each in places),
        )


def _limits(editions: Sequence[Plan], plan: Plan) -> Iterator[LimitProfile]:
    """The limits of an edition that every edition has alike."""
    alike: dict[str, set[tuple[object, ...]]] = {}
    for limit in chain.from_iterable(map(_limits_of, editions)):
        alike.setdefault(str(limit.id), set()).add((limit.most, limit.beyond, limit.measure, limit.per))
    for name, limit in {str(limit.id): limit for limit in _limits_of(plan)}.items():
        if len(alike[name]) == 1 and limit.per.kind in LONG_PERIODS:
            yield LimitProfile(name, limit.measure is Measure.MONEY, limit.most)


def _limits_of(plan: Plan) -> Iterator[Limit]:
    return (limit for benefit in plan.benefits.values() for limit in benefit.limits)
