"""Camcover: is it covered, and what will I pay? Estimates for integrative medicine, to the cent, from payers' rules.

In a Python program:

    loaded = load("rules")                    # rule files to checked records, or diagnostics
    tables = compile_rules(loaded.rules)      # once
    estimate = evaluate(tables, request)      # an `EstimateRequest`; raises `InvalidRequest`
"""

from typing import TYPE_CHECKING

from camcover.on_demand import on_demand

if TYPE_CHECKING:
    from camcover.engine.compiling.compile import Tables, compile_rules
    from camcover.engine.estimate import Estimate
    from camcover.engine.evaluate import evaluate, evaluate_many
    from camcover.engine.request import EstimateRequest, InvalidRequest, Member, PlannedService, Procedure, Violation
    from camcover.errors import CamcoverError
    from camcover.rulebook import load
    from camcover.rulebook.records import RuleSet

__all__ = [
    "CamcoverError",
    "Estimate",
    "EstimateRequest",
    "InvalidRequest",
    "Member",
    "PlannedService",
    "Procedure",
    "RuleSet",
    "Tables",
    "Violation",
    "compile_rules",
    "evaluate",
    "evaluate_many",
    "load",
]

__getattr__ = on_demand(__name__, __file__)
