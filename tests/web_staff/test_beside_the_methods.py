"""The pages for staff on the port of the service: where they are, how they are counted, what a full service says."""

from __future__ import annotations

import httpx

from camcover.api.access import Access
from camcover.api.figures import CALLS
from camcover.api.server import Server, Settings, Storage
from camcover.cli.running import staff_pages_of
from camcover.http.app import application
from camcover.workflow.rules_in_force import RulesInForce
from web.reading import read
from web_staff.conftest import HOST, Desk, Office


def served(office: Office, server: Server) -> httpx.AsyncClient:
    """A client of the whole port."""
    app = application(server, staff=staff_pages_of(server, office.rules, office.access))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST)


async def test_pages_are_counted_without_what_their_paths_name(office: Office) -> None:
    server = Server(office.rules, Storage(), Settings(drain_seconds=0.0), office.access)
    async with served(office, server) as client:
        desk = Desk(client)
        await desk.sign_in("ana")
        page = await desk.get(f"/releases/{office.ids[1]}")
        assert (await client.get(next(each["href"] for tag, each in page.tags if tag == "link"))).status_code == 200
        # The file has no such release: a refusal of a use case is a page, and no fault.
        await desk.get("/releases/rules-0000000000000000", 404)
        assert [each for each, _ in server.measures.spreads(CALLS)] == [
            ("/staff/sign-in", "OK"),
            ("/staff/releases/{release}", "OK"),
            ("/staff/releases/{release}", "NOT_FOUND"),
        ]
        assert (await client.get("/en/")).json()["code"] == "unimplemented"
        await server.admission.end(0.0)
        busy = await client.get("/staff/releases")
        assert busy.status_code == 503
        assert "Too many people ask at once" in read(busy.text).text
    for pool in (server.staff[0], server.pages):
        pool.close()


async def test_a_database_that_cannot_be_used_is_told(office: Office) -> None:
    server = Server(office.rules, Storage(), Settings(drain_seconds=0.0), office.access)
    async with served(office, server) as client:
        desk = Desk(client)
        await desk.sign_in("ana")
        office.database.availability.gave_up()
        answer = await client.get("/staff/releases")
        assert answer.status_code == 503
        assert "the database cannot be reached; try again later" in read(answer.text).text
    server.staff[0].close()


async def test_without_tokens_or_a_database_there_are_no_pages_for_staff(office: Office) -> None:
    server = Server(office.rules, Storage(), Settings())
    assert staff_pages_of(server, office.rules, Access()) is None
    assert staff_pages_of(server, RulesInForce(office.rules.tables), office.access) is None
