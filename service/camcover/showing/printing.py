"""Papers as PDF: a template of this package, and data.

What comes in: a plan of care. What goes out: a tagged PDF (PDF/UA-1). The data goes to Typst as JSON and is read there
as texts: none of it is code, a path or a part of the template. Typst reads no file but those of `papers/`, no font but
those inside of it, and compiles what the standard allows alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from camcover.engine import EstimateRequest, Tables
from camcover.errors import CamcoverError
from camcover.extras import extra_named
from camcover.languages import Language
from camcover.showing.letter import letter
from camcover.showing.summary import summary
from camcover.showing.told import Told, told_of
from camcover.workflow.pricing import PricedPlan

__all__ = ["FOLDER", "MOST_GROUPS", "Paper", "PaperTooLong", "data_of", "inputs", "paper", "printed"]

FOLDER = Path(__file__).parent / "papers"
"""The templates."""

MOST_GROUPS: Final = 600
"""Groups of equal visits that a paper holds: each is a row of a table, and takes a hundredth of a second."""


class Paper(StrEnum):
    """A kind of paper, by the name of its template."""

    LETTER = "letter"
    SUMMARY = "summary"


class PaperTooLong(CamcoverError):
    """A plan of care has too many different visits for a paper."""


_DATA: Mapping[Paper, Callable[[Told], dict[str, Any]]] = {Paper.LETTER: letter, Paper.SUMMARY: summary}


def paper(
    kind: Paper, tables: Tables, request: EstimateRequest, language: Language, *, priced: PricedPlan | None = None
) -> bytes:
    """A plan of care of one person as PDF, the same to the byte for the same answer; `priced`: the answer, if known.

    Raises `InvalidRequest`, `PaperTooLong`, and `ExtraMissing` where Typst is not installed.
    """
    told = told_of(tables, request, language, priced)
    return printed(kind, data_of(kind, told), told.answer.priced.created_at)


def data_of(kind: Paper, told: Told) -> dict[str, Any]:
    """What a paper says. Raises `PaperTooLong`."""
    groups = sum(len(care.runs) for care in told.answer.care)
    if groups > MOST_GROUPS:
        raise PaperTooLong(f"found {groups} groups of equal visits; expected at most {MOST_GROUPS}")
    return _DATA[kind](told)


def printed(kind: Paper, data: Mapping[str, Any], made_at: datetime) -> bytes:
    """The PDF of a template and its data; `made_at` stands in its metadata. Raises `ExtraMissing`."""
    with extra_named():
        import typst  # noqa: PLC0415 - only an extra brings it

    made = typst.compile(
        FOLDER / f"{kind}.typ",
        format="pdf",
        root=FOLDER,
        ignore_system_fonts=True,
        sys_inputs=inputs(data),
        pdf_standards=["ua-1"],
        timestamp=int(made_at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError(f"Typst gave {type(made).__name__}; expected one PDF")
    return made


def inputs(data: Mapping[str, Any]) -> dict[str, str]:
    """The data as a template reads it."""
    return {"data": _shown(json.dumps(data, ensure_ascii=False))}


_ALPHABETS = ((0x20, 0x7E), (0xA0, 0x17F), (0x391, 0x3C9), (0x400, 0x45F), (0x5D0, 0x5EA), (0x2010, 0x2026))
"""The characters that the font of the papers has, first and last: Latin, Greek, Cyrillic, Hebrew, punctuation."""

_FURTHER = frozenset("\u202f\u20ac\u2122\u2212\u2264\u2265\N{MODIFIER LETTER APOSTROPHE}")


def _shown(text: str) -> str:
    """A text in which `?` stands for what the font does not have: Typst would make no PDF with it."""
    return "".join(each if _has_font(ord(each)) or each in _FURTHER else "?" for each in text)


def _has_font(point: int) -> bool:
    return any(first <= point <= last for first, last in _ALPHABETS)
