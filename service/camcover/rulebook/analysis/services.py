"""What a request can ask of a plan: runs of days without a change, and the services of the catalogs.

What comes in: a plan edition and the rule set. What goes out: its `Stretch`es, and the `Service`s of each. A service is
a therapy with those of its codes that the same exclusions and benefits name (docs/rule-language.md, point 7).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from camcover.rulebook.checks.scope import catalogs_on, days_of_change
from camcover.rulebook.records import Benefit, Exclusion, Plan, RuleSet

NO_CODE = ""
"""Stands among a service's codes for a line without one."""

Rule = Exclusion | Benefit


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of one plan edition, inclusive, without a change of policy or catalog; `last` None = open."""

    plan: Plan
    first: date
    last: date | None

    def holds(self, day: date) -> bool:
        """Whether `day` lies in the stretch."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Service:
    """A therapy billed as any of `codes` ("": without a code), and the rules that name it, exclusions first."""

    therapy: str
    codes: tuple[str, ...]
    rules: tuple[Rule, ...]


def stretches_of(plan: Plan, rules: RuleSet) -> list[Stretch]:
    """The stretches of a plan edition in order of date."""
    starts = days_of_change(plan, rules)
    ends = [day - timedelta(days=1) for day in starts[1:]]
    return [Stretch(plan, *each) for each in zip(starts, [*ends, plan.heading.effective.end], strict=True)]


def therapies_on(rules: RuleSet, day: date) -> list[str]:
    """The therapies of the catalogs in force on `day`, each once, in the order of the files."""
    return list(dict.fromkeys(str(name) for catalog in catalogs_on(rules, day) for name in catalog.therapies))


def services_of(stretch: Stretch, rules: RuleSet) -> Iterator[Service]:
    """Every service that a request may name, by therapy; those that no rule names have no rules.

    As the engine does, a therapy takes the codes that any edition of a catalog lists for it.
    """
    codes_of: dict[str, dict[str, None]] = {}
    for catalog in (catalog for editions in rules.catalogs.values() for catalog in editions):
        for name, listed in catalog.therapies.items():
            codes_of.setdefault(str(name), {NO_CODE: None}).update(dict.fromkeys(map(str, listed.billed)))
    for therapy, codes in codes_of.items():
        alike: dict[tuple[int, ...], list[str]] = {}
        ordered: list[Rule] = [*stretch.plan.exclusions, *stretch.plan.benefits.values()]
        for code in codes:
            named = tuple(number for number, rule in enumerate(ordered) if _names(rule, therapy, code))
            alike.setdefault(named, []).append(code)
        for named, members in alike.items():
            yield Service(therapy, tuple(members), tuple(ordered[number] for number in named))


def service_of(stretch: Stretch, therapy: str, code: str) -> Service:
    """One therapy billed as one code ("": without a code), with the rules that name it."""
    ordered: list[Rule] = [*stretch.plan.exclusions, *stretch.plan.benefits.values()]
    return Service(therapy, (code,), tuple(rule for rule in ordered if _names(rule, therapy, code)))


def _names(rule: Rule, therapy: str, code: str) -> bool:
    """Whether a rule's therapies hold the therapy or its codes the code, and no code is one that it goes without."""
    if isinstance(rule, Benefit) and code in rule.without_codes:
        return False
    return therapy in rule.therapies or (code != NO_CODE and code in rule.codes)
