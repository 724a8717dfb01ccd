"""P2, the care plan and its result."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from camcover.engine import EstimateRequest, Tables
from camcover.languages import language
from camcover.messages import Dollars
from camcover.rulebook.records import STATES
from camcover.rulebook.term_messages import what_limit_allows
from camcover.showing.answer import answer_of
from camcover.showing.naming import Offered, RuleNames
from camcover.showing.ways import ShownWays
from camcover.showing.words import WORDS
from camcover.web.asking import EVERY, AnsweredForm, Faults, answered, edition_of, is_counted, limits_asked, sums_asked
from camcover.web.downloads import DOWNLOADS
from camcover.web.forms import CareForm, way_pairs
from camcover.web.plan_lists import plan_groups
from camcover.web.rendering import Site, html
from camcover.web.ways import AT_FIRST_LATER, found_ways, may_change
from camcover.workflow.pricing import PricedPlan, price
from camcover.workflow.what_ifs import what_ifs

__all__ = ["builder_values", "care_page"]

MOST_LINES = 2_000
"""Visits that are priced in all for the first ways to pay less, since they come with every answer."""

_DETAILS = ("first", "charge", "practitioner", "tier", "condition")
"""Fields of an item that stand in its details, which are open where one is wrong."""


class SumField(NamedTuple):
    """A field for what was paid so far: its accumulator, its name, the most that it can be."""

    id: str
    name: str
    most: str


def care_page(
    tables: Tables, tag: str, form: CareForm | None, *, site: Site, today: date, is_part: bool = False
) -> str:
    """The page; `is_part`: the result alone. Without a form it asks, and shows no result."""
    errors: Faults = {}
    answer = ways = None
    if form is not None:
        form = form.done()
        found, errors = answered(form.chosen(), tables, today, _priced)
        if found is not None:
            changes = what_ifs(tables, found.request, found.answer.estimate)
            answer = answer_of(
                tables,
                found.request,
                found.answer,
                changes=changes,
                language=language(tag),
                tells_ends=True,
            )
            ways = _ways(tables, tag, form.chosen(), found)
    form = form or CareForm()
    summary = tables.directory.get(form.plan)
    is_illustrative = summary is not None and any(each.illustrative for each in summary.editions)
    values: dict[str, Any] = {"form": form, "errors": errors, "answer": answer, "illustrative": is_illustrative}
    values |= {"site": site, "saved": None, "ways": ways, "carried": way_pairs(form)}
    values["later"] = 0 if form.may else AT_FIRST_LATER
    values["downloads"] = [each for each in DOWNLOADS if each.is_offered]
    if is_part:
        return html("_answer.html", tag, "plan", **values)
    values |= builder_values(tables, tag, form, errors=errors, today=today)
    return html("plan.html", tag, "plan", action=f"/{tag}/plan", whole=f"/{tag}/plan", **values)


def _priced(tables: Tables, request: EstimateRequest) -> PricedPlan:
    """The price with what leads to each end of its range. Raises `InvalidRequest`."""
    return price(tables, request._replace(explain_range=True))


def _ways(tables: Tables, tag: str, form: CareForm, asked: AnsweredForm[PricedPlan]) -> ShownWays | None:
    """The first ways to pay less; None where a choice of the reader is wrong, or the choices are too many."""
    may, errors = may_change(tables, form, asked.request)
    if errors:
        return None
    return found_ways(tables, language(tag), asked, may, most_lines=MOST_LINES)


def builder_values(tables: Tables, tag: str, form: CareForm, *, errors: Faults, today: date) -> dict[str, Any]:
    """What the form needs: its lists, in the reader's language."""
    words = language(tag)
    names = RuleNames(tables, words)
    groups, more = plan_groups(tables, form)
    plan = edition_of(form, tables, today)
    sums = []
    if plan is not None:
        tiers = frozenset(item.tier for item in form.items if item.tier in plan.tiers)
        for each in sums_asked(plan, tiers):
            most = plan.accumulators[each].alone
            told = "" if most is None else words.text(WORDS["web-sum-most"](amount=Dollars(most)))
            sums.append(SumField(each, names.sum(plan.accumulators[each], plan), told))
    return {
        "names": names,
        "groups": groups,
        "more": more,
        "tiers": names.tiers(plan) if plan is not None and len(plan.tiers) > 1 else [],
        "sums": sums,
        "used": [
            SumField(str(each.id), names.limit(each), words.text(what_limit_allows(each)))
            for each in (limits_asked(plan, tables, form) if plan is not None else ())
            if is_counted(each)
        ],
        "before": [Offered(each, words.text(WORDS[f"web-before-{each}"]())) for each in ("no", "yes")],
        "every": [Offered(str(days), words.text(WORDS[f"web-every-{days}"]())) for days in EVERY],
        "states": [Offered(each, each) for each in STATES],
        "today": today.isoformat(),
        "opened": {int(name.rpartition("-")[2]) for name in errors if name.rpartition("-")[0] in _DETAILS},
    }
