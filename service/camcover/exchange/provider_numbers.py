"""Tax numbers of who bills, as files of other formats write them and as requests have them."""

from __future__ import annotations

import re

__all__ = ["tax_number"]

_TAX_NUMBER = re.compile("([0-9]{2})-?([0-9]{7})")


def tax_number(text: str) -> str:
    """A tax number as requests have it, `12-3456789`, of nine digits with or without the hyphen.

    Empty where the text is none, or where all digits are zeros, which stand for a number that is not known.
    """
    found = _TAX_NUMBER.fullmatch(text)
    return f"{found[1]}-{found[2]}" if found and text.strip("0-") else ""
