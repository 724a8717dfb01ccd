"""P6: a plan of care that a reader keeps. Amounts are those of test_care_page.py, worked out by hand there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from structlog.testing import capture_logs

from camcover.api import page_saves
from camcover.api.errors import Refused
from camcover.api.figures import CALLS
from camcover.api.page_saves import PageSaves, request_message
from camcover.api.pools import Pool
from camcover.api.server import Server, Settings, Storage
from camcover.engine import Tables
from camcover.http.app import application
from camcover.store import Database, EstimateQuery, EstimateStore, StoreUnavailable, estimate_store, open_database
from camcover.store.errors import UnavailableReason
from camcover.store.schema import PAGES
from camcover.web.app import Pages, PageSettings
from camcover.web.asking import asked
from camcover.web.forms import form_of, pairs_of
from camcover.web.refilling import fields_to_send, refilled
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from pdf_reading import read_pdf
from small_rules import COPAY_PLAN, SHARE_PLAN, question, tables, typed
from web.conftest import TODAY, at_once, client_of
from web.reading import Page, read
from web.test_care_page import HANDS, NEEDLES

DAYS = 14


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        """Begin now: estimates get their time from the machine."""
        self.later = timedelta()

    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC) + self.later


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database of its own."""
    found = open_database(new_sqlite_database(tmp_path / "kept.sqlite"))
    yield found
    found.close()


@pytest.fixture
def store(database: Database) -> EstimateStore:
    """Where estimates are kept."""
    return estimate_store(database)


@pytest.fixture
def rules(small: Tables) -> RulesInForce:
    """The rules in force, which a test may change."""
    return RulesInForce(small)


@pytest.fixture
def clock() -> Clock:
    """The clock of what is kept."""
    return Clock()


@pytest.fixture
def saves(rules: RulesInForce, store: EstimateStore, clock: Clock) -> Iterator[PageSaves]:
    """What keeps plans of care."""
    pool = Pool("saves", 1)
    yield PageSaves(rules, store, pool, DAYS, now=clock.now)
    pool.close()


async def busy(_request: Request, error: Exception) -> Response:
    """What the port answers where work is refused."""
    assert isinstance(error, Refused)
    return PlainTextResponse(error.reason, 503)


@pytest.fixture
async def site(rules: RulesInForce, saves: PageSaves) -> AsyncIterator[httpx.AsyncClient]:
    """A client of pages that keep plans of care."""
    app = Pages(rules, PageSettings(saves=saves), at_once, lambda: TODAY)
    app.handle(Refused, busy)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pages.example") as client:
        yield client


async def kept(client: httpx.AsyncClient, form: dict[str, str] = NEEDLES, tag: str = "en") -> str:
    """The path of a plan that was kept."""
    answer = await client.post(f"/{tag}/plan/keep", data=form)
    assert answer.status_code == 303
    assert answer.headers["cache-control"] == "no-store"
    return answer.headers["location"]


def sent(page: Page) -> dict[str, str]:
    """What the button to price again sends."""
    return {each["name"]: each["value"] for tag, each in page.tags if tag == "input" and each.get("type") == "hidden"}


async def test_a_kept_plan_is_shown_as_it_was(site: httpx.AsyncClient) -> None:
    path = await kept(site)
    key = path.removeprefix("/en/e/")
    assert len(bytes.fromhex(key)) == 20
    answer = await site.get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    page = read(answer.text)
    assert page.of("total") == "You would pay about $128.00"
    assert page.of("kept").startswith("Share Plan (Example Health)")
    assert "Why $32.00?" in page.texts
    until = datetime.now(UTC).date() + timedelta(days=DAYS)
    assert f"It is kept until {until:%B} {until.day}, {until.year}." in page.texts
    assert "The rules are the same as then." in page.text
    assert "We keep what you enter here only if you ask us to." in page.texts
    spanish = read((await site.get(f"/es/e/{key}")).text)
    assert spanish.of("total") == "Usted pagaría aproximadamente $128.00"
    assert f"/es/e/{key}" in [each.get("href") for _, each in page.tags]
    assert await kept(site) != path


async def test_it_can_be_priced_again_by_the_rules_of_now(site: httpx.AsyncClient, rules: RulesInForce) -> None:
    """A coinsurance of 30% in place of 20%: 80 + 20 + 18 + 24 = $142. The rules of then are gone: their sum is left."""
    path = await kept(site)
    rules.activate(tables(share=SHARE_PLAN.replace("20%", "30%"), copay=COPAY_PLAN))
    page = read((await site.get(path)).text)
    assert "The rules have changed since. Price it again to see what you would pay now." in page.text
    assert page.of("total") == "You would pay about $128.00"
    assert "We can no longer show how this came about. Only the sum is left." in page.texts
    assert not [each for _, each in page.tags if each.get("href", "").endswith(".pdf")]
    assert (await site.get(f"{path}/letter.pdf")).status_code == 404
    again = read((await site.post("/en/plan", data=sent(page))).text)
    assert again.of("total") == "You would pay about $142.00"


async def test_its_papers_are_those_of_then(site: httpx.AsyncClient) -> None:
    path = await kept(site, HANDS)
    links = [each["href"] for _, each in read((await site.get(path)).text).tags if each.get("href", "").endswith("pdf")]
    assert links == [f"{path}/letter.pdf", f"{path}/summary.pdf"]
    first, second = [(await site.get(links[0])).content for _ in range(2)]
    assert first == second
    assert "You would pay about $40.00" in read_pdf(first).text
    assert read_pdf((await site.get(links[1])).content).title == "Summary for the primary-care provider"


async def test_a_reader_deletes_it(site: httpx.AsyncClient, store: EstimateStore) -> None:
    """tests/store/test_listing.py shows that nothing of it stays in the file."""
    path = await kept(site)
    assert (await site.post(f"{path}/delete", data={}, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await site.get(path)).status_code == 200
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await site.post(f"{path}/delete", headers=form)
    assert "The estimate is deleted" in read(answer.text).texts
    for method, place in (("GET", path), ("GET", f"{path}/letter.pdf")):
        assert (await site.request(method, place)).status_code == 404
    (left,) = store.listed(EstimateQuery(PAGES), 10)
    assert left.erased_at is not None
    row = store.by_name(left.name)
    assert row is not None
    assert (row.request, row.body, row.fingerprint, row.plan_id) == (None, None, b"", "")


@pytest.mark.parametrize("key", ["0" * 40, "0" * 39, "A" * 40, "..%2f" * 8, "%00", "é" * 40, "0" * 5000])
async def test_what_is_no_key_finds_nothing(site: httpx.AsyncClient, key: str) -> None:
    answer = await site.get(f"/en/e/{key}")
    assert answer.status_code == 404
    assert "There is no estimate here" in read(answer.text).texts or "%2f" in key
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await site.post(f"/en/e/{key}/delete", headers=form)).status_code == 404


def holds(folder: Path, text: str) -> bool:
    """Whether a file of the database has a text in it."""
    files = list(folder.glob("kept.sqlite*"))
    assert files
    return any(text.encode() in each.read_bytes() for each in files)


async def test_the_database_has_no_key_and_no_caller_gets_what_is_kept(
    site: httpx.AsyncClient, store: EstimateStore, tmp_path: Path
) -> None:
    key = (await kept(site)).rpartition("/")[2]
    assert not holds(tmp_path, key)
    (listed,) = store.listed(EstimateQuery(PAGES), 10)
    assert holds(tmp_path, listed.name)
    assert store.by_name(listed.name, "anyone") is None
    assert store.listed(EstimateQuery("anyone"), 10) == []


async def test_its_time_ends(site: httpx.AsyncClient, saves: PageSaves, clock: Clock, store: EstimateStore) -> None:
    """One is asked for after its time, the other is swept; one of today stays."""
    first, second = await kept(site), await kept(site)
    clock.later = timedelta(days=DAYS) - timedelta(minutes=1)
    assert (await site.get(first)).status_code == 200
    assert await saves.sweep() == 0
    clock.later = timedelta(days=DAYS)
    assert (await site.get(first)).status_code == 404
    assert [each.erased_at is None for each in store.listed(EstimateQuery(PAGES), 10)].count(True) == 1
    assert await saves.sweep() == 1
    assert await saves.sweep() == 0
    clock.later = timedelta()
    assert (await site.get(second)).status_code == 404


async def test_a_service_sweeps_when_it_starts(saves: PageSaves, site: httpx.AsyncClient, clock: Clock) -> None:
    path = await kept(site)
    clock.later = timedelta(days=DAYS)
    with capture_logs() as lines:
        saves.start()
        while not lines:
            await saves.find("0" * 40)
        await saves.stop()
    assert [(each["event"], each["count"]) for each in lines] == [("saved plans swept", 1)]
    clock.later = timedelta()
    assert (await site.get(path)).status_code == 404


async def test_many_plans_of_an_hour_are_refused(
    site: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, rules: RulesInForce, store: EstimateStore
) -> None:
    monkeypatch.setattr(page_saves, "_MOST_AN_HOUR", 2)
    for _ in range(2):
        await kept(site)
    assert (await site.post("/en/plan/keep", data=NEEDLES)).text == "OVERLOADED"
    assert len(store.listed(EstimateQuery(PAGES), 10)) == 2
    seconds = [0.0]
    saves = PageSaves(rules, store, Pool("saves", 1), DAYS, clock=lambda: seconds[0])
    saves._count()
    saves._count()
    with pytest.raises(Refused, match="more than 2 plans of care"):
        saves._count()
    seconds[0] = 3600.0
    saves._count()


async def test_a_database_that_is_away_is_told(
    site: httpx.AsyncClient, store: EstimateStore, monkeypatch: pytest.MonkeyPatch, saves: PageSaves
) -> None:
    path = await kept(site)

    def away(*_: object) -> None:
        raise StoreUnavailable(UnavailableReason.AWAY)

    for name in ("keep", "by_name", "listed"):
        monkeypatch.setattr(store, name, away)
    assert (await site.post("/en/plan/keep", data=NEEDLES)).text == "STORE_UNAVAILABLE"
    assert (await site.get(path)).text == "STORE_UNAVAILABLE"
    with pytest.raises(Refused):
        await saves.sweep()
    with capture_logs() as lines:
        saves.start()
        while not lines:
            with pytest.raises(Refused):
                await saves.find("0" * 40)
        await saves.stop()
    assert lines[0]["event"] == "saved plans not swept"


async def test_a_fault_leads_back_to_the_page(site: httpx.AsyncClient, store: EstimateStore) -> None:
    page = read((await site.post("/en/plan/keep", data=NEEDLES | {"visits-0": "many"})).text)
    assert page.of("fault-visits-0")
    assert (await site.post("/en/plan/keep", data=NEEDLES, headers={"Origin": "http://a.example"})).status_code == 403
    assert store.listed(EstimateQuery(PAGES), 10) == []
    assert "/en/plan/keep" in {
        each.get("formaction") for each in read((await site.post("/en/plan", data=NEEDLES)).text).fields("do")
    }


async def test_without_the_setting_nothing_can_be_kept(small: Tables) -> None:
    async with client_of(small) as client:
        assert (await client.post("/en/plan/keep", data=NEEDLES)).status_code == 404
        assert (await client.get(f"/en/e/{'0' * 40}")).status_code == 404
        page = read((await client.post("/en/plan", data=NEEDLES)).text)
    assert "/en/plan/keep" not in {each.get("formaction") for each in page.fields("do")}
    assert "We do not keep what you enter here." in page.texts


async def test_no_log_and_no_figure_has_the_key(rules: RulesInForce, saves: PageSaves) -> None:
    server = Server(rules, Storage(), Settings(drain_seconds=0.0))
    app = application(server, pages=Pages(rules, PageSettings(saves=saves), server.pages.run))
    with capture_logs() as lines:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pages.example") as client:
            path = await kept(client)
            assert (await client.get(path)).status_code == 200
            assert (await client.post(f"{path}/delete", data={"x": "y"})).status_code == 200
            assert (await client.get(path)).status_code == 404
    server.pages.close()
    paths = [each["path"] for each in lines if each["event"] == "page"]
    assert paths == ["/en/plan/keep", "/en/e/{key}", "/en/e/{key}/delete", "/en/e/{key}"]
    assert {path for (path, _), _ in server.measures.spreads(CALLS)} == set(paths)
    assert path.rpartition("/")[2] not in str(lines)


FORMS: list[dict[str, Any]] = [
    NEEDLES,
    HANDS | {"have-0": "referral", "age": "44", "state": "WA"},
    NEEDLES | {"before": "yes", "used-visits": "3", "every-0": "14", "visits-0": "1", "charge-0": "99.05"},
    {"plan": "copay-plan", "therapy-0": "massage", "therapy-1": "reiki", "visits-1": "2", "charge-1": "5"},
]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_comes_back_from_its_request(small: Tables, form: dict[str, str]) -> None:
    body = httpx.Request("POST", "http://pages.example", data=form).content
    request = asked(form_of(pairs_of(body)), small, TODAY).request
    assert request is not None
    again = refilled(request)
    assert asked(again, small, date(2026, 7, 1)).request == request
    assert form_of(list(fields_to_send(again))) == again
    assert request_message(request, "es").language == "es"


@pytest.mark.parametrize(
    "change",
    [
        lambda request: request._replace(as_of=TODAY),
        lambda request: request._replace(items=(request.items[0]._replace(diagnoses=("M54.5",)),)),
    ],
)
def test_what_no_page_asks_for_is_not_kept(change: Callable[[Any], Any]) -> None:
    request = typed(question(items=[{"therapy": "massage", "dates": ["2026-03-02"]}], as_of=""))
    request = request._replace(members=(request.members[0]._replace(id="1"),))
    assert request_message(request, "en").plan_id == "share-plan"
    with pytest.raises(ValueError, match="cannot be kept"):
        request_message(change(request), "en")
