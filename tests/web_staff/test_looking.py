"""The pages that only show: today, plans, one plan, decision tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from camcover.workflow.activation import Decision, activate
from camcover.workflow.drafting import create_draft, drafts_of, propose, snapshot, withdraw
from camcover.workflow.following import Following
from camcover.workflow.rules_in_force import RulesInForce
from web_staff.conftest import Desk, Office

Desks = Callable[..., Any]


async def test_today_says_what_answers_what_comes_and_what_waits(desk_of: Desks, office: Office) -> None:
    first, second, third = office.ids
    desk: Desk = await desk_of("rita")
    page = await desk.get("")
    assert "2 plans of 1 payer answer 2 decisions took effect in the last seven days 0 are scheduled" in page.text
    assert "at one this server and its database" in page.text
    assert f"Answers now {second} put live" in page.text
    assert "Scheduled next Nothing is scheduled." in page.text
    assert f"Published, never put live Release Published By {third} copay 40" in page.text
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    activate(office.releases, third, Decision("ben", "on the day"), tomorrow)
    page = await desk.get("")
    assert "1 is scheduled" in page.text
    assert f"{tomorrow:%Y-%m-%d %H:%M} UTC {third} ben on the day" in page.text
    assert "Published, never put live" not in page.text
    assert first in page.text


async def test_today_says_which_drafts_wait_for_whom(desk_of: Desks, office: Office) -> None:
    """Ana's open draft and her proposed one; a withdrawn one is not there."""
    drafts = drafts_of(office.releases)
    made = {
        each: create_draft(drafts, "ana", each, {"copay.yaml": b"x"}).draft.id for each in ("Open", "Ready", "Gone")
    }
    propose(drafts, snapshot(drafts, made["Ready"]), "ana")
    withdraw(drafts, made["Gone"], "ana", "not needed")
    for name, opened, ready in (
        ("ana", "yours to go on with", "waits for a second person"),
        ("ben", "\N{EN DASH}", "waits for your approval"),
        ("rita", "to read", "to read"),
    ):
        page = await (await desk_of(name)).get("")
        assert f"Open open ana {opened}" in page.text
        assert f"Ready proposed ana {ready}" in page.text
        assert "Gone" not in page.text


async def test_a_server_that_does_not_follow_says_so(desk_of: Desks, office: Office) -> None:
    object.__setattr__(office.site, "following", lambda: Following.BEHIND)
    page = await (await desk_of("rita")).get("")
    assert "behind this server and its database" in page.text
    assert "This server does not follow its database now" in page.text


async def test_the_strip_is_told_anew_to_a_page_that_stays_open(desk_of: Desks, office: Office) -> None:
    """Its news are of the release that the page was made by; after the session it leads to the sign-in."""
    desk = await desk_of("ana")
    _, second, third = office.ids
    page = await desk.client.get("/staff/plans")
    assert f'data-strip-of="{second}" data-address="/staff/strip"' in page.text
    same = (await desk.get(f"/strip?of={second}")).text
    assert f"Answering now: {second}" in same
    assert "This page" not in same
    office.put_live(third)
    news = (await desk.get(f"/strip?of={second}")).text
    assert f"Answering now: {third}" in news
    assert f"This page was made when {second} answered. Load it again" in news
    assert "This page was made when no release answered." in (await desk.get("/strip?of=")).text
    await desk.post("/sign-out", {"proof": await desk.proof()})
    assert (await desk.client.get(f"/staff/strip?of={third}")).status_code == 303


async def test_without_an_active_release_the_pages_say_so(desk_of: Desks, office: Office) -> None:
    object.__setattr__(office.site, "rules", RulesInForce(releases=office.releases))
    desk = await desk_of("rita")
    assert "0 plans of 0 payers answer" in (await desk.get("")).text
    assert "no release of the rules is active" in (await desk.get("/plans", 400)).text


async def test_plans_are_listed_and_found(desk_of: Desks, office: Office) -> None:
    """Both small plans have illustrative figures, and nobody has reviewed them."""
    office.clock = datetime(2026, 3, 2, tzinfo=UTC)
    desk = await desk_of("rita")
    page = await desk.get("/plans")
    assert "2 of those that answer now" in page.text
    assert "Share Plan share-plan Example Health 2026 illustrative never" in page.text
    found = await desk.get("/plans?find=SHARE&kind=illustrative")
    assert "1 of those" in found.text
    assert "copay-plan" not in found.text
    assert "No plan fits." in (await desk.get("/plans?find=nothing")).text
    assert "No plan fits." in (await desk.get("/plans?kind=published")).text
    assert "No plan fits." in (await desk.get("/plans?first=2")).text
    assert "2 of those" in (await desk.get("/plans?first=-1")).text


async def test_one_plan_states_its_benefits_sums_and_sources(desk_of: Desks, office: Office) -> None:
    desk = await desk_of("rita")
    page = await desk.get("/plans/share-plan")
    assert "Share Plan" in page.text
    for said in (
        "kind deductible; individual 100.00; family 200.00",
        "4 visits; per calendar year",
        "conditions back-pain",
        "Not covered: the member pays charge",
        "source eoc p.2",
    ):
        assert said in page.text
    links = {each["href"] for tag, each in page.tags if tag == "a"}
    assert "/staff/plans/share-plan/therapies/acupuncture" in links
    assert any(each.startswith(f"/staff/releases/{office.ids[1]}/files/share.yaml#L") for each in links)
    assert "did you mean 'share-plan'" in (await desk.get("/plans/share-plam", 404)).text


async def test_a_decision_table_shows_the_cases_of_a_release(desk_of: Desks, office: Office) -> None:
    """The copay was 20 dollars in the first release, and is 30 in the one that answers."""
    desk = await desk_of("rita")
    page = await desk.get("/plans/copay-plan/therapies/acupuncture")
    assert "$30.00 copay" in page.text
    assert "$20.00 copay" not in page.text
    before = await desk.get(f"/plans/copay-plan/therapies/acupuncture?release={office.ids[0]}")
    assert "$20.00 copay" in before.text
    shown = await desk.get("/plans/share-plan/therapies/acupuncture")
    assert "not covered: diagnosis not covered" in shown.text
    assert f"{date(2026, 1, 1)} to {date(2026, 12, 31)}" in shown.text
    assert "no therapy 'acupunctur'" in (await desk.get("/plans/copay-plan/therapies/acupunctur", 404)).text
    assert "no plan 'x'" in (await desk.get("/plans/x/therapies/acupuncture", 404)).text
    await desk.get("/plans/copay-plan/therapies/acupuncture?release=rules-0000000000000000", 404)
