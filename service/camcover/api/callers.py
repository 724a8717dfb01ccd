"""The file of callers: bearer tokens by their hash, and client certificates by a name in them.

What comes in: TOML with `[[token]]` tables (subject, roles, sha256) and `[[certificate]]` tables (subject, roles,
name), each with `expires` where it ends, and `payers` where it changes rules of some payers alone. What goes out:
callers by hash and by name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from camcover.api.credentials import Role
from camcover.api.identity import KINDS
from camcover.errors import CamcoverError
from camcover.store import schema

__all__ = ["ANYONE", "NOBODY", "Caller", "Callers", "WrongTokens", "listed", "read_callers"]

_HASH = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(rf"({'|'.join(KINDS)}):\S+")
_MAYBE = {"expires", "payers"}


class WrongTokens(CamcoverError):
    """The file of callers cannot be used; the message says where and why."""


class Caller(NamedTuple):
    """A caller: the subject for logs, audit and stored estimates; the roles; when the token expires, if it does.

    `payers`: the ids of those whose rules the caller may change; None means all.
    """

    subject: str
    roles: frozenset[Role]
    expires: datetime | None = None
    payers: frozenset[str] | None = None


ANYONE = Caller(schema.ANYONE, frozenset({Role.ESTIMATE, Role.RULES_READ}))
"""The caller where no tokens are asked for."""


class Callers(NamedTuple):
    """Callers by the hash of their token, and by the name in their certificate, in the order of the file."""

    tokens: Mapping[str, Caller]
    certificates: Mapping[str, Caller]


NOBODY = Callers({}, {})


class _Known(NamedTuple):
    """A kind of table: the key by which its caller is known, what is expected of it, whether a text is that."""

    key: str
    expected: str
    is_good: Callable[[str], object]


_TABLES = {
    "token": _Known("sha256", "the 64 hexadecimal digits of `camcover token`", _HASH.fullmatch),
    "certificate": _Known("name", "a name in a certificate with its kind, such as DNS:portal.example", _NAME.fullmatch),
}


def read_callers(file: Path) -> Callers:
    """The callers of a file. Raises `WrongTokens`."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongTokens(f"{file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongTokens(f"{file}: the file is not TOML: {error}") from error
    if set(content) - set(_TABLES) or not content:
        found = "other keys" if content else "nothing"
        raise WrongTokens(f"{file}: found {found}; expected only [[token]] and [[certificate]] tables")
    return Callers(*(_table(file, name, content.get(name)) for name in _TABLES))


def _table(file: Path, name: str, entries: object) -> dict[str, Caller]:
    """The callers of the tables of one name, by what they are known by."""
    if entries is None:
        return {}
    if not isinstance(entries, list) or not entries:
        raise WrongTokens(f"{file}: expected [[{name}]] tables")
    callers: dict[str, Caller] = {}
    for number, entry in enumerate(entries, start=1):
        known, caller = _entry(f"{file}: {name} {number}", entry, _TABLES[name])
        if known in callers:
            raise WrongTokens(f"{file}: {name} {number}: an earlier {name} has the same {_TABLES[name].key}")
        callers[known] = caller
    return callers


def _entry(place: str, entry: object, kind: _Known) -> tuple[str, Caller]:
    """One table of the file."""
    keys = {"subject", "roles", kind.key}
    if not isinstance(entry, dict) or set(entry) - _MAYBE != keys:
        found = ", ".join(sorted(entry)) if isinstance(entry, dict) else type(entry).__name__
        expected = f"{', '.join(sorted(keys))}, and perhaps expires and payers"
        raise WrongTokens(f"{place}: found {found or 'nothing'}; expected {expected}")
    subject, roles, known, expires = entry["subject"], entry["roles"], entry[kind.key], entry.get("expires")
    if not isinstance(subject, str) or not subject.strip():
        raise WrongTokens(f"{place}: found subject {subject!r}; expected a name")
    if subject == schema.PAGES:
        raise WrongTokens(
            f"{place}: found subject {subject!r}, which is reserved for what patients keep; expected another name"
        )
    if not isinstance(roles, list) or not roles or any(role not in list(Role) for role in roles):
        raise WrongTokens(f"{place}: found roles {roles!r}; expected some of {listed(Role)}")
    if not isinstance(known, str) or not kind.is_good(known):
        raise WrongTokens(f"{place}: found {kind.key} {known!r}; expected {kind.expected}")
    if expires is not None and (not isinstance(expires, datetime) or expires.tzinfo is None):
        raise WrongTokens(
            f"{place}: found expires {expires}; expected a time with its zone, such as 2026-12-31T18:00:00Z"
        )
    payers = entry.get("payers")
    is_list = isinstance(payers, list) and bool(payers) and all(isinstance(each, str) and each for each in payers)
    if payers is not None and not is_list:
        raise WrongTokens(f"{place}: found payers {payers!r}; expected ids of payers, as rule files have them")
    return known, Caller(
        subject, frozenset(map(Role, roles)), expires, None if payers is None else frozenset(map(str, payers))
    )


def listed(roles: Iterable[Role]) -> str:
    """Roles as messages list them."""
    return ", ".join(sorted(roles)) or "none"
