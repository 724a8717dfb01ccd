"""P5, ways to pay less: the reader says what may change, and sees all ways that are cheaper."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from camcover.engine import Tables
from camcover.languages import language
from camcover.showing.naming import RuleNames
from camcover.web.asking import answered
from camcover.web.care_page import care_page
from camcover.web.forms import CareForm, way_pairs
from camcover.web.refilling import fields_to_send
from camcover.web.rendering import Site, html
from camcover.web.ways import at_first, chosen_way, found_ways, may_change, offered_changes
from camcover.workflow.pricing import price

__all__ = ["cheaper_page"]

MOST_LINES = 30_000
"""Visits that a search prices in all: less than a second of work."""


def cheaper_page(
    tables: Tables, tag: str, form: CareForm | None, *, site: Site, today: date, is_part: bool = False
) -> str:
    """The page; without a form it leads to the care plan, whose page says what is wrong with the care of a form."""
    del is_part
    words = language(tag)
    if form is None:
        return html("cheaper.html", tag, "cheaper", site=site, form=None, errors={})
    form = form.done().chosen()
    found, _ = answered(form, tables, today, price)
    if found is None:
        return care_page(tables, tag, form, site=site, today=today)
    request = found.request
    may, errors = may_change(tables, form, request)
    form = replace(form, may=form.may or at_first(tables, form, request))
    names = RuleNames(tables, words)
    ways = None
    if not errors:
        ways = found_ways(tables, words, found, may, most_lines=MOST_LINES)
    uses = [chosen_way(form, each.way) for each in ways.ways] if ways is not None else []
    return html(
        "cheaper.html",
        tag,
        "cheaper",
        site=site,
        form=form,
        errors=errors,
        ways=ways,
        uses=[[*fields_to_send(each), *way_pairs(each)] if each is not None else [] for each in uses],
        pairs=list(fields_to_send(form)),
        care=[(names.therapy(item.therapy), len(item.dates)) for item in request.items],
        plan=tables.directory[request.plan_id],
        offered=offered_changes(tables, names, form, request),
    )
