"""Cents and basis points: rounding half up, against exact decimals."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from both_readings import READINGS, read_as
from camcover import money
from camcover.money import BasisPoints, dollars, percent

CENTS = st.integers(0, 10**11)


@pytest.fixture(scope="module", params=READINGS)
def cents(request: pytest.FixtureRequest) -> Any:
    """The roundings of `camcover.money`."""
    return read_as(money, request.param)


@pytest.mark.parametrize(
    ("amount", "basis_points", "expected"),
    [
        (14175, 3500, 4961),  # 49.6125 -> 49.61
        (4050, 3500, 1418),  # 14.175 -> 14.18
        (1, 5000, 1),  # half a cent -> one
        (1, 4999, 0),
        (0, 10000, 0),
        (99999, 10000, 99999),
    ],
)
def test_share_by_hand(cents: Any, amount: int, basis_points: int, expected: int) -> None:
    assert cents.share(amount, basis_points) == expected


@given(CENTS, st.integers(0, 20_000))
def test_share_is_half_up(cents: Any, amount: int, basis_points: int) -> None:
    exact = Decimal(amount) * basis_points / 10_000
    assert cents.share(amount, basis_points) == exact.quantize(Decimal(1), ROUND_HALF_UP)


@given(CENTS, st.integers(1, 1000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_portion_is_half_up_and_its_parts_make_the_whole(cents: Any, amount: int, fraction: tuple[int, int]) -> None:
    part, whole = fraction
    quotient, rest = divmod(amount * part, whole)
    assert cents.portion(amount, part, whole) == quotient + (2 * rest >= whole)
    assert cents.portion(amount, whole, whole) == amount
    assert abs(cents.portion(amount, part, whole) + cents.portion(amount, whole - part, whole) - amount) <= 1


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "$0.00"), (5, "$0.05"), (123456, "$1,234.56"), (-100, "-$1.00"), (100000000, "$1,000,000.00")],
)
def test_dollars(amount: int, text: str) -> None:
    assert dollars(amount) == text


@pytest.mark.parametrize(
    ("basis_points", "text"), [(2000, "20%"), (1250, "12.5%"), (6667, "66.67%"), (5, "0.05%"), (0, "0%")]
)
def test_percent(basis_points: int, text: str) -> None:
    assert percent(BasisPoints(basis_points)) == text
