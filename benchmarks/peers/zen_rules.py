"""GoRules ZEN: `zen_plan.json` is the decision graph as its editor saves it, two decision tables and three formulas.

A graph behind the static loader is compiled once; `create_decision` is ten times slower, and `evaluate_batch` over the
same line of many plans brings nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import zen
from carried import Facts, price_plan
from plans import FIELDS, Plan, Priced

NAME = "GoRules ZEN"
PACKAGE = "zen-engine"
CHECKS = FIELDS
CANNOT = "state from line to line, but in a JavaScript node: plain Python carries the sums and visits"

GRAPH = Path(__file__).with_name("zen_plan.json")
KEY = "plan"


def prepare() -> Callable[[Plan], list[Priced]]:
    """The pricing of one plan."""
    graph = json.loads(GRAPH.read_text(encoding="utf-8"))
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {KEY: graph}}})

    def decide(facts: Facts) -> Priced:
        return engine.evaluate(KEY, facts)["result"]

    return lambda plan: price_plan(plan, decide)
