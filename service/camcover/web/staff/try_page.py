"""S10, try an estimate: the same invented care under one release, or beside it under another or a draft.

Nothing is kept. A draft is priced with its one plan that is tried, so that no other file has to be compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from starlette.responses import Response

from camcover.engine import Tables
from camcover.engine.estimate import Line
from camcover.languages import ENGLISH, language
from camcover.showing.answer import why_of
from camcover.web.asking import Faults, answered
from camcover.web.care_page import builder_values
from camcover.web.forms import CareForm, cut, form_of
from camcover.web.staff.frame import framed
from camcover.web.staff.visits import StaffPage, Visit
from camcover.workflow.draft_tables import draft_tables
from camcover.workflow.draft_texts import is_draft_id
from camcover.workflow.drafting import draft_view, drafts_of
from camcover.workflow.errors import NoActiveRelease
from camcover.workflow.pricing import PricedPlan, price
from camcover.workflow.release_history import releases_page
from camcover.workflow.roles import Role

__all__ = ["PAGES"]

_MOST_RELEASES = 25


class TriedVisit(NamedTuple):
    """A visit under one release: whether it is covered, what the patient pays, why, and the steps."""

    is_covered: bool
    patient_cents: int
    why: str
    steps: tuple[str, ...]


class TriedRelease(NamedTuple):
    """The sums under one release, in cents; `plan_cents`: with what accounts pay."""

    release: str
    charge_cents: int
    plan_cents: int
    written_off_cents: int
    patient_cents: int
    covered: int


class TriedDay(NamedTuple):
    """One visit under each release, in their order."""

    day: date
    visits: tuple[TriedVisit, ...]


class Tried(NamedTuple):
    """What came of it: the sums of each release, and visit by visit."""

    releases: tuple[TriedRelease, ...]
    days: tuple[TriedDay, ...]

    @property
    def difference_cents(self) -> int:
        """What the patient pays more under the last release than under the first."""
        return self.releases[-1].patient_cents - self.releases[0].patient_cents


async def _ask(visit: Visit) -> Response:
    """The form."""
    return framed(visit, "try.html", "Try an estimate", **await visit.site.look(_made, visit, None))


async def _price(visit: Visit) -> Response:
    """The form with what comes of it."""
    pairs = cut((name, value) for name, values in visit.form.items() for value in values)
    values = await visit.site.look(_made, visit, form_of(pairs))
    return framed(visit, "try.html", "Try an estimate", status=400 if values["errors"] else 200, **values)


def _made(visit: Visit, form: CareForm | None) -> dict[str, Any]:
    """All that the page shows.

    Raises `NoActiveRelease`, `UnknownRelease`, `ReleaseUnusable`; for a draft `UnknownDraft`, `UnknownPlan`,
    `RulesRefused`.
    """
    with visit.site.releases.store.reading() as ledger:
        known = [each.id for each in releases_page(ledger, _MOST_RELEASES).releases]
    release = visit.sent("release") or visit.site.rules.release
    if not release:
        raise NoActiveRelease
    other = visit.sent("other") or visit.asked("other")
    given = form or CareForm(plan=visit.asked("plan"))
    tables = _tables(visit, release, other, given.plan)
    today = visit.site.now().date()
    tried, errors = (None, {}) if form is None else _tried(tables, form, today)
    first = next(iter(tables.values()))
    values = builder_values(first, ENGLISH, given, errors=errors, today=today)
    words = language(ENGLISH)
    drafts = drafts_of(visit.site.releases)
    titles = {other: f"draft: {draft_view(drafts, other)[0].draft.title}"} if is_draft_id(other) else {}
    shown = {"form": given, "item": given.items[0], "errors": errors, "tried": tried, "known": known, "titles": titles}
    return values | shown | {"release": release, "other": other, "say": words.text, "money": words.dollars}


def _tables(visit: Visit, release: str, other: str, plan: str) -> dict[str, Tables]:
    """The tables to price by, by the names of their releases; a draft's alone where only it has the plan."""
    found = {release: visit.site.rules.take(release)}
    if is_draft_id(other):
        if plan:
            drafted = draft_tables(drafts_of(visit.site.releases), other, plan)
            found = {**(found if plan in found[release].plans else {}), other: drafted}
    elif other:
        found[other] = visit.site.rules.take(other)
    return found


def _tried(tables: Mapping[str, Tables], form: CareForm, today: date) -> tuple[Tried | None, Faults]:
    """The care under each release; None where something is wrong: then what, by the names of fields."""
    priced: dict[str, PricedPlan] = {}
    for name, each in tables.items():
        found, errors = answered(form, each, today, price)
        if found is None:
            return None, errors
        priced[name] = found.answer
    lines = zip(*(each.estimate.lines for each in priced.values()), strict=True)
    sums = tuple(_sums(name, each) for name, each in priced.items())
    return Tried(sums, tuple(TriedDay(each[0].date, tuple(map(_visit, each))) for each in lines)), {}


def _sums(release: str, priced: PricedPlan) -> TriedRelease:
    totals = priced.estimate.totals
    return TriedRelease(
        release,
        totals.charge_cents,
        totals.plan_paid_cents + totals.account_paid_cents,
        totals.written_off_cents,
        totals.patient_cents,
        sum(line.covered for line in priced.estimate.lines),
    )


def _visit(line: Line) -> TriedVisit:
    words = language(ENGLISH)
    return TriedVisit(
        line.covered, line.patient_cents, why_of(line, words), tuple(words.text(each.message) for each in line.steps)
    )


PAGES = (StaffPage("/try", _ask, _price, needs=Role.RULES_READ),)
