"""The file of tokens: what is wrong is said with its place; reading it anew does not lose the last good one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status

from camcover.api.access import ANYONE, Access, Caller, Role, WrongTokens, new_token

GOOD = '[[token]]\nsubject = "ana"\nroles = ["rules.read"]\nsha256 = "{}"\n'
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


def test_read_anew(tmp_path: Path) -> None:
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
        ("nonsense", "not TOML"),
        ("", r"expected \[\[token\]\] tables and nothing else"),
        ("[other]\nx = 1", r"expected \[\[token\]\] tables"),
        ("token = 1", r"expected \[\[token\]\] tables"),
        ("token = [1]", "token 1: found int; expected roles, sha256, subject"),
        ('[[token]]\nsubject = "ana"', "token 1: found subject; expected roles, sha256, subject"),
        (GOOD.format("0" * 63), "token 1: sha256 .*; expected 64 hexadecimal digits"),
        (GOOD.format("0" * 64).replace("ana", " "), "token 1: subject ' '; expected a name"),
        (GOOD.format("0" * 64).replace("rules.read", "boss"), "roles .*boss.*; expected some of estimate, rules.read"),
        (GOOD.format("0" * 64) * 2, "token 2: the same sha256 stands before"),
    ],
)
def test_a_file_that_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(WrongTokens, match=said):
        Access(write(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WrongTokens, match="No such file"):
        Access(tmp_path / "none.toml")
