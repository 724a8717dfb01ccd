"""S9, estimates: looked up by name or request id, shown to who may see them, and computed once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import json_format
from sqlalchemy import text

from camcover.api import keeping
from camcover.api.access import CALLER
from camcover.api.answering import Answering
from camcover.api.callers import Caller
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.store import Keeping, KeptEstimates
from camcover.workflow.roles import Role
from small_rules import estimate_in, question
from web.reading import Page, read
from web_staff.conftest import Desk, Office

Desks = Callable[..., Any]


@pytest.fixture
async def made(office: Office, monkeypatch: pytest.MonkeyPatch) -> estimate_pb2.Estimate:
    """An explained estimate that the portal asked for under request id `r-1`: three visits under the share plan."""
    monkeypatch.setattr(keeping, "ANSWER_SECONDS", 60.0)
    return await answered(office, Keeping.FULL)


async def answered(office: Office, kept: Keeping) -> estimate_pb2.Estimate:
    """The answer to the question, kept so."""
    request = json_format.ParseDict(question(explain=True, request_id="r-1"), request_pb2.EstimatePlanRequest())
    token = CALLER.set(Caller("portal", frozenset({Role.ESTIMATE})))
    outcome = await Answering(office.rules, KeptEstimates(office.database, kept)).one(request)
    CALLER.reset(token)
    return estimate_in(outcome)


async def looked_up(desk: Desk, status: int = 200, **fields: str) -> Page:
    """The page for a name, or a request id of somebody."""
    answer = await desk.post("/estimates", {"proof": await desk.proof()} | fields)
    assert answer.status_code == status, answer.text
    return read(answer.text)


async def test_an_estimate_is_found_by_its_name_or_request_id(
    desk_of: Desks, office: Office, made: estimate_pb2.Estimate
) -> None:
    desk = await desk_of("ben")
    by_name = await looked_up(desk, name=made.name)
    by_id = await looked_up(desk, subject="portal", request_id="r-1")
    for page in (by_name, by_id):
        for said in (made.name, "kept whole", "Asked by portal", office.ids[1], "Request id r-1"):
            assert said in page.text
        # The amounts are worked out beside `question`.
        assert "All $240.00 $83.20 $0.00 $96.00 $60.80" in page.text
        assert "2026-03-02 acupuncture 97810" in page.text
        assert page.text.count("Steps") == len(made.lines)
        assert made.lines[0].steps[0].text in page.text


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({}, 400, "Give the name of an estimate"),
        ({"request_id": "r-1"}, 400, "Give the name of an estimate"),
        ({"name": "estimates/none"}, 404, "There is no such estimate."),
        ({"subject": "ana", "request_id": "r-1"}, 404, "There is no such estimate."),
    ],
)
@pytest.mark.usefixtures("made")
async def test_what_is_not_there_is_told_of_an_estimate(
    desk_of: Desks, fields: dict[str, str], status: int, said: str
) -> None:
    assert said in (await looked_up(await desk_of("ben"), status, **fields)).text


async def test_what_stands_in_it_is_for_who_may_ask_for_estimates(desk_of: Desks, made: estimate_pb2.Estimate) -> None:
    """Rita may read rules: she sees that it is there, and that it comes out the same, and nothing of the person."""
    page = await looked_up(await desk_of("rita"), name=made.name, again="yes")
    assert "To see it takes the role estimate." in page.text
    assert "the same to the byte" in page.text
    assert "$" not in page.text
    assert made.lines[0].date not in page.text


async def test_an_estimate_of_an_older_release_comes_out_the_same(
    desk_of: Desks, office: Office, made: estimate_pb2.Estimate
) -> None:
    office.put_live(office.ids[2])
    page = await looked_up(await desk_of("ben"), name=made.name, again="yes")
    assert f"the same to the byte Computed again by {office.ids[1]}" in page.text


async def test_the_first_difference_is_named_without_its_value(
    desk_of: Desks, office: Office, made: estimate_pb2.Estimate
) -> None:
    other = estimate_pb2.Estimate.FromString(made.SerializeToString())
    other.lines[1].copay_cents += 1
    with office.database.engine.begin() as connection:
        values = {"body": other.SerializeToString(), "digest": b"another"}
        connection.execute(text("UPDATE estimates SET body = :body, body_digest = :digest"), values)
    page = await looked_up(await desk_of("rita"), name=made.name, again="yes")
    assert f"differs Computed again by {office.ids[1]}: it differs at lines[1].copay_cents." in page.text


async def test_one_that_is_kept_as_hashes_or_erased_says_so(
    desk_of: Desks, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "ANSWER_SECONDS", 60.0)
    kept = await answered(office, Keeping.HASHES)
    desk = await desk_of("ben")
    page = await looked_up(desk, name=kept.name, again="yes")
    assert "kept as hashes" in page.text
    assert "It cannot be shown or computed again." in page.text
    KeptEstimates(office.database).erase(kept.name, "portal")
    assert "Its caller erased it. Nothing else is left." in (await looked_up(desk, name=kept.name)).text
