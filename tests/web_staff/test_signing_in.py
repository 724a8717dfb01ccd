"""Sign-in to the pages for staff: tokens, cookies, sessions and their end; what a form has to prove; roles."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from camcover.web.staff.app import STAFF_PAGES, StaffPages
from camcover.web.staff.signing_in import COOKIE
from camcover.workflow.drafting import create_draft, drafts_of
from camcover.workflow.roles import Role
from camcover.workflow.staff_sessions import SESSION_HOURS
from web.reading import read
from web.slow_client import Slow
from web_staff.conftest import HOST, ROLES, Office

Desks = Callable[..., Any]


async def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(desk_of: Desks) -> None:
    desk = await desk_of()
    answer = await desk.client.get("/staff/releases?find=copay")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/staff/sign-in?to=/staff/releases%3Ffind%3Dcopay"
    form = read((await desk.client.get(answer.headers["location"])).text)
    assert form.fields("to")[0]["value"] == "/staff/releases?find=copay"
    back = await desk.sign_in("ana", form.fields("to")[0]["value"])
    assert (back.status_code, back.headers["location"]) == (303, "/staff/releases?find=copay")
    assert "copay 30" in (await desk.get("/releases?find=copay")).text


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/staff//evil", "/staff/../x", "/en/", "", "/staff/sign-out"]
)
async def test_a_sign_in_leads_to_no_other_place(desk_of: Desks, to: str) -> None:
    desk = await desk_of()
    assert (await desk.sign_in("ana", to)).headers["location"] == "/staff"


async def test_the_cookie_is_safe_and_the_database_holds_its_hash_alone(desk_of: Desks, office: Office) -> None:
    desk = await desk_of()
    answer = await desk.sign_in("ana")
    name, _, rest = answer.headers["set-cookie"].partition("=")
    value, *attributes = rest.split("; ")
    assert name == COOKIE == "__Host-camcover-staff"
    assert sorted(each.lower() for each in attributes) == ["httponly", "path=/", "samesite=lax", "secure"]
    with office.database.read() as connection:
        (row,) = connection.execute(text("SELECT * FROM staff_sessions")).mappings()
    assert re.fullmatch("[0-9a-f]{64}", row["cookie"])
    assert value not in str(dict(row))
    assert (row["subject"], row["roles"]) == ("ana", "rules.write")


@pytest.mark.parametrize(
    ("token", "status", "said"),
    [
        ("nobody", 401, "This token is not known here, or its time is over."),
        ("", 401, "This token is not known here, or its time is over."),
        ("é" * 5, 401, "This token is not known here, or its time is over."),
        ("a" * 9_000, 401, "This token is not known here, or its time is over."),
        ("eve", 403, "they need the role rules.read or rules.write"),
    ],
)
async def test_tokens_that_do_not_let_in(desk_of: Desks, token: str, status: int, said: str) -> None:
    desk = await desk_of()
    answer = await desk.sign_in(token)
    assert answer.status_code == status
    assert said in read(answer.text).text
    assert "set-cookie" not in answer.headers
    assert token == "" or f'value="{token}"' not in answer.text


async def test_a_session_ends_at_its_time(desk_of: Desks, office: Office) -> None:
    desk = await desk_of("ana")
    office.clock += timedelta(hours=SESSION_HOURS) - timedelta(seconds=1)
    await desk.get("/releases")
    office.clock += timedelta(seconds=1)
    await desk.get("/releases", 303)


async def test_a_session_ends_with_its_token(desk_of: Desks, office: Office) -> None:
    office.people(ROLES, f"expires = {office.clock + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")
    desk = await desk_of("ana")
    office.clock += timedelta(minutes=59)
    await desk.get("/releases")
    office.clock += timedelta(minutes=2)
    await desk.get("/releases", 303)


async def test_a_session_ends_when_its_token_is_removed(desk_of: Desks, office: Office) -> None:
    ana, ben = await desk_of("ana"), await desk_of("ben")
    office.people({"ben": ROLES["ben"]})
    await ana.get("/releases", 303)
    await ben.get("/releases")


async def test_a_role_that_is_taken_away_counts_from_the_next_page_on(desk_of: Desks, office: Office) -> None:
    desk = await desk_of("ana")
    proof = await desk.proof()
    office.people({"ana": '["rules.read"]'})
    assert "Roll back…" not in (await desk.get("/releases")).text
    sent = {"proof": proof, "reason": "why", "expected": office.ids[1], "wanted": office.ids[0]}
    assert (await desk.post("/releases/roll-back", sent)).status_code == 403
    office.people({"ana": '["estimate"]'})
    await desk.get("/releases", 303)


async def test_signing_out_ends_the_session(desk_of: Desks) -> None:
    desk = await desk_of("ana")
    kept = desk.client.cookies[COOKIE]
    answer = await desk.post("/sign-out", {"proof": await desk.proof()})
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/sign-in")
    desk.client.cookies.set(COOKIE, kept, domain="staff.example")
    await desk.get("/releases", 303)


async def test_a_new_sign_in_ends_the_session_of_before(desk_of: Desks, office: Office) -> None:
    desk = await desk_of("ana")
    await desk.sign_in("ben")
    with office.database.read() as connection:
        assert connection.execute(text("SELECT subject FROM staff_sessions")).scalars().all() == ["ben"]


async def test_sessions_whose_time_is_over_are_removed(desk_of: Desks, office: Office) -> None:
    await desk_of("ana")
    office.clock += timedelta(hours=SESSION_HOURS)
    await desk_of("ben")
    with office.database.read() as connection:
        assert connection.execute(text("SELECT subject FROM staff_sessions")).scalars().all() == ["ben"]


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"Origin": "https://evil.example"}, "own"),
        ({"Origin": "null"}, "own"),
        ({"Origin": ""}, "own"),
        ({"Sec-Fetch-Site": "cross-site"}, "own"),
        ({"Sec-Fetch-Site": "same-site"}, "own"),
        ({}, ""),
        ({}, "another"),
        ({}, "é"),
    ],
)
async def test_a_form_of_another_site_or_session_changes_nothing(
    desk_of: Desks, office: Office, headers: dict[str, str], field: str
) -> None:
    """Every form: the sign-out, the roll-back and the activation."""
    desk, other = await desk_of("ben"), await desk_of("ana")
    proof = {"own": await desk.proof(), "another": await other.proof()}.get(field, field)
    sent = {"proof": proof, "reason": "why", "expected": office.ids[1], "wanted": office.ids[0]}
    for path in ("/sign-out", "/releases/roll-back", f"/releases/{office.ids[2]}/activate"):
        assert (await desk.post(path, sent, **headers)).status_code == 403
    assert office.active() == office.ids[1]
    await desk.get("/releases")


async def test_a_sign_in_of_another_site_is_refused(desk_of: Desks) -> None:
    desk = await desk_of()
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await desk.post("/sign-in", {"token": "ana"}, **headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


async def test_a_form_that_does_not_come_is_not_waited_for(desk_of: Desks, office: Office) -> None:
    desk = await desk_of("ben")
    pages = StaffPages(replace(office.site, form_seconds=0.0))
    headers = {"host": HOST.partition("//")[2], "origin": HOST, "cookie": f"{COOKIE}={desk.client.cookies[COOKIE]}"}
    for path in ("/staff/sign-in", "/staff/releases/roll-back"):
        status, _ = await Slow().post(pages, path, headers)
        assert status == 408


async def test_what_is_no_form_is_refused(desk_of: Desks, office: Office) -> None:
    desk = await desk_of("ben")
    for content, kind in ((b"{}", "application/json"), (b"a" * 70_000, "application/x-www-form-urlencoded")):
        for path in ("sign-in", "releases/roll-back"):
            headers = {"Origin": HOST, "Content-Type": kind}
            answer = await desk.client.post(f"/staff/{path}", content=content, headers=headers)
            assert answer.status_code == 400
    assert office.active() == office.ids[1]


# Every page, by every role


def _address(path: str, office: Office) -> str:
    """An address of a page."""
    named = {"release": office.ids[2], "name:path": "catalog.yaml", "plan": "copay-plan", "therapy": "acupuncture"}
    named["key"] = "0" * 64
    if "{draft}" in path:
        made = create_draft(drafts_of(office.releases), "ana", "Forty", {})
        named["draft"] = made.draft.id.removeprefix("drafts/")
    for name, value in named.items():
        path = path.replace(f"{{{name}}}", value)
    return path


@pytest.mark.parametrize("page", STAFF_PAGES, ids=lambda page: page.path or "/")
async def test_every_page_by_every_role(desk_of: Desks, office: Office, page: Any) -> None:
    """Who is not signed in sees nothing; who may read sees no button that writes, and may send no form that does."""
    address = _address(page.path, office)
    nobody = await desk_of()
    assert (await nobody.client.get(f"/staff{address}")).status_code == (303 if page.show else 405)
    assert (await nobody.post(address, {})).status_code in {303, 404, 405}
    reader = await desk_of("rita")
    if page.show is not None:
        answer = await reader.client.get(f"/staff{address}")
        assert answer.status_code in ({404} if "{key}" in page.path else {200, 303})
        headers = answer.headers
        assert headers["cache-control"] == "no-store"
        if answer.status_code == 200 and headers["content-type"].startswith("text/html"):
            assert "unsafe" not in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert not re.search(r"<style|<script(?! src=./static/)|\bstyle=|\bon[a-z]+=", answer.text)
            shown = read(answer.text)
            writing = [
                each["action"]
                for tag, each in shown.tags
                if tag == "form" and each.get("method") == "post" and "action" in each
            ]
            assert page.needs is not Role.RULES_WRITE or writing == ["/staff/sign-out"]
    if page.do is not None:
        for sent in ({"proof": ""}, {"proof": "x", "reason": "why"}):
            assert (await reader.post(address, sent)).status_code == 403
    if page.do is not None and page.needs is Role.RULES_WRITE:
        answer = await reader.post(address, {"proof": await reader.proof(), "reason": "why"})
        assert answer.status_code == 403
        assert "it needs the role rules.write. Nothing was changed." in read(answer.text).text
    assert office.active() == office.ids[1]
