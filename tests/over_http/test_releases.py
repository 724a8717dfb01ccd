"""Releases by short paths: checked, published, listed, compared and activated by people with roles."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from camcover.api.access import Access
from camcover.api.credentials import token_hash
from camcover.api.server import Server, Storage
from camcover.store import ReleaseStore, open_database
from camcover.workflow.following import Follower
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from over_http.conftest import SETTINGS, both_ports
from over_http.refusals import fields_in, reason_in
from small_rules import COPAY_PLAN, TEXTS

ANA, RITA = ({"authorization": f"Bearer {name}"} for name in ("ana", "rita"))


def files(**changed: str) -> dict[str, Any]:
    """The small rules as JSON has them; `changed`: other texts of files, by their names without the ending."""
    texts = TEXTS | {f"{name.replace('_', '-')}.yaml": text for name, text in changed.items()}
    given = [{"name": name, "content": base64.b64encode(text.encode()).decode()} for name, text in texts.items()]
    return {"rules": {"files": given}}


@pytest.fixture
async def staff(tmp_path: Path) -> AsyncIterator[Any]:
    """A server that follows a database in which nothing is published, and a client of its port of HTTP."""
    tokens = tmp_path / "tokens.toml"
    roles = {"ana": "rules.write", "rita": "rules.read"}
    entry = '[[token]]\nsubject = "{}"\nroles = ["{}"]\nsha256 = "{}"\n'
    tokens.write_text("".join(entry.format(name, role, token_hash(name)) for name, role in roles.items()))
    database = open_database(new_sqlite_database(tmp_path / "camcover.sqlite"))
    releases = ReleaseRules(ReleaseStore(database))
    rules = RulesInForce(releases=releases)
    follower = Follower(rules, releases)
    await follower.start()
    async with both_ports(Server(rules, Storage(follows=True), SETTINGS, Access(tokens))) as both:
        yield both
    await follower.stop()
    database.close()


async def test_from_a_check_to_a_release_in_force(staff: Any) -> None:
    """Two releases: the second has a copay of 25.00 where the first has 20.00."""
    client = staff.client
    checked = await client.post("/v1/validations", json=files(), headers=RITA)
    assert checked.json()["publishable"] is True
    assert (await client.get("/v1/releases", headers=RITA)).json() == {"releases": [], "next_page_token": ""}
    refused = await client.get("/v1/releases/active", headers=RITA)
    assert (refused.status_code, reason_in(refused)) == (400, "NO_ACTIVE_RELEASE")

    first = await client.post("/v1/releases", json={**files(), "message": "The first"}, headers=ANA)
    assert (first.json()["created"], first.json()["release"]["id"]) == (True, checked.json()["release"])
    changed = COPAY_PLAN.replace("copay: $20", "copay: $25")
    assert changed != COPAY_PLAN
    name = next(name for name, text in TEXTS.items() if text == COPAY_PLAN)
    other = files(**{name.removesuffix(".yaml"): changed})
    second = await client.post("/v1/releases", json={**other, "message": "The second"}, headers=ANA)
    ids = [each.json()["release"]["id"] for each in (first, second)]

    listed = (await client.get("/v1/releases", params={"page_size": 1}, headers=RITA)).json()
    assert [each["message"] for each in listed["releases"]] == ["The second"]
    decision = {"release": ids[0], "reason": "to begin"}
    activated = await client.post("/v1/activations", json=decision, headers=ANA)
    assert (activated.json()["activation"]["release"], activated.json()["activation"]["actor"]) == (ids[0], "ana")
    active = (await client.get("/v1/releases/active", headers=RITA)).json()
    assert (active["release"]["id"], active["release"]["active"], active["files"]) == (ids[0], True, [])
    whole = (await client.get(f"/v1/releases/{ids[1]}", params={"with_files": "true"}, headers=RITA)).json()
    assert {each["name"] for each in whole["files"]} == set(TEXTS)

    compared = (await client.get(f"/v1/releases/{ids[1]}/diff", headers=RITA)).json()["changes"]
    assert compared
    assert {each["field"] for each in compared} == {"copay"}
    assert compared[0]["text"].endswith("copay 20.00 -> 25.00")
    unpublished = await client.post("/v1/diffs", json={"after_rules": other["rules"]}, headers=RITA)
    assert unpublished.json()["changes"] == compared
    backwards = await client.get(f"/v1/releases/{ids[0]}/diff", params={"before": ids[1]}, headers=RITA)
    assert backwards.json()["changes"][0]["text"].endswith("copay 25.00 -> 20.00")

    # A draft on the active release, by the Connect protocol.
    begin = {"title": "25 dollars", "files": other["rules"]["files"]}
    draft = (await staff.post("RuleService/CreateDraft", begin, **ANA)).json()["draft"]
    assert (draft["base"], draft["state"], draft["file_count"]) == (ids[0], "DRAFT_STATE_OPEN", 1)
    read = (await staff.post("RuleService/GetDraft", {"draft": draft["id"], "with_files": True}, **RITA)).json()
    assert (read["draft"], [each["name"] for each in read["files"]]) == (draft, [name])
    refused = await staff.post("RuleService/WithdrawDraft", {"draft": draft["id"], "reason": "x"}, **RITA)
    assert (refused.status_code, reason_in(refused)) == (403, "ROLE_MISSING")


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/v1/releases/rules-0123456789abcdef", 404, "UNKNOWN_RULE_RELEASE"),
        ("/v1/releases/latest", 400, "INVALID_TEXT"),
        ("/v1/releases/active?release=latest", 400, "INVALID_HEADER"),
        ("/v1/releases/active?with_files=yes", 400, "INVALID_JSON"),
        ("/v1/releases/active?files=1", 400, "UNKNOWN_FIELD"),
        ("/v1/releases/rules-0123456789abcdef/diff?after_rules=1", 400, "INVALID_JSON"),
    ],
)
async def test_addresses_of_releases_that_are_refused(staff: Any, path: str, status: int, reason: str) -> None:
    refused = await staff.client.get(path, headers=RITA)
    assert (refused.status_code, reason_in(refused)) == (status, reason)


async def test_who_may_do_what_by_short_paths(staff: Any) -> None:
    """Reading needs a role, changing rules another; what is weighed reaches its method, which asks for a book."""
    for path in ("/v1/releases", "/v1/activations"):
        refused = await staff.client.post(path, json={}, headers=RITA)
        assert (refused.status_code, reason_in(refused)) == (403, "ROLE_MISSING")
    assert (await staff.client.get("/v1/releases")).status_code == 401
    for path in ("/v1/validations", "/v1/diffs", "/v1/impacts"):
        assert (await staff.client.post(path, json={})).status_code == 401
        assert fields_in(await staff.client.post(path, json={}, headers=RITA))
    assert set(fields_in(await staff.client.post("/v1/impacts", json={}, headers=RITA))) == {"after", "book"}


async def test_one_path_for_two_methods_of_http(staff: Any) -> None:
    assert (await staff.client.options("/v1/releases")).headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert (await staff.client.head("/v1/releases", headers=RITA)).status_code == 200
