"""The letter for a patient and the clinic: what care would cost, and why, with the reason of each figure.

What comes in: a plan of care as it was told. What goes out: texts and places for `papers/letter.typ`, as JSON has them.
The last page has what a good-faith estimate needs (good_faith.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from camcover.messages import Dollars
from camcover.rulebook.records import Measure, Plan
from camcover.showing.answer import VisitRun
from camcover.showing.charts import others_cents
from camcover.showing.good_faith import good_faith
from camcover.showing.range_ends import RangeEnd
from camcover.showing.told import Told

__all__ = ["letter"]

MOST_STEPS: Final = 80
"""Groups of equal visits whose steps a letter gives: each takes about a twentieth of a page."""


def letter(told: Told) -> dict[str, Any]:
    """All that the letter says."""
    answer, say = told.answer, told.say
    amounts = _amounts(told)
    sources = _sources(told)
    runs = sum(len(care.runs) for care in answer.care)
    return told.frame("letter-title", "letter-about") | {
        "words": {
            "todo": say("web-todo"),
            "todo_head": [say("letter-state"), say("letter-what"), say("letter-without")],
            "months": say("web-months"),
            "visits": say("web-visit-by-visit"),
            "sum": say("letter-sum"),
            "how": say("letter-how"),
            "told": say("letter-told"),
            "assumed": say("letter-assumed"),
            "know": say("web-know"),
            "sources": say("web-sources"),
        },
        "lead": say("letter-lead"),
        "total": _total(told),
        "range": told.range("web-exact", "letter-range"),
        "approvals": [
            {
                "state": say("letter-have" if each.has else "letter-ask"),
                "title": each.title,
                "worth": told.worth(each.worth_cents, "letter-more"),
            }
            for each in answer.approvals
        ],
        "months": _months(told),
        "care": [
            _care(told, place, amounts, tuple(sources) if runs <= MOST_STEPS else None)
            for place in range(len(answer.care))
        ],
        "steps_left": say("letter-steps-left") if runs > MOST_STEPS else "",
        "told": [list(each) for each in _facts(told)],
        "ends": [_end(told, each) for each in answer.ends],
        "ends_note": say(answer.ends_note) if answer.ends_note else "",
        "assumed": list(answer.causes),
        "sources": [{"text": text, "url": url} for text, url in sources.items()],
        "gfe": good_faith(told),
    }


def _end(told: Told, end: RangeEnd) -> dict[str, Any]:
    """The least or the most, and what leads there."""
    causes = [
        [each.text, told.say("web-range-together") if each.worth_cents is None else told.words.change(each.worth_cents)]
        for each in end.causes
    ]
    return {"title": told.say(end.word, amount=Dollars(end.cents)), "causes": causes}


def _total(told: Told) -> dict[str, Any]:
    """The sum, who pays which part of it, and how many visits are covered."""
    answer, say = told.answer, told.say
    shares = [
        {
            "kind": each.kind,
            "name": say(each.word),
            "amount": told.money(each.cents),
            "begin": each.begin,
            "width": each.width,
        }
        for each in answer.shares
    ]
    totals = answer.estimate.totals
    return {
        "title": say("web-you-would-pay"),
        "amount": told.money(totals.patient_cents),
        "of": say("web-total-of", count=answer.visits, charge=Dollars(totals.charge_cents)),
        "covered": say("web-covered-of", covered=answer.covered, visits=answer.visits),
        "shares": shares,
        "alt": "; ".join(f"{each['name']}: {each['amount']}" for each in shares),
    }


def _sources(told: Told) -> dict[str, str]:
    """The places in documents that figures rest on, each with an address of the web or none, in their order."""
    return {
        ", ".join(filter(None, (each.title, place))): each.url
        for each in told.answer.sources
        for place in each.places or ("",)
    }


def _months(told: Told) -> dict[str, Any]:
    """What is paid each month, as a chart and as a table."""
    chart, words = told.answer.months, told.words
    columns = [
        {
            "name": words.short_month(each.month),
            "x": each.x,
            "parts": [
                {"y": part.y, "height": part.height, "covered": part.covered, "kind": part.item} for part in each.parts
            ],
        }
        for each in chart.columns
    ]
    rows = [[words.month(each.month), told.money(each.cents)] for each in chart.columns]
    return {
        "chart": {
            "width": chart.width,
            "height": chart.height,
            "base": chart.base,
            "bar": chart.bar,
            "columns": columns,
        },
        "alt": "; ".join(": ".join(each) for each in rows),
        "legend": [
            *({"name": name, "kind": place, "covered": True} for place, name in enumerate(chart.names)),
            *(
                {"name": told.say("web-month-not-covered", therapy=chart.names[place]), "kind": place, "covered": False}
                for place in chart.uncovered
            ),
        ],
        "head": [told.say("web-month"), told.say("web-share-you")],
        "rows": rows,
        "foot": [told.say("letter-sum"), told.money(told.answer.estimate.totals.patient_cents)],
    }


def _amounts(told: Told) -> tuple[str, ...]:
    """The amounts of a group of visits that the tables show: those of which there are any."""
    totals = told.answer.estimate.totals
    shown = {
        "charge_cents": True,
        "plan_cents": True,
        "others_cents": bool(others_cents(totals)),
        "discount_cents": bool(totals.written_off_cents),
        "patient_cents": True,
    }
    return tuple(name for name, is_shown in shown.items() if is_shown)


_NAMES = {
    "charge_cents": "web-charge-short",
    "plan_cents": "web-share-plan",
    "others_cents": "web-share-others",
    "discount_cents": "web-share-discount",
    "patient_cents": "web-share-you",
}


def _care(told: Told, place: int, amounts: tuple[str, ...], sources: tuple[str, ...] | None) -> dict[str, Any]:
    """The visits of one kind of care, and the steps of each group of equal ones; no steps without `sources`."""
    care = told.answer.care[place]
    years = {day.year for run in care.runs for day in run.days}
    has_year = len(years) > 1
    return {
        "name": told.numbered(place),
        "covered": told.say("web-covered-short", covered=care.covered, visits=care.visits),
        "head": [
            told.say("letter-visits"),
            told.say("letter-days") if has_year else told.say("letter-days-in", year=str(min(years))),
            told.say("web-table-why"),
        ],
        "amounts": [told.say(_NAMES[name]) for name in amounts],
        "rows": [
            {
                "visits": _numbers(told, run),
                "days": told.span(run.days[0], run.days[-1], has_year=has_year),
                "why": _why(told, run),
                "amounts": [told.money(getattr(run, name)) for name in amounts],
            }
            for run in care.runs
        ],
        "sums": [told.money(sum(getattr(run, name) for run in care.runs)) for name in amounts],
        "steps": [] if sources is None else [_steps(told, run, sources) for run in care.runs],
    }


def _numbers(told: Told, run: VisitRun) -> str:
    """`4`, `1 to 3`."""
    return str(run.first) if run.visits == 1 else told.say("letter-numbers", first=run.first, last=run.last)


def _why(told: Told, run: VisitRun) -> str:
    """Why a visit costs what it costs, and what each costs where there are several."""
    if run.visits == 1 or not run.each_cents:
        return run.why
    return f"{run.why} {told.say('web-each', amount=Dollars(run.each_cents))}"


def _steps(told: Told, run: VisitRun, sources: tuple[str, ...]) -> dict[str, Any]:
    """How the amount of each visit of a group comes about; each step with the number of its source, or its words."""
    several = run.visits > 1
    name = (
        told.say("web-visits-numbers", first=run.first, last=run.last)
        if several
        else told.say("web-visit-number", number=run.first)
    )
    days = told.span(run.days[0], run.days[-1])
    title = told.say(
        "letter-run-each" if several else "letter-run-one", run=name, days=days, amount=Dollars(run.each_cents)
    )
    steps = [
        {
            "text": each.text,
            "place": sources.index(each.source) + 1 if each.source in sources else 0,
            "source": "" if each.source in sources else each.source,
        }
        for each in run.steps
    ]
    return {"title": title, "steps": steps}


def _facts(told: Told) -> Iterator[tuple[str, str]]:
    """What was stated, each by its name."""
    member, say = told.member, told.say
    yield say("web-plan"), told.plan_name
    if member.birth_date is not None:
        yield say("letter-birth-date"), told.words.day(member.birth_date)
    if member.age is not None:
        yield say("letter-age"), str(member.age)
    if member.state:
        yield say("web-state"), member.state
    for place, item in enumerate(told.request.items):
        parts = [told.schedule(item), told.conditions(item), *told.given_by(item)]
        if item.charge_cents is not None:
            parts.append(say("letter-charge", amount=Dollars(item.charge_cents)))
        yield told.numbered(place), "; ".join(part for part in parts if part)
    if told.plan is not None:
        yield from _used(told, told.plan)


def _used(told: Told, plan: Plan) -> Iterator[tuple[str, str]]:
    """What was stated of sums and limits so far, and of which date, episode or condition it is where one was stated."""
    use = told.member.use
    for each in use.accumulators:
        accumulator = plan.accumulators.get(each.accumulator)
        if accumulator is not None and each.used_cents is not None:
            yield told.names.sum(accumulator, plan), told.money(each.used_cents)
    limits = {str(limit.id): limit for benefit in plan.benefits.values() for limit in benefit.limits}
    for used in use.limit_usage:
        limit = limits.get(used.limit)
        if limit is not None:
            amount = told.money(used.used_cents) if limit.measure is Measure.MONEY else str(used.used)
            day = told.words.day(used.date) if used.date else ""
            of = ", ".join(filter(None, (day, used.episode, told.condition(used.condition))))
            yield told.names.limit(limit), f"{amount} ({of})" if of else amount
