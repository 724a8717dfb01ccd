"""The comparison: each peer must price the workload as we do, then its speed is measured; one table comes out.

Runs in the peers' environment, without camcover: `python run.py WORKLOAD [PEER ...] [--json FILE]`.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from plans import Plan, Priced
from table import as_text

PEERS = ("naive_decimal", "zen_rules", "cel_rust", "cel_py", "json_logic_peer", "rule_engine_peer", "openfisca_peer")
BATCH = 1_000
AT_LEAST = 500  # plans that even the slowest peer is checked on
SINGLES = 500

Prices = Callable[[Sequence[Plan]], list[list[Priced]]]


class Disagreement(Exception):
    """A peer prices a line otherwise than we do."""


def batch_of(peer: ModuleType) -> Prices:
    """The peer's own way for many plans, else one after the other."""
    if hasattr(peer, "batch"):
        own: Prices = peer.batch
        return own
    price = peer.prepare()
    return lambda plans: [price(plan) for plan in plans]


def check(peer: ModuleType, workload: dict[str, Any], seconds: float) -> int:
    """How many plans agree, all of them or as many as `seconds` allow. Raises `Disagreement` at the first that doesn't.

    A peer with a batch of its own is checked through it; what it makes of one plan is checked on the first few.
    """
    plans, wanted = workload["plans"], workload["expected"]
    price, price_many = peer.prepare(), batch_of(peer)
    compare(peer, plans[:AT_LEAST], [price(plan) for plan in plans[:AT_LEAST]], wanted)
    stop = time.perf_counter() + seconds
    done = AT_LEAST
    while done < len(plans) and time.perf_counter() < stop:
        some = plans[done : done + AT_LEAST]
        compare(peer, some, price_many(some), wanted[done:])
        done += len(some)
    return min(done, len(plans))


def compare(
    peer: ModuleType, plans: Sequence[Plan], found: Sequence[list[Priced]], wanted: Sequence[list[Priced]]
) -> None:
    """Every field of CHECKS on every line. Raises `Disagreement`."""
    for plan, ours, theirs in zip(plans, wanted, found, strict=False):
        if len(theirs) != len(ours):
            raise Disagreement(f"{peer.NAME} gives {len(theirs)} lines, not {len(ours)}\nplan: {json.dumps(plan)}")
        for number, (want, line) in enumerate(zip(ours, theirs, strict=True), 1):
            if any(line[field] != want[field] for field in peer.CHECKS):
                raise Disagreement(
                    f"{peer.NAME} disagrees on line {number}\nours: {want}\ntheirs: {line}\nplan: {json.dumps(plan)}"
                )


def latency(price: Callable[[Plan], list[Priced]], plans: Sequence[Plan]) -> float:
    """The median microseconds of one plan."""
    taken = []
    for plan in plans[:SINGLES]:
        start = time.perf_counter()
        price(plan)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e6


def throughput(price_many: Prices, plans: Sequence[Plan], seconds: float) -> float:
    """Plans a second, the median over batches; at least one batch."""
    rates: list[float] = []
    stop = time.perf_counter() + seconds
    for place in range(0, len(plans), BATCH):
        some = plans[place : place + BATCH]
        start = time.perf_counter()
        price_many(some)
        rates.append(len(some) / (time.perf_counter() - start))
        if time.perf_counter() > stop:
            break
    return statistics.median(rates)


def row_of(name: str, workload: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """One peer's row; one whose package is missing says so."""
    try:
        peer = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        return {"peer": name, "missing": f"not measured: {missing}"}
    checked = check(peer, workload, options.check_seconds)
    plans, ours = workload["plans"], workload["ours"]
    fastest = max(way["batch_plans_per_second"] for way in ours)
    one = latency(peer.prepare(), plans)
    many = throughput(batch_of(peer), plans, options.batch_seconds)
    return {
        "peer": f"{peer.NAME} {version(peer.PACKAGE) if peer.PACKAGE else sys.version.split()[0]}",
        "plans_checked": checked,
        "fields_checked": list(peer.CHECKS),
        "one_plan_us_median": one,
        "batch_plans_per_second": many,
        "one_plan_ratio": one / ours[0]["one_plan_us_median"],
        "batch_ratio": fastest / many,
        "cannot": peer.CANNOT,
    }


def main() -> int:
    """Print the table; 1 after a disagreement."""
    parser = argparse.ArgumentParser(description="Check and measure the peers on a workload.")
    parser.add_argument("workload", type=Path, help="what workload.py wrote")
    parser.add_argument("peers", nargs="*", default=PEERS, help="modules to run; all without any")
    parser.add_argument("--json", type=Path, help="write the same table there as JSON")
    parser.add_argument("--check-seconds", type=float, default=150, help="time for the check of one peer")
    parser.add_argument("--batch-seconds", type=float, default=10, help="time for the batches of one peer")
    options = parser.parse_args()
    workload = json.loads(options.workload.read_text(encoding="utf-8"))
    gc.freeze()  # the workload stays: the collector need not walk it again and again
    try:
        rows = [row_of(name, workload, options) for name in options.peers]
    except Disagreement as found:
        sys.stderr.write(f"{found}\n")
        return 1
    result = {"ours": workload["ours"], "peers": rows}
    sys.stdout.write(as_text(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
