"""Tax numbers of who bills, and taxonomies of who renders."""

from __future__ import annotations

import pytest

from camcover.exchange.provider_numbers import tax_number, taxonomy_code


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


@pytest.mark.parametrize("text", ["", "171100000", "171100000x", "171100000XX", " 171100000X", "acupuncture"])
def test_a_taxonomy_has_ten_characters_and_ends_in_x(text: str) -> None:
    assert (taxonomy_code("171100000X"), taxonomy_code(text)) == ("171100000X", "")
