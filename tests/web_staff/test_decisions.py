"""S3, decision tables before and after: what differs between two releases, said in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from camcover.rulebook import load_texts
from camcover.web.staff.shown_decisions import ShownCase, ShownTable, compared
from camcover.workflow.publishing import prepare, publish
from small_rules import SHARE_PLAN, TEXTS
from web_staff.conftest import Desk, Office

Desks = Callable[..., Any]


def case(decision: str, **when: str) -> ShownCase:
    """A case that says nothing but its decision."""
    return ShownCase(when, decision != "no", decision, "plan.yaml:1", (), ())


def table(first: str, last: str, *cases: ShownCase, codes: str = "any") -> ShownTable:
    """A table of some days."""
    return ShownTable(date.fromisoformat(first), date.fromisoformat(last) if last else None, codes, cases)


async def test_a_copay_that_changed_is_marked_with_what_it_was(desk_of: Desks, office: Office) -> None:
    """20.00 in the first release, 40.00 in the third; for acupuncture under the other plan nothing differs."""
    first, _, third = office.ids
    desk: Desk = await desk_of("rita")
    page = await desk.get(f"/plans/copay-plan/therapies/acupuncture?release={third}&before={first}")
    assert f"by {third} , compared with {first} before" in page.text
    assert "1 case, 1 of them differs" in page.text
    assert "changed covered by hands" in page.text
    assert "$40.00 copay per visit" in page.text
    assert "before: in network: $20.00 copay per visit" in page.text
    same = await desk.get(f"/plans/share-plan/therapies/acupuncture?release={third}&before={first}")
    assert "none of them differ" in same.text
    assert "changed" not in same.text
    assert "before:" not in same.text


async def test_a_criterion_that_came_makes_new_cases(desk_of: Desks, office: Office) -> None:
    """Adults alone: the cases of before, told by diagnosis and practitioner, are gone where age tells them, too."""
    second = office.ids[1]
    adults = SHARE_PLAN.replace("practitioners: [acupuncturist]}", "practitioners: [acupuncturist], ages: {min: 18}}")
    release = publish(office.store, prepare(load_texts(TEXTS | {"share.yaml": adults})), "ana", "adults").release.id
    desk: Desk = await desk_of("rita")
    page = await desk.get(f"/plans/share-plan/therapies/acupuncture?release={release}&before={second}")
    assert "new covered by needles" in page.text
    assert "gone covered by needles" in page.text
    links = {each["href"] for tag, each in page.tags if tag == "a"}
    assert any(each.startswith(f"/staff/releases/{second}/files/share.yaml#L") for each in links)


async def test_what_the_release_before_lacks_is_said(desk_of: Desks, office: Office) -> None:
    desk: Desk = await desk_of("rita")
    path = "/plans/share-plan/therapies/acupuncture"
    await desk.get(f"{path}?before=rules-0000000000000000", 404)
    renamed = TEXTS | {"share.yaml": SHARE_PLAN.replace("id: share-plan", "id: shared-plan")}
    release = publish(office.store, prepare(load_texts(renamed)), "ana", "renamed").release.id
    page = await desk.get(f"{path}?before={release}", 404)
    assert f"{release}: no plan 'share-plan'; did you mean 'shared-plan'" in page.text


def test_cases_are_paired_by_what_they_are_told_by() -> None:
    before = [table("2026-01-01", "2026-12-31", case("no"), case("a", age="to 17"), case("b", age="18 or more"))]
    after = [table("2026-01-01", "2026-12-31", case("no"), case("c", age="to 17"), case("d", age="21 or more"))]
    (made,) = compared(before, after)
    assert [(each.word, each.case.decision) for each in made.cases] == [
        ("", "no"),
        ("changed", "c"),
        ("new", "d"),
        ("gone", "b"),
    ]
    assert made.cases[1].before == case("a", age="to 17")
    assert (made.columns, made.differing, made.days_before) == (("age",), 3, "")
    moved = [table("2026-01-01", "2026-12-31", case("no")._replace(place="plan.yaml:9"))]
    assert compared([table("2026-01-01", "2026-12-31", case("no"))], moved)[0].differing == 0


def test_tables_are_paired_by_codes_and_days() -> None:
    """The year before ended in June; another year has no pair, nor has another group of codes."""
    before = [table("2026-01-01", "2026-06-30", case("a")), table("2025-01-01", "2025-12-31", case("a"))]
    after = [table("2026-01-01", "", case("a")), table("2026-01-01", "", case("a"), codes="97810")]
    told = [(each.table.days, each.word, each.days_before) for each in compared(before, after)]
    assert told == [
        ("from 2026-01-01", "", "2026-01-01 to 2026-06-30"),
        ("from 2026-01-01", "new", ""),
        ("2025-01-01 to 2025-12-31", "gone", ""),
    ]
