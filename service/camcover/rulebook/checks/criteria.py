"""Criteria that no line can meet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.messages import sentence
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.regions import is_empty, region_of
from camcover.rulebook.checks.scope import catalogs_on, days_of_change, plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.phrases import quoted
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

_NO_AGE = sentence("criteria-never-hold-no-age", "least", "most")
_EXCHANGE_AGES = sentence("criteria-never-hold-exchange-ages")
_ATTESTED_AND_NOT = sentence("criteria-never-hold-attested-and-not", "attestations")
_KEEP_IN_ONE = sentence("criteria-never-hold-keep-in-one")
_NO_LINE = sentence("criteria-never-hold-no-line")
_FILL_LIST = sentence("criteria-never-hold-fill-list")
_BENEFIT_AND_POLICY = sentence("criteria-never-hold-benefit-and-policy", "benefit", "policy")
_CORRECT_ONE = sentence("criteria-never-hold-correct-one")
_NOT_GIVEN_BY = sentence("practitioners-never-give-therapy-not-given-by", "therapies", "practitioners")
_CORRECT_PRACTITIONERS = sentence("practitioners-never-give-therapy-correct-practitioners")


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
            message = _NO_AGE(least=str(ages.min), most=str(ages.max))
            yield NEVER_HOLD.at(ages.at, message, _EXCHANGE_AGES())
        elif both := set(when.attested or ()) & set(when.not_attested or ()):
            message = _ATTESTED_AND_NOT(attestations=quoted(sorted(both)))
            yield NEVER_HOLD.at(when.at, message, _KEEP_IN_ONE())
        else:
            yield NEVER_HOLD.at(when.at, _NO_LINE(), _FILL_LIST())


def check_policies(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A benefit's criteria and its policy's can hold together, as they must (docs/rule-language.md, section 4)."""
    for plan in plans(rules):
        days = days_of_change(plan, rules)
        for benefit in plan.benefits.values():
            if benefit.policy is not None and benefit.when is not None and _contradicts(rules, days, benefit):
                message = _BENEFIT_AND_POLICY(benefit=benefit.id, policy=benefit.policy)
                yield NEVER_HOLD.at(benefit.when.at, message, _CORRECT_ONE())


def _contradicts(rules: RuleSet, days: list[date], benefit: Benefit) -> bool:
    """Whether on every day each of the two can hold by itself, but the two never hold together."""
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
                message = _NOT_GIVEN_BY(therapies=quoted(benefit.therapies), practitioners=quoted(sorted(asked)))
                yield PRACTITIONERS_NEVER_GIVE.at(place, message, _CORRECT_PRACTITIONERS())


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
