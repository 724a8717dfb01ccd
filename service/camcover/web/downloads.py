"""The result of a care plan as a file: its visits as a calendar or a table, a letter and a summary as PDF.

What comes in: the form of the care plan page. What goes out: the bytes of a file, none where the form has a fault or
the plan has no answer. Nothing is kept: the form is priced again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from camcover.engine import EstimateRequest, Tables
from camcover.extras import is_installed
from camcover.languages import language
from camcover.showing.printing import Paper, paper
from camcover.showing.visits import PricedVisits, priced_visits, visits_calendar, visits_table
from camcover.web.asking import answered
from camcover.web.forms import CareForm
from camcover.workflow.pricing import price

__all__ = ["DOWNLOADS", "PAPERS", "Download"]


class Download(NamedTuple):
    """A kind of file: its name, its type, what makes it of rules, language, form and the day.

    `word`: of its button; `needs`: the extra without which it cannot be made; `paper`: which paper it is, if it is one.
    """

    name: str
    media_type: str
    make: Callable[[Tables, str, CareForm, date], bytes]
    word: str
    needs: str = ""
    paper: Paper | None = None

    @property
    def is_offered(self) -> bool:
        """Whether what it needs is installed."""
        return not self.needs or is_installed(self.needs)


def _visits(make: Callable[[PricedVisits], bytes]) -> Callable[[Tables, str, CareForm, date], bytes]:
    """What makes a file of the visits."""

    def made(tables: Tables, tag: str, form: CareForm, today: date) -> bytes:
        found, _ = answered(form.chosen(), tables, today, price)
        if found is None:
            return b""
        return make(priced_visits(tables, found.request, found.answer, language(tag)))

    return made


def _paper(kind: Paper) -> Callable[[Tables, str, CareForm, date], bytes]:
    """What makes a paper. It raises `PaperTooLong`, and `ExtraMissing` where Typst is not installed."""

    def make(tables: Tables, tag: str, form: CareForm, today: date) -> bytes:
        def printed(tables: Tables, request: EstimateRequest) -> bytes:
            return paper(kind, tables, request, language(tag))

        found, _ = answered(form.chosen(), tables, today, printed)
        return b"" if found is None else found.answer

    return make


PAPERS = (
    Download("letter.pdf", "application/pdf", _paper(Paper.LETTER), "web-keep-letter", "letters", Paper.LETTER),
    Download("summary.pdf", "application/pdf", _paper(Paper.SUMMARY), "web-keep-summary", "letters", Paper.SUMMARY),
)
"""The papers of a care plan."""

DOWNLOADS = (
    *PAPERS,
    Download("visits.ics", "text/calendar", _visits(visits_calendar), "web-keep-calendar"),
    Download("visits.csv", "text/csv", _visits(visits_table), "web-keep-table"),
)
"""The files of a care plan."""
