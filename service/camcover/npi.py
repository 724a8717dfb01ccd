"""National provider identifiers: ten digits, of which the last checks the others (45 CFR 162.406)."""

from __future__ import annotations

__all__ = ["is_npi"]

_DIGITS = 10
_PREFIX_SUM = 24
"""What the prefix 80840 adds to the sum: 8 + 0 + 8 + 2 x 4 + 0."""


def is_npi(text: str) -> bool:
    """Whether a text is an NPI: ten digits whose check digit, by Luhn's formula with the prefix 80840, is right."""
    if len(text) != _DIGITS or not (text.isascii() and text.isdecimal()):
        return False
    doubled = (2 * int(each) for each in text[-2::-2])
    total = _PREFIX_SUM + sum(each // 10 + each % 10 for each in doubled) + sum(map(int, text[-1::-2]))
    return total % 10 == 0
