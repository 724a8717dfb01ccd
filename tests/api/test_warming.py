"""The first call of a process makes nothing that later calls find made: it runs no function that they do not run.

A process of its own counts, since in this one other tests have called before. It has a profiler set in all threads, so
that every function that runs as Python is noted. What C does is counted where it is asked: the messages whose rules
protovalidate has compiled.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from camcover.api.warming import NEW_OBJECTS, SWITCH_SECONDS, set_up_interpreter
from camcover.engine.kernel.call import load_kernel
from camcover.jit import IS_COMPILED

ROOT = Path(__file__).resolve().parents[2]

OF_THE_QUESTION = {
    "api/estimates.py: _known",
    "engine/compiling/plan_index.py: PlanIndex.nearest_to",
    "engine/compiling/plan_index.py: PlanIndex.nearest_to.<locals>.<lambda>",
    "engine/compiling/segments.py: PeriodRun.start_of",
    "engine/compiling/vocabulary.py: plain_icd10",
}
"""Functions whose results are remembered by the question's own words: its diagnosis, its day, its adjustments."""

PROGRAM = ROOT / "tests" / "api" / "first_call.py"


@pytest.mark.processes
@pytest.mark.skipif(not IS_COMPILED, reason="nothing is compiled in this run")
def test_the_first_call_makes_nothing(tmp_path: Path) -> None:
    load_kernel()  # from here on machine code is kept, also after a change of the kernel
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in ("service", "tests"))}
    done = subprocess.run(
        [sys.executable, PROGRAM, tmp_path / "kept.sqlite"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert told["estimates"] == 3, "each call was answered, and what was written to warm up was not kept"
    assert told["functions"] > 600, "the profiler has seen the calls"
    assert told["kernels"] == [1, False], "the kernel was there before the first call, once, and without its compiler"
    assert told["imported"] == []
    assert told["libraries"] == []
    assert set(told["own"]) <= OF_THE_QUESTION
    assert told["unchecked"] == [], "messages whose rules were not compiled before the first call"


def test_the_interpreter_is_set_up_for_a_service() -> None:
    """Threads hand over the lock sooner than by themselves, and cycles are looked for less often."""
    switch, threshold = sys.getswitchinterval(), gc.get_threshold()
    try:
        set_up_interpreter()
        assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
        assert gc.get_threshold() == (NEW_OBJECTS, *threshold[1:])
        assert gc.isenabled()
    finally:
        sys.setswitchinterval(switch)
        gc.set_threshold(*threshold)
        gc.unfreeze()
