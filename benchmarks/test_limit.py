"""How near the kernel comes to a hand-written C translation of itself (limit/), on warm caches.

Every request of the batch is the same row on the same arrays. `nothing` is a call for no request: what it costs to get
from Python into the kernel, which the figures for one plan include.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from camcover.engine import Tables
from camcover.engine.asking.adjudicator import Adjudicator
from camcover.engine.asking.question import Question
from camcover.engine.kernel.call import Addresses, addresses_of, adjudicate_at
from limit.yardstick import NO_COMPILER, build
from questions import ROOT, shipped_tables, twelve_lines

PLANS = 2_000
PATIENT_CENTS = 32_400

ONE = "kernel: one plan of 12 lines"
BATCH = "kernel: 2,000 plans of 12 lines"
NOTHING = "kernel: no plan, the call alone"

Kernel = Callable[[int, int], int]
"""A kernel on given arrays: (first, count); gives how many requests have a fault."""


class LaidOut(NamedTuple):
    """The arrays of rules and requests, which must live as long as a kernel runs on their addresses."""

    tables: Tables
    adjudicator: Adjudicator
    addresses: Addresses

    def warmed(self, kernel: Kernel) -> Kernel:
        """The kernel, loaded and its caches warm, once it has given the right answer."""
        kernel(0, PLANS)
        assert self.adjudicator.first.patient(0) == self.adjudicator.first.patient(PLANS - 1) == PATIENT_CENTS
        return kernel


@pytest.fixture(scope="module")
def laid_out() -> LaidOut:
    """The request of the benchmarks, its row 2,000 times."""
    tables, adjudicator = shipped_tables(), Adjudicator()
    assert isinstance(adjudicator.lay_out(tables, twelve_lines()), Question)
    requests = adjudicator.first.requests
    expected = bytes(requests.span(0, 1))
    requests.clear()
    requests.append(expected * PLANS)
    return LaidOut(tables, adjudicator, addresses_of(tables.arrays, adjudicator.first.work))


@pytest.fixture(scope="module")
def in_numba(laid_out: LaidOut) -> Kernel:
    addresses = laid_out.addresses
    return laid_out.warmed(lambda first, count: adjudicate_at(addresses, first, count))


@pytest.fixture(scope="module")
def in_c(laid_out: LaidOut) -> Kernel:
    yardstick = build(ROOT / "build" / "limit")
    if yardstick is None:
        pytest.skip(NO_COMPILER)
    run, address = yardstick.at, laid_out.addresses.at
    return laid_out.warmed(lambda first, count: run(address, first, count))


@pytest.mark.benchmark(group=NOTHING)
def test_numba_on_nothing(benchmark: BenchmarkFixture, in_numba: Kernel) -> None:
    benchmark(in_numba, 0, 0)


@pytest.mark.benchmark(group=NOTHING)
def test_c_on_nothing(benchmark: BenchmarkFixture, in_c: Kernel) -> None:
    benchmark(in_c, 0, 0)


@pytest.mark.benchmark(group=ONE)
def test_numba_on_one_plan(benchmark: BenchmarkFixture, in_numba: Kernel) -> None:
    benchmark(in_numba, 0, 1)


@pytest.mark.benchmark(group=ONE)
def test_c_on_one_plan(benchmark: BenchmarkFixture, in_c: Kernel) -> None:
    benchmark(in_c, 0, 1)


@pytest.mark.benchmark(group=BATCH)
def test_numba_on_a_batch(benchmark: BenchmarkFixture, in_numba: Kernel) -> None:
    benchmark(in_numba, 0, PLANS)


@pytest.mark.benchmark(group=BATCH)
def test_c_on_a_batch(benchmark: BenchmarkFixture, in_c: Kernel) -> None:
    benchmark(in_c, 0, PLANS)
