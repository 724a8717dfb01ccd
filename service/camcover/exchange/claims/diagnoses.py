"""Diagnoses of a claim (HI) by the number that service lines point to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from camcover.exchange.x12.segments import X12Segment

__all__ = ["diagnoses_of", "icd10", "pointed"]

_ICD10_KINDS, _ICD9_KINDS = {"ABK", "ABF"}, {"BK", "BF"}
_CODE = re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}")
_MOST = 12
_CATEGORY = 3
"""Characters of a code before its point."""


def diagnoses_of(segment: X12Segment) -> Iterator[tuple[str, str]]:
    """Each diagnosis of an HI segment with what is wrong with it; its code is empty where something is."""
    for number in range(1, min(segment.elements, _MOST) + 1):
        kind, code = (*segment.parts(number)[:2], "", "")[:2]
        if kind in _ICD10_KINDS:
            found = icd10(code)
            yield found, "" if found else f"no code of ICD-10-CM in element {number}"
        elif kind in _ICD9_KINDS:
            yield "", f"a diagnosis of ICD-9 in element {number}"


def icd10(code: str) -> str:
    """A code of ICD-10-CM with its point; empty where it is none."""
    plain = code.replace(".", "", 1)
    if not _CODE.fullmatch(plain):
        return ""
    return plain if len(plain) == _CATEGORY else f"{plain[:_CATEGORY]}.{plain[_CATEGORY:]}"


def pointed(diagnoses: Sequence[str], pointers: Sequence[str]) -> tuple[list[str], bool]:
    """The diagnoses that a line points to, all where it points to none; and whether each pointer leads to one."""
    places = [int(each) for each in pointers if each.isascii() and each.isdecimal() and len(each) <= len(str(_MOST))]
    found = [diagnoses[place - 1] for place in places if 1 <= place <= len(diagnoses)]
    is_sound = len(found) == len([each for each in pointers if each])
    chosen = found if any(pointers) else diagnoses
    return list(dict.fromkeys(filter(None, chosen))), is_sound
