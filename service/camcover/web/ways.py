"""What of a care plan may change, as a form says it, and the ways to pay less that are found then.

What comes in: a `CareForm`, its request and its cost. What goes out: `MayChange`, or messages by field name; the ways
in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from camcover.engine import EstimateRequest, InvalidRequest, Tables
from camcover.languages import Language
from camcover.messages import Message
from camcover.money import Cents
from camcover.rulebook.records import Plan, Setting
from camcover.showing.naming import Offered, RuleNames
from camcover.showing.ways import ShownWays, shown_ways
from camcover.showing.words import WORDS
from camcover.web.asking import AnsweredForm, Faults, cents_of, edition_of
from camcover.web.forms import AllowedChangesForm, CareForm, CareItem
from camcover.workflow import catalog_entries
from camcover.workflow.care_choices import CareChange, MayChange, SelfPayPrice
from camcover.workflow.cheaper_ways import CheaperWay, WaySearch
from camcover.workflow.pricing import PricedPlan

__all__ = [
    "AT_FIRST_LATER",
    "LATER",
    "OfferedChanges",
    "at_first",
    "chosen_way",
    "found_ways",
    "may_change",
    "offered_changes",
]

LATER = (0, 7, 14, 30, 60, 90)
"""Days by which care may end later, that a form offers."""

AT_FIRST_LATER = 30
"""The same, where the reader was not asked."""

_SETTINGS = (
    Setting.OFFICE,
    Setting.CLINIC,
    Setting.HOME,
    Setting.TELEHEALTH,
    Setting.GROUP,
    Setting.COMMUNITY,
    Setting.OUTPATIENT_HOSPITAL,
)
"""Where care may be had; nobody chooses to stay in a hospital for it."""

_NOT_IN_FORMS = CareChange.SETTING | CareChange.SELF_PAY
"""Changes that the form of a care plan has no field for."""


class OfferedChanges(NamedTuple):
    """What a form offers: networks, practitioners, settings, days."""

    tiers: list[Offered]
    practitioners: list[Offered]
    settings: list[Offered]
    later: list[Offered]


def offered_changes(tables: Tables, names: RuleNames, form: CareForm, request: EstimateRequest) -> OfferedChanges:
    """What may be chosen: the plan's networks, who offers these kinds of care, settings."""
    plan = _edition(tables, form, request)
    practitioners: dict[str, Offered] = {}
    for item in request.items:
        practitioners |= {each.value: each for each in names.practitioners(item.therapy)}
    words = names.language
    return OfferedChanges(
        names.tiers(plan) if plan is not None and len(plan.tiers) > 1 else [],
        sorted(practitioners.values(), key=lambda each: each.name.casefold()),
        [Offered(str(each), words.text(WORDS[_word_of(each)]())) for each in _SETTINGS],
        [Offered(str(days), words.text(WORDS[f"web-cheaper-later-{days}"]())) for days in LATER],
    )


def _edition(tables: Tables, form: CareForm, request: EstimateRequest) -> Plan | None:
    """The edition of the plan on the first day."""
    return edition_of(form, tables, min(day for item in request.items for day in item.dates))


def _word_of(setting: Setting) -> str:
    return f"web-cheaper-setting-{str(setting).replace('_', '-')}"


def at_first(tables: Tables, form: CareForm, request: EstimateRequest) -> AllowedChangesForm:
    """What may change where the reader was not asked: the plan's networks, and somewhat later."""
    plan = _edition(tables, form, request)
    return AllowedChangesForm(tiers=tuple(map(str, plan.tiers)) if plan is not None else (), later=str(AT_FIRST_LATER))


def may_change(tables: Tables, form: CareForm, request: EstimateRequest) -> tuple[MayChange, Faults]:
    """What a form says may change, and what is wrong with it by the names of its fields."""
    may = form.may or at_first(tables, form, request)
    errors: dict[str, Message] = {}
    known = catalog_entries.practitioners(tables)
    plan = _edition(tables, form, request)
    for name, words, there in (
        ("may-tier", may.tiers, plan.tiers if plan is not None else ()),
        ("may-practitioner", may.practitioners, known),
        ("may-setting", may.settings, _SETTINGS),
        ("may-later", (may.later or "0",), tuple(map(str, LATER))),
    ):
        if any(word not in there for word in words):
            errors[name] = WORDS["web-error-choice"]()
    prices = []
    for place, item in enumerate(form.items[: len(request.items)]):
        cents = cents_of(item.self_pay) if item.self_pay else None
        if item.self_pay and cents is None:
            errors[f"self-pay-{place}"] = WORDS["web-error-amount"]()
        if cents is not None:
            prices.append(SelfPayPrice(place, Cents(cents)))
    if errors:
        return MayChange(), errors
    days, last = int(may.later or 0), max(day for item in request.items for day in item.dates)
    latest = last + timedelta(days=days) if days else None
    return MayChange(may.tiers, may.practitioners, may.settings, None, latest, may.order, tuple(prices)), {}


def found_ways(
    tables: Tables, language: Language, asked: AnsweredForm[PricedPlan], may: MayChange, *, most_lines: int
) -> ShownWays | None:
    """The ways that a search finds; None where there are more choices than it can look at.

    `most_lines`: visits that are priced in all.
    """
    visits = sum(len(item.dates) for item in asked.request.items)
    present = Cents(asked.answer.estimate.totals.patient_cents)
    try:
        search = WaySearch(tables, asked.request, present, may, most_priced=max(most_lines // visits, 1))
    except InvalidRequest:
        return None
    while search.advance():
        pass
    return shown_ways(search.found(), asked.request, RuleNames(tables, language))


def chosen_way(form: CareForm, way: CheaperWay) -> CareForm | None:
    """The form of a care plan that goes that way; None where it has no field for a change."""
    if way.kinds & _NOT_IN_FORMS:
        return None
    return replace(form, items=tuple(_changed(form, way)))


def _changed(form: CareForm, way: CheaperWay) -> Iterator[CareItem]:
    for item, choice in zip(form.items, way.choices, strict=False):
        first = min(choice.item.dates).isoformat()
        yield replace(item, first=first, tier=choice.item.tier, practitioner=choice.item.practitioner)
