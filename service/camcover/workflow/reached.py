"""What a request reaches of a plan's rules, over all editions of its dates.

What comes in: a request that was adjudicated. What goes out: marks for the rules that decided its lines, the limits
that refused or cut something, the limits that passed lines on to later benefits, and the criteria that turned lines
away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from camcover.engine import EstimateRequest, Tables, compile_rules
from camcover.engine.asking.question import Adjudicated
from camcover.engine.evaluate import adjudicate_many
from camcover.engine.request import InvalidRequest
from camcover.rulebook.analysis.decisions import passes_on
from camcover.rulebook.records import Benefit, Plan, RuleSet
from camcover.workflow.marks import Mark, benefit_mark, criterion_mark, exclusion_mark, limit_mark
from camcover.workflow.turned_away import criteria_that_failed

__all__ = ["Reach"]


class Reach:
    """Tells what requests reach of the rules; `tables` are the compiled `rules`."""

    def __init__(self, tables: Tables, rules: RuleSet) -> None:
        """Look at `rules`."""
        self._tables, self._rules = tables, rules
        self._ending: dict[tuple[str, str], Tables] = {}

    def of_request(self, request: EstimateRequest) -> frozenset[Mark]:
        """The marks that a request reaches; none if it is refused."""
        (found,) = adjudicate_many(self._tables, [request])
        return frozenset() if isinstance(found, InvalidRequest) else self.of(found)

    def of(self, found: Adjudicated) -> frozenset[Mark]:
        """What a request has reached."""
        return frozenset([*self._decided(found), *self._passed_on(found.question.request)])

    def _decided(self, found: Adjudicated) -> Iterator[Mark]:
        """The rules and limits that the ledger names, and the criteria that failed.

        Of what a limit hands on, the ledger names a rule that covers it; otherwise it names the limit (point 16).
        """
        sources = found.question.primary.plan.sources
        primary = found.answer.primary
        taken = [rest.row for rest in primary.rests.values() if rest.row.covered]
        for row in (*primary.ledger, *taken):
            if row.handing >= 0:
                yield limit_mark(sources.limits[row.handing])
            if row.rule >= 0:
                rule = sources.rules[row.rule]
                yield benefit_mark(rule) if isinstance(rule, Benefit) else exclusion_mark(rule)
            if row.limit >= 0:
                yield limit_mark(sources.limits[row.limit])
        for plan in self._rules.plans[found.question.request.plan_id]:
            for check in criteria_that_failed(self._rules, plan, found):
                mark = criterion_mark(check)
                if mark is not None:
                    yield mark

    def _passed_on(self, request: EstimateRequest) -> Iterator[Mark]:
        """The limits that were used up and passed lines on to a later benefit.

        The ledger names only the benefit that took the line. If no benefit follows, the engine names the limit instead
        (docs/rule-language.md, point 10). So each limit is asked for once more, without the benefits that follow.
        """
        therapies, codes = _named(request)
        for name, benefit in self._passing(request.plan_id).items():
            if therapies.isdisjoint(benefit.therapies) and codes.isdisjoint(benefit.codes) and "" not in therapies:
                continue
            (found,) = adjudicate_many(self._tables_ending_with(request.plan_id, name), [request])
            if isinstance(found, InvalidRequest):
                continue
            sources = found.question.primary.plan.sources
            for row in found.answer.primary.ledger:
                if row.rule >= 0 and row.limit >= 0 and str(getattr(sources.rules[row.rule], "id", "")) == name:
                    yield limit_mark(sources.limits[row.limit])

    def _passing(self, plan_id: str) -> dict[str, Benefit]:
        """The benefits of a plan that pass lines on, from each edition that has one of that name."""
        editions = self._rules.plans[plan_id]
        return {str(name): each for plan in editions for name, each in plan.benefits.items() if passes_on(each)}

    def _tables_ending_with(self, plan_id: str, name: str) -> Tables:
        """One plan, compiled so that no benefit behind the one named takes a line."""
        key = plan_id, name
        if key not in self._ending:
            editions = tuple(_ending_with(plan, name) for plan in self._rules.plans[plan_id])
            self._ending[key] = compile_rules(replace(self._rules, plans={plan_id: editions}))
        return self._ending[key]


def _ending_with(plan: Plan, name: str) -> Plan:
    """The plan without the services of all benefits behind the named one; their limits and counts stay."""
    order = list(map(str, plan.benefits))
    if name not in order:
        return plan
    behind = set(order[order.index(name) + 1 :])
    benefits = {
        key: replace(each, therapies=(), codes=(), without_codes=()) if str(key) in behind else each
        for key, each in plan.benefits.items()
    }
    return replace(plan, benefits=benefits)


def _named(request: EstimateRequest) -> tuple[set[str], set[str]]:
    """The therapies and codes that a request names; "" among the therapies where a code has to tell it."""
    therapies = {item.therapy for item in request.items}
    return therapies, {procedure.code for item in request.items for procedure in item.procedures}
