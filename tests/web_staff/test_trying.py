"""S10, try an estimate: the same care under one release and under two, and what is wrong with a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from camcover.workflow.drafting import create_draft, drafts_of
from small_rules import COPAY_PLAN
from web.reading import Page, read
from web_staff.conftest import Desk, Office

Desks = Callable[..., Any]

CARE = {
    "plan": "copay-plan",
    "therapy-0": "acupuncture",
    "practitioner-0": "acupuncturist",
    "visits-0": "3",
    "first-0": "2026-03-02",
    "charge-0": "80",
    "age": "40",
    "state": "WA",
    "before": "no",
}
"""Three visits of $80.00 without a code: the fees allow 80 % of a charge, $64.00, and the rest is written off."""


async def tried(desk: Desk, status: int = 200, **others: str) -> Page:
    """The page for the care."""
    answer = await desk.post("/try", {"proof": await desk.proof()} | CARE | others)
    assert answer.status_code == status, answer.text
    return read(answer.text)


async def test_care_is_priced_by_the_release_that_answers(desk_of: Desks, office: Office) -> None:
    """Copay 30 dollars: the patient pays 3 x 30 = 90, the plan 3 x (64 - 30) = 102, 3 x 16 = 48 are written off."""
    page = await tried(await desk_of("rita"))
    assert f"{office.ids[1]} $240.00 $102.00 $48.00 3 $90.00" in page.text
    assert page.text.count("Steps") == 3
    assert "Change" not in page.text


async def test_two_releases_stand_side_by_side(desk_of: Desks, office: Office) -> None:
    """20 dollars a visit in the first release, 40 in the third: 60 more for three visits."""
    first, _, third = office.ids
    page = await tried(await desk_of("rita"), release=first, other=third)
    assert "Under the second the patient pays +$60.00" in page.text
    assert f"{first} $240.00 $132.00 $48.00 3 $60.00" in page.text
    assert f"{third} $240.00 $72.00 $48.00 3 $120.00" in page.text
    assert page.text.count("+$20.00") == 3
    same = await tried(await desk_of("rita"), release=first, other=first)
    assert "Under the second" not in same.text


async def test_a_draft_stands_beside_a_release(desk_of: Desks, office: Office) -> None:
    """30 dollars a visit now, 35 in the draft: 15 more for three. The editor leads there, with the plan chosen."""
    dearer = COPAY_PLAN.replace("copay: $20", "copay: $35")
    drafts = drafts_of(office.releases)
    draft = create_draft(drafts, "ana", "A copay of 35", {"copay.yaml": dearer.encode()}).draft.id
    desk = await desk_of("rita")
    editor = await desk.get(f"/{draft}/edit?file=copay.yaml")
    path = f"/try?other={draft}&plan=copay-plan"
    assert f"/staff{path}" in {each["href"] for tag, each in editor.tags if tag == "a"}
    asked = await desk.get(path)
    chosen = {each["value"] for tag, each in asked.tags if tag == "option" and "selected" in each}
    assert {draft, "copay-plan"} <= chosen
    page = await tried(desk, other=draft)
    assert f"{office.ids[1]} $240.00 $102.00 $48.00 3 $90.00" in page.text
    assert "draft: A copay of 35 $240.00 $87.00 $48.00 3 $105.00" in page.text
    assert "Under the second the patient pays +$15.00" in page.text
    assert "Try one visit" not in (await desk.get(f"/{draft}/edit?file=fees.yaml")).text
    assert "did you mean" in (await tried(desk, 404, other=draft, plan="copay-plam")).text
    await tried(desk, 400, other=draft, plan="")
    await tried(desk, 404, other="drafts/0000000000000000")


async def test_a_plan_that_only_a_draft_has_is_tried_by_it_alone(desk_of: Desks, office: Office) -> None:
    """A new plan with a copay of 25 dollars: 75 for three visits. With an error in its file there is no price."""
    new = COPAY_PLAN.replace("copay: $20", "copay: $25").replace("id: copay-plan", "id: new-plan")
    drafts = drafts_of(office.releases)
    draft = create_draft(drafts, "ana", "A new plan", {"new.yaml": new.encode()}).draft.id
    desk = await desk_of("rita")
    page = await tried(desk, other=draft, plan="new-plan")
    assert "draft: A new plan $240.00 $117.00 $48.00 3 $75.00" in page.text
    assert "Under the second" not in page.text
    wrong = {"new.yaml": new.replace("[acupuncture", "[acupunture").encode()}
    faulty = create_draft(drafts, "ana", "A wrong plan", wrong).draft.id
    assert "there is no therapy 'acupunture'" in (await tried(desk, 400, other=faulty, plan="new-plan")).text


async def test_what_is_wrong_is_told_at_its_field(desk_of: Desks) -> None:
    desk = await desk_of("rita")
    page = await tried(desk, 400, **{"visits-0": "many", "therapy-0": "", "age": "old"})
    marked = {each["id"] for _, each in page.tags if "aria-invalid" in each}
    assert marked == {"visits-0", "therapy-0", "age"}
    assert "Something is missing or wrong" in page.text
    await tried(desk, 404, release="rules-0000000000000000")


async def test_the_form_asks_before_anything_is_priced(desk_of: Desks) -> None:
    page = await (await desk_of("rita")).get("/try")
    assert page.fields("plan")
    assert "Visit by visit" not in page.text
