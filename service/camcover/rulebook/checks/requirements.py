"""Requirements: a benefit has at most one penalty in dollars."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.messages import sentence
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import RuleSet

PENALTY_REPEATED = declare_fault(
    "penalty-repeated",
    Severity.ERROR,
    "A benefit has more than one penalty in dollars. The penalty that a visit has paid could then belong to either "
    "(docs/rule-language.md, point 12).",
    "Keep one penalty in dollars; the others may be percentages.",
)

_PENALTIES = sentence("penalty-repeated-penalties", "benefit", "found")
_KEEP_ONE = sentence("penalty-repeated-keep-one")


def check_penalties(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A benefit has at most one penalty in dollars (docs/rule-language.md, point 12)."""
    for plan in plans(rules):
        for benefit in plan.benefits.values():
            places = [each.at for each in benefit.requires if each.penalty_cents is not None]
            if len(places) > 1:
                message = _PENALTIES(benefit=benefit.id, found=str(len(places)))
                yield PENALTY_REPEATED.at(places[1], message, _KEEP_ONE())
