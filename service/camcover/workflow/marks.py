"""What tests of a plan can reach: its benefits, exclusions, limits and criteria, each with its kind and place."""

from __future__ import annotations

from collections.abc import Iterator

from camcover.engine.telling.citing import rule_place
from camcover.rulebook.analysis.criteria import Check, Subject
from camcover.rulebook.checks.scope import criteria_of
from camcover.rulebook.records import Benefit, Criteria, Exclusion, Limit, Plan, RuleSet

__all__ = ["Mark", "benefit_mark", "criterion_mark", "exclusion_mark", "limit_mark", "marks_of"]

Mark = tuple[str, str]
"""(what, place) of something that a test can reach."""

_KEYS = {
    Subject.DIAGNOSIS: ("conditions", "icd10", "not_conditions"),
    Subject.PRACTITIONER: ("practitioners",),
    Subject.SETTING: ("settings",),
    Subject.AGE: ("ages",),
    Subject.STATE: ("states",),
    Subject.LICENSE: ("licensed",),
    Subject.ROLE: ("roles",),
    Subject.STATUS: ("statuses",),
    Subject.WAITING: ("waiting_period",),
    Subject.ATTESTATION: ("attested", "not_attested"),
}


def marks_of(rules: RuleSet, plan: Plan) -> Iterator[Mark]:
    """Everything of a plan edition that a test can reach."""
    yield from map(exclusion_mark, plan.exclusions)
    for benefit in plan.benefits.values():
        yield benefit_mark(benefit)
        yield from map(limit_mark, benefit.limits)
        for criteria in criteria_of(rules, plan, benefit):
            yield from _criterion_marks(criteria)


def _criterion_marks(criteria: Criteria) -> Iterator[Mark]:
    """One mark for each reason for which a block of criteria can refuse a line."""
    yield from filter(None, (_criterion_mark(criteria, subject) for subject in _KEYS))


def exclusion_mark(exclusion: Exclusion) -> Mark:
    """An exclusion as something to reach."""
    return "exclusion", rule_place(exclusion.at)


def benefit_mark(benefit: Benefit) -> Mark:
    """A benefit as something to reach."""
    return f"benefit '{benefit.id}'", rule_place(benefit.at)


def limit_mark(limit: Limit) -> Mark:
    """A limit as something to reach."""
    return f"limit '{limit.id}'", rule_place(limit.at)


def criterion_mark(check: Check) -> Mark | None:
    """A criterion as something to reach, with those of its block that look at the same; None for a tier."""
    return _criterion_mark(check.block, check.subject) if check.block is not None else None


def _criterion_mark(criteria: Criteria, subject: Subject) -> Mark | None:
    """The criteria of a block that look at a subject; None where it has none."""
    given = [key for key in _KEYS.get(subject, ()) if getattr(criteria, key)]
    return (f"criterion {' and '.join(given)}", rule_place(criteria.at)) if given else None
