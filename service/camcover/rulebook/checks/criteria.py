"""Criteria that no line can meet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.regions import is_empty, region_of
from camcover.rulebook.checks.scope import catalogs_on, days_of_change, listed, plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import Benefit, Criteria, Place, RuleSet

NEVER_HOLD = declare_fault(
    "criteria-never-hold",
    Severity.WARNING,
    "No line can meet a set of criteria. Either `min` of the ages is above `max`, a list is empty, an attestation is "
    "both in `attested` and in `not_attested`, or the criteria of a benefit exclude those of its policy.",
    "Check the criteria against the plan's document.",
)
PRACTITIONERS_NEVER_GIVE = declare_fault(
    "practitioners-never-give-therapy",
    Severity.WARNING,
    "A benefit asks for practitioners, but by the catalog none of them gives any of its therapies.",
    "Correct the practitioners of the benefit, or add them to the therapy in the catalog.",
)


def check_criteria(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Each `when` of a policy, a benefit or an exclusion can hold by itself (docs/rule-language.md, section 4)."""
    for editions in rules.policies.values():
        for policy in editions:
            yield from _never_hold(rules, policy.heading.effective.start, policy.when)
    for plan in plans(rules):
        whens = [benefit.when for benefit in plan.benefits.values()]
        whens += [exclusion.when for exclusion in plan.exclusions]
        for when in whens:
            if when is not None:
                yield from _never_hold(rules, plan.heading.effective.start, when)


def _never_hold(rules: RuleSet, day: date, when: Criteria) -> Iterator[Diagnostic]:
    if is_empty(region_of(rules, day, None, when)):
        ages = when.ages
        if ages is not None and ages.min is not None and ages.max is not None and ages.min > ages.max:
            message = f"no age is both at least {ages.min} and at most {ages.max}"
            yield NEVER_HOLD.at(ages.at, message, "exchange `min` and `max`, or correct them")
        elif both := set(when.attested or ()) & set(when.not_attested or ()):
            message = f"{listed(sorted(both))} is both in `attested` and in `not_attested`"
            yield NEVER_HOLD.at(when.at, message, "keep it in one of the two lists")
        else:
            yield NEVER_HOLD.at(when.at, "no line can meet these criteria", "fill or remove the empty list")


def check_policies(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A benefit's criteria leave something of its policy's (docs/rule-language.md, section 4: all given must hold)."""
    for plan in plans(rules):
        days = days_of_change(plan, rules)
        for benefit in plan.benefits.values():
            if benefit.policy is not None and benefit.when is not None and _contradicts(rules, days, benefit):
                message = (
                    f"no line can meet both the criteria of '{benefit.id}' and those of its policy '{benefit.policy}'"
                )
                yield NEVER_HOLD.at(benefit.when.at, message, "correct one of the two")


def _contradicts(rules: RuleSet, days: list[date], benefit: Benefit) -> bool:
    """Whether on every day the two parts hold each for itself, but never together."""
    return all(
        is_empty(region_of(rules, day, benefit.policy, benefit.when))
        and not is_empty(region_of(rules, day, benefit.policy, None))
        and not is_empty(region_of(rules, day, None, benefit.when))
        for day in days
    )


def check_practitioners(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Some practitioner asked for gives some therapy of the benefit (docs/rule-language.md, section 2)."""
    for plan in plans(rules):
        days = days_of_change(plan, rules)
        for benefit in plan.benefits.values():
            asked = region_of(rules, days[0], benefit.policy, benefit.when).practitioners
            if asked and all(_none_gives(rules, day, benefit, asked) for day in days):
                place = _practitioners_place(benefit)
                message = f"by the catalog, {listed(benefit.therapies)} is not given by {listed(sorted(asked))}"
                yield PRACTITIONERS_NEVER_GIVE.at(place, message, "correct the practitioners here or in the catalog")


def _none_gives(rules: RuleSet, day: date, benefit: Benefit, asked: frozenset[str]) -> bool:
    """Whether the benefit has therapies but no codes, and `asked` give none of them by the catalog, which has all."""
    if benefit.codes or not benefit.therapies:
        return False
    catalogs = catalogs_on(rules, day)
    for name in benefit.therapies:
        known = next((catalog.therapies[name] for catalog in catalogs if name in catalog.therapies), None)
        # A therapy without a list of practitioners may be given by any.
        if known is None or not known.practitioners or asked & set(known.practitioners):
            return False
    return True


def _practitioners_place(benefit: Benefit) -> Place:
    when = benefit.when
    return when.at if when is not None and when.practitioners is not None else benefit.at
