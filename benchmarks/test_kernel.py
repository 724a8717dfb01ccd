"""The kernel alone and the way around it: one plan of 12 lines, and 100,000 of them in one call.

The table sets every row of a group in relation to its fastest; the oracle, which is plain Python, is the reference.
"""

from __future__ import annotations

import json

import pytest
import yaml
from camcover.engine.cases import Case, lay_out
from pytest_benchmark.fixture import BenchmarkFixture

from camcover.engine import Tables, evaluate
from camcover.engine.evaluate import question_of
from camcover.engine.kernel import adjudicate
from camcover.engine.question import Question
from camcover.engine.tables import Work
from oracle import adjudicate as oracle
from questions import REQUEST, ROOT, shipped_tables, twelve_lines

PLANS = 100_000
LINES = 12


@pytest.fixture(scope="module")
def tables() -> Tables:
    return shipped_tables()


def layout(tables: Tables, copies: int) -> Work:
    """`copies` times the same twelve lines, laid out for the kernel."""
    question = question_of(tables, twelve_lines())
    assert isinstance(question, Question)
    expected: Case = question.cases[0][0]
    work = lay_out([question.primary] * copies, [expected] * copies)
    assert len(work.lines) == LINES * copies
    return work


def copied(work: Work) -> Work:
    """The same arrays again, since the kernel writes its running state into them."""
    return Work(*(part.copy() for part in work))


@pytest.mark.benchmark(group="one plan of 12 lines")
def test_kernel_on_one_plan(benchmark: BenchmarkFixture, tables: Tables) -> None:
    work = layout(tables, 1)
    adjudicate(tables.arrays, copied(work), 0, 1)

    def once() -> tuple[tuple[object, ...], dict[str, object]]:
        return (tables.arrays, copied(work), 0, 1), {}

    benchmark.pedantic(adjudicate, setup=once, rounds=2_000)


@pytest.mark.benchmark(group="one plan of 12 lines")
def test_evaluate_one_plan(benchmark: BenchmarkFixture, tables: Tables) -> None:
    request = twelve_lines()
    estimate = benchmark(evaluate, tables, request)
    assert estimate.totals.patient_cents == 32400


@pytest.mark.benchmark(group="one plan of 12 lines")
def test_oracle_on_one_plan(benchmark: BenchmarkFixture) -> None:
    files = [*(ROOT / "rules" / "catalog").glob("*.yaml"), *(ROOT / "rules/payers/original-medicare").glob("*.yaml")]
    documents = [yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader) for file in files]
    request = json.loads(REQUEST.read_text(encoding="utf-8"))
    answer = benchmark(oracle, documents, request)
    assert len(answer["lines"]) == LINES


@pytest.mark.benchmark(group="100,000 plans of 12 lines")
def test_kernel_on_a_batch(benchmark: BenchmarkFixture, tables: Tables) -> None:
    work = layout(tables, PLANS)

    def once() -> tuple[tuple[object, ...], dict[str, object]]:
        return (tables.arrays, copied(work), 0, PLANS), {}

    benchmark.pedantic(adjudicate, setup=once, rounds=5)
    benchmark.extra_info["lines"] = LINES * PLANS
