"""`rules analyze`: all findings in a rule set; each overlap and cliff comes with a request to run.

What comes in: a rule set. What goes out: an `Analysis`. `camcover.rulebook.analysis` works out what the records alone
tell; the engine prices the cliffs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from camcover.engine import EstimateRequest, compile_rules
from camcover.engine.telling.citing import rule_place
from camcover.rulebook.analysis.findings import Finding, FindingKind
from camcover.rulebook.analysis.plans import analyse
from camcover.rulebook.records import RuleSet
from camcover.workflow.cliffs import cliffs
from camcover.workflow.witnesses import witness_request

__all__ = ["Analysis", "FindingKind", "PlacedFinding", "analyze"]


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding and where it stands; `request` shows it, where one line can; `brief` names it in a list of its kind."""

    kind: FindingKind
    plan: str
    place: str
    subject: str
    message: str
    request: EstimateRequest | None
    brief: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """All findings, plan by plan, edition by edition; and the editions that were too large to look at, in words."""

    findings: tuple[PlacedFinding, ...]
    left_out: tuple[str, ...]

    def for_people(self) -> Iterator[PlacedFinding]:
        """The findings with all gaps of a plan in one: `names no: reiki, yoga`; editions that differ have one each."""
        named: dict[str, dict[str, list[str]]] = {}
        for gap in self.of((FindingKind.GAPS,)):
            named.setdefault(gap.plan, {}).setdefault(gap.place, []).append(gap.brief)
        told: set[tuple[str, tuple[str, ...]]] = set()
        for found in self.findings:
            if found.kind is not FindingKind.GAPS:
                yield found
                continue
            names = tuple(named[found.plan][found.place])
            if (found.plan, names) not in told:
                told.add((found.plan, names))
                yield replace(found, message=f"names no: {', '.join(names)}")

    def of(self, kinds: Collection[FindingKind]) -> tuple[PlacedFinding, ...]:
        """The findings of some kinds."""
        return tuple(found for found in self.findings if found.kind in kinds)


def analyze(rules: RuleSet, plan_ids: Collection[str] = ()) -> Analysis:
    """The analysis of the plans named, or of all."""
    tables = compile_rules(rules)
    findings: list[PlacedFinding] = []
    left_out: list[str] = []
    for plan_id, editions in rules.plans.items():
        if plan_ids and plan_id not in plan_ids:
            continue
        for each in analyse(editions, rules):
            findings += [_found(finding, rules) for finding in each.findings(rules)]
            findings += [_with(cliff.finding, cliff.request, rules) for cliff in cliffs(tables, rules, each)]
            if each.too_many is not None:
                left_out.append(f"{rules.as_read(rule_place(each.plan.heading.at))}: {plan_id}: {each.too_many}")
    return Analysis(tuple(findings), tuple(left_out))


def _found(finding: Finding, rules: RuleSet) -> PlacedFinding:
    """A finding with its witness as a request."""
    witness = finding.witness
    request = None if witness is None else witness_request(str(finding.plan.heading.id), witness, rules)
    return _with(finding, request, rules)


def _with(finding: Finding, request: EstimateRequest | None, rules: RuleSet) -> PlacedFinding:
    """A finding with a request that shows it, and the path under which its file was read."""
    plan, place = str(finding.plan.heading.id), rules.as_read(rule_place(finding.at))
    return PlacedFinding(finding.kind, plan, place, finding.subject, finding.message, request, finding.brief)
