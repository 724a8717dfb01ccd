"""What files of other formats say of a provider in codes: tax numbers and taxonomies, as requests have them."""

from __future__ import annotations

import re

__all__ = ["tax_number", "taxonomy_code"]

_TAX_NUMBER = re.compile("([0-9]{2})-?([0-9]{7})")
_TAXONOMY = re.compile("[0-9A-Z]{9}X")


def tax_number(text: str) -> str:
    """A tax number as requests have it, `12-3456789`, of nine digits with or without the hyphen.

    Empty where the text is none, or where all digits are zeros, which stand for a number that is not known.
    """
    found = _TAX_NUMBER.fullmatch(text)
    return f"{found[1]}-{found[2]}" if found and text.strip("0-") else ""


def taxonomy_code(text: str) -> str:
    """A taxonomy code of the NUCC, ten characters that end in X; empty where the text is none.

    Which practitioner it stands for, the catalog says (`Vocabulary.practitioners_with`).
    """
    return text if _TAXONOMY.fullmatch(text) else ""
