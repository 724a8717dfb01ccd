"""S5, tests: how the tests of a plan go, of the release that answers or of a draft, and what no test reaches."""

from __future__ import annotations

from starlette.responses import Response

from camcover.web.staff.draft_tables_page import MOST_OFFERED
from camcover.web.staff.drafts_page import draft_at_hand
from camcover.web.staff.frame import framed
from camcover.web.staff.plans_page import MOST_LISTED, asked_first, fitting
from camcover.web.staff.visits import StaffPage, Visit
from camcover.workflow.catalog_entries import plan_index
from camcover.workflow.draft_checks import files_of_plans
from camcover.workflow.errors import NoActiveRelease
from camcover.workflow.plan_tests import MOST_AT_ONCE, DraftPlans, PlanTests, plans_of_draft, tests_of
from camcover.workflow.release_history import Ledger, files_of_release

__all__ = ["PAGES"]


async def _list(visit: Visit) -> Response:
    """The plans that answer now, to choose one."""
    words, first = visit.asked("find"), asked_first(visit)
    found = await visit.site.look(fitting, visit.site.rules.take(), words)
    shown, after = found[first : first + MOST_LISTED], first + MOST_LISTED
    return framed(
        visit,
        "tests.html",
        "Tests",
        found=shown,
        count=len(found),
        words=words,
        first=first,
        after=after if len(found) > after else 0,
        most=MOST_LISTED,
    )


async def _of_release(visit: Visit) -> Response:
    """The tests of one plan under the release that answers. Raises `UnknownPlan`."""
    plan, release = visit.path["plan"], visit.site.rules.release
    if release is None:
        raise NoActiveRelease
    plan_index(visit.site.rules.take(), plan)

    async def made() -> PlanTests:
        files = await visit.site.read(_files_of_plan, release, plan)
        return await visit.site.work(tests_of, files, (plan,))

    found = await visit.site.once(("tests", release, plan), made)
    return framed(visit, "plan_tests.html", f"Tests of {plan}", found=found, plans=(plan,), where=release, draft=None)


def _files_of_plan(ledger: Ledger, release: str, plan: str) -> dict[str, bytes]:
    return files_of_plans(files_of_release(ledger, release), (plan,))


async def _of_draft(visit: Visit) -> Response:
    """The tests of the plans that a draft concerns, or of any one of its plans. Raises `UnknownPlan`."""
    asked = visit.asked("plan")
    at_hand = await visit.site.look(draft_at_hand, visit)
    view = at_hand.view

    async def made() -> tuple[DraftPlans, PlanTests]:
        plans = await visit.site.look(plans_of_draft, at_hand.base, at_hand.whole.files, asked)
        found = await visit.site.work(tests_of, plans.files, plans.chosen) if plans.chosen else PlanTests()
        return plans._replace(files={}), found

    plans, found = await visit.site.once(("tests", view.base, view.digest, asked), made)
    return framed(
        visit,
        "plan_tests.html",
        f"Tests of {view.draft.title}",
        found=found,
        plans=plans.chosen,
        where=view.draft.id,
        draft=view,
        asked=asked,
        concerned=plans.concerned,
        offered=plans.concerned[:MOST_OFFERED],
        most=MOST_AT_ONCE,
    )


PAGES = (
    StaffPage("/tests", _list),
    StaffPage("/tests/{plan}", _of_release),
    StaffPage("/drafts/{draft}/tests", _of_draft),
)
