"""Amounts as X12 writes them."""

from __future__ import annotations

import re

__all__ = ["cents_of"]

_AMOUNT = re.compile(r"(-?)([0-9]{0,11})(?:\.([0-9]{0,2}))?")


def cents_of(text: str) -> int | None:
    """An amount such as 52.5 in cents; None: it is none, or has parts of a cent."""
    found = _AMOUNT.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        return None
    cents = int(found[2] or "0") * 100 + int((found[3] or "").ljust(2, "0"))
    return -cents if found[1] else cents
