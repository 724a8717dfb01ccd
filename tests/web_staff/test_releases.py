"""S7, releases: the list, one release and its files, what differs, and the two decisions with their reasons."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from camcover.store import AuditLog
from camcover.workflow.activation import switch_four_eyes
from small_rules import COPAY_PLAN, TEXTS
from web.reading import read
from web_staff.conftest import Office

Desks = Callable[..., Any]


async def test_the_strip_and_the_list_say_what_answers_and_who_decided(desk_of: Desks, office: Office) -> None:
    first, second, third = office.ids
    page = await (await desk_of("ana")).get("/releases")
    assert f"Answering now: {second} since" in page.text
    assert "does not follow its database" not in page.text
    for said in (f"{second} copay 30", "put live", "by ben : agreed", "answers now", "answered before", "Roll back…"):
        assert said in page.text
    assert [each["href"] for tag, each in page.tags if tag == "a" and each.get("class") == "mono"][1:5] == [
        f"/staff/releases/{each}" for each in (second, third, second, first)
    ]


async def test_a_server_that_answers_by_another_release_says_so(desk_of: Desks, office: Office) -> None:
    office.rules.activate(office.releases.tables(office.ids[0]))
    page = await (await desk_of("rita")).get("/releases")
    assert f"Answering now: {office.ids[0]} This server does not follow its database now" in page.text


async def test_releases_are_found_by_their_words(desk_of: Desks) -> None:
    desk = await desk_of("rita")
    page = await desk.get("/releases?find=copay 40")
    assert "copay 40" in page.text
    assert "copay 20" not in page.text
    assert "No release has “<b>”" in (await desk.get("/releases?find=<b>")).text
    await desk.get("/releases?before=rules-0000000000000000", 404)


async def test_one_release_its_files_and_an_archive_of_them(desk_of: Desks, office: Office) -> None:
    desk, release = await desk_of("rita"), office.ids[1]
    page = await desk.get(f"/releases/{release}")
    assert "2 plans in 4 files" in page.text
    assert "Put live…" not in page.text
    shown = await desk.get(f"/releases/{release}/files/catalog.yaml")
    lines = TEXTS["catalog.yaml"].splitlines()
    assert [each["id"] for tag, each in shown.tags if tag == "li"] == [f"L{n + 1}" for n in range(len(lines))]
    assert "name: Acupuncture" in shown.text
    answer = await desk.client.get(f"/staff/releases/{release}/files.zip")
    assert answer.headers["content-disposition"] == f'attachment; filename="{release}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.read("catalog.yaml").decode() == TEXTS["catalog.yaml"]
        assert len(archive.namelist()) == 4
    assert answer.content == (await desk.client.get(f"/staff/releases/{release}/files.zip")).content


@pytest.mark.parametrize(
    "path", ["rules-0000000000000000", "x", "../../etc", "rules-0000000000000000/files.zip", "{0}/files/etc/passwd"]
)
async def test_what_is_not_there_is_told(desk_of: Desks, office: Office, path: str) -> None:
    answer = await (await desk_of("rita")).client.get(f"/staff/releases/{path.format(office.ids[0])}")
    assert answer.status_code == 404


async def test_differences_name_both_values_and_the_place(desk_of: Desks, office: Office) -> None:
    """Between the first and the third release one fact differs: a copay of 20 dollars became one of 40."""
    first, _, third = office.ids
    page = await (await desk_of("rita")).get(f"/releases/compare?before={first}&after={third}")
    assert "1 difference" in page.text
    assert "Plan copay-plan" in page.text
    assert "20.00 copay.yaml:" in page.text
    assert "40.00 copay.yaml:" in page.text
    gone, come = [each["href"] for tag, each in page.tags if tag == "a" and each.get("class") == "place"]
    line = COPAY_PLAN[: COPAY_PLAN.index("copay: $20")].count("\n") + 1
    assert gone == f"/staff/releases/{first}/files/copay.yaml#L{line}"
    assert come == f"/staff/releases/{third}/files/copay.yaml#L{line}"
    assert (
        "Nothing differs" in (await (await desk_of("rita")).get(f"/releases/compare?before={first}&after={first}")).text
    )


async def test_a_release_is_put_live_with_a_reason(desk_of: Desks, office: Office) -> None:
    desk, third = await desk_of("ben"), office.ids[2]
    page = await desk.get(f"/releases/{third}/activate")
    assert "1 difference from" in page.text
    sent = {each["name"]: each["value"] for each in page.fields("proof") + page.fields("expected")}
    without = await desk.post(f"/releases/{third}/activate", sent | {"reason": "  "})
    assert without.status_code == 400
    assert "Say why: the audit log keeps it." in read(without.text).text
    assert office.active() == office.ids[1]
    answer = await desk.post(f"/releases/{third}/activate", sent | {"reason": "the copay of 2027"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/releases")
    last = list(AuditLog(office.database).entries())[-1]
    assert (last.actor, last.action, last.subject) == ("ben", "activate", third)
    assert '"reason": "the copay of 2027"' in last.details


async def test_two_people_roll_back(desk_of: Desks, office: Office) -> None:
    """Ana put the third release live; ben returns to the second, and sees first what that changes."""
    _, second, third = office.ids
    office.put_live(third, "ben")
    desk = await desk_of("ana")
    page = await desk.get("/releases/roll-back")
    assert f"from {third} to {second}" in page.text
    assert "1 difference" in page.text
    sent = {name: page.fields(name)[0]["value"] for name in ("proof", "expected", "wanted")}
    assert (await desk.post("/releases/roll-back", sent | {"reason": ""})).status_code == 400
    answer = await desk.post("/releases/roll-back", sent | {"reason": "wrong copay"})
    assert answer.status_code == 303
    assert office.active() == second
    office.rules.activate(office.releases.tables(second))
    told = await (await desk_of("rita")).get("/releases")
    assert "rolled back" in told.text
    assert "wrong copay" in told.text
    again = await desk.post("/releases/roll-back", sent | {"reason": "sent twice"})
    assert again.status_code == 409
    assert "look again, then decide" in read(again.text).text
    assert office.active() == second


async def test_a_decision_holds_for_what_was_looked_at(desk_of: Desks, office: Office) -> None:
    desk = await desk_of("ben")
    page = await desk.get("/releases/roll-back")
    sent = {name: page.fields(name)[0]["value"] for name in ("proof", "expected", "wanted")} | {"reason": "why"}
    office.put_live(office.ids[2], "ana")
    for path in ("/releases/roll-back", f"/releases/{office.ids[0]}/activate"):
        assert (await desk.post(path, sent)).status_code == 409
        assert (await desk.post(path, sent | {"expected": ""})).status_code == 409
    assert office.active() == office.ids[2]


async def test_with_four_eyes_the_author_may_not_put_it_live(desk_of: Desks, office: Office) -> None:
    switch_four_eyes(office.store, "ben", is_on=True)
    author, other, third = await desk_of("ana"), await desk_of("ben"), office.ids[2]
    page = await author.get(f"/releases/{third}/activate")
    assert "You published this release. Four eyes are on" in page.text
    assert page.fields("expected") == []
    sent = {"proof": page.fields("proof")[0]["value"], "expected": office.ids[1], "reason": "mine"}
    answer = await author.post(f"/releases/{third}/activate", sent)
    assert answer.status_code == 403
    assert "another person must activate it" in read(answer.text).text
    page = await other.get(f"/releases/{third}/activate")
    sent |= {"proof": page.fields("proof")[0]["value"]}
    assert (await other.post(f"/releases/{third}/activate", sent)).status_code == 303
    assert office.active() == third


async def test_who_looks_after_one_payer_changes_no_other(desk_of: Desks, office: Office) -> None:
    desk = await desk_of("pam")
    page = await desk.get("/releases/roll-back")
    sent = {name: page.fields(name)[0]["value"] for name in ("proof", "expected", "wanted")} | {"reason": "why"}
    for path in ("/releases/roll-back", f"/releases/{office.ids[2]}/activate"):
        answer = await desk.post(path, sent)
        assert answer.status_code == 403
        assert "pam may change the rules of another; this would also change the rules of" in read(answer.text).text
    assert office.active() == office.ids[1]


async def test_before_the_first_release_there_is_nothing_to_return_to(desk_of: Desks, office: Office) -> None:
    desk = await desk_of("ben")
    page = await desk.get("/releases/roll-back")
    sent = {name: page.fields(name)[0]["value"] for name in ("proof", "expected", "wanted")} | {"reason": "why"}
    await desk.post("/releases/roll-back", sent)
    page = await desk.get("/releases/roll-back")
    assert "there is no way back" in page.text
    sent |= {"expected": office.ids[0]}
    assert (await desk.post("/releases/roll-back", sent)).status_code in {400, 409}
