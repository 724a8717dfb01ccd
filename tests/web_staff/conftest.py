"""The pages for staff over three releases in a database, and people who sign in to them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from camcover.api.access import Access
from camcover.api.staff_door import StaffDoor
from camcover.api.stored_lookup import StoredEstimateDesk
from camcover.rulebook import load_texts
from camcover.store import Database, EstimateStore, ReleaseStore, estimate_store, open_database
from camcover.web.staff.app import StaffPages
from camcover.web.staff.visits import StaffSite
from camcover.workflow.activation import Decision, activate, active_release
from camcover.workflow.publishing import prepare, publish
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from small_rules import COPAY_PLAN, SHARE_PLAN, TEXTS
from web.reading import Page, read

HOST = "https://staff.example"
DATABASE, TOKENS = "staff.sqlite", "tokens.toml"
ROLES = {
    "ana": '["rules.write"]',
    "ben": '["rules.write", "estimate"]',
    "rita": '["rules.read"]',
    "eve": '["estimate"]',
    "pam": '["rules.write"]\npayers = ["another"]',
}
"""The roles of each person, whose token is the name."""


def entry(name: str, roles: str, more: str = "") -> str:
    """The entry of a person in the file of tokens."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f'[[token]]\nsubject = "{name}"\nsha256 = "{digest}"\nroles = {roles}\n{more}\n'


@dataclass
class Office:
    """The pages, their database and their people; `clock` is what they take for now."""

    database: Database
    store: ReleaseStore
    releases: ReleaseRules
    rules: RulesInForce
    access: Access
    tokens: Path
    ids: tuple[str, str, str]
    estimates: EstimateStore
    clock: datetime = field(default_factory=lambda: datetime.now(UTC))
    site: StaffSite = field(init=False)

    def __post_init__(self) -> None:
        """Put the site together: all work is done at once."""
        desk = StoredEstimateDesk(self.rules, self.estimates)
        door = StaffDoor(self.access)
        self.site = StaffSite(self.rules, self.releases, door, desk, at_once, at_once, now=lambda: self.clock)

    def people(self, roles: dict[str, str], more: str = "") -> None:
        """Write the file of tokens anew, and have it read."""
        self.tokens.write_text("".join(entry(name, each, more) for name, each in roles.items()), encoding="utf-8")
        self.access.reload()

    def put_live(self, release: str, actor: str = "ben", reason: str = "agreed") -> None:
        """Make a release the active one, here and in the database."""
        activate(self.releases, release, Decision(actor, reason))
        self.rules.activate(self.releases.tables(release))

    def active(self) -> str | None:
        """The active release of the database."""
        return active_release(self.store)


@dataclass
class Desk:
    """A browser of one person."""

    client: httpx.AsyncClient

    async def get(self, path: str, status: int = 200) -> Page:
        """A page below /staff."""
        answer = await self.client.get(f"/staff{path}")
        assert answer.status_code == status, answer.text
        return read(answer.text)

    async def post(self, path: str, data: dict[str, Any], **headers: str) -> httpx.Response:
        """What a form of the page at `path` gets, with the proof that the page has."""
        sent = {"Origin": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(f"/staff{path}", data=data, headers=sent)

    async def proof(self) -> str:
        """What the forms of this session send with them."""
        return (await self.get("/releases")).fields("proof")[0]["value"]

    async def sign_in(self, token: str, to: str = "/staff") -> httpx.Response:
        """Sign in."""
        return await self.post("/sign-in", {"token": token, "to": to})


async def at_once(work: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """Run work here and now."""
    return work(*given, **named)


def made_office(folder: Path) -> tuple[str, str, str]:
    """Make a database and a file of tokens in a folder: three releases by ana, with a copay of 20, 30 and 40 dollars.

    The first two were put live by ben, one after the other.
    """
    (folder / "compiled").mkdir()
    (folder / TOKENS).write_text("".join(entry(*each) for each in ROLES.items()), encoding="utf-8")
    database = open_database(new_sqlite_database(folder / DATABASE))
    store = ReleaseStore(database)
    releases, ids = ReleaseRules(store, folder / "compiled"), []
    for copay in (20, 30, 40):
        copay_plan = COPAY_PLAN.replace("copay: $20", f"copay: ${copay}")
        ready = prepare(load_texts(TEXTS | {"share.yaml": SHARE_PLAN, "copay.yaml": copay_plan}))
        ids.append(publish(store, ready, "ana", f"copay {copay}").release.id)
    for each in ids[:2]:
        activate(releases, each, Decision("ben", "agreed"))
    database.close()
    return ids[0], ids[1], ids[2]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, str, str]]:
    """A folder with all that, and the ids of its releases."""
    folder = tmp_path_factory.mktemp("office")
    return folder, made_office(folder)


@pytest.fixture
def office(tmp_path: Path, template: tuple[Path, tuple[str, str, str]]) -> Iterator[Office]:
    """A copy of the database, of which the second release answers."""
    made, ids = template
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    database = open_database(f"sqlite:///{tmp_path / DATABASE}")
    store = ReleaseStore(database)
    releases = ReleaseRules(store, tmp_path / "compiled")
    tokens = tmp_path / TOKENS
    rules = RulesInForce(releases.tables(ids[1]), releases)
    yield Office(database, store, releases, rules, Access(tokens), tokens, ids, estimate_store(database))
    database.close()


@pytest.fixture
async def desk_of(office: Office) -> AsyncIterator[Callable[..., Any]]:
    """Gives a browser in which a person has signed in; without a name nobody has."""
    async with AsyncExitStack() as stack:

        async def make(name: str = "") -> Desk:
            transport = httpx.ASGITransport(StaffPages(office.site))
            client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=HOST))
            desk = Desk(client)
            if name:
                assert (await desk.sign_in(name)).status_code == 303
            return desk

        yield make
