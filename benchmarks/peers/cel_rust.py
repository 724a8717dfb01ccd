"""CEL in Rust: `common-expression-language`. Programs are compiled once; one context a line takes the named results."""

from __future__ import annotations

from collections.abc import Callable

import cel
from carried import Facts, price_plan
from cel_expressions import CANNOT, COST_SHARE, COVERED, NOT_COVERED, REASON
from plans import FIELDS, Plan, Priced

__all__ = ["CANNOT", "CHECKS", "NAME", "PACKAGE", "prepare"]

NAME = "CEL, Rust"
PACKAGE = "common-expression-language"
CHECKS = FIELDS


def prepare() -> Callable[[Plan], list[Priced]]:
    """The pricing of one plan."""
    reason = cel.compile(REASON)
    steps = [(name, cel.compile(expression)) for name, expression in COST_SHARE.items()]
    covered, not_covered = cel.compile(COVERED), cel.compile(NOT_COVERED)

    def decide(facts: Facts) -> Priced:
        context = cel.Context(variables=facts)
        found = reason.execute(context)
        if found != "NONE":
            context.add_variable("reason", found)
            refused: Priced = not_covered.execute(context)
            return refused
        for name, program in steps:
            context.add_variable(name, program.execute(context))
        priced: Priced = covered.execute(context)
        return priced

    return lambda plan: price_plan(plan, decide)
