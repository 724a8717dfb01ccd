"""Sessions of staff in a browser: a token is shown once, and a cookie stands for it until its time is over.

The cookie is 256 random bits; the database has its hash alone, and that of the token. A session gives no more than its
token gives now: where the file of tokens no longer has it, or has other roles, that counts from the next page on. An
access token of an identity provider is not asked again; its session ends with it.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from camcover.store import ReleaseStore
from camcover.store.staff_sessions import SessionRow, StaffSessions
from camcover.workflow.roles import Role

__all__ = [
    "PROVIDED_HOURS",
    "SESSION_HOURS",
    "KnownTokens",
    "SignedIn",
    "StaffPerson",
    "begin",
    "end",
    "end_all",
    "found",
    "open_sessions",
]

SESSION_HOURS = 12
"""How long a session lasts at most; one of a token that ends before ends with it."""

PROVIDED_HOURS = 1
"""How long one of a sign-in by an identity provider lasts: so long a role counts that was taken away there."""


class StaffPerson(NamedTuple):
    """Who a token stands for.

    `token` is its SHA-256; `is_listed`: the file of tokens has it. `payers`: the ids of those whose rules the person
    may change; None means all. `expires`: when the token ends, if it does.
    """

    subject: str
    roles: frozenset[Role]
    payers: frozenset[str] | None
    expires: datetime | None
    token: str
    is_listed: bool

    def may(self, role: Role) -> bool:
        """Whether this person may do what a role allows; who may change rules may look at them, too."""
        return role in self.roles or (role is Role.RULES_READ and Role.RULES_WRITE in self.roles)

    @property
    def may_read(self) -> bool:
        """Whether this person may look at rules, releases and the log."""
        return self.may(Role.RULES_READ)

    @property
    def may_write(self) -> bool:
        """Whether this person may change which rules answer."""
        return Role.RULES_WRITE in self.roles


class KnownTokens(Protocol):
    """Who the tokens stand for that this service knows."""

    async def identified(self, token: str) -> StaffPerson | None:
        """Whom a token stands for now; None for one that is not known, or has ended."""

    def listed(self, token_hash: str) -> StaffPerson | None:
        """Whom the file of tokens has under a hash now; None where it has nobody, or the token has ended."""


class SignedIn(NamedTuple):
    """A session: who, from when, until when."""

    person: StaffPerson
    since: datetime
    until: datetime


def begin(store: ReleaseStore, person: StaffPerson, now: datetime) -> str:
    """Begin a session; gives the cookie. Raises `StoreUnavailable`."""
    cookie = secrets.token_urlsafe(32)
    until = now + timedelta(hours=SESSION_HOURS)
    row = SessionRow(
        cookie=_hash(cookie),
        token=person.token,
        subject=person.subject,
        roles=" ".join(sorted(person.roles)),
        payers=None if person.payers is None else " ".join(sorted(person.payers)),
        is_listed=person.is_listed,
        created_at=now,
        expires_at=until if person.expires is None else min(until, person.expires),
    )
    StaffSessions(store.database).add(row)
    return cookie


def found(store: ReleaseStore, cookie: str, tokens: KnownTokens, now: datetime) -> SignedIn | None:
    """The session of a cookie, with what its token gives now; None where there is none any more.

    Raises `StoreUnavailable`.
    """
    row = StaffSessions(store.database).find(_hash(cookie), now)
    return None if row is None else _signed_in(row, tokens)


def _signed_in(row: SessionRow, tokens: KnownTokens) -> SignedIn | None:
    """A session, with what its token gives now; None where that is nothing any more."""
    person = tokens.listed(row.token) if row.is_listed else _issued(row)
    if person is None or person.subject != row.subject or not person.may_read:
        return None
    return SignedIn(person, row.created_at, row.expires_at)


def end(store: ReleaseStore, cookie: str) -> None:
    """End a session. Raises `StoreUnavailable`."""
    StaffSessions(store.database).remove(_hash(cookie))


def end_all(store: ReleaseStore, subject: str) -> int:
    """End all sessions of somebody; gives how many there were. Raises `StoreUnavailable`."""
    return StaffSessions(store.database).remove_all(subject)


def open_sessions(store: ReleaseStore, tokens: KnownTokens, now: datetime) -> tuple[SignedIn, ...]:
    """The sessions that let somebody in now, by subject and beginning. Raises `StoreUnavailable`."""
    found = (_signed_in(row, tokens) for row in StaffSessions(store.database).open(now))
    return tuple(each for each in found if each is not None)


def _issued(row: SessionRow) -> StaffPerson:
    """Whom an access token stood for when it was shown."""
    payers = None if row.payers is None else frozenset(row.payers.split())
    roles = frozenset(Role(each) for each in row.roles.split())
    return StaffPerson(row.subject, roles, payers, row.expires_at, row.token, is_listed=False)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
