"""How near the kernel comes to a hand-written C translation of itself (limit/), on warm caches.

Every request of the batch is the same row on the same arrays. `nothing` is a call for no request: what it costs to get
from Python into the kernel, which the figures for one plan include.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from camcover.engine.desk import Desk
from camcover.engine.entry import Addresses, addresses_of, adjudicate_at
from camcover.engine.question import Question
from limit.yardstick import NO_COMPILER, build
from questions import ROOT, shipped_tables, twelve_lines

PLANS = 2_000
PATIENT_CENTS = 32_400

ONE = "kernel: one plan of 12 lines"
BATCH = "kernel: 2,000 plans of 12 lines"
NOTHING = "kernel: no plan, the call alone"

Kernel = Callable[[int, int], None]
"""A kernel on given arrays: (first, count)."""


@pytest.fixture(scope="module")
def laid_out() -> Iterator[tuple[Desk, Addresses]]:
    """The request of the benchmarks, its row 2,000 times; and the addresses of all arrays, which the desk holds."""
    tables, desk = shipped_tables(), Desk()
    assert isinstance(desk.lay_out(tables, twelve_lines()), Question)
    requests = desk.first.requests
    expected = bytes(requests.span(0, 1))
    requests.clear()
    requests.append(expected * PLANS)
    yield desk, np.concatenate([addresses_of(tables.arrays), addresses_of(desk.first.work)])
    assert desk.first.patient(0) == desk.first.patient(PLANS - 1) == PATIENT_CENTS


@pytest.fixture(scope="module")
def in_numba(laid_out: tuple[Desk, Addresses]) -> Kernel:
    _, addresses = laid_out
    return lambda first, count: adjudicate_at(addresses, first, count)


@pytest.fixture(scope="module")
def in_c(laid_out: tuple[Desk, Addresses]) -> Kernel:
    yardstick = build(ROOT / "build" / "limit")
    if yardstick is None:
        pytest.skip(NO_COMPILER)
    run, address = yardstick.at, laid_out[1].ctypes.data
    return lambda first, count: run(address, first, count)


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
