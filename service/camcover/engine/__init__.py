"""The engine: checked rules and a typed request in, an estimate out, to the cent.

What comes in: a `RuleSet` (compiled once to flat tables) and requests. What goes out: estimates. The way: `asked`
(lines) -> `layout` (the plan's numbers) -> `kernel` (one compiled function, for one request and for a hundred thousand)
-> `reading` (words again), with `explain` on demand. It knows nothing of storage, of the network or of protobuf.
"""

from camcover.engine.compile import Tables, compile_rules
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
