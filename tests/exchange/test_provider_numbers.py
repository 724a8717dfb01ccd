"""Tax numbers of who bills."""

from __future__ import annotations

import pytest

from camcover.exchange.provider_numbers import tax_number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("123456789", "12-3456789"),
        ("12-3456789", "12-3456789"),
        ("012345678", "01-2345678"),
        ("000000000", ""),
        ("00-0000000", ""),
        ("12345678", ""),
        ("1-23456789", ""),
        ("1234567893", ""),
        ("12345678x", ""),
        ("12-3456789 ", ""),
        ("", ""),
    ],
)
def test_a_tax_number_has_nine_digits(text: str, expected: str) -> None:
    assert tax_number(text) == expected
