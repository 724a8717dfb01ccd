"""Everything that the records alone tell about a plan: all its editions, each with its findings.

What comes in: the editions of one plan and their rule set. What goes out: an `Analysed` for each edition. Benefits that
never apply make limits idle, and idle limits make benefits unreachable. (A benefit behind one whose limits never end is
unreachable; a pool whose benefits never apply is idle.) So both are searched in turn until nothing is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from camcover.rulebook.analysis.decisions import Decided, decided
from camcover.rulebook.analysis.diagnoses import TooManyCells
from camcover.rulebook.analysis.findings import Finding, dead_benefits, gaps, overlaps
from camcover.rulebook.analysis.limits import idle_limits
from camcover.rulebook.records import Plan, RuleSet


@dataclass(slots=True)
class Analysed:
    """A plan edition, how its lines are decided, and what was found. `too_many`: it was too large to look at."""

    plan: Plan
    cells: list[Decided] = field(default_factory=list)
    dead: list[Finding] = field(default_factory=list)
    idle: list[Finding] = field(default_factory=list)
    endless: frozenset[str] = frozenset()
    too_many: TooManyCells | None = None

    @property
    def dead_ids(self) -> set[str]:
        """The benefits that never apply."""
        return {finding.subject for finding in self.dead}

    @property
    def idle_ids(self) -> set[str]:
        """The limits that never bite."""
        return {finding.subject for finding in self.idle}

    def findings(self, rules: RuleSet) -> list[Finding]:
        """Gaps, overlaps, dead benefits and idle limits; of an edition that is too large only what needs no cells."""
        overlapping = overlaps(self.plan, self.cells, self.dead_ids, self.endless)
        return [*gaps(self.plan, rules), *overlapping, *self.dead, *self.idle]


def analyse(editions: Sequence[Plan], rules: RuleSet) -> list[Analysed]:
    """All editions of a plan."""
    found = [Analysed(plan) for plan in editions]
    for each in found:
        _decide(each, rules)
    while True:
        dead = {place: each.dead_ids for place, each in enumerate(found)}
        for place, each in enumerate(found):
            each.idle = list(idle_limits(editions, place, dead))
        grown = [each for each in found if _endless(each) != each.endless]
        if not grown:
            return found
        for each in grown:
            each.endless = _endless(each)
            _decide(each, rules)


def _decide(each: Analysed, rules: RuleSet) -> None:
    """Fill in the cells of an edition and the benefits that never apply."""
    try:
        each.cells = list(decided(each.plan, rules, each.endless))
    except TooManyCells as many:
        each.too_many = many
        return
    each.dead = list(dead_benefits(each.plan, each.cells))


def _endless(each: Analysed) -> frozenset[str]:
    """The benefits with `when_exhausted: next` that never pass a line on, because none of their limits ends."""
    idle = each.idle_ids
    passing = (benefit for benefit in each.plan.benefits.values() if benefit.continues_when_exhausted)
    names = (str(benefit.id) for benefit in passing if all(str(limit.id) in idle for limit in benefit.limits))
    return frozenset(names)
