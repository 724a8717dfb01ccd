"""Access tokens of an identity provider that runs on the loopback: which count, as whom, and which are refused."""

from __future__ import annotations

import asyncio
import base64
import hmac
import http.client
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from structlog.testing import capture_logs

from camcover.api import issuer as issuer_module
from camcover.api.access import Access, Caller
from camcover.api.access_tokens import AccessTokens
from camcover.api.credentials import OidcSettings, Role, SigningAlgorithm
from camcover.api.issuer import (
    PAUSE_SECONDS,
    RENEW_SECONDS,
    RETRY_SECONDS,
    TRUST_SECONDS,
    IssuerKeys,
    IssuerUnreachable,
    fetched,
)
from identity_provider import DISCOVERY, IdentityProvider, SigningKey, encoded, providing

ESTIMATE = "/camcover.v1.EstimateService/EstimatePlan"
PUBLISH = "/camcover.v1.RuleService/PublishRelease"
NOW = datetime.now(UTC)


class Seconds:
    """A clock of seconds, to set forward."""

    def __init__(self) -> None:
        """Begin at some time."""
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """What it shows."""
        return self.now


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    """A provider with one key."""
    with providing() as made:
        yield made


def access_to(provider: IdentityProvider, seconds: Seconds | None = None, **settings: Any) -> Access:
    """Access by its tokens."""
    known = OidcSettings(provider.issuer, "camcover")._replace(**settings)
    keys = IssuerKeys(provider.issuer, clock=seconds or Seconds())
    return Access(access_tokens=AccessTokens(known, keys))


def bearer(token: str) -> list[tuple[str, str | bytes]]:
    """The metadata of a call with a token."""
    return [("authorization", f"Bearer {token}")]


async def judged(access: Access, token: str, method: str = ESTIMATE) -> Caller | Status:
    """What becomes of a call."""
    await access.prepare(bearer(token))
    return access.judge(method, bearer(token))


async def refusal(access: Access, token: str, method: str = ESTIMATE) -> tuple[str, str, str]:
    """Code, reason and message of a refusal; none of them holds a part of the token."""
    status = await judged(access, token, method)
    assert isinstance(status, Status)
    assert not [part for part in token.split(".") if len(part) > 9 and part in str(status)]
    (info,) = [ErrorInfo.FromString(each.value) for each in status.details if each.Is(ErrorInfo.DESCRIPTOR)]
    return Code.Name(status.code), info.reason, status.message.removeprefix("the access token is refused: ")


async def test_a_token_names_its_caller_and_the_roles_of_its_scopes(provider: IdentityProvider) -> None:
    """Exp is 2100-01-01; 30 seconds of leeway."""
    end = datetime(2100, 1, 1, tzinfo=UTC)
    access = access_to(provider)
    token = provider.token(sub="ana", scope="openid estimate rules.write", exp=int(end.timestamp()))
    roles = frozenset({Role.ESTIMATE, Role.RULES_WRITE})
    assert await judged(access, token, PUBLISH) == Caller("ana", roles, end + timedelta(seconds=30))
    assert access.subject_of(bearer(token)) == "ana"
    said = "portal has the roles estimate; expected rules.write"
    assert await refusal(access, provider.token(), PUBLISH) == ("PERMISSION_DENIED", "ROLE_MISSING", said)
    said = "portal has the roles none; expected estimate"
    assert await refusal(access, provider.token(scope=None)) == ("PERMISSION_DENIED", "ROLE_MISSING", said)


@pytest.mark.parametrize(
    "claims",
    [{"scope": "read write"}, {"scope": None, "scp": ["read", "write", 7]}, {"scope": None, "scp": "write read"}],
)
async def test_scopes_by_the_names_that_the_settings_give(provider: IdentityProvider, claims: dict[str, Any]) -> None:
    access = access_to(provider, scopes={"read": Role.ESTIMATE, "other": Role.RULES_WRITE})
    caller = await judged(access, provider.token(**{"scope": None} | claims, aud=["other", "camcover"]))
    assert isinstance(caller, Caller)
    assert caller.roles == {Role.ESTIMATE}


@pytest.mark.parametrize(
    ("claims", "payers"), [({"payers": ["one"]}, {"one"}), ({"payers": "a b"}, {"a", "b"}), ({}, set())]
)
async def test_payers_by_the_claim_that_the_settings_name(
    provider: IdentityProvider, claims: dict[str, Any], payers: set[str]
) -> None:
    """Who has no such claim may change no rules."""
    found = await judged(access_to(provider, payers_claim="payers"), provider.token(**claims))
    assert isinstance(found, Caller)
    assert found.payers is not None
    assert set(found.payers) == payers
    unlimited = await judged(access_to(provider), provider.token(**claims))
    assert isinstance(unlimited, Caller)
    assert unlimited.payers is None


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iss": "http://127.0.0.1:1"}, "it is of another issuer"),
        ({"aud": "another"}, "it is for another audience"),
        ({"aud": ["another"]}, "it is for another audience"),
        ({"aud": None}, "it is for another audience"),
        ({"exp": None}, "its end (exp) is missing or not a time"),
        ({"exp": "never"}, "its end (exp) is missing or not a time"),
        ({"exp": 1e300}, "its end (exp) is missing or not a time"),
        ({"exp": True}, "its end (exp) is missing or not a time"),
        ({"nbf": "now"}, "its beginning (nbf) is not a time"),
        ({"nbf": int(NOW.timestamp()) + 3600}, "it is not valid yet (nbf)"),
        ({"sub": None}, "it has no sub that names a caller"),
        ({"sub": 7}, "it has no sub that names a caller"),
        ({"sub": "a\nb"}, "it has no sub that names a caller"),
        ({"sub": "a" * 257}, "it has no sub that names a caller"),
        ({"sub": "saved-by-pages"}, "it has no sub that names a caller"),
    ],
)
async def test_claims_that_do_not_count(provider: IdentityProvider, claims: dict[str, Any], said: str) -> None:
    assert await refusal(access_to(provider), provider.token(**claims)) == ("UNAUTHENTICATED", "TOKEN_REFUSED", said)


@pytest.mark.parametrize(
    ("email", "is_verified", "is_good"), [("a@b.example", True, True), ("a@b.example", None, False)]
)
async def test_callers_by_their_email(
    provider: IdentityProvider, email: str, *, is_verified: bool | None, is_good: bool
) -> None:
    access = access_to(provider, subject_claim="email")
    found = await judged(access, provider.token(email=email, email_verified=is_verified))
    assert isinstance(found, Caller) is is_good
    assert getattr(found, "subject", email) == email
    unnamed = await refusal(access, provider.token(email_verified=True))
    assert unnamed[2] == "it has no email that names a caller"


def forged(provider: IdentityProvider) -> dict[str, tuple[str, str]]:
    """Tokens that somebody else could make, with what is said of them."""
    key, good = provider.keys[-1], provider.token()
    header, claims, signature = good.split(".")
    stranger = SigningKey("first")
    public = json.dumps(key.public()).encode()
    content = f"{encoded(json.dumps({'alg': 'HS256', 'kid': 'first'}).encode())}.{claims}"
    by_hmac = f"{content}.{encoded(hmac.digest(public, content.encode(), 'sha256'))}"
    other_claims = encoded(json.dumps(provider.claims(sub="ana")).encode())
    wrong, signed = "its algorithm is not one of RS256, ES256", "its signature is not the issuer's"
    return {
        "by another key of the same kid": (stranger.token(provider.claims()), signed),
        "with claims of its own": (f"{header}.{other_claims}.{signature}", signed),
        "without a signature": (f"{header}.{claims}.", signed),
        "with no algorithm": (key.token(provider.claims(), alg="none"), wrong),
        "without saying an algorithm": (key.token(provider.claims(), alg=None), wrong),
        "by HMAC with the public key": (by_hmac, wrong),
        "by an algorithm that is not allowed": (key.token(provider.claims(), alg="PS256"), wrong),
        "by an algorithm of another kind of key": (key.token(provider.claims(), alg="ES256"), signed),
        "with a key of its own": (stranger.token(provider.claims(), kid="own", jwk=stranger.public()), "no key of the"),
        "with an extension that must be understood": (
            key.token(provider.claims(), crit=["b64"], b64=False),
            "it needs an extension",
        ),
        "of another kid": (key.token(provider.claims(), kid="second"), "no key of the issuer has its kid"),
    }


@pytest.mark.parametrize("kind", forged(IdentityProvider()))
async def test_forged_tokens(provider: IdentityProvider, kind: str) -> None:
    access = access_to(provider)
    assert isinstance(await judged(access, provider.token()), Caller)
    token, said = forged(provider)[kind]
    code, reason, message = await refusal(access, token)
    assert (code, reason) == ("UNAUTHENTICATED", "TOKEN_REFUSED")
    assert message.startswith(said)


@pytest.mark.parametrize(
    "token",
    ["x", "a.b", "a.b.c", "a.b.c.d", "!.b.c", f"{encoded(b'[]')}.b.c", f"{encoded(b'x' * 9000)}.b.c", "\u00e9.b.c"],
)
async def test_texts_that_are_no_tokens(provider: IdentityProvider, token: str) -> None:
    """The issuer is not asked about them."""
    assert await refusal(access_to(provider), token) == ("UNAUTHENTICATED", "TOKEN_REFUSED", "it is no JWT")
    assert not provider.asked


async def test_claims_that_are_no_object(provider: IdentityProvider) -> None:
    token = provider.keys[-1].token([])  # type: ignore[arg-type] # on purpose
    assert (await refusal(access_to(provider), token))[2] == "it has no claims"


async def test_a_token_ends_at_its_time_and_the_leeway(provider: IdentityProvider) -> None:
    """Ten seconds past its end it still counts, with a clock that may differ by thirty; forty seconds past not."""
    now = datetime.now(UTC).timestamp()
    access = access_to(provider)
    assert isinstance(await judged(access, provider.token(exp=now - 10, nbf=now + 10)), Caller)
    code, reason, message = await refusal(access, provider.token(exp=now - 40))
    assert (code, reason) == ("UNAUTHENTICATED", "TOKEN_EXPIRED")
    assert message.startswith("the token of portal expired on ")
    strict = access_to(provider, leeway_seconds=0)
    assert (await refusal(strict, provider.token(exp=now - 10)))[1] == "TOKEN_EXPIRED"
    assert (await refusal(strict, provider.token(nbf=now + 10)))[2] == "it is not valid yet (nbf)"


async def test_es256_and_a_key_without_an_id() -> None:
    with providing("es") as provider:
        access = access_to(provider)
        assert isinstance(await judged(access, provider.token()), Caller)
        only = provider.keys[-1]
        assert isinstance(await judged(access, only.token(provider.claims(), kid=None)), Caller)
        strict = access_to(provider, algorithms=(SigningAlgorithm.RS256,))
        assert (await refusal(strict, provider.token()))[2] == "its algorithm is not one of RS256"


async def test_a_new_key_is_fetched_when_a_token_names_it(provider: IdentityProvider) -> None:
    """Not more often than every 30 seconds, whatever tokens name; the key that was withdrawn goes out of use."""
    seconds = Seconds()
    access = access_to(provider, seconds)
    old = provider.token()
    assert isinstance(await judged(access, old), Caller)
    assert provider.asked == {DISCOVERY: 1, "/keys": 1}
    provider.keys = [IdentityProvider.made("second")]
    new = provider.token()
    for _ in range(3):
        assert (await refusal(access, new))[2] == "no key of the issuer has its kid"
    assert provider.asked["/keys"] == 1
    seconds.now += PAUSE_SECONDS
    assert isinstance(await judged(access, new), Caller)
    assert (await refusal(access, old))[2] == "no key of the issuer has its kid"
    assert provider.asked["/keys"] == 2


async def test_many_calls_ask_the_issuer_once(provider: IdentityProvider) -> None:
    """While it does not answer, other callers are judged; who gives up ends nothing for the others."""
    access = access_to(provider)
    token = provider.token()
    provider.goes_on.clear()
    waiting = [asyncio.create_task(judged(access, token)) for _ in range(20)]
    await asyncio.sleep(0)
    assert (await refusal(access, "x"))[2] == "it is no JWT"
    waiting.pop().cancel()
    provider.goes_on.set()
    found = await asyncio.gather(*waiting)
    assert all(isinstance(each, Caller) for each in found)
    assert provider.asked == {DISCOVERY: 1, "/keys": 1}


async def renewed(keys: IssuerKeys) -> None:
    """Wait until a question that is asked beside the calls is answered."""
    if keys._task is not None:
        await keys._task


async def test_old_keys_are_renewed_beside_the_calls(provider: IdentityProvider) -> None:
    """After ten minutes the call does not wait for it; what the issuer has withdrawn is refused from then on."""
    seconds = Seconds()
    keys = IssuerKeys(provider.issuer, clock=seconds)
    access = Access(access_tokens=AccessTokens(OidcSettings(provider.issuer, "camcover"), keys))
    old = provider.token()
    assert isinstance(await judged(access, old), Caller)
    provider.keys = [IdentityProvider.made("second")]
    seconds.now += RENEW_SECONDS + 1
    assert isinstance(await judged(access, old), Caller)
    await renewed(keys)
    assert (await refusal(access, old))[2] == "no key of the issuer has its kid"


async def test_an_issuer_that_is_away(provider: IdentityProvider) -> None:
    """At first nobody can be judged; later the kept keys go on for a day. It is asked again after five seconds."""
    seconds = Seconds()
    keys = IssuerKeys(provider.issuer, clock=seconds)
    access = Access(access_tokens=AccessTokens(OidcSettings(provider.issuer, "camcover"), keys))
    provider.instead[DISCOVERY] = (503, b"")
    away = ("UNAVAILABLE", "ISSUER_UNAVAILABLE", "the identity provider cannot be reached; try again later")
    with capture_logs() as logged:
        for _ in range(2):
            assert await refusal(access, provider.token()) == away
    told = [(each["event"], each["reason"]) for each in logged]
    said = f"{provider.issuer}{DISCOVERY}: found status 503; expected 200"
    assert told == [("keys of the issuer not fetched", said)]
    del provider.instead[DISCOVERY]
    seconds.now += RETRY_SECONDS
    assert isinstance(await judged(access, provider.token()), Caller)
    provider.instead[DISCOVERY] = (503, b"")
    seconds.now += TRUST_SECONDS
    assert isinstance(await judged(access, provider.token()), Caller)
    await renewed(keys)
    seconds.now += 1
    assert await refusal(access, provider.token()) == away


@pytest.mark.parametrize(
    ("path", "answer", "said"),
    [
        (DISCOVERY, (200, b'{"issuer": "http://other"}'), "found another issuer; expected http"),
        (DISCOVERY, (200, b"[]"), "expected a JSON object"),
        (DISCOVERY, (200, b"<html>"), "Expecting value"),
        (DISCOVERY, (200, b"[" * 100_000), "recursion"),
        (DISCOVERY, (302, b""), "found status 302; expected 200"),
        ("/keys", (200, b"{}"), "/keys: expected a list of keys"),
        ("/keys", (200, b"x" * 300_000), "/keys: more than 262144 bytes"),
        ("/keys", (500, b""), "/keys: found status 500; expected 200"),
    ],
)
async def test_documents_of_the_issuer_that_are_wrong(
    provider: IdentityProvider, path: str, answer: tuple[int, bytes], said: str
) -> None:
    provider.instead[path] = answer
    with capture_logs() as logged:
        assert (await refusal(access_to(provider), provider.token()))[1] == "ISSUER_UNAVAILABLE"
    assert said in logged[0]["reason"]


async def test_where_the_keys_are_is_checked(provider: IdentityProvider) -> None:
    for address in (None, "http://example.invalid/keys", "file:///etc/passwd"):
        document = {"issuer": provider.issuer, "jwks_uri": address}
        provider.instead[DISCOVERY] = (200, json.dumps(document).encode())
        assert (await refusal(access_to(provider), provider.token()))[1] == "ISSUER_UNAVAILABLE"
    far = {"issuer": "https://id.example", "jwks_uri": f"{provider.issuer}/keys"}
    with pytest.raises(IssuerUnreachable, match="found a jwks_uri on this machine"):
        IssuerKeys("https://id.example", lambda _: far)._asked()


async def test_keys_that_cannot_check_signatures_are_left_out(provider: IdentityProvider) -> None:
    """Kinds that are not known, for encryption, symmetric, too short, damaged; the good one beside them counts."""
    good = provider.keys[-1].public()
    others: list[object] = [
        7,
        {"kty": "NEW", "kid": "a"},
        good | {"kid": "b", "use": "enc"},
        {"kty": "oct", "kid": "c", "k": encoded(b"secret")},
        SigningKey("d", bits=1024).public(),
        good | {"kid": "e", "n": 7},
        {"kty": "EC", "kid": "f", "crv": "P-256"},
        good | {"kid": 7},
    ]
    provider.instead["/keys"] = (200, json.dumps({"keys": [*others, good]}).encode())
    keys = IssuerKeys(provider.issuer)
    assert list(await asyncio.to_thread(keys._asked)) == ["first"]


def test_an_issuer_that_sends_drop_by_drop_is_given_up(provider: IdentityProvider, monkeypatch: Any) -> None:
    monkeypatch.setattr(issuer_module, "_FETCH_SECONDS", 0.0)
    monkeypatch.setattr(http.client.HTTPConnection, "connect", _connect)
    with pytest.raises(IssuerUnreachable, match="took more than 0 seconds"):
        fetched(provider.issuer + "/keys")


def _connect(connection: Any) -> None:
    connection.sock = connection._create_connection((connection.host, connection.port), 30)


def test_an_issuer_that_cannot_be_reached() -> None:
    with pytest.raises(IssuerUnreachable, match="refused"):
        fetched("http://127.0.0.1:1/keys")


async def test_tokens_of_the_file_count_beside_those_of_the_issuer(
    provider: IdentityProvider, tmp_path: Path, serve: Any, ask: Any
) -> None:
    """Over the network, with a token that the provider's own endpoint gave; nothing of it is in the log."""
    file = tmp_path / "tokens.toml"
    hashed = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"  # SHA-256 of "test"
    file.write_text(f'[[token]]\nsubject = "bob"\nroles = ["estimate"]\nsha256 = "{hashed}"\n', encoding="utf-8")
    known = AccessTokens(OidcSettings(provider.issuer, "camcover"))
    grant = "grant_type=client_credentials&client_id=clinic&scope=estimate"
    token = json.loads(provider.answer("/token", grant)[1])["access_token"]
    async with serve(access=Access(file, access_tokens=known)) as service:
        with capture_logs() as logged:
            for word in ("test", token):
                metadata = (("authorization", f"Bearer {word}"),)
                answer = await service.estimates.EstimatePlan(ask(), metadata=metadata)
                assert answer.totals.patient_cents == 6080
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await service.estimates.EstimatePlan(ask(), metadata=(("authorization", f"Bearer {token[:-9]}"),))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    calls = [(each["caller"], each["code"]) for each in logged if each["event"] == "call"]
    assert calls == [("bob", "OK"), ("clinic", "OK"), ("unknown", "UNAUTHENTICATED")]
    claims = base64.urlsafe_b64decode(token.split(".")[1] + "==")
    assert b"clinic" in claims
    assert not any(part in str(logged) for part in token.split("."))
