"""S10, try an estimate: the same care under one release and under two, and what is wrong with a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
