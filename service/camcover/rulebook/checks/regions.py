"""Criteria as regions: what two sets of criteria share, and whether one asks for no more than the other.

What comes in: the criteria of a policy and of a benefit. What goes out: one `Region`, the conjunction of both on one
day; regions can be compared. Diagnoses are normalised prefixes (upper case, no dots). Regions are compared as if a line
had one diagnosis. So benefits for different diagnoses count as disjoint, although a line with two diagnoses could match
both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from camcover.rulebook.checks.scope import catalogs_on, policy_on
from camcover.rulebook.records import CountedFor, Criteria, Plan, RuleSet, WaitingPeriod, WaitingUnit

Prefixes = frozenset[str]

OLDEST = 1_000
"""Above any completed years: the upper end of an age criterion that has none."""


@dataclass(frozen=True, slots=True)
class Region:
    """All criteria that must hold together; None = not asked. `any_of`: each group needs a matching diagnosis."""

    any_of: tuple[Prefixes, ...]
    none_of: Prefixes
    practitioners: frozenset[str] | None
    settings: frozenset[str] | None
    states: frozenset[str] | None
    youngest: int
    oldest: int
    licensed: bool
    attested: frozenset[str] = frozenset()
    not_attested: frozenset[str] = frozenset()
    roles: frozenset[str] | None = None
    statuses: frozenset[str] | None = None
    waits: tuple[WaitingPeriod, ...] = ()


def region_of(rules: RuleSet, day: date, policy: str | None, when: Criteria | None) -> Region:
    """The conjunction of a policy's criteria on `day` and of a `when` block; without either, everything."""
    named = policy_on(rules, policy, day)
    parts = [part for part in (named.when if named else None, when) if part is not None]
    groups = (_asked(part, rules, day) for part in parts)
    return Region(
        any_of=tuple(group for group in groups if group is not None),
        none_of=frozenset(each for part in parts for each in _prefixes(part.not_conditions or (), rules, day)),
        practitioners=_common(part.practitioners for part in parts),
        settings=_common(part.settings for part in parts),
        states=_common(part.states for part in parts),
        youngest=max((part.ages.min or 0 for part in parts if part.ages is not None), default=0),
        oldest=min((part.ages.max for part in parts if part.ages and part.ages.max is not None), default=OLDEST),
        licensed=any(part.licensed for part in parts),
        attested=frozenset(each for part in parts for each in part.attested or ()),
        not_attested=frozenset(each for part in parts for each in part.not_attested or ()),
        roles=_common(part.roles for part in parts),
        statuses=_common(part.statuses for part in parts),
        waits=tuple(part.waiting_period for part in parts if part.waiting_period is not None),
    )


def normalised(code: str) -> str:
    """An ICD-10 entry as it is compared: upper case, without dots (docs/rule-language.md, point 3)."""
    return code.upper().replace(".", "")


def _prefixes(conditions: Iterable[str], rules: RuleSet, day: date) -> Prefixes:
    """The entries of named conditions. An unknown condition, which another check reports, represents itself."""
    catalogs = catalogs_on(rules, day)
    found: set[str] = set()
    for name in conditions:
        known = [catalog.conditions[name] for catalog in catalogs if name in catalog.conditions]
        found.update(normalised(code) for condition in known for code in condition.icd10)
        found.update(() if known else {f"?{name}"})
    return frozenset(found)


def _asked(part: Criteria, rules: RuleSet, day: date) -> Prefixes | None:
    """The union of `conditions` and `icd10`, None when neither is given."""
    if part.conditions is None and part.icd10 is None:
        return None
    return _prefixes(part.conditions or (), rules, day) | {normalised(code) for code in part.icd10 or ()}


def _common(sets: Iterable[Iterable[str] | None]) -> frozenset[str] | None:
    given = [frozenset(each) for each in sets if each is not None]
    return frozenset.intersection(*given) if given else None


def diagnosis_groups(plan: Plan, rules: RuleSet, day: date) -> Iterator[Prefixes]:
    """Every group of diagnoses that the plan's criteria ask about on `day`, with repetitions."""
    policies = (policy_on(rules, benefit.policy, day) for benefit in plan.benefits.values())
    parts = [policy.when for policy in policies if policy is not None]
    parts += [benefit.when for benefit in plan.benefits.values() if benefit.when is not None]
    parts += [exclusion.when for exclusion in plan.exclusions if exclusion.when is not None]
    for part in parts:
        asked = _asked(part, rules, day)
        if asked is not None:
            yield asked
        if part.not_conditions:
            yield _prefixes(part.not_conditions, rules, day)
    for benefit in plan.benefits.values():
        if any(limit.counted_for is CountedFor.CONDITION for limit in benefit.limits):
            yield from (_prefixes((condition,), rules, day) for condition in benefit.conditions)


def covers(wide: Prefixes, narrow: Prefixes) -> bool:
    """Whether every diagnosis that matches `narrow` matches `wide`."""
    return all(any(code.startswith(prefix) for prefix in wide) for code in narrow)


def is_empty(region: Region) -> bool:
    """Whether no line can meet `region`."""
    choices = (region.practitioners, region.settings, region.states, region.roles, region.statuses)
    if region.youngest > region.oldest or any(choice is not None and not choice for choice in choices):
        return True
    return bool(region.attested & region.not_attested) or any(covers(region.none_of, group) for group in region.any_of)


_DAYS = {WaitingUnit.DAY: (1, 1), WaitingUnit.MONTH: (28, 31)}
"""The fewest and the most days of what a waiting period from the enrollment on is counted in."""


def ends_first(one: WaitingPeriod, other: WaitingPeriod) -> bool:
    """Whether one waiting period is always over when another one is, whatever the months."""
    if one.unit is other.unit:
        return one.length <= other.length
    if WaitingUnit.YEAR in (one.unit, other.unit):
        return False
    return one.length * _DAYS[one.unit][1] <= other.length * _DAYS[other.unit][0]


def _meet(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    return one is None or other is None or bool(one & other)


def _share_a_diagnosis(one: Prefixes, other: Prefixes) -> bool:
    return any(a.startswith(b) or b.startswith(a) for a in one for b in other)


def is_disjoint(one: Region, other: Region) -> bool:
    """Whether no line with one diagnosis meets both regions."""
    if not (_meet(one.practitioners, other.practitioners) and _meet(one.settings, other.settings)):
        return True
    if not (_meet(one.roles, other.roles) and _meet(one.statuses, other.statuses)):
        return True
    if not _meet(one.states, other.states) or max(one.youngest, other.youngest) > min(one.oldest, other.oldest):
        return True
    if one.attested & other.not_attested or other.attested & one.not_attested:
        return True
    barred = one.none_of | other.none_of
    if any(covers(barred, group) for group in one.any_of + other.any_of):
        return True
    return any(not _share_a_diagnosis(a, b) for a in one.any_of for b in other.any_of)


def is_weaker(one: Region, other: Region) -> bool:
    """Whether every line that meets `other` meets `one`."""
    choices = (
        (one.practitioners, other.practitioners),
        (one.settings, other.settings),
        (one.states, other.states),
        (one.roles, other.roles),
        (one.statuses, other.statuses),
    )
    if any(mine is not None and (theirs is None or not theirs <= mine) for mine, theirs in choices):
        return False
    if one.youngest > other.youngest or one.oldest < other.oldest or (one.licensed and not other.licensed):
        return False
    if not all(any(ends_first(mine, theirs) for theirs in other.waits) for mine in one.waits):
        return False
    if not (one.attested <= other.attested and one.not_attested <= other.not_attested):
        return False
    if not all(any(covers(mine, theirs) for theirs in other.any_of) for mine in one.any_of):
        return False
    return covers(other.none_of, one.none_of)
