"""S2, plans: the list with editions and reviews; one plan as its file states it, in words and with its places."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from starlette.responses import Response

from camcover.calendar import ordinal_of
from camcover.engine import Tables
from camcover.engine.compiling.plan_summary import PlanSummary
from camcover.rulebook.facts import Fact, Part, document_part
from camcover.rulebook.facts.words import edition_words
from camcover.rulebook.records import Place, Plan, Review
from camcover.showing.naming import capitalised
from camcover.web.staff.frame import framed
from camcover.web.staff.visits import StaffPage, Visit, whole_number
from camcover.workflow import catalog_entries

__all__ = ["MOST_LISTED", "PAGES", "asked_first", "fitting"]

MOST_LISTED = 40
"""Plans of one page of a list."""

_MANY = 100_000

_SECTIONS = {
    "benefit": "Benefits",
    "accumulator": "Sums",
    "tier": "Networks",
    "limit": "Limits shared by benefits",
    "account": "Accounts",
    "exclusion": "Exclusions",
    "discount": "Discounts",
    "source": "Sources",
}
"""The headings of a plan's parts in the order of the page, by the first word of their key."""


_LABELS = {
    "hsa qualified": "HSA qualified",
    "not covered pays": "Not covered: the member pays",
    "cite": "source",
}
"""Fields of a plan whose own names say little; others stand as the file has them."""


class ListedPlan(NamedTuple):
    """A row of the list; `editions`: each in words, and whether its figures are illustrative."""

    summary: PlanSummary
    editions: tuple[tuple[str, bool], ...]
    review: Review | None
    is_due: bool


class StatedPart(NamedTuple):
    """A piece of a plan: what it states itself in one line, then a line for each piece inside it.

    `therapies`: those that a benefit is for, by id.
    """

    title: str
    lines: tuple[str, ...]
    at: Place
    therapies: tuple[str, ...] = ()


async def _list(visit: Visit) -> Response:
    """The plans that answer now."""
    words, kind, first = visit.asked("find"), visit.asked("kind"), asked_first(visit)
    found, count = await visit.site.look(_listed, visit, words, kind, first)
    after = first + MOST_LISTED if count > first + MOST_LISTED else 0
    values: dict[str, Any] = {"words": words, "kind": kind, "first": first, "after": after, "most": MOST_LISTED}
    return framed(visit, "plans.html", "Plans", found=found, count=count, **values)


def _listed(visit: Visit, words: str, kind: str, first: int) -> tuple[list[ListedPlan], int]:
    """A page of the plans that `words` find, and how many there are."""
    tables, today = visit.site.rules.take(), visit.site.now().date()
    found = [
        each
        for each in fitting(tables, words)
        if not kind or each.editions[-1].illustrative is (kind == "illustrative")
    ]
    return [_row(tables, each, today) for each in found[first : first + MOST_LISTED]], len(found)


def fitting(tables: Tables, words: str) -> list[PlanSummary]:
    """The plans whose id, name or payer contains `words`, by payer."""
    sought = words.casefold()
    found = [
        each
        for each in tables.directory.values()
        if any(sought in text.casefold() for text in (each.id, each.name, each.payer_name))
    ]
    return sorted(found, key=lambda each: (each.payer_name.casefold(), each.name.casefold(), each.id))


def _row(tables: Tables, summary: PlanSummary, today: date) -> ListedPlan:
    editions = tables.plans[summary.id].editions
    review = editions[-1].heading.reviewed
    return ListedPlan(
        summary=summary,
        editions=tuple((edition_words(each.heading.effective), each.heading.illustrative) for each in editions),
        review=review,
        is_due=review is None or (review.next is not None and review.next <= today),
    )


async def _one(visit: Visit) -> Response:
    """One edition of a plan; without a choice the one of today, else the nearest."""
    return framed(visit, "plan.html", "Plan", **await visit.site.look(_stated, visit))


def _stated(visit: Visit) -> dict[str, Any]:
    """What an edition states. Raises `UnknownPlan`."""
    tables, plan_id, today = visit.site.rules.take(), visit.path["plan"], visit.site.now().date()
    index = catalog_entries.plan_index(tables, plan_id)
    by_name = {edition_words(each.heading.effective): each for each in index.editions}
    plan = by_name.get(visit.asked("edition")) or index.nearest_to(ordinal_of(today)).plan
    whole = document_part(plan)
    sections: dict[str, list[StatedPart]] = {kind: [] for kind in _SECTIONS}
    for part in whole.parts():
        sections.setdefault(part.key.partition(" ")[0], []).append(_part(part, plan))
    return {
        "plan": plan,
        "edition": edition_words(plan.heading.effective),
        "editions": list(by_name),
        "stated": [(capitalised(_label(each)), each.words) for each in _told(whole)],
        "sections": [(_SECTIONS.get(kind, kind.capitalize()), parts) for kind, parts in sections.items() if parts],
        "names": {name: each.name for name, each in catalog_entries.therapies(tables).items()},
    }


def _part(part: Part, plan: Plan) -> StatedPart:
    """A piece of a plan."""
    own = "; ".join(f"{_label(each)} {each.words}".strip() for each in _told(part) if each.field != "therapies")
    inside = (f"{each.title}: {each.summary}".removesuffix(": ") for each in part.parts())
    kind, _, name = part.key.partition(" ")
    benefit = plan.benefits.get(name) if kind == "benefit" else None
    therapies = tuple(map(str, benefit.therapies)) if benefit else ()
    return StatedPart(part.title, tuple(filter(None, (own, *inside))), part.at, therapies)


def _label(fact: Fact) -> str:
    """What a fact is called."""
    return _LABELS.get(fact.field, fact.field)


def _told(part: Part) -> list[Fact]:
    """The facts of a piece that do not go without saying."""
    return [each for each in part.facts() if each.words is not None and not each.is_usual]


def asked_first(visit: Visit) -> int:
    """The number of the first plan to list, as the address has it; 0 for anything else."""
    text = visit.asked("first")
    return min(whole_number(text) or 0, _MANY) if len(text) < 9 else 0


PAGES = (StaffPage("/plans", _list), StaffPage("/plans/{plan}", _one))
