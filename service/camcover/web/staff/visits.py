"""What a page for staff is made of: the site that it belongs to, and who asks for it with what.

A page is an entry of a table (`StaffPage`): its path, what shows it, what its form does, and the role that the form
needs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from cachetools import LRUCache
from starlette.responses import Response

from camcover.web.forms import FORM_SECONDS, MOST_BYTES
from camcover.workflow.estimates_at_hand import EstimateDesk
from camcover.workflow.following import Following
from camcover.workflow.impact.job_files import ImpactOrder, ImpactState
from camcover.workflow.payers import active_files, check_payers, touched
from camcover.workflow.release_history import History, Ledger
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.roles import Role
from camcover.workflow.rules_in_force import RulesInForce
from camcover.workflow.staff_sessions import KnownTokens, SignedIn, StaffPerson

__all__ = [
    "LONGEST_REASON",
    "SAY_WHY",
    "Does",
    "Impacts",
    "Runs",
    "SignInProvider",
    "StaffEntrance",
    "StaffPage",
    "StaffSite",
    "Visit",
    "whole_number",
]

LONGEST_REASON = 500
"""Characters of the reason of a decision."""

SAY_WHY = "Say why: the audit log keeps it."
"""To a form without the reason that it needs."""

MOST_KEPT = 64
"""Answers about releases that are kept."""

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Runs(Protocol):
    """Runs work elsewhere: in a thread, or in another process, where all values can be pickled."""

    def __call__(
        self, work: Callable[Parameters, Result], *given: Parameters.args, **named: Parameters.kwargs
    ) -> Awaitable[Result]:
        """What `work` gives. Raises what it raises."""


class StaffEntrance(KnownTokens, Protocol):
    """Who may come in, and how a failure is told."""

    def people(self) -> tuple[StaffPerson, ...]:
        """Everybody whom the file of tokens names, without their tokens."""

    def refusal(self, error: Exception) -> tuple[int, str] | None:
        """The status of HTTP and the words for a failure that callers may be told of; None for a fault of ours."""


class SignInProvider(Protocol):
    """An identity provider by which staff sign in. `secret`: of one browser; `back`: the path of its return."""

    async def address(self, secret: str, back: str) -> str:
        """Where the browser goes. Raises a refusal where the provider is away."""

    async def leaving(self, back: str) -> str:
        """Where the browser goes to sign out at the provider; empty where it cannot."""

    def is_own(self, secret: str, state: str, issuer: str) -> bool:
        """Whether a browser comes back from the sign-in that it began itself."""

    async def person(self, secret: str, code: str, back: str) -> StaffPerson | None:
        """Whom the provider names; None for nobody who counts here. Raises a refusal where the provider is away."""


class Impacts(Protocol):
    """Works out in the background what a change does to a book of members."""

    @property
    def book(self) -> Path | None:
        """The file of the operator's book, if one is named."""

    def state(self, key: str) -> ImpactState | None:
        """How far a job is, or what came of it; None where there is none."""

    def begin(self, order: ImpactOrder) -> None:
        """Begin a job, unless it is there already. Raises a refusal where too many wait."""

    def cancel(self, key: str) -> None:
        """Wish that a job end."""


@dataclass(frozen=True, slots=True)
class StaffSite:
    """What the pages for staff stand on.

    `estimates` looks stored estimates up. `look` runs what asks the database, in a thread; `work` what reads rule
    files, in another process. `following` tells how well this process follows the database; `now` is the time in UTC.
    `form_seconds`: how long a form may take to come.
    `kept`: answers about releases that took long; a release never changes. `impacts`: None where none are worked out.
    `provider`: None where tokens alone let in.
    """

    rules: RulesInForce
    releases: ReleaseRules
    door: StaffEntrance
    estimates: EstimateDesk
    look: Runs
    work: Runs
    following: Callable[[], Following] = lambda: Following.AT_ONE
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    form_seconds: float = FORM_SECONDS
    kept: MutableMapping[Hashable, Any] = field(default_factory=lambda: LRUCache(MOST_KEPT))
    impacts: Impacts | None = None
    provider: SignInProvider | None = None

    async def read(
        self,
        work: Callable[Concatenate[Ledger, Parameters], Result],
        *given: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        """What `work` finds in the ledger of the database. Raises `StoreUnavailable`."""

        def found() -> Result:
            """The work, on a ledger of its own."""
            with self.releases.store.reading() as ledger:
                return work(ledger, *given, **named)

        return await self.look(found)

    async def once(self, key: Hashable, make: Callable[[], Awaitable[Result]]) -> Result:
        """What `make` gives, worked out once while it is kept: `key` names something that never changes."""
        if key not in self.kept:
            self.kept[key] = await make()
        made: Result = self.kept[key]
        return made


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who is signed in.

    `path`: the words of the address that stand for something, such as a release's id; `query`: what stands behind its
    question mark; `form`: the fields that were sent, each with all its values, untrusted texts; `proof`: what each form
    of ours has to send with it; `history`: what the database says of its active release.
    """

    site: StaffSite
    signed_in: SignedIn
    proof: str
    history: History
    here: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def person(self) -> StaffPerson:
        """Who asks."""
        return self.signed_in.person

    def sent(self, name: str, most: int = 1_000) -> str:
        """The text of one field, without blanks around it and cut to `most` characters; empty where it was not sent."""
        return (self.form.get(name) or ("",))[0].strip()[:most]

    def asked(self, name: str, most: int = 200) -> str:
        """The same of the address."""
        return self.query.get(name, "").strip()[:most]

    async def check_payers(self, after: Mapping[str, bytes]) -> None:
        """Raise `PayerNotAllowed` where files differ from the active release in what this person may not change."""
        person, site = self.person, self.site
        if person.payers is not None:
            _, before = await site.look(active_files, site.releases.store, person.payers, person.subject)
            check_payers(await site.work(touched, before, after), person.payers, person.subject)


def whole_number(text: str) -> int | None:
    """The number that an untrusted text of few characters is; None where it is none."""
    return int(text) if text.isascii() and text.isdecimal() else None


Does = Callable[[Visit], Awaitable[Response]]
"""What shows a page, or does what its form asks for."""


class StaffPage(NamedTuple):
    """One page: `path` below `/staff`, as Starlette writes it; `show` answers GET, `do` answers POST.

    Whoever is signed in may see a page. `needs`: the role that its form needs. `most_bytes`: of its form.
    """

    path: str
    show: Does | None = None
    do: Does | None = None
    needs: Role = Role.RULES_WRITE
    most_bytes: int = MOST_BYTES
