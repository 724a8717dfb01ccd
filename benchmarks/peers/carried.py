"""What one line leaves to the next, in plain Python, for the tools that decide one line at a time.

The tools that use it have no state of their own: sums so far and visits go in as facts, what a line adds is kept here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plans import Line, Plan, Priced

Facts = dict[str, Any]


class Carried:
    """The running sums of one plan."""

    def __init__(self, plan: Plan) -> None:
        """Start from what was used before the plan."""
        self.age = plan["age"]
        self.deductible_used = plan["deductible_used"]
        self.oop_used = plan["oop_used"]
        self.visits = dict(plan["visits"])
        self.copays: dict[tuple[str, str], int] = {}

    def facts(self, line: Line) -> Facts:
        """All that a rule may ask about a line: the line itself and the sums before it."""
        visit = line["therapy"], line["date"]
        return {
            "age": self.age,
            "therapy": line["therapy"],
            "tier": line["tier"],
            "practitioner": line["practitioner"],
            "diagnosis": line["diagnosis"],
            "charge": line["charge"],
            "allowed": line["allowed"],
            "deductible_used": self.deductible_used,
            "oop_used": self.oop_used,
            "visits_used": self.visits.get(line["therapy"], 0),
            "visit_counted": visit in self.copays,
            "copay_paid": self.copays.get(visit, 0),
        }

    def keep(self, line: Line, priced: Priced) -> None:
        """Add a covered line to the sums; a visit counts once, with its first covered line."""
        if not priced["covered"]:
            return
        visit = line["therapy"], line["date"]
        if visit not in self.copays:
            self.visits[line["therapy"]] = self.visits.get(line["therapy"], 0) + 1
        self.copays[visit] = self.copays.get(visit, 0) + priced["copay"]
        self.deductible_used += priced["deductible"]
        self.oop_used += priced["deductible"] + priced["copay"] + priced["coinsurance"]


def price_plan(plan: Plan, decide: Callable[[Facts], Priced]) -> list[Priced]:
    """The lines of a plan, each priced by `decide` after the one before it."""
    carried = Carried(plan)
    lines = []
    for line in plan["lines"]:
        priced = decide(carried.facts(line))
        carried.keep(line, priced)
        lines.append(priced)
    return lines
