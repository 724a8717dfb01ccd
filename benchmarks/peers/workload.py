"""The workload of the comparison with peers: random plans, and our prices of them.

Runs in the project's environment. What goes out is one JSON file, so that the peers' environment needs nothing of ours:
`python workload.py --plans 10000 --out FILE`.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from payer_rules import CATALOG, PLAN
from plans import Line, Plan, Priced
from random_plans import generate

from camcover.bulk import REQUEST_SCHEMA, BulkEstimator
from camcover.engine import Estimate, EstimateRequest, Tables, compile_rules, evaluate, evaluate_many
from camcover.engine.evaluate import adjudicate_many
from camcover.engine.request import AccumulatorUse, LimitUse, Member, PlannedService, UseSoFar
from camcover.rulebook import load_texts

SEED = 2026
SINGLES = 500
BATCH = 1_000


def tables() -> Tables:
    """The rule set of the comparison, compiled."""
    loaded = load_texts({"catalog.yaml": CATALOG, "plan.yaml": PLAN})
    if loaded.rules is None:
        raise ValueError(f"the rules of the comparison have errors: {loaded.errors}")
    return compile_rules(loaded.rules)


def request(plan: Plan) -> EstimateRequest:
    """The typed request of one plan; every sum is given, so that no range arises."""
    use = UseSoFar(
        accumulators=(
            AccumulatorUse("deductible", plan["deductible_used"]),
            AccumulatorUse("oop_max", plan["oop_used"]),
        ),
        limit_usage=tuple(LimitUse(therapy, visits) for therapy, visits in plan["visits"].items()),
    )
    return EstimateRequest(
        plan_id="peers-plan",
        members=(Member(age=plan["age"], use=use),),
        items=tuple(_service(line) for line in plan["lines"]),
    )


def _service(line: Line) -> PlannedService:
    """One session."""
    return PlannedService(
        dates=(date.fromisoformat(line["date"]),),
        therapy=line["therapy"],
        tier=line["tier"],
        practitioner=line["practitioner"],
        diagnoses=(line["diagnosis"],),
        charge_cents=line["charge"],
        allowed_cents=line["allowed"],
    )


def expected(plans: Sequence[Plan]) -> list[list[Priced]]:
    """Our price of every line of every plan. Raises `InvalidRequest` for a plan that we refuse."""
    answers = evaluate_many(tables(), [request(plan) for plan in plans])
    return [_priced(answer) for answer in answers]


def _priced(answer: Estimate | Exception) -> list[Priced]:
    """The lines of an estimate in plain words."""
    if isinstance(answer, Exception):
        raise answer
    return [
        {
            "covered": line.covered,
            "reason": line.reason.name,
            "deductible": line.amounts.deductible_cents,
            "copay": line.amounts.copay_cents,
            "coinsurance": line.amounts.coinsurance_cents,
            "balance_bill": line.amounts.balance_bill_cents,
            "not_covered": line.amounts.not_covered_cents,
            "written_off": line.amounts.written_off_cents,
            "plan_paid": line.amounts.plan_paid_cents,
            "patient": line.amounts.patient_cents,
        }
        for line in answer.lines
    ]


def measure(plans: Sequence[Plan]) -> list[dict[str, Any]]:
    """Our speed, three ways: the ledger alone, which is what the peers give; the whole estimate; Arrow batches."""
    compiled = tables()
    book = [pa.RecordBatch.from_pylist([row(plan) for plan in some], schema=REQUEST_SCHEMA) for some in batches(plans)]
    estimator = BulkEstimator(compiled, "peers")
    gc.collect()
    gc.freeze()  # as in run.py: the workload stays
    return [
        {
            "peer": "camcover, the ledger",
            "one_plan_us_median": median_us(lambda plan: adjudicate_many(compiled, [request(plan)]), plans[:SINGLES]),
            "batch_plans_per_second": rate(
                lambda some: adjudicate_many(compiled, list(map(request, some))), list(batches(plans)), BATCH
            ),
        },
        {
            "peer": "camcover, the whole estimate",
            "one_plan_us_median": median_us(lambda plan: evaluate(compiled, request(plan)), plans[:SINGLES]),
            "batch_plans_per_second": rate(
                lambda some: evaluate_many(compiled, list(map(request, some))), list(batches(plans)), BATCH
            ),
        },
        {
            "peer": "camcover, bulk (Arrow in, Arrow out)",
            "one_plan_us_median": None,
            "batch_plans_per_second": rate(estimator.estimate, book, BATCH),
        },
    ]


def batches(plans: Sequence[Plan]) -> Iterator[Sequence[Plan]]:
    """The plans, a thousand at a time."""
    for place in range(0, len(plans) - BATCH + 1, BATCH):
        yield plans[place : place + BATCH]


def row(plan: Plan) -> dict[str, Any]:
    """A plan as a row of bulk input."""
    items = [
        {
            "therapy": line["therapy"],
            "charge_cents": line["charge"],
            "allowed_cents": line["allowed"],
            "practitioner": line["practitioner"],
            "tier": line["tier"],
            "diagnoses": [line["diagnosis"]],
            "start_date": date.fromisoformat(line["date"]),
        }
        for line in plan["lines"]
    ]
    sums = {"deductible": plan["deductible_used"], "oop_max": plan["oop_used"]}
    return {
        "plan_id": "peers-plan",
        "age": plan["age"],
        "accumulators": [{"accumulator": name, "used_cents": cents} for name, cents in sums.items()],
        "limit_usage": [{"limit": name, "used": visits} for name, visits in plan["visits"].items()],
        "items": items,
    }


def median_us(price: Callable[[Plan], object], plans: Sequence[Plan]) -> float:
    """The median microseconds of one plan."""
    price(plans[0])
    taken = []
    for plan in plans:
        start = time.perf_counter()
        price(plan)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e6


def rate(price: Callable[[Any], object], parts: Sequence[Any], size: int) -> float:
    """Plans a second, the median over batches of `size` plans."""
    price(parts[0])
    rates = []
    for part in parts:
        start = time.perf_counter()
        price(part)
        rates.append(size / (time.perf_counter() - start))
    return statistics.median(rates)


def main() -> None:
    """Write the workload."""
    parser = argparse.ArgumentParser(description="Write random plans and our prices of them as JSON.")
    parser.add_argument("--plans", type=int, default=10_000)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    plans = generate(options.plans, SEED)
    document: dict[str, Any] = {"plans": plans, "expected": expected(plans), "ours": measure(plans)}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    main()
