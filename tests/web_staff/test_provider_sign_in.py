"""Sign-in by an identity provider: the way there and back, and everything by which somebody else would come in."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from camcover.api.access_tokens import AccessTokens
from camcover.api.credentials import OidcSettings, SignInClient
from camcover.api.issuer import RETRY_SECONDS
from camcover.api.provider_sign_in import ProviderSignIn
from camcover.web.staff.provider_pages import COOKIE as BEGUN
from camcover.web.staff.signing_in import COOKIE, SIGNED_OUT
from camcover.workflow.staff_sessions import PROVIDED_HOURS
from identity_provider import DISCOVERY, IdentityProvider, providing
from web.reading import read
from web_staff.conftest import HOST, Desk, Office

Desks = Callable[..., Any]
LEAVE, BACK = "/staff/sign-in/provider", "/staff/sign-in/callback"


@pytest.fixture
def provider(office: Office) -> Iterator[IdentityProvider]:
    """A running provider, by which the office signs people in."""
    with providing() as made:
        use(office, made)
        yield made


def use(office: Office, provider: IdentityProvider, secret: str = "", **settings: Any) -> None:
    """Let the office sign people in by a provider."""
    found = OidcSettings(provider.issuer, "camcover", **settings)
    client = SignInClient("staff-pages", HOST, secret)

    def seconds() -> float:
        return office.clock.timestamp()

    signing_in = ProviderSignIn(found, client, AccessTokens(found), clock=seconds)
    office.site = replace(office.site, provider=signing_in)


@dataclass
class Leaving:
    """A browser that was led to the provider: what it asks for there."""

    address: str

    @property
    def asked(self) -> dict[str, str]:
        """The parameters of the address."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.address).query).items()}

    async def returned(self) -> str:
        """Go to the provider; gives the address to which it leads back, below this host."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(self.address)
        assert answer.status_code == 302
        assert answer.headers["location"].startswith(f"{HOST}{BACK}?")
        return str(answer.headers["location"]).removeprefix(HOST)


async def leave(desk: Desk, to: str = "/staff/releases") -> Leaving:
    """Begin a sign-in."""
    answer = await desk.client.get(LEAVE, params={"to": to})
    assert answer.status_code == 303, answer.text
    return Leaving(answer.headers["location"])


def sessions(office: Office) -> list[dict[str, Any]]:
    """All sessions of the database."""
    with office.database.read() as connection:
        return [dict(each) for each in connection.execute(text("SELECT * FROM staff_sessions")).mappings()]


async def refused(desk: Desk, office: Office, address: str, status: int, said: str) -> None:
    """Come back by an address, and not come in."""
    answer = await desk.client.get(address)
    assert answer.status_code == status, answer.text
    assert said in read(answer.text).text
    assert COOKIE not in answer.cookies
    assert sessions(office) == []


async def test_somebody_signs_in_by_the_provider_and_comes_back(
    desk_of: Desks, office: Office, provider: IdentityProvider
) -> None:
    """The provider checks client, return address and the verifier of the challenge (S256)."""
    desk = await desk_of()
    page = await desk.get("/sign-in?to=/staff/releases%3Ffind%3Dcopay")
    (link,) = [named["href"] for tag, named in page.tags if tag == "a" and "provider" in named["href"]]
    begun = await desk.client.get(link)
    leaving = Leaving(begun.headers["location"])
    assert leaving.address.startswith(f"{provider.issuer}/authorize?")
    assert leaving.asked["redirect_uri"] == f"{HOST}{BACK}"
    assert leaving.asked["scope"] == "openid estimate rules.read rules.write"
    assert len(leaving.asked["code_challenge"]) == 43
    assert begun.headers["referrer-policy"] == "no-referrer"
    attributes = begun.headers["set-cookie"].partition("; ")[2].lower()
    assert attributes == "httponly; max-age=600; path=/; samesite=lax; secure"
    back = await desk.client.get(await leaving.returned())
    assert (back.status_code, back.headers["location"]) == (303, "/staff/releases?find=copay")
    assert COOKIE in desk.client.cookies
    assert BEGUN not in desk.client.cookies
    assert "Roll back…" in (await desk.get("/releases")).text
    (row,) = sessions(office)
    assert (row["subject"], row["roles"], row["is_listed"]) == ("ana", "rules.write", 0)


async def test_roles_and_payers_are_those_of_the_access_token(
    desk_of: Desks, office: Office, provider: IdentityProvider
) -> None:
    """As for calls: scopes by the names of the settings, payers by their claim, the subject by its claim."""
    scopes = {"camcover.look": "rules.read", "camcover.change": "rules.write"}
    use(office, provider, scopes=scopes, payers_claim="payers", subject_claim="email")
    provider.person = {"sub": "17", "email": "pam@payer.example", "email_verified": True, "payers": ["another"]}
    provider.person["scope"] = "camcover.change other"
    desk = await desk_of()
    leaving = await leave(desk)
    assert leaving.asked["scope"] == "openid email camcover.look camcover.change"
    assert (await desk.client.get(await leaving.returned())).status_code == 303
    (row,) = sessions(office)
    assert (row["subject"], row["roles"], row["payers"]) == ("pam@payer.example", "rules.write", "another")
    sent = {"proof": await desk.proof(), "reason": "why", "expected": office.ids[1], "wanted": office.ids[0]}
    answer = await desk.post("/releases/roll-back", sent)
    assert answer.status_code == 403
    assert office.active() == office.ids[1]


async def test_who_has_no_role_for_these_pages_is_told_so(
    desk_of: Desks, office: Office, provider: IdentityProvider
) -> None:
    provider.person["scope"] = "estimate"
    desk = await desk_of()
    await refused(desk, office, await (await leave(desk)).returned(), 403, "ana has no access to these pages")


@pytest.mark.usefixtures("provider")
async def test_a_session_of_a_provider_ends_after_an_hour_and_with_its_row(desk_of: Desks, office: Office) -> None:
    one, other = await desk_of(), await desk_of()
    for desk in (one, other):
        await desk.client.get(await (await leave(desk)).returned())
    with office.database.append() as connection:
        connection.execute(text("DELETE FROM staff_sessions WHERE cookie = (SELECT min(cookie) FROM staff_sessions)"))
    found = [(await desk.client.get("/staff/releases")).status_code for desk in (one, other)]
    assert sorted(found) == [200, 303]
    left = one if found[0] == 200 else other
    office.clock += timedelta(hours=PROVIDED_HOURS)
    await left.get("/releases", 303)


async def test_a_return_that_this_browser_did_not_begin_is_refused(
    desk_of: Desks, office: Office, provider: IdentityProvider
) -> None:
    """Without a cookie, with another browser's state, changed, or of another provider: nothing is asked for."""
    elsewhere = "This sign-in did not begin in this browser, was used already, or took too long."
    attacker, victim = await desk_of(), await desk_of()
    address = await (await leave(attacker)).returned()
    await refused(victim, office, address, 400, elsewhere)
    await leave(victim)
    await refused(victim, office, address, 400, elsewhere)
    await leave(victim)
    for changed in (address.replace("state=", "state=x"), address.replace("state=", "not="), BACK):
        await refused(victim, office, changed, 400, elsewhere)
    mixed = (await (await leave(victim)).returned()).replace("iss=http", "iss=https")
    await refused(victim, office, mixed, 400, elsewhere)
    assert provider.asked["/token"] == 0


async def test_a_return_counts_once(desk_of: Desks, office: Office, provider: IdentityProvider) -> None:
    desk = await desk_of()
    address = await (await leave(desk)).returned()
    kept = desk.client.cookies[BEGUN]
    assert (await desk.client.get(address)).status_code == 303
    again = await desk.client.get(address)
    assert again.status_code == 400
    desk.client.cookies.set(BEGUN, kept, domain="staff.example")
    assert (await desk.client.get(address)).status_code == 403, "the provider gives tokens for a code once"
    assert provider.asked["/token"] == 2
    assert len(sessions(office)) == 1


async def test_a_code_that_somebody_else_took_is_of_no_use(
    desk_of: Desks, office: Office, provider: IdentityProvider
) -> None:
    """In a sign-in of their own: state and cookie fit, but the verifier is not that of the code's challenge."""
    victim, attacker = await desk_of(), await desk_of()
    code = parse_qs(urlsplit(await (await leave(victim)).returned()).query)["code"][0]
    state = (await leave(attacker)).asked["state"]
    await refused(attacker, office, f"{BACK}?code={code}&state={state}", 403, "does not count here")
    assert provider.asked["/token"] == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": 7},
        {"aud": "camcover"},
        {"aud": ["staff-pages", "other"], "azp": "other"},
        {"iss": "https://other.example"},
        {"exp": 1_600_000_000},
        {"exp": None},
        {"sub": "somebody-else"},
        {"sub": None},
    ],
    ids=str,
)
async def test_an_id_token_of_another_sign_in_client_or_person_is_refused(
    desk_of: Desks, office: Office, provider: IdentityProvider, claims: dict[str, Any]
) -> None:
    provider.id_claims = claims
    desk = await desk_of()
    await refused(desk, office, await (await leave(desk)).returned(), 403, "does not count here")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "another"}, "for another audience"),
        ({"exp": 1_600_000_000}, "it has expired"),
        ({"sub": None}, "no sub that names a caller"),
    ],
)
async def test_an_access_token_that_does_not_count_lets_nobody_in(
    desk_of: Desks, office: Office, provider: IdentityProvider, changes: dict[str, Any], reason: str
) -> None:
    """The log says why, and holds neither code nor token."""
    desk = await desk_of()
    provider.id_claims = {"sub": "ana"}
    provider.person |= changes
    address = await (await leave(desk)).returned()
    with capture_logs() as logs:
        await refused(desk, office, address, 403, "does not count here")
    (entry,) = [each for each in logs if each["event"] == "sign-in refused"]
    assert reason in entry["reason"]
    assert parse_qs(urlsplit(address).query)["code"][0] not in str(logs)
    assert "eyJ" not in str(logs)


@pytest.mark.parametrize(
    "answer", [b"{}", b'{"id_token": 1, "access_token": "x"}', b'{"id_token": "a.b.c", "access_token": "x"}']
)
async def test_an_answer_without_two_tokens_lets_nobody_in(
    desk_of: Desks, office: Office, provider: IdentityProvider, answer: bytes
) -> None:
    provider.instead["/token"] = (200, answer)
    desk = await desk_of()
    await refused(desk, office, await (await leave(desk)).returned(), 403, "does not count here")


async def test_a_token_signed_by_another_key_lets_nobody_in(
    desk_of: Desks, office: Office, provider: IdentityProvider
) -> None:
    desk = await desk_of()
    leaving = await leave(desk)
    forged = IdentityProvider.made("forger")
    tokens = {"id_token": forged.token(provider.claims(aud="staff-pages", nonce=leaving.asked["nonce"], sub="ana"))}
    tokens["access_token"] = provider.token(**provider.person)
    address = await leaving.returned()
    provider.instead["/token"] = (200, json.dumps(tokens).encode())
    await refused(desk, office, address, 403, "does not count here")


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/staff//evil", "/staff/../x", "/en/", "/staff/sign-in/callback"]
)
async def test_a_sign_in_by_the_provider_leads_to_no_other_place(
    desk_of: Desks, provider: IdentityProvider, to: str
) -> None:
    """Neither by the link nor by a cookie that somebody changed."""
    desk = await desk_of()
    back = await desk.client.get(await (await leave(desk, to)).returned())
    assert back.headers["location"] == "/staff"
    leaving = await leave(desk)
    changed = base64.urlsafe_b64encode(to.encode()).rstrip(b"=").decode()
    secret = desk.client.cookies[BEGUN].partition(".")[0]
    desk.client.cookies.set(BEGUN, f"{secret}.{changed}", domain="staff.example")
    back = await desk.client.get(await leaving.returned())
    assert back.headers["location"] == "/staff"
    assert provider.asked["/authorize"] == 2


@pytest.mark.parametrize("kept", ["x", "x" * 43, f"{'x' * 43}.=", f"{'x' * 43}.{'A' * 2_801}", f"{'x' * 43}._w"])
async def test_a_cookie_that_is_not_of_our_making_is_refused(desk_of: Desks, office: Office, kept: str) -> None:
    with providing() as provider:
        use(office, provider)
        desk = await desk_of()
        desk.client.cookies.set(BEGUN, kept, domain="staff.example")
        await refused(desk, office, f"{BACK}?code=x&state=x", 400, "did not begin in this browser")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("error=access_denied", "did not sign you in: access_denied."),
        ("error=%3Cb%3Ehello", "did not sign you in: no code."),
        ("", "did not sign you in: no code."),
        (f"code={'x' * 5_000}", "did not sign you in: no code."),
    ],
)
async def test_what_the_provider_says_instead_of_a_code(
    desk_of: Desks, office: Office, provider: IdentityProvider, query: str, said: str
) -> None:
    desk = await desk_of()
    state = (await leave(desk)).asked["state"]
    await refused(desk, office, f"{BACK}?state={state}&{query}", 403, said)
    assert provider.asked["/token"] == 0


async def test_a_confidential_client_shows_its_secret(
    desk_of: Desks, office: Office, provider: IdentityProvider
) -> None:
    """A public client, and one with another secret, get no tokens."""
    right = provider.secret = "between-us"  # noqa: S105 - of this provider, which lives for one test
    for secret in ("", f"{right}!"):
        use(office, provider, secret)
        desk = await desk_of()
        await refused(desk, office, await (await leave(desk)).returned(), 403, "does not count here")
    use(office, provider, right)
    desk = await desk_of()
    assert (await desk.client.get(await (await leave(desk)).returned())).status_code == 303


@pytest.mark.parametrize("path", [DISCOVERY, "/token"])
async def test_a_provider_that_is_away_is_told_and_can_be_asked_again(
    desk_of: Desks, office: Office, provider: IdentityProvider, path: str
) -> None:
    """A return can be loaded again: its cookie stays until the provider has answered.

    For five seconds nobody makes the service ask for its endpoints again.
    """
    desk = await desk_of()
    provider.instead[path] = (500, b"")
    address = LEAVE if path == DISCOVERY else await (await leave(desk)).returned()
    for _ in range(3):
        await refused(desk, office, address, 503, "the identity provider cannot be reached; try again later")
    assert provider.asked[DISCOVERY] == 1
    del provider.instead[path]
    office.clock += timedelta(seconds=RETRY_SECONDS)
    assert (await desk.client.get(address)).status_code == 303


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example"},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "http://id.example/authorize"},
        {"authorization_endpoint": "https://id.example/authorize#x"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": 7},
        {"end_session_endpoint": "http://id.example/leave"},
        {"end_session_endpoint": "javascript:alert(1)"},
    ],
    ids=str,
)
async def test_endpoints_that_are_wrong_are_not_used(
    desk_of: Desks, provider: IdentityProvider, changes: dict[str, Any]
) -> None:
    usual = json.loads(provider.answer(DISCOVERY, "")[1])
    provider.instead[DISCOVERY] = (200, json.dumps(usual | changes).encode())
    desk = await desk_of()
    assert (await desk.client.get(LEAVE)).status_code == 503


async def test_without_a_provider_nobody_is_led_there(desk_of: Desks) -> None:
    desk = await desk_of()
    assert "Sign in with your organisation" not in (await desk.get("/sign-in")).text
    for path in (LEAVE, f"{BACK}?code=x&state=x", f"/staff{SIGNED_OUT}"):
        assert (await desk.client.get(path)).status_code == 404
