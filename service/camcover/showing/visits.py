"""The visits of a priced plan of care as files to take along: a calendar and a table.

What comes in: rules, a request and its explained answer. What goes out: texts in the reader's language.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import NamedTuple

from camcover.engine import EstimateRequest, Tables
from camcover.engine.estimate import Line
from camcover.engine.request import PlannedService
from camcover.languages import Language
from camcover.messages import Dollars
from camcover.rulebook.words import amount
from camcover.showing.answer import why_of
from camcover.showing.charts import others_cents
from camcover.showing.icalendar import DayEvent, calendar
from camcover.showing.naming import RuleNames
from camcover.showing.words import WORDS
from camcover.workflow.audit_reading import inert
from camcover.workflow.pricing import PricedPlan

__all__ = ["VISITS", "PricedVisits", "priced_visits", "visits_calendar", "visits_table"]

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


class PricedVisits(NamedTuple):
    """An explained answer, the reader's language, and the care of each item by its name."""

    priced: PricedPlan
    words: Language
    therapies: tuple[str, ...]


def priced_visits(tables: Tables, request: EstimateRequest, priced: PricedPlan, language: Language) -> PricedVisits:
    """The visits of a request that was priced with its steps."""
    names = RuleNames(tables, language)
    return PricedVisits(priced, names.language, tuple(_care(names, item) for item in request.items))


def _care(names: RuleNames, item: PlannedService) -> str:
    """The therapy of an item, else its codes."""
    return names.therapy(item.therapy) if item.therapy else ", ".join(each.code for each in item.procedures)


def visits_calendar(visits: PricedVisits) -> bytes:
    """The visits as iCalendar (RFC 5545), each with what it costs and why."""
    words = visits.words
    foot = [words.text(visits.priced.notices[0].message)]
    if words.is_unreviewed:
        foot.append(words.text(WORDS["web-unreviewed"]()))

    def event(line: Line) -> DayEvent:
        summary = WORDS["web-calendar-visit"](
            therapy=visits.therapies[line.item_index], amount=Dollars(line.patient_cents)
        )
        told = [why_of(line, words), words.text(WORDS["web-of-charge"](charge=Dollars(line.charge_cents))), *foot]
        return DayEvent(line.date, words.text(summary), "\n".join(told))

    return calendar(map(event, visits.priced.estimate.lines), words.tag).encode()


def visits_table(visits: PricedVisits) -> bytes:
    """The visits as CSV (RFC 4180): amounts in dollars with a point, days as `2026-03-02`."""
    words, out = visits.words, io.StringIO()
    writer = csv.writer(out)
    writer.writerow([inert(words.text(WORDS[each]())) for each in _COLUMNS])
    for line in visits.priced.estimate.lines:
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
                inert(visits.therapies[line.item_index]),
                line.session,
                words.text(WORDS["web-before-yes" if line.covered else "web-before-no"]()),
                *map(amount, cents),
                inert(why_of(line, words)),
            ]
        )
    return (_BYTE_ORDER_MARK + out.getvalue()).encode()


VISITS: Mapping[str, Callable[[PricedVisits], bytes]] = {".csv": visits_table, ".ics": visits_calendar}
"""What makes each kind of file, by the end of its name."""
