"""The file of tokens: what is wrong is said with its place; reading it anew does not lose the last good one."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status

from camcover.api.access import ANYONE, Access, Caller, WrongTokens
from camcover.api.credentials import Role, new_token
from camcover.api.errors import Refused

GOOD = '[[token]]\nsubject = "ana"\nroles = ["rules.read"]\nsha256 = "{}"\n'
NAMED = '[[certificate]]\nsubject = "ana"\nroles = ["rules.read"]\nname = "{}"\n'
LIST = "/camcover.v1.RuleService/ListReleases"
PUBLISH = "/camcover.v1.RuleService/PublishRelease"
ESTIMATE = "/camcover.v1.EstimateService/EstimatePlan"


def write(folder: Path, text: str) -> Path:
    """A file of tokens."""
    file = folder / "tokens.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_new_token_is_known_by_its_hash(tmp_path: Path) -> None:
    token, digest = new_token()
    assert hashlib.sha256(token.encode()).hexdigest() == digest
    assert len(token) >= 43
    access = Access(write(tmp_path, GOOD.format(digest)))
    caller = Caller("ana", frozenset({Role.RULES_READ}))
    assert access.judge(LIST, [("authorization", f"Bearer {token}")]) == caller
    assert access.judge(LIST, [("authorization", f"bearer  {token} ")]) == caller
    refusal = access.judge(PUBLISH, [("authorization", f"Bearer {token}")])
    assert isinstance(refusal, Status)
    assert refusal.code == Code.PERMISSION_DENIED
    assert refusal.message == "ana has the roles rules.read; expected rules.write"


def test_without_a_file_rules_are_read_and_not_changed() -> None:
    access = Access()
    assert access.judge(ESTIMATE, []) == access.judge(LIST, []) == ANYONE
    refusal = access.judge(PUBLISH, [])
    assert isinstance(refusal, Status)
    assert refusal.code == Code.UNAUTHENTICATED


def test_the_file_of_tokens_is_reloaded(tmp_path: Path) -> None:
    one, other = (hashlib.sha256(word.encode()).hexdigest() for word in ("one", "other"))
    file = write(tmp_path, GOOD.format(one))
    access = Access(file)
    write(tmp_path, GOOD.format(other))
    access.reload()
    assert isinstance(access.judge(LIST, [("authorization", "Bearer one")]), Status)
    assert isinstance(access.judge(LIST, [("authorization", "Bearer other")]), Caller)
    write(tmp_path, "nonsense")
    with pytest.raises(WrongTokens):
        access.reload()
    assert isinstance(access.judge(LIST, [("authorization", "Bearer other")]), Caller)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "the file is not TOML"),
        ("", r"expected only \[\[token\]\] and \[\[certificate\]\] tables"),
        ("[other]\nx = 1", r"expected only \[\[token\]\] and \[\[certificate\]\] tables"),
        ("token = 1", r"expected \[\[token\]\] tables"),
        ("token = [1]", "token 1: found int; expected roles, sha256, subject, and perhaps expires and payers"),
        ('[[token]]\nsubject = "ana"', "token 1: found subject; expected roles, sha256, subject"),
        (GOOD.format("0" * 63), "token 1: found sha256 .*; expected the 64 hexadecimal digits of `camcover token`"),
        (GOOD.format("0" * 64).replace("ana", " "), "token 1: found subject ' '; expected a name"),
        (
            GOOD.format("0" * 64).replace("ana", "saved-by-pages"),
            "found subject 'saved-by-pages', which is reserved for",
        ),
        (
            GOOD.format("0" * 64).replace("rules.read", "boss"),
            "found roles .*boss.*; expected some of estimate, rules.read",
        ),
        (
            GOOD.format("0" * 64) + "expires = 2026-12-31\n",
            "expires 2026-12-31; expected a time with its zone, such as",
        ),
        (GOOD.format("0" * 64) + "expires = 2026-12-31T18:00:00\n", "expected a time with its zone"),
        (GOOD.format("0" * 64) + 'expires = "never"\n', "expires never; expected a time with its zone"),
        (GOOD.format("0" * 64) + "payers = []\n", r"payers \[\]; expected ids of payers, as rule files have them"),
        (GOOD.format("0" * 64) + "payers = 'a'\n", "payers 'a'; expected ids"),
        (GOOD.format("0" * 64) + "payers = ['a', 1]\n", r"payers \['a', 1\]; expected ids"),
        (GOOD.format("0" * 64) + "ends = 1\n", "found ends, roles, sha256, subject; expected roles"),
        (GOOD.format("0" * 64) * 2, "token 2: an earlier token has the same sha256"),
        (NAMED.format("portal"), "certificate 1: found name 'portal'; expected a name in a certificate with its"),
        (NAMED.format("IP:10.0.0.7"), "certificate 1: found name 'IP:10.0.0.7'"),
        (NAMED.format("CN:portal") * 2, "certificate 2: an earlier certificate has the same name"),
        (NAMED.replace("name", "sha256"), "certificate 1: found roles, sha256, subject; expected name, roles, subject"),
        ("certificate = 1", r"expected \[\[certificate\]\] tables"),
    ],
)
def test_a_file_that_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(WrongTokens, match=said):
        Access(write(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WrongTokens, match="No such file"):
        Access(tmp_path / "none.toml")


def bearer(token: str) -> list[tuple[str, str | bytes]]:
    """The metadata of a call with a token."""
    return [("authorization", f"Bearer {token}")]


def entry(token: str, more: str = "") -> str:
    """The entry of a token in a file."""
    return GOOD.format(hashlib.sha256(token.encode()).hexdigest()) + more


class Clock:
    """The time, to set."""

    def __init__(self, now: datetime) -> None:
        """Show `now`."""
        self.now = now

    def __call__(self) -> datetime:
        """What it shows."""
        return self.now


def test_a_token_ends_at_its_time(tmp_path: Path) -> None:
    clock = Clock(datetime(2026, 12, 31, 17, 59, 59, tzinfo=UTC))
    access = Access(write(tmp_path, entry("one", "expires = 2026-12-31T19:00:00+01:00\n")), clock)
    judged = access.judge(LIST, bearer("one"))
    assert isinstance(judged, Caller)
    assert judged.expires == datetime(2026, 12, 31, 18, tzinfo=UTC)
    clock.now = judged.expires
    refusal = access.judge(LIST, bearer("one"))
    assert isinstance(refusal, Status)
    assert refusal.code == Code.UNAUTHENTICATED
    assert refusal.message == "the token of ana expired on 2026-12-31 18:00:00 UTC"


async def holding(access: Access, began: asyncio.Event) -> None:
    """A stream that goes on for as long as it may."""
    async with access.while_allowed(LIST, bearer("one")):
        began.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("after", "code"),
    [
        (entry("other"), Code.UNAUTHENTICATED),
        (entry("one").replace("rules.read", "estimate"), Code.PERMISSION_DENIED),
        (entry("one", "expires = 2000-01-01T00:00:00Z\n"), Code.UNAUTHENTICATED),
    ],
)
async def test_a_running_call_ends_when_its_token_is_removed(tmp_path: Path, after: str, code: int) -> None:
    """Taken out, without its role, or with an end that is past; a file read anew otherwise ends nothing."""
    access = Access(write(tmp_path, entry("one")))
    began = asyncio.Event()
    stream = asyncio.create_task(holding(access, began))
    await began.wait()
    write(tmp_path, entry("other") + entry("one"))
    access.reload()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not stream.done()
    write(tmp_path, after)
    access.reload()
    async with asyncio.timeout(120):
        with pytest.raises(Refused) as caught:
            await stream
    assert caught.value.status.code == code


async def test_a_running_call_ends_when_its_token_expires(tmp_path: Path) -> None:
    """The clock stands still just before that time, so that the event loop's own ends it."""
    ends = datetime(2026, 12, 31, 18, tzinfo=UTC)
    clock = Clock(ends - timedelta(milliseconds=20))
    access = Access(write(tmp_path, entry("one", "expires = 2026-12-31T18:00:00Z\n")), clock)
    async with asyncio.timeout(120):
        with pytest.raises(Refused, match="the token has expired"):
            await holding(access, asyncio.Event())


async def test_time_outs_of_others_pass_through(tmp_path: Path) -> None:
    access = Access(write(tmp_path, entry("one")))
    with pytest.raises(TimeoutError, match="another's"):
        async with access.while_allowed(LIST, bearer("one")):
            raise TimeoutError("another's")


async def test_where_no_tokens_are_asked_for_nothing_ends() -> None:
    access = Access()
    async with access.while_allowed(LIST, []):
        access.reload()


def test_of_several_names_in_a_certificate_the_first_of_the_file_counts(tmp_path: Path) -> None:
    """And a token, whichever it is, counts more than a certificate."""
    other = NAMED.replace("ana", "bob").format("DNS:portal.example")
    access = Access(write(tmp_path, other + NAMED.format("CN:portal") + entry("one")))
    names = frozenset({"CN:portal", "DNS:portal.example", "URI:x"})
    assert access.subject_of([], names) == "bob"
    assert access.subject_of([], frozenset({"CN:portal"})) == "ana"
    assert isinstance(access.judge(LIST, [], frozenset({"DNS:portal"})), Status)
    assert access.subject_of(bearer("one"), names) == "ana"
    for wrong in (bearer("two"), [("authorization", "Basic one")], [("authorization", b"one")]):
        assert isinstance(access.judge(LIST, wrong, names), Status)
