"""National Provider Identifiers."""

from __future__ import annotations

from camcover.npi import is_npi


def test_check_digits_of_npis() -> None:
    """CMS's own example is 123456789 with the check digit 3."""
    assert is_npi("1234567893")
    assert not any(is_npi(f"123456789{digit}") for digit in "012456789")
    assert not is_npi("12345")
    assert not is_npi("123456789x")
    assert not is_npi("١٢٣٤٥٦٧٨٩٣")
