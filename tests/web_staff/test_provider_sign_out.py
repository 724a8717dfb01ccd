"""Signing out at the identity provider as well, where its discovery document says how."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from camcover.web.staff.signing_in import SIGNED_OUT
from identity_provider import DISCOVERY, IdentityProvider, providing
from web_staff.conftest import HOST, Office
from web_staff.test_provider_sign_in import leave, sessions, use

Desks = Callable[..., Any]


@pytest.fixture
def provider(office: Office) -> Iterator[IdentityProvider]:
    """A running provider, by which the office signs people in and out."""
    with providing() as made:
        use(office, made)
        yield made


async def test_who_signs_out_may_sign_out_at_the_provider_too(
    desk_of: Desks, office: Office, provider: IdentityProvider
) -> None:
    """The session is over first; then a link leads to the provider, which leads back to the sign-in."""
    desk = await desk_of()
    await desk.client.get(await (await leave(desk)).returned())
    answer = await desk.post("/sign-out", {"proof": await desk.proof()})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/staff{SIGNED_OUT}")
    assert sessions(office) == []
    page = await desk.get(SIGNED_OUT)
    (link,) = [named["href"] for tag, named in page.tags if tag == "a" and named["href"].startswith("http")]
    assert link.startswith(f"{provider.issuer}/leave?client_id=staff-pages&")
    async with httpx.AsyncClient() as client:
        back = (await client.get(link)).headers["location"]
    assert back == f"{HOST}/staff/sign-in"


@pytest.mark.parametrize("is_away", [True, False])
async def test_a_provider_that_signs_nobody_out_is_no_hindrance(
    desk_of: Desks, provider: IdentityProvider, *, is_away: bool
) -> None:
    usual = json.loads(provider.answer(DISCOVERY, "")[1])
    del usual["end_session_endpoint"]
    provider.instead[DISCOVERY] = (500, b"") if is_away else (200, json.dumps(usual).encode())
    desk = await desk_of("ana")
    answer = await desk.post("/sign-out", {"proof": await desk.proof()})
    assert answer.status_code == 303
    page = await desk.get(SIGNED_OUT)
    assert "At your organisation you may still be signed in." in page.text
    assert [named["href"] for tag, named in page.tags if tag == "a"] == ["/staff/sign-in"]
