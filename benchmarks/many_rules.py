"""20,000 plan files: what reading, compiling, storing and starting take, the memory of a started process, one estimate.

`python many_rules.py DATA [FILES]`; DATA is the folder with the Medicare Advantage tables. Each step runs in a process
of its own. The estimate is the same request under ten plans and under all.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from camcover.api.requests import estimate_request
from camcover.engine import compile_rules, evaluate
from camcover.engine.compiling.stored import read_tables, write_tables
from camcover.engine.request import EstimateRequest
from camcover.rulebook import load_texts
from medicare_advantage import catalog_text, plan_texts
from questions import twelve_sessions

FILES, FEW = 20_000, 10
CALLS = 5_000


def say(what: str, seconds: float) -> None:
    """One line of the report, with the most memory this process had."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took = f"{seconds:10.3f} s " if seconds >= 0.001 else f"{seconds * 1e6:10.1f} us"
    sys.stdout.write(f"{what:42} {took}  {memory:7,.0f} MiB at most\n")
    sys.stdout.flush()


def timed(what: str, step: Callable[[], object]) -> None:
    """Run a step and say what it took."""
    began = time.perf_counter()
    step()
    say(what, time.perf_counter() - began)


def build(data: Path, files: int, output: Path) -> None:
    """Read, compile and store `files` plan files."""
    texts = {"cam-core.yaml": catalog_text()} | plan_texts(files, data)
    began = time.perf_counter()
    loaded = load_texts(texts)
    assert loaded.rules is not None
    say(f"{files:,} files: read and checked", time.perf_counter() - began)
    began = time.perf_counter()
    tables = compile_rules(loaded.rules)
    say(f"{files:,} files: compiled", time.perf_counter() - began)
    timed(f"{files:,} files: stored", lambda: write_tables(tables, output))


def ask(stored: Path, plan_id: str) -> None:
    """Start from a stored file, ask the first question, then many."""
    began = time.perf_counter()
    tables = read_tables(stored)
    say(f"{len(tables.plans):,} plans: started from the stored file", time.perf_counter() - began)
    request: EstimateRequest = estimate_request(twelve_sessions())._replace(plan_id=plan_id)
    request = request._replace(
        members=(request.members[0]._replace(use=request.members[0].use._replace(accumulators=())),),
        items=(request.items[0]._replace(tier="in_network"),),
    )
    timed(f"{len(tables.plans):,} plans: first question of a plan", lambda: evaluate(tables, request))
    seconds = []
    for _ in range(CALLS):
        began = time.perf_counter()
        evaluate(tables, request)
        seconds.append(time.perf_counter() - began)
    say(f"{len(tables.plans):,} plans: one estimate, median", statistics.median(seconds))


def main(data: Path, files: int) -> None:
    """Build few and many, then ask both the same, in turn."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        steps = [(build, (data, count, folder / str(count))) for count in (FEW, files)]
        plan_id = next(iter(plan_texts(1, data))).removesuffix(".yaml")
        steps += [(ask, (folder / str(count), plan_id)) for count in (FEW, files) * 2]
        for step, arguments in steps:
            process = context.Process(target=step, args=arguments)
            process.start()
            process.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else FILES)
