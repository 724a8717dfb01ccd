"""S5, the tests of plans: of the release that answers and of drafts, what no test reaches, and tests to begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from camcover.rulebook import load_texts
from camcover.workflow import drafting, plan_tests
from camcover.workflow.drafting import drafts_of
from camcover.workflow.publishing import prepare, publish
from camcover.workflow.rules_in_force import RulesInForce
from small_rules import CATALOG, COPAY_PLAN, SHARE_PLAN, TEXTS
from web.reading import Page
from web_staff.conftest import Desk, Office

Desks = Callable[..., Any]

THIRTY = COPAY_PLAN.replace("copay: $20", "copay: $30")
"""The copay plan of the release that answers: its one benefit is 30.00 a visit."""

GIVEN = "{therapy: massage, tier: in_network, charge: $70.00, first: 2026-03-02}"
TESTED = (
    f"{THIRTY}tests:\n"
    f"  - {{name: one massage, given: {GIVEN}, expect: {{patient: $30.00}}}}\n"
    f"  - {{name: an old copay, given: {GIVEN}, expect: {{patient: $25.00}}}}\n"
)
HANDS = THIRTY.splitlines().index("  hands:") + 1
FIRST_TEST = len(THIRTY.splitlines()) + 2


def draft(office: Office, **files: str) -> str:
    """The path of a draft of these files."""
    changed = {f"{name}.yaml": text.encode() for name, text in files.items()}
    return f"/{drafting.create_draft(drafts_of(office.releases), 'ana', 'Tests', changed).draft.id}"


def links(page: Page) -> set[str]:
    """Where a page leads to."""
    return {each["href"] for tag, each in page.tags if tag == "a"}


async def test_the_tests_of_a_listed_plan_are_shown(desk_of: Desks, office: Office) -> None:
    """Two tests in the copay plan of a new release, none in the share plan."""
    release = publish(
        office.store, prepare(load_texts(TEXTS | {"copay.yaml": TESTED.replace("$25", "$30")})), "ana", ""
    )
    office.put_live(release.release.id)
    desk: Desk = await desk_of("rita")
    page = await desk.get("/tests")
    assert "2 plans of those that answer now" in page.text
    assert "Copay Plan copay-plan Example Health Share Plan share-plan Example Health" in page.text
    assert "/staff/tests/copay-plan" in links(page)
    found = await desk.get("/tests?find=SHARE")
    assert "1 plan of those" in found.text
    assert "copay-plan" not in found.text
    assert "No plan fits." in (await desk.get("/tests?find=nothing")).text
    assert "No plan fits." in (await desk.get("/tests?first=2")).text
    passed = await desk.get("/tests/copay-plan")
    assert "2 of 2 tests passed" in passed.text
    assert "0 of 1 benefits, exclusions, limits and criteria Tests reach all of it." in passed.text
    place = f"/staff/releases/{release.release.id}/files/copay.yaml#L{FIRST_TEST}"
    assert place in links(passed)


async def test_what_no_test_reaches_comes_with_a_test(desk_of: Desks, office: Office) -> None:
    """The share plan has a benefit, its limit, two criteria of its block, and an exclusion; and no test."""
    desk: Desk = await desk_of("rita")
    page = await desk.get("/tests/share-plan")
    assert "No tests No tests stand in the files of share-plan." in page.text
    assert "5 of 5 benefits, exclusions, limits and criteria" in page.text
    for what in (
        "benefit 'needles'",
        "limit 'visits'",
        "criterion conditions",
        "criterion practitioners",
        "exclusion",
    ):
        assert f"{what} share.yaml:" in page.text
        assert f"- name: reaches {what} of share.yaml:" in page.text
    assert page.text.count("work this out from the plan's own document") == 5
    assert len([each for tag, each in page.tags if tag == "textarea" and "readonly" in each]) == 5
    assert "/staff/tests/share-plan" in links(await desk.get("/plans/share-plan"))
    assert "did you mean 'share-plan'" in (await desk.get("/tests/share-plam", 404)).text
    object.__setattr__(office.site, "rules", RulesInForce(releases=office.releases))
    assert "no release of the rules is active" in (await desk.get("/tests/share-plan", 400)).text
    assert "no release of the rules is active" in (await desk.get("/tests", 400)).text


async def test_the_tests_of_a_draft_pass_or_fail(desk_of: Desks, office: Office) -> None:
    """A massage costs the copay of 30.00; one test expects the 25.00 of long ago."""
    path = draft(office, copay=TESTED)
    desk: Desk = await desk_of("rita")
    assert f"/staff{path}/tests" in links(await desk.get(path))
    page = await desk.get(f"{path}/tests")
    assert "1 of 2 tests passed copay-plan" in page.text
    failed = f"an old copay failed patient: expected $25.00, got $30.00 copay.yaml:{FIRST_TEST + 1}"
    assert f"{failed} one massage passed copay.yaml:{FIRST_TEST}" in page.text
    assert f"/staff{path}/edit?file=copay.yaml&line={FIRST_TEST + 1}" in links(page)
    assert "Tests reach all of it." in page.text
    other = await desk.get(f"{path}/tests?plan=share-plan")
    assert "No tests stand in the files of share-plan." in other.text
    assert "did you mean 'share-plan'" in (await desk.get(f"{path}/tests?plan=share-plam", 404)).text
    await desk.get("/drafts/0000000000000000/tests", 404)


async def test_what_no_line_reaches_has_no_test_to_begin_with(desk_of: Desks, office: Office) -> None:
    """A second benefit for massage comes too late: the first takes every line."""
    late = "  late: {therapies: [massage], in_network: {member_pays: [{copay: $30 per visit}]}, cite: eoc p.2}\n"
    path = draft(office, copay=TESTED.replace("otherwise: not_covered\n", f"{late}otherwise: not_covered\n"))
    page = await (await desk_of("rita")).get(f"{path}/tests")
    assert "1 of 2 benefits, exclusions, limits and criteria" in page.text
    assert "There is no test to begin with: no line reaches it: earlier rules take all of its lines" in page.text


async def test_the_test_to_begin_with_is_one_once_its_amount_is_worked_out(desk_of: Desks, office: Office) -> None:
    """Copied below the plan without tests, with the copay of 30.00 as its amount, it passes and reaches the benefit."""
    desk: Desk = await desk_of("rita")
    page = await desk.get("/tests/copay-plan")
    assert f"benefit 'hands' copay.yaml:{HANDS}" in page.text
    files = {name: text.encode() for name, text in (TEXTS | {"copay.yaml": THIRTY}).items()}
    (missing,) = plan_tests.tests_of(files, ("copay-plan",)).missing
    assert " ".join(missing.test.split()) in page.text
    path = draft(office, copay=f"{THIRTY}tests:\n{missing.test.replace('$0.00', '$30.00')}")
    after = await desk.get(f"{path}/tests")
    assert "1 of 1 test passed" in after.text
    assert "Tests reach all of it." in after.text


async def test_tests_wait_for_errors(desk_of: Desks, office: Office) -> None:
    """Each test is named as not run, and the draft cannot be proposed; a file that is no YAML names none."""
    path = draft(office, copay=TESTED.replace("[acupuncture, massage]", "[acupunture, massage]"))
    desk: Desk = await desk_of("ana")
    page = await desk.get(f"{path}/tests")
    assert (
        "Not run: the files have errors copay-plan error copay.yaml:16:17 there is no therapy 'acupunture'" in page.text
    )
    for number, name in enumerate(("one massage", "an old copay")):
        assert f"{name} not run: the files have errors copay.yaml:{FIRST_TEST + number}" in page.text
    assert "What no test reaches" not in page.text
    shown = await desk.get(path)
    assert "Not yet: the files have 1 error. See Checks." in shown.text
    (propose,) = [each for tag, each in shown.tags if tag == "button" and each.get("value") == "propose"]
    assert propose["aria-describedby"] == "bar-propose"
    assert "disabled" in propose
    other = await desk.get(f"{path}/tests?plan=share-plan")
    assert "Not run" not in other.text, "no file of this plan has an error"
    broken = draft(office, copay=TESTED.replace("[acupuncture, massage]", "[acupuncture"))
    assert "No test can be read in the files of copay-plan." in (await desk.get(f"{broken}/tests")).text
    odd = f"{THIRTY}tests: [{{given: {GIVEN}}}, massage]\n"
    page = await desk.get(f"{draft(office, copay=odd)}/tests")
    assert page.text.count("without a name not run: the files have errors") == 2


async def test_of_many_plans_one_is_chosen(desk_of: Desks, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of the catalog concerns both plans: their tests are run together, if so many may be."""
    catalog = CATALOG.replace("name: Reiki", "name: Seated reiki")
    desk: Desk = await desk_of("rita")
    together = await desk.get(f"{draft(office, catalog=catalog, copay=TESTED)}/tests")
    assert "1 of 2 tests passed copay-plan, share-plan" in together.text
    assert "one massage copay-plan passed" in together.text
    assert "5 of 6 benefits, exclusions, limits and criteria" in together.text
    monkeypatch.setattr(plan_tests, "MOST_AT_ONCE", 1)
    path = draft(office, catalog=catalog, share=SHARE_PLAN)
    page = await desk.get(f"{path}/tests")
    assert "The changes concern 2 plans" in page.text
    assert {"?plan=copay-plan", "?plan=share-plan"} <= links(page)
    assert "No tests copay-plan" in (await desk.get(f"{path}/tests?plan=copay-plan")).text
    assert "The draft concerns no plan yet." in (await desk.get(f"{draft(office)}/tests")).text


async def test_whoever_is_not_signed_in_sees_no_tests(desk_of: Desks) -> None:
    desk: Desk = await desk_of()
    answer = await desk.client.get("/staff/tests")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/staff/sign-in?to=/staff/tests"
