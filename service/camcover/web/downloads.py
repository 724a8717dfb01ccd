"""The result of a care plan as a file: its visits as a calendar or a table, a letter and a summary as PDF.

What comes in: the form of the care plan page. What goes out: the bytes of a file, none where the form has a fault or
the plan has no answer. Nothing is kept: the form is priced again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from camcover.engine import EstimateRequest, Tables
from camcover.engine.estimate import Line
from camcover.extras import is_installed
from camcover.languages import Language, language
from camcover.messages import Dollars
from camcover.rulebook.words import amount
from camcover.showing.answer import why_of
from camcover.showing.charts import others_cents
from camcover.showing.naming import RuleNames
from camcover.showing.printing import Paper, paper
from camcover.showing.words import WORDS
from camcover.web.asking import answered
from camcover.web.forms import CareForm
from camcover.web.icalendar import DayEvent, calendar
from camcover.workflow.audit_reading import inert
from camcover.workflow.pricing import PricedPlan, price

__all__ = ["DOWNLOADS", "PAPERS", "Download", "visits_calendar", "visits_table"]

_BYTE_ORDER_MARK = "\ufeff"
"""Spreadsheets read a table as UTF-8 where it begins with this."""

_COLUMNS = (
    "web-day",
    "web-therapy",
    "web-table-visit",
    "web-table-covered",
    "web-charge-short",
    "web-share-you",
    "web-share-plan",
    "web-share-others",
    "web-share-discount",
    "web-table-why",
)


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


class _Priced(NamedTuple):
    priced: PricedPlan
    words: Language
    therapies: Sequence[str]


def visits_calendar(tables: Tables, tag: str, form: CareForm, today: date) -> bytes:
    """The visits as iCalendar (RFC 5545), each with what it costs and why."""
    found = _priced(tables, tag, form, today)
    if found is None:
        return b""
    words = found.words
    foot = [words.text(found.priced.notices[0].message)]
    if words.is_unreviewed:
        foot.append(words.text(WORDS["web-unreviewed"]()))

    def event(line: Line) -> DayEvent:
        summary = WORDS["web-calendar-visit"](
            therapy=found.therapies[line.item_index], amount=Dollars(line.patient_cents)
        )
        told = [why_of(line, words), words.text(WORDS["web-of-charge"](charge=Dollars(line.charge_cents))), *foot]
        return DayEvent(line.date, words.text(summary), "\n".join(told))

    return calendar(map(event, found.priced.estimate.lines), tag).encode()


def visits_table(tables: Tables, tag: str, form: CareForm, today: date) -> bytes:
    """The visits as CSV (RFC 4180): amounts in dollars with a point, days as `2026-03-02`."""
    found = _priced(tables, tag, form, today)
    if found is None:
        return b""
    words, out = found.words, io.StringIO()
    writer = csv.writer(out)
    writer.writerow([inert(words.text(WORDS[each]())) for each in _COLUMNS])
    for line in found.priced.estimate.lines:
        cents = (
            line.charge_cents,
            line.patient_cents,
            line.plan_paid_cents,
            others_cents(line),
            line.written_off_cents,
        )
        writer.writerow(
            [
                line.date.isoformat(),
                inert(found.therapies[line.item_index]),
                line.session,
                words.text(WORDS["web-before-yes" if line.covered else "web-before-no"]()),
                *map(amount, cents),
                inert(why_of(line, words)),
            ]
        )
    return (_BYTE_ORDER_MARK + out.getvalue()).encode()


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
    Download("visits.ics", "text/calendar", visits_calendar, "web-keep-calendar"),
    Download("visits.csv", "text/csv", visits_table, "web-keep-table"),
)
"""The files of a care plan."""


def _priced(tables: Tables, tag: str, form: CareForm, today: date) -> _Priced | None:
    found, _ = answered(form.chosen(), tables, today, price)
    if found is None:
        return None
    names = RuleNames(tables, language(tag))
    return _Priced(found.answer, names.language, [names.therapy(each.therapy) for each in found.request.items])
