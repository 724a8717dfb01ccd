"""Authentication and authorisation: who calls, by a bearer token or a client certificate, and what that allows.

What comes in: the file of callers (`callers`), and a call's metadata and the names in its certificate. What goes out: a
`Caller`, or a refusal. Without a file everyone may ask for estimates and read rules, and nobody may change them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from google.rpc.status_pb2 import Status

from camcover.api.callers import ANYONE, NOBODY, Caller, WrongTokens, listed, read_callers
from camcover.api.credentials import Role, token_hash
from camcover.api.errors import Refused, refused
from camcover.api.identity import NO_NAMES, Names
from camcover.refusals import Refusal
from camcover.workflow.errors import moment

if TYPE_CHECKING:
    from camcover.api.access_tokens import AccessTokens  # it imports joserfc, a package of an extra

__all__ = ["ANYONE", "CALLER", "Access", "Caller", "Metadata", "WrongTokens"]

Metadata = Iterable[tuple[str, str | bytes]]
"""The metadata of a call, its keys in lower case: of HTTP the headers."""

_SCHEME = "bearer "

UNKNOWN = "unknown"
"""The log's name for a caller whose token is not known."""

CALLER: ContextVar[Caller] = ContextVar("caller", default=ANYONE)
"""The caller of the method that runs."""

_WRITING = {
    "PublishRelease",
    "ActivateRelease",
    "SwitchFourEyes",
    "CreateDraft",
    "SaveDraft",
    "CommentDraft",
    "ProposeDraft",
    "DecideDraft",
    "PublishDraft",
    "WithdrawDraft",
}
_ROLES = {
    "EstimateService": frozenset({Role.ESTIMATE}),
    "CatalogService": frozenset({Role.ESTIMATE, Role.RULES_READ, Role.RULES_WRITE}),
    "RuleService": frozenset({Role.RULES_READ, Role.RULES_WRITE}),
}


class Access:
    """Identifies callers by a file, which may be reloaded while calls come in, and by an identity provider."""

    def __init__(
        self,
        file: Path | None = None,
        clock: Callable[[], datetime] | None = None,
        access_tokens: AccessTokens | None = None,
    ) -> None:
        """Read `file`; without it and without `access_tokens` no token is asked for. `clock` gives the time.

        Raises `WrongTokens`.
        """
        self._file = file
        self._now = clock or (lambda: datetime.now(UTC))
        self._callers = read_callers(file) if file else NOBODY
        self._access_tokens = access_tokens
        self._asks = file is not None or access_tokens is not None
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
    async def while_allowed(self, method: str, metadata: Metadata, names: Names = NO_NAMES) -> AsyncIterator[None]:
        """A context whose body is cancelled once its token has expired or was removed.

        Raises `Refused` then, with the status of `judge`.
        """
        watch = _Watch(method, tuple(metadata), names, asyncio.timeout(None))
        try:
            async with watch.limit:
                watch.limit.reschedule(self._ends(watch))
                self._watches.add(watch)
                yield
        except TimeoutError:
            if not watch.limit.expired():
                raise
            judged = self.judge(method, watch.metadata, watch.names)
            ended = refused(Refusal.TOKEN_EXPIRED, "the token has expired")
            raise Refused(judged if isinstance(judged, Status) else ended) from None
        finally:
            self._watches.discard(watch)

    def _ends(self, watch: _Watch) -> float | None:
        """When a call has to end, by the event loop's clock; None where its token does not expire."""
        now = asyncio.get_running_loop().time()
        judged = self.judge(watch.method, watch.metadata, watch.names)
        if isinstance(judged, Status):
            return now
        return None if judged.expires is None else now + (judged.expires - self._now()).total_seconds()

    async def prepare(self, metadata: Metadata) -> None:
        """Fetch what judging a call may need: the keys of the identity provider, where its token names another one.

        To be awaited before `judge`; it waits only where such a question is due.
        """
        token = _bearer_token(metadata)
        if self._access_tokens is not None and token and token_hash(token) not in self._callers.tokens:
            await self._access_tokens.prepare(token)

    def judge(self, method: str, metadata: Metadata, names: Names = NO_NAMES) -> Caller | Status:
        """The caller of `/package.Service/Method`, or the refusal: UNAUTHENTICATED, PERMISSION_DENIED, UNAVAILABLE.

        `names`: those in the client certificate. They count where the call has no `authorization`.
        """
        service, name = method.rpartition(".")[2].split("/")
        needed = frozenset({Role.RULES_WRITE}) if name in _WRITING else _ROLES.get(service, frozenset(Role))
        caller = self._ended(self._identified(metadata, names))
        if isinstance(caller, Status):
            return caller
        if caller.roles & needed:
            return caller
        if caller is ANYONE:
            said = "this method changes rules and needs a service with tokens; start the service with --tokens"
            return refused(Refusal.TOKENS_NEEDED, said)
        said = f"{caller.subject} has the roles {listed(caller.roles)}; expected {' or '.join(sorted(needed))}"
        return refused(Refusal.ROLE_MISSING, said)

    def subject_of(self, metadata: Metadata, names: Names = NO_NAMES) -> str:
        """The subject of a call's token or certificate, for the log; `UNKNOWN` where it is not known."""
        caller = self._identified(metadata, names)
        return UNKNOWN if isinstance(caller, Status) else caller.subject

    async def caller_of(self, token: str) -> Caller | Status:
        """The caller whom a bearer token stands for now, or why it stands for none."""
        metadata = (("authorization", f"{_SCHEME}{token}"),)
        await self.prepare(metadata)
        return self._ended(self._identified(metadata, NO_NAMES))

    def listed(self, hashed: str) -> Caller | Status:
        """The caller whose token has this hash in the file now, or why there is none."""
        found = self._callers.tokens.get(hashed)
        return refused(Refusal.UNKNOWN_TOKEN, "the file has no such token") if found is None else self._ended(found)

    def all_listed(self) -> tuple[Caller, ...]:
        """The callers of the file, in its order: those with tokens, then those with certificates."""
        return (*self._callers.tokens.values(), *self._callers.certificates.values())

    @property
    def asks(self) -> bool:
        """Whether callers are asked who they are."""
        return self._asks

    @property
    def access_tokens(self) -> AccessTokens | None:
        """What judges the tokens of the identity provider, if there is one."""
        return self._access_tokens

    @property
    def knows_certificates(self) -> bool:
        """Whether callers may be known by the names in their certificates."""
        return bool(self._callers.certificates)

    def _ended(self, caller: Caller | Status) -> Caller | Status:
        """The same, but the refusal of a caller whose token has expired."""
        if isinstance(caller, Status) or caller.expires is None or caller.expires > self._now():
            return caller
        return refused(Refusal.TOKEN_EXPIRED, f"the token of {caller.subject} expired on {moment(caller.expires)}")

    def _identified(self, metadata: Metadata, names: Names) -> Caller | Status:
        """Who calls, or why that is not known."""
        if not self._asks:
            return ANYONE
        token = _bearer_token(metadata)
        if token is None:
            known = self._callers.certificates
            found = next((caller for name, caller in known.items() if name in names), None)
        else:
            found = self._callers.tokens.get(token_hash(token))
        if found is not None:
            return found
        if token and self._access_tokens is not None:
            return self._access_tokens.caller(token)
        return refused(Refusal.UNKNOWN_TOKEN, self._expected())

    def _expected(self) -> str:
        """What was expected of a caller that is not known."""
        said = "expected metadata `authorization: Bearer TOKEN` with a known token"
        return f"{said}, or the client certificate of a known caller" if self.knows_certificates else said


class _Watch:
    """A running call, and how to end it once its token expires or is removed."""

    def __init__(
        self, method: str, metadata: tuple[tuple[str, str | bytes], ...], names: Names, limit: asyncio.Timeout
    ) -> None:
        self.method, self.metadata, self.names, self.limit = method, metadata, names, limit


def _bearer_token(metadata: Metadata) -> str | None:
    """The bearer token in a call's metadata; None without `authorization`, empty where that is something else."""
    for key, value in metadata:
        if key == "authorization":
            is_bearer = isinstance(value, str) and value.lower().startswith(_SCHEME)
            return str(value)[len(_SCHEME) :].strip() if is_bearer else ""
    return None
