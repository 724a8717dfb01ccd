"""Authentication and authorisation: bearer tokens with roles, stored as hashes in a file.

What comes in: a file of `[[token]]` tables (TOML: subject, roles, sha256, and expires where it ends) and a call's
metadata. What goes out: a `Caller`, or a refusal. Without a file everyone may ask for estimates and read rules, and
nobody may change them.
"""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from google.rpc.status_pb2 import Status

from camcover.api.credentials import Role, token_hash
from camcover.api.errors import Refused, refused
from camcover.errors import CamcoverError
from camcover.refusals import Refusal
from camcover.store import schema
from camcover.workflow.errors import moment

__all__ = ["ANYONE", "CALLER", "Access", "Caller", "WrongTokens", "read_callers"]

_SCHEME = "bearer "
_HASH = re.compile(r"[0-9a-f]{64}")
_KEYS = {"subject", "roles", "sha256"}
_MAYBE = {"expires"}


class WrongTokens(CamcoverError):
    """The file of tokens cannot be used; the message says where and why."""


class Caller(NamedTuple):
    """A caller: the subject for logs, audit and stored estimates; the roles; when the token expires, if it does."""

    subject: str
    roles: frozenset[Role]
    expires: datetime | None = None


ANYONE = Caller(schema.ANYONE, frozenset({Role.ESTIMATE, Role.RULES_READ}))
"""The caller where no tokens are asked for."""

UNKNOWN = "unknown"
"""What the log says of a caller without a token that is known."""

CALLER: ContextVar[Caller] = ContextVar("caller", default=ANYONE)
"""The caller of the method that runs."""

_WRITING = {"PublishRelease", "ActivateRelease"}
_ROLES = {
    "EstimateService": frozenset({Role.ESTIMATE}),
    "CatalogService": frozenset({Role.ESTIMATE, Role.RULES_READ, Role.RULES_WRITE}),
    "RuleService": frozenset({Role.RULES_READ, Role.RULES_WRITE}),
}


class Access:
    """Identifies callers by a file of tokens, which may be reloaded while calls come in."""

    def __init__(self, file: Path | None = None, clock: Callable[[], datetime] | None = None) -> None:
        """Read `file`; without one no token is asked for. `clock` gives the time. Raises `WrongTokens`."""
        self._file = file
        self._now = clock or (lambda: datetime.now(UTC))
        self._callers = read_callers(file) if file else None
        self._watches: set[_Watch] = set()

    def reload(self) -> None:
        """Reload the file; where it is wrong, the tokens of before stay. Raises `WrongTokens`.

        Calls inside `while_allowed` whose token is gone, or has lost its role, end.
        """
        if self._file is not None:
            self._callers = read_callers(self._file)
            for watch in self._watches:
                watch.limit.reschedule(self._ends(watch))

    @asynccontextmanager
    async def while_allowed(self, method: str, metadata: Iterable[tuple[str, str | bytes]]) -> AsyncIterator[None]:
        """A context whose body is cancelled once its token has expired or was removed.

        Raises `Refused` then, with the status of `judge`.
        """
        watch = _Watch(method, tuple(metadata), asyncio.timeout(None))
        try:
            async with watch.limit:
                watch.limit.reschedule(self._ends(watch))
                self._watches.add(watch)
                yield
        except TimeoutError:
            if not watch.limit.expired():
                raise
            judged = self.judge(method, watch.metadata)
            ended = refused(Refusal.TOKEN_EXPIRED, "the token has expired")
            raise Refused(judged if isinstance(judged, Status) else ended) from None
        finally:
            self._watches.discard(watch)

    def _ends(self, watch: _Watch) -> float | None:
        """When a call has to end, by the event loop's clock; None where its token does not expire."""
        now = asyncio.get_running_loop().time()
        judged = self.judge(watch.method, watch.metadata)
        if isinstance(judged, Status):
            return now
        return None if judged.expires is None else now + (judged.expires - self._now()).total_seconds()

    def judge(self, method: str, metadata: Iterable[tuple[str, str | bytes]]) -> Caller | Status:
        """The caller of `/package.Service/Method`, or the refusal: UNAUTHENTICATED, PERMISSION_DENIED."""
        service, name = method.rpartition(".")[2].split("/")
        needed = frozenset({Role.RULES_WRITE}) if name in _WRITING else _ROLES.get(service, frozenset(Role))
        caller = ANYONE if self._callers is None else _caller(self._callers, metadata)
        if caller is None:
            said = "expected metadata `authorization: Bearer TOKEN` with a known token"
            return refused(Refusal.UNKNOWN_TOKEN, said)
        if caller.expires is not None and caller.expires <= self._now():
            return refused(Refusal.TOKEN_EXPIRED, f"the token of {caller.subject} expired on {moment(caller.expires)}")
        if caller.roles & needed:
            return caller
        if caller is ANYONE:
            said = "this method changes rules and needs a service with tokens; start the service with --tokens"
            return refused(Refusal.TOKENS_NEEDED, said)
        said = f"{caller.subject} has the roles {_listed(caller.roles)}; expected {' or '.join(sorted(needed))}"
        return refused(Refusal.ROLE_MISSING, said)

    def subject_of(self, metadata: Iterable[tuple[str, str | bytes]]) -> str:
        """The subject of a call's token, for the log; `UNKNOWN` where the token is not known."""
        if self._callers is None:
            return ANYONE.subject
        caller = _caller(self._callers, metadata)
        return UNKNOWN if caller is None else caller.subject


class _Watch:
    """A running call that ends when its token expires or is removed, and how to end it."""

    def __init__(self, method: str, metadata: tuple[tuple[str, str | bytes], ...], limit: asyncio.Timeout) -> None:
        self.method, self.metadata, self.limit = method, metadata, limit


def read_callers(file: Path) -> Mapping[str, Caller]:
    """The callers of a file by the hash of their token. Raises `WrongTokens`."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongTokens(f"{file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongTokens(f"{file}: the file is not TOML: {error}") from error
    entries = content.get("token", [])
    if set(content) - {"token"} or not isinstance(entries, list) or not entries:
        raise WrongTokens(f"{file}: expected only [[token]] tables")
    callers: dict[str, Caller] = {}
    for number, entry in enumerate(entries, start=1):
        digest, caller = _entry(f"{file}: token {number}", entry)
        if digest in callers:
            raise WrongTokens(f"{file}: token {number}: an earlier token has the same sha256")
        callers[digest] = caller
    return callers


def _entry(place: str, entry: object) -> tuple[str, Caller]:
    """One table of the file."""
    if not isinstance(entry, dict) or set(entry) - _MAYBE != _KEYS:
        found = ", ".join(sorted(entry)) if isinstance(entry, dict) else type(entry).__name__
        expected = f"{', '.join(sorted(_KEYS))}, and expires if the token ends"
        raise WrongTokens(f"{place}: found {found or 'nothing'}; expected {expected}")
    subject, roles, digest, expires = entry["subject"], entry["roles"], entry["sha256"], entry.get("expires")
    if not isinstance(subject, str) or not subject.strip():
        raise WrongTokens(f"{place}: found subject {subject!r}; expected a name")
    if not isinstance(roles, list) or not roles or any(role not in list(Role) for role in roles):
        raise WrongTokens(f"{place}: found roles {roles!r}; expected some of {_listed(Role)}")
    if not isinstance(digest, str) or not _HASH.fullmatch(digest):
        raise WrongTokens(f"{place}: found sha256 {digest!r}; expected the 64 hexadecimal digits of `camcover token`")
    if expires is not None and (not isinstance(expires, datetime) or expires.tzinfo is None):
        raise WrongTokens(
            f"{place}: found expires {expires}; expected a time with its zone, such as 2026-12-31T18:00:00Z"
        )
    return digest, Caller(subject, frozenset(map(Role, roles)), expires)


def _caller(callers: Mapping[str, Caller], metadata: Iterable[tuple[str, str | bytes]]) -> Caller | None:
    """The caller whose token the metadata holds."""
    for key, value in metadata:
        if key == "authorization" and isinstance(value, str) and value.lower().startswith(_SCHEME):
            return callers.get(token_hash(value[len(_SCHEME) :].strip()))
    return None


def _listed(roles: Iterable[Role]) -> str:
    return ", ".join(sorted(roles))
