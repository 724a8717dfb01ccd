"""The engine: checked rules and a typed request in, an estimate out, to the cent.

`compiling` makes flat tables of a `RuleSet`, once. Then `evaluate` takes requests: `asking` lays them out in the plan's
numbers, `kernel` adjudicates them (one compiled function, for one request and for a hundred thousand), `telling` reads
the ledger back into estimates. `request`, `estimate` and `facts` are the types of question and answer. The engine knows
nothing of storage, of the network or of protobuf.
"""

from camcover.engine.compiling.compile import Tables, compile_rules
from camcover.engine.estimate import Estimate
from camcover.engine.evaluate import evaluate, evaluate_many
from camcover.engine.request import EstimateRequest, InvalidRequest, Violation

__all__ = [
    "Estimate",
    "EstimateRequest",
    "InvalidRequest",
    "Tables",
    "Violation",
    "compile_rules",
    "evaluate",
    "evaluate_many",
]
