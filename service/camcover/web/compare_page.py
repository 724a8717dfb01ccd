"""P4, plans side by side: the same care under two to five plans, the cheapest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from camcover.engine import EstimateRequest, InvalidRequest, Tables
from camcover.engine.request import AccumulatorUse, LimitUse, UseSoFar
from camcover.languages import Language, language
from camcover.messages import Message
from camcover.money import Cents
from camcover.showing.answer import causes_of
from camcover.showing.charts import Scale, scale
from camcover.showing.naming import RuleNames
from camcover.showing.range_ends import RangeEnd, ends_of
from camcover.showing.words import WORDS
from camcover.web.asking import asked, cents_of, limits_asked
from camcover.web.care_page import builder_values
from camcover.web.forms import CareForm
from camcover.web.rendering import Site, html
from camcover.workflow import catalog_entries
from camcover.workflow.pricing import PricedPlan, price_many, rank

__all__ = ["compare_page"]

LEAST_PLANS, MOST_PLANS = 2, 5
_MONTHS_OF_PREMIUM = 12


class ComparedRow(NamedTuple):
    """One plan: what the same care costs under it. Without a `scale` it cannot price the care.

    `ends`, `ends_note`: the least and the most with what leads there, and the message of what their amounts are.

    `premium`: as it was entered; `year_cents`: the care with twelve premiums, None = no premium is given.
    """

    plan: str
    name: str
    payer: str
    scale: Scale | None
    low_cents: int
    expected_cents: int
    high_cents: int
    covered: int
    visits: int
    months: tuple[tuple[date, int], ...]
    causes: tuple[str, ...]
    ends: tuple[RangeEnd, ...]
    premium: str
    year_cents: int | None
    ends_note: str = ""


def compare_page(
    tables: Tables, tag: str, form: CareForm | None, *, site: Site, today: date, is_part: bool = False
) -> str:
    """The page; without a form it asks. It has no part of its own."""
    del is_part
    errors: dict[str, Message] = {}
    rows: tuple[ComparedRow, ...] = ()
    if form is not None:
        form = form.done()
        if form.plan and not form.plans:
            # It comes from the care plan: its plan is the first to compare.
            form = replace(form, plans=(form.plan,))
        rows = _rows(tables, language(tag), form, today, errors=errors)
    form = form or CareForm()
    values: dict[str, Any] = builder_values(tables, tag, form, errors=errors, today=today)
    # Networks and sums are each plan's own.
    values |= {"tiers": [], "sums": []}
    action = f"/{tag}/compare"
    return html(
        "compare.html",
        tag,
        "compare",
        site=site,
        form=form,
        errors=errors,
        rows=rows,
        action=action,
        whole="",
        **values,
    )


def _rows(
    tables: Tables, words: Language, form: CareForm, today: date, *, errors: dict[str, Message]
) -> tuple[ComparedRow, ...]:
    """One row for each chosen plan, the cheapest first; what is wrong is put into `errors`."""
    plans = [each for each in dict.fromkeys(form.plans) if each in tables.plans]
    items = tuple(replace(item, tier="", have=()) for item in form.chosen().items)
    care = replace(form, plan=plans[0] if plans else "", sums={}, before="", items=items)
    request, wrong = asked(care, tables, today, explain=False)
    errors |= {name: each for name, each in wrong.items() if name != "plan"}
    if not LEAST_PLANS <= len(plans) <= MOST_PLANS:
        errors["plans"] = WORDS["web-error-plans"]()
    if errors or request is None:
        return ()
    requests = [_under(tables, request, name, care) for name in plans]
    # Each premium is entered in its row. So a wrong premium must not take the rows away.
    results = sorted(zip(plans, price_many(tables, requests), strict=True), key=rank)
    premiums = {name: _premium(name, form, errors) for name, each in results if isinstance(each, PricedPlan)}
    most = max((each.estimate.range.high_cents for _, each in results if isinstance(each, PricedPlan)), default=0)
    under = dict(zip(plans, requests, strict=True))
    return tuple(
        _row(tables, words, under[name], each, most=most, premium=(form.premiums.get(name, ""), premiums.get(name)))
        for name, each in results
    )


def _under(tables: Tables, request: EstimateRequest, plan_id: str, form: CareForm) -> EstimateRequest:
    """The request under a plan of which nothing was used yet, in its first network."""
    day = min(day for item in request.items for day in item.dates)
    plan = catalog_entries.edition_on(tables, plan_id, day)
    if plan is None:
        return request
    tier = next(iter(plan.tiers))
    items = tuple(item._replace(tier=str(tier)) for item in request.items)
    nothing = tuple(LimitUse(str(each.id)) for each in limits_asked(plan, tables, form))
    sums = tuple(AccumulatorUse(str(name), Cents(0)) for name in plan.accumulators)
    member = request.members[0]._replace(use=UseSoFar(sums, nothing))
    return request._replace(plan_id=plan_id, items=items, members=(member,), explain_range=True)


def _premium(name: str, form: CareForm, errors: dict[str, Message]) -> Cents | None:
    text = form.premiums.get(name, "")
    cents = cents_of(text) if text else None
    if text and cents is None:
        errors[f"premium-{name}"] = WORDS["web-error-amount"]()
    return cents


def _row(
    tables: Tables,
    words: Language,
    request: EstimateRequest,
    result: PricedPlan | InvalidRequest,
    *,
    most: int,
    premium: tuple[str, Cents | None],
) -> ComparedRow:
    text, premium_cents = premium
    plan_id = request.plan_id
    summary = tables.directory[plan_id]
    if isinstance(result, InvalidRequest):
        return ComparedRow(plan_id, summary.name, summary.payer_name, None, 0, 0, 0, 0, 0, (), (), (), text, None)
    estimate = result.estimate
    ends, ends_note = ends_of(tables, request, estimate.range, RuleNames(tables, words))
    low, expected, high = estimate.range[:3]
    return ComparedRow(
        plan=plan_id,
        name=summary.name,
        payer=summary.payer_name,
        scale=scale(low, expected, high, most),
        low_cents=low,
        expected_cents=expected,
        high_cents=high,
        covered=sum(line.covered for line in estimate.lines),
        visits=len(estimate.lines),
        months=tuple((date.fromisoformat(f"{each.month}-01"), each.patient_cents) for each in estimate.months),
        causes=causes_of(estimate, words),
        ends=ends,
        ends_note=ends_note,
        premium=text,
        year_cents=None if premium_cents is None else expected + _MONTHS_OF_PREMIUM * premium_cents,
    )
