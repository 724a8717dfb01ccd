"""S11 and S12: the audit log, filtered, checked and taken along; four eyes, and who may do what."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from camcover.workflow.activation import four_eyes
from camcover.workflow.audit_reading import AuditQuery, audit_page
from web.reading import read
from web_staff.conftest import ROLES, Office

Desks = Callable[..., Any]


async def test_the_log_is_shown_newest_first_and_filtered(desk_of: Desks, office: Office) -> None:
    """Ana published three releases, ben put two live."""
    first, second, _ = office.ids
    desk = await desk_of("rita")
    page = await desk.get("/audit")
    rows = [each for tag, each in page.tags if tag == "th" and each.get("scope") == "row"]
    assert len(rows) == 5
    assert page.text.index("activate") < page.text.index("publish", page.text.index("Details"))
    ben = await desk.get("/audit?actor=ben")
    assert len([1 for tag, each in ben.tags if tag == "th" and each.get("scope") == "row"]) == 2
    assert "reason: agreed" in ben.text
    about = await desk.get(f"/audit?action=publish&subject={first[:12]}")
    assert first in about.text
    assert f"About Details 1 {second}" not in about.text
    assert "No entry fits." in (await desk.get("/audit?actor=nobody")).text
    assert "No entry fits." in (await desk.get("/audit?below=1")).text
    assert "5 " in (await desk.get("/audit?below=x")).text


def test_pages_of_the_log_follow_each_other(office: Office) -> None:
    numbers, below = [], 0
    while True:
        page = audit_page(office.database, AuditQuery(), 2, below)
        numbers.append([each.seq for each in page.entries])
        below = page.more
        if not below:
            break
    assert numbers == [[5, 4], [3, 2], [1]]
    assert page.actions == ("activate", "publish")


async def test_the_chain_is_checked_on_demand(desk_of: Desks, office: Office) -> None:
    desk = await desk_of("rita")
    assert "Not checked by this server" in (await desk.get("/audit")).text
    proof = await desk.proof()
    assert (await desk.post("/audit", {"proof": proof})).status_code == 303
    page = await desk.get("/audit")
    assert "as written 5 entries" in page.text
    assert "by rita" in page.text
    with office.database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER activations_update"))
        connection.execute(text("UPDATE activations SET actor = 'eve' WHERE id = 1"))
    await desk.post("/audit", {"proof": proof})
    assert "Not as it was written" in (await desk.get("/audit")).text
    assert "activation 1: actor is 'eve', but entry 4 records 'ben'" in (await desk.get("/audit")).text


async def test_the_log_is_taken_along_as_a_table_without_formulas(desk_of: Desks, office: Office) -> None:
    office.put_live(office.ids[2], "=ben", "+1")
    desk = await desk_of("rita")
    answer = await desk.client.get("/staff/audit/entries.csv?action=activate")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [each["number"] for each in rows] == ["4", "5", "6"]
    assert rows[-1]["actor"] == "'=ben"
    assert rows[-1]["subject"] == office.ids[2]


async def test_access_names_people_and_roles_and_no_secret(desk_of: Desks, office: Office) -> None:
    page = await (await desk_of("rita")).get("/access")
    assert "rita you rules.read" in page.text
    assert "pam rules.write another never" in page.text
    assert "eve estimate" in page.text
    assert "One person may publish and put live." in page.text
    tokens = office.tokens.read_text(encoding="utf-8")
    hashes = [line.partition('"')[2].strip('"') for line in tokens.splitlines() if line.startswith("sha256")]
    assert len(hashes) == len(ROLES)
    assert not [each for each in hashes if each in page.text]
    assert page.fields("four-eyes") == []


async def test_two_people_switch_four_eyes_off(desk_of: Desks, office: Office) -> None:
    ana, ben = await desk_of("ana"), await desk_of("ben")
    proof = await ana.proof()
    on, off = ({"proof": proof, "four-eyes": each} for each in ("on", "off"))
    assert (await ana.post("/access", on)).status_code == 303
    assert four_eyes(office.store).is_on
    await ana.post("/access", off)
    page = await ben.get("/access")
    assert "ana has asked to switch it off; somebody else has to agree." in page.text
    alone = await ana.post("/access", off)
    assert alone.status_code == 403
    assert "somebody else has to agree" in read(alone.text).text
    assert four_eyes(office.store).is_on
    await ben.post("/access", off | {"proof": await ben.proof()})
    assert not four_eyes(office.store).is_on


async def test_sessions_are_seen_and_ended(desk_of: Desks, office: Office) -> None:
    """All of one person, not those of others; a session whose token was removed is none. No cookie is shown."""
    ana, ben, again, eli = await desk_of("ana"), await desk_of("ben"), await desk_of("ben"), await desk_of("rita")
    office.people({name: roles for name, roles in ROLES.items() if name != "rita"})
    await eli.get("/access", 303)
    page = await ana.get("/access")
    assert "3 sessions" in page.text
    assert page.text.count("ben estimate, rules.write a token of the file") == 2
    with office.database.read() as connection:
        kept = connection.execute(text("SELECT cookie, token FROM staff_sessions")).all()
    assert not [each for row in kept for each in row if each in page.text]
    with capture_logs() as logs:
        assert (await ana.post("/access", {"proof": await ana.proof(), "end": "ben"})).status_code == 303
    told = {"event": "sessions ended", "caller": "ana", "of": "ben", "count": 2, "log_level": "info"}
    assert told in logs
    await ben.get("/access", 303)
    await again.get("/access", 303)
    assert "1 session" in (await ana.get("/access")).text


@pytest.mark.parametrize("name", ["pam", "rita"])
async def test_who_does_not_look_after_all_rules_ends_no_session(desk_of: Desks, name: str) -> None:
    desk, ana = await desk_of(name), await desk_of("ana")
    assert (await desk.get("/access")).fields("end") == []
    assert (await desk.post("/access", {"proof": await desk.proof(), "end": "ana"})).status_code == 403
    await ana.get("/access")


@pytest.mark.parametrize("name", ["pam", "rita"])
async def test_who_does_not_look_after_all_rules_switches_nothing(desk_of: Desks, office: Office, name: str) -> None:
    desk = await desk_of(name)
    assert (await desk.get("/access")).fields("four-eyes") == []
    answer = await desk.post("/access", {"proof": await desk.proof(), "four-eyes": "on"})
    assert answer.status_code == 403
    assert not four_eyes(office.store).is_on
