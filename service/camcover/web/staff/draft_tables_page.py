"""S3 for a draft: the decision tables of its plans, and in how many cases each differs from the base."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from starlette.responses import Response

from camcover.rulebook import RuleSet, load_files
from camcover.rulebook.analysis.diagnoses import TooManyCells
from camcover.rulebook.analysis.services import services_of, stretches_of
from camcover.web.staff.drafts_page import draft_at_hand
from camcover.web.staff.frame import framed
from camcover.web.staff.shown_decisions import ShownTable, compared, shown_table
from camcover.web.staff.visits import StaffPage, Visit
from camcover.workflow.decision_tables import TableQuery, decision_tables
from camcover.workflow.draft_checks import files_of_plans
from camcover.workflow.errors import RulesRefused
from camcover.workflow.plan_tests import MOST_AT_ONCE, DraftPlans, plans_of_draft
from camcover.workflow.publishing import sound
from camcover.workflow.row_notes import NotedTable, RowNotes

__all__ = ["MOST_OFFERED", "PAGES", "TherapyTables", "tables_of_draft"]

MOST_OFFERED = 200
"""Plans of a draft that its pages offer by id; any other can be typed."""


class TherapyTables(NamedTuple):
    """The tables of a plan and a therapy: how many cases they have in the draft, and how many differ, gone ones too.

    `fault`: why they are not compared.
    """

    plan: str
    therapy: str
    cases: int
    differing: int
    fault: str = ""


async def _show(visit: Visit) -> Response:
    """The tables of the plans that a draft concerns, or of any one of its plans. Raises `UnknownPlan`."""
    asked = visit.asked("plan")
    at_hand = await visit.site.look(draft_at_hand, visit)
    view = at_hand.view

    async def made() -> tuple[DraftPlans, tuple[TherapyTables, ...], str]:
        """The plans, their tables, and why there are none."""
        plans = await visit.site.look(plans_of_draft, at_hand.base, at_hand.whole.files, asked)
        before = files_of_plans(at_hand.base, plans.chosen)
        shown = plans._replace(files={})
        try:
            return shown, await visit.site.work(tables_of_draft, before, plans.files, plans.chosen), ""
        except RulesRefused as error:
            return shown, (), str(error)

    plans, found, fault = await visit.site.once(("tables", view.base, view.digest, asked), made)
    return framed(
        visit,
        "draft_tables.html",
        f"Decision tables of {view.draft.title}",
        found=found,
        fault=fault,
        plans=plans.chosen,
        draft=view,
        asked=asked,
        concerned=plans.concerned,
        offered=plans.concerned[:MOST_OFFERED],
        most=MOST_AT_ONCE,
    )


def tables_of_draft(
    before: Mapping[str, bytes], after: Mapping[str, bytes], plans: tuple[str, ...]
) -> tuple[TherapyTables, ...]:
    """The tables of some plans of a draft against its base: plan by plan, those that differ first.

    `before`, `after`: the files of these plans. Raises `RulesRefused`.
    """
    if not plans:
        return ()
    base, draft = sound(load_files(before)), sound(load_files(after))
    found: list[TherapyTables] = []
    for plan in plans:
        before_after = [(rules, set(_named(rules, plan))) for rules in (base, draft)]
        therapies = dict.fromkeys((*_named(draft, plan), *_named(base, plan)))
        of_plan = [
            _compared([rules if each in named else None for rules, named in before_after], plan, each)
            for each in therapies
        ]
        found += sorted(of_plan, key=lambda each: each.differing == 0)
    return tuple(found)


def _named(rules: RuleSet, plan: str) -> Iterator[str]:
    """The therapies that rules of a plan name, by themselves or by their codes, in the order of the catalogs."""
    for edition in rules.plans.get(plan, ()):
        for stretch in stretches_of(edition, rules):
            yield from (service.therapy for service in services_of(stretch, rules) if service.rules)


def _compared(sides: Sequence[RuleSet | None], plan: str, therapy: str) -> TherapyTables:
    """The tables of one therapy before and after; None where no rule names it."""
    try:
        before, after = (_tables(each, plan, therapy) if each else [] for each in sides)
        made = compared(before, after)
    except TooManyCells as error:
        return TherapyTables(plan, therapy, 0, 0, str(error))
    cases = [case for table in made for case in table.cases]
    return TherapyTables(
        plan, therapy, sum(each.word != "gone" for each in cases), sum(bool(each.word) for each in cases)
    )


def _tables(rules: RuleSet, plan: str, therapy: str) -> list[ShownTable]:
    """The tables of a therapy. Raises `TooManyCells`."""
    found = decision_tables(rules, TableQuery(plan, therapy))
    return [shown_table(NotedTable(each, (RowNotes(),) * len(each.cases))) for each in found]


PAGES = (StaffPage("/drafts/{draft}/tables", _show),)
