"""S3, decision tables before and after: what differs between two releases, said in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from camcover.rulebook import load_texts
from camcover.web.staff.shown_decisions import ShownCase, ShownTable, compared
from camcover.workflow import plan_tests
from camcover.workflow.drafting import create_draft, drafts_of
from camcover.workflow.publishing import prepare, publish
from small_rules import COPAY_PLAN, SHARE_PLAN, TEXTS
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


async def test_cliffs_and_rows_without_a_test_stand_beside_their_rows(desk_of: Desks) -> None:
    """Allowed 88.00 of 110.00: 17.60 for the fourth visit, the charge for the fifth. The plan has no tests.

    Of its three rows one is covered, in two tiers.
    """
    desk: Desk = await desk_of("rita")
    page = await desk.get("/plans/share-plan/therapies/acupuncture")
    assert "Worth a look: 2 cliffs, 0 gaps, 3 cases without a test." in page.text
    steps = "visit 4 costs the patient $17.60, visit 5 costs $110.00, which is $92.40 more (limit 'visits')"
    assert f"cliff in network, deductible met: {steps} share.yaml:" in page.text
    assert page.text.count("the plan's tests have no visit of this case") == 3
    assert "the plan's tests never use up limit 'visits'" in page.text
    assert "gap" not in page.text.replace("0 gaps", "")
    unnamed = await desk.get("/plans/share-plan/therapies/reiki")
    assert "Worth a look: 0 cliffs, 1 gap, 1 case without a test." in unnamed.text
    assert "gap no benefit and no exclusion is for these facts" in unnamed.text


async def test_a_row_names_its_tests(desk_of: Desks, office: Office) -> None:
    """One test: the visit costs 17.60 of the deductible's 100.00 and up, and has the table's one covered row."""
    given = "{therapy: acupuncture, tier: in_network, practitioner: acupuncturist, diagnoses: [M54.5], charge: $110.00"
    test = f"tests:\n  - {{name: one visit, given: {given}, first: 2026-03-02}}, expect: {{patient: $88.00}}}}\n"
    release = publish(office.store, prepare(load_texts(TEXTS | {"share.yaml": SHARE_PLAN + test})), "ana", "tested")
    desk: Desk = await desk_of("rita")
    page = await desk.get(f"/plans/share-plan/therapies/acupuncture?release={release.release.id}")
    assert "Tested by “one visit” share.yaml:" in page.text
    assert "2 cases without a test." in page.text


async def test_a_draft_has_decision_tables_beside_its_base(desk_of: Desks, office: Office) -> None:
    """The copay was 30.00 and is 55.00 in the draft; the deductible of the other plan stays as it is."""
    second = office.ids[1]
    changed = {"copay.yaml": COPAY_PLAN.replace("copay: $20", "copay: $55").encode()}
    draft = create_draft(drafts_of(office.releases), "ana", "Copay of 55", changed).draft.id
    desk: Desk = await desk_of("rita")
    page = await desk.get(f"/plans/copay-plan/therapies/acupuncture?release={draft}&before={second}")
    assert f"by draft: Copay of 55 , compared with {second} before" in page.text
    assert "1 case, 1 of them differs" in page.text
    assert "in network: $55.00 copay per visit" in page.text
    assert "before: in network: $30.00 copay per visit" in page.text
    links = {each["href"] for tag, each in page.tags if tag == "a"}
    line = next(n for n, each in enumerate(COPAY_PLAN.splitlines(), 1) if each == "  hands:")
    assert f"/staff/{draft}/edit?file=copay.yaml&line={line}" in links
    options = [each.get("value") for tag, each in page.tags if tag == "option"]
    assert draft in options
    await desk.get("/plans/copay-plan/therapies/acupuncture?release=drafts/0000000000000000", 404)


async def test_a_draft_with_errors_in_the_plan_says_them(desk_of: Desks, office: Office) -> None:
    changed = {"copay.yaml": COPAY_PLAN.replace("copay: $20", "copay: twenty").encode()}
    draft = create_draft(drafts_of(office.releases), "ana", "Broken", changed).draft.id
    desk: Desk = await desk_of("rita")
    page = await desk.get(f"/plans/copay-plan/therapies/acupuncture?release={draft}", 409)
    line = next(n for n, each in enumerate(COPAY_PLAN.splitlines(), 1) if "copay: $20" in each)
    assert f"draft: Broken has errors: copay.yaml:{line}" in page.text
    whole = await desk.get(f"/plans/share-plan/therapies/acupuncture?release={draft}")
    assert "covered by needles" in whole.text


def draft(office: Office, title: str = "Tables", **files: str) -> str:
    """The path of a draft of these files."""
    changed = {f"{name}.yaml": text.encode() for name, text in files.items()}
    return f"/{create_draft(drafts_of(office.releases), 'ana', title, changed).draft.id}"


async def test_the_tables_of_a_draft_tell_in_how_many_cases_they_differ(desk_of: Desks, office: Office) -> None:
    """The copay plan has one case for each of its two therapies, and both have another copay.

    Dearer needles change one of three cases of the share plan; its exclusion of massage stays as it is.
    """
    second = office.ids[1]
    needles = SHARE_PLAN.replace("coinsurance: 20%", "coinsurance: 30%")
    path = draft(office, copay=COPAY_PLAN.replace("copay: $20", "copay: $55"), share=needles)
    desk: Desk = await desk_of("rita")
    assert "Decision tables before and after" in (await desk.get(path)).text
    page = await desk.get(f"{path}/tables")
    assert "copay-plan 2 of 2 therapies differ Therapy Cases Differ acupuncture 1 1 massage 1 1" in page.text
    assert "share-plan 1 of 2 therapies differs Therapy Cases Differ acupuncture 3 1 massage 1 0" in page.text
    links = {each["href"] for tag, each in page.tags if tag == "a"}
    name = path.removeprefix("/")
    link = f"/staff/plans/share-plan/therapies/acupuncture?release={name}&before={second}"
    assert link in links
    shown = await desk.get(link.removeprefix("/staff"))
    assert "3 cases, 1 of them differs" in shown.text
    other = await desk.get(f"{draft(office, share=needles)}/tables?plan=copay-plan")
    assert "none of 2 therapies differ" in other.text
    assert f"/staff{path}/tables?plan=share-plan" in {
        each["href"] for tag, each in (await desk.get(f"{path}/edit?file=share.yaml")).tags if tag == "a"
    }


async def test_a_benefit_that_came_or_went_makes_other_tables(desk_of: Desks, office: Office) -> None:
    """Reiki is named for the first time: one case where there was no table. Massage goes with its exclusion."""
    text = SHARE_PLAN.replace("therapies: [massage], reason", "therapies: [reiki], reason")
    page = await (await desk_of("rita")).get(f"{draft(office, share=text)}/tables")
    assert "2 of 3 therapies differ" in page.text
    assert "reiki 1 1 massage 0 1 acupuncture 3 0" in page.text


async def test_tables_wait_for_errors_and_for_a_plan(
    desk_of: Desks, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk: Desk = await desk_of("rita")
    page = await desk.get(f"{draft(office, copay=COPAY_PLAN.replace('copay: $20', 'copay: twenty'))}/tables")
    assert "The files have errors: copay.yaml:" in page.text
    assert "The draft concerns no plan yet." in (await desk.get(f"{draft(office)}/tables")).text
    monkeypatch.setattr(plan_tests, "MOST_AT_ONCE", 1)
    path = draft(office, copay=COPAY_PLAN, share=SHARE_PLAN.replace("20%", "25%"))
    many = await desk.get(f"{path}/tables")
    assert "The changes concern 2 plans; the tables of at most" in many.text


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
