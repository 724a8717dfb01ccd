"""How the rules decide a cell: exclusions first, then benefits in file order (docs/rule-language.md, section 4).

What comes in: a grid and a pattern of first failed checks. What goes out: a `CellDecision`. A benefit with a limit and
`when_exhausted: next` passes a line on once the limit is used up, so a decision is a chain of benefits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from camcover.rulebook.analysis.cells import CellLine, Grid, grid_of
from camcover.rulebook.analysis.criteria import REASONS, Check, Subject
from camcover.rulebook.analysis.services import Rule, services_of, stretches_of
from camcover.rulebook.records import Benefit, Exclusion, Plan, RuleSet


class Verdict(StrEnum):
    """What becomes of a line before its requirements and limits are judged."""

    EXCLUDED = "excluded"
    BENEFIT = "benefit"
    REFUSED = "not covered"
    NOT_LISTED = "not listed"


class CellDecision(NamedTuple):
    """A verdict, and the numbers of the rules that give it among the service's rules.

    EXCLUDED: the exclusion. BENEFIT: the one that applies, and those that apply in turn when it is used up. REFUSED:
    the first benefit with a block for the tier, else the first; `failed` is the number of its first failed check, else
    -1.
    """

    verdict: Verdict
    rules: tuple[int, ...] = ()
    failed: int = -1


@dataclass(frozen=True, slots=True)
class Decided:
    """One way in which a service's lines are decided: a pattern, a line that has it, and the decision."""

    grid: Grid
    pattern: int
    line: CellLine
    decision: CellDecision

    @property
    def chain(self) -> tuple[Benefit, ...]:
        """The benefits that apply in turn; none when the line is not covered."""
        rules = self.grid.service.rules
        found = self.decision.rules if self.decision.verdict is Verdict.BENEFIT else ()
        return tuple(rule for number in found if isinstance(rule := rules[number], Benefit))

    @property
    def exclusion(self) -> Exclusion | None:
        """The exclusion that takes the line."""
        if self.decision.verdict is not Verdict.EXCLUDED:
            return None
        rule = self.grid.service.rules[self.decision.rules[0]]
        return rule if isinstance(rule, Exclusion) else None

    @property
    def failed(self) -> Check | None:
        """The criterion for which the line is not covered."""
        return self.grid.checks[self.decision.failed] if self.decision.failed >= 0 else None

    @property
    def reason(self) -> str:
        """Why the line is not covered, as an estimate says it; empty when a benefit applies."""
        if self.failed is not None:
            return REASONS[self.failed.subject]
        return {Verdict.EXCLUDED: "EXCLUDED", Verdict.NOT_LISTED: "NOT_LISTED"}.get(self.decision.verdict, "")

    def holding(self) -> list[Benefit]:
        """Every benefit whose criteria the line meets, in file order, even if an earlier one applies."""
        return [
            rule
            for rule, span in zip(self.grid.service.rules, self.grid.spans, strict=True)
            if isinstance(rule, Benefit) and not self.pattern & span
        ]


Endless = Collection[str]
"""The ids of benefits of which no limit is ever used up."""


def passes_on(rule: Rule, endless: Endless = ()) -> bool:
    """Whether a benefit lets a line go on behind it once a limit is used up."""
    if not isinstance(rule, Benefit) or str(rule.id) in endless:
        return False
    return rule.continues_when_exhausted and bool(rule.limits)


def decide(grid: Grid, pattern: int, endless: Endless = ()) -> CellDecision:
    """The decision of every line that has a pattern."""
    chain: list[int] = []
    refused = CellDecision(Verdict.NOT_LISTED)
    for number, (rule, span) in enumerate(zip(grid.service.rules, grid.spans, strict=True)):
        failing = pattern & span
        if isinstance(rule, Exclusion):
            if not failing:
                return CellDecision(Verdict.EXCLUDED, (number,))
        elif not failing:
            chain.append(number)
            if not passes_on(rule, endless):
                break
        elif _tells_more(grid, first_bit(failing), refused):
            refused = CellDecision(Verdict.REFUSED, (number,), first_bit(failing))
    return CellDecision(Verdict.BENEFIT, tuple(chain)) if chain else refused


def _tells_more(grid: Grid, failed: int, refused: CellDecision) -> bool:
    """Whether a failed check is the reason rather than the one so far.

    The first benefit with a block for the tier tells it, else the first of all (docs/rule-language.md, point 9).
    """
    if refused.verdict is Verdict.NOT_LISTED:
        return True
    is_tier, was_tier = (grid.checks[number].subject is Subject.TIER for number in (failed, refused.failed))
    return was_tier and not is_tier


def failed_checks(grid: Grid, pattern: int, until: Rule | None) -> Iterator[Check]:
    """The first failed check of each rule that is judged before `until`, of every rule when that is None."""
    for rule, span in zip(grid.service.rules, grid.spans, strict=True):
        if until is not None and rule.at == until.at:
            return
        if pattern & span:
            yield grid.checks[first_bit(pattern & span)]


def first_bit(mask: int) -> int:
    """The number of the lowest bit of a mask that is not 0."""
    return (mask & -mask).bit_length() - 1


def decided(plan: Plan, rules: RuleSet, endless: Endless = ()) -> Iterator[Decided]:
    """Every way in which lines of a plan edition are decided, stretch by stretch, service by service.

    Raises `TooManyCells`.
    """
    for stretch in stretches_of(plan, rules):
        for service in services_of(stretch, rules):
            grid = grid_of(stretch, service, rules)
            for pattern, line in grid.patterns().items():
                yield Decided(grid, pattern, line, decide(grid, pattern, endless))
