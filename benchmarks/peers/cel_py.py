"""CEL in Python: `cel-python`. Programs are built once; the facts are CEL values and take the named results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import celpy
from carried import Facts, price_plan
from cel_expressions import CANNOT, COST_SHARE, COVERED, NOT_COVERED, REASON
from celpy.adapter import json_to_cel
from celpy.celtypes import BoolType, IntType, StringType
from plans import FIELDS, Plan, Priced

__all__ = ["CANNOT", "CHECKS", "NAME", "PACKAGE", "prepare"]

NAME = "CEL, Python"
PACKAGE = "cel-python"
CHECKS = FIELDS


def prepare() -> Callable[[Plan], list[Priced]]:
    """The pricing of one plan."""
    environment = celpy.Environment(runner_class=celpy.CompiledRunner)

    def program(expression: str) -> celpy.Runner:
        return environment.program(environment.compile(expression))

    reason = program(REASON)
    steps = [(name, program(expression)) for name, expression in COST_SHARE.items()]
    covered, not_covered = program(COVERED), program(NOT_COVERED)

    def decide(facts: Facts) -> Priced:
        values: dict[str, Any] = {name: json_to_cel(value) for name, value in facts.items()}
        values["reason"] = reason.evaluate(values)
        if values["reason"] != "NONE":
            return plain(not_covered.evaluate(values))
        for name, step in steps:
            values[name] = step.evaluate(values)
        return plain(covered.evaluate(values))

    return lambda plan: price_plan(plan, decide)


def plain(values: Any) -> Priced:
    """CEL values as Python's own."""
    own: dict[type, Callable[[Any], Any]] = {StringType: str, BoolType: bool, IntType: int}
    return {str(name): own[type(value)](value) for name, value in values.items()}
