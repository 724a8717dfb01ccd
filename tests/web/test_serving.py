"""What all pages have in common: headers, languages, forms that are none, files, and pages beside the methods."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from camcover.api.figures import CALLS, CASES, REFUSALS
from camcover.api.pools import Pool
from camcover.api.rates import Rates
from camcover.api.server import Server, Settings, Storage
from camcover.engine import Tables
from camcover.http.app import application
from camcover.web import static_files
from camcover.web.app import Pages, PageSettings, Run
from camcover.workflow.rules_in_force import RulesInForce
from web.conftest import at_once, client_of
from web.reading import read
from web.slow_client import Slow
from web.test_care_page import NEEDLES

VENDORED = {
    "htmx.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "public-sans.woff2": "5ed4d31c988e73b258894244f209069ebe77dc7e564861954b21198b6de90d68",
}
"""Files of others, as their npm packages have them (service/camcover/web/static/NOTICE.md)."""

PAGES = ["", "plan", "coverage", "compare", "cheaper", "help"]


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_is_kept_framed_or_runs_what_is_not_ours(site: httpx.AsyncClient, path: str) -> None:
    headers = (await site.get(f"/en/{path}")).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    rules = dict(each.strip().partition(" ")[::2] for each in headers["content-security-policy"].split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["form-action"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert "set-cookie" not in headers


async def test_no_address_holds_what_was_entered(site: httpx.AsyncClient) -> None:
    answer = await site.post("/en/plan", data=NEEDLES)
    for _, each in read(answer.text).tags:
        for name in ("href", "action", "formaction", "src", "hx-post"):
            assert "?" not in each.get(name, "")
        assert not {"style", "onclick", "onload"} & each.keys()
    assert "<style" not in answer.text


async def test_every_label_and_message_has_its_field(site: httpx.AsyncClient) -> None:
    page = read((await site.post("/en/plan", data=NEEDLES | {"age": "x"})).text)
    ids = [each["id"] for _, each in page.tags if "id" in each]
    assert len(ids) == len(set(ids))
    for tag, each in page.tags:
        if tag == "label":
            assert each["for"] in ids
        for name in ("aria-describedby", "aria-labelledby"):
            assert set(each.get(name, "").split()) <= set(ids)
        if tag in {"input", "select"}:
            assert each["id"] in [other.get("for") for kind, other in page.tags if kind == "label"]


@pytest.mark.parametrize(
    ("asked", "given"),
    [("es-MX,es;q=0.9,en;q=0.8", "es"), ("en-GB", "en"), ("fr,es;q=0.5", "es"), ("tlh", "en"), ("", "en"), ("*", "en")],
)
async def test_a_reader_is_led_to_their_language(site: httpx.AsyncClient, asked: str, given: str) -> None:
    answer = await site.get("/", headers={"Accept-Language": asked})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/{given}/")
    assert answer.headers["vary"] == "Accept-Language"


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"plan=x", "application/json", "We could not read this form"),
        (b"plan=\xff", "application/x-www-form-urlencoded", "We could not read this form"),
        (b"plan=%ff", "application/x-www-form-urlencoded", "We could not read this form"),
        (b"a=b&" * 500, "application/x-www-form-urlencoded", "We could not read this form"),
        (b"a" * 70_000, "application/x-www-form-urlencoded", "We could not read this form"),
    ],
)
async def test_what_is_no_form_is_refused(site: httpx.AsyncClient, content: bytes, kind: str, said: str) -> None:
    answer = await site.post("/en/plan", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert said in read(answer.text).texts


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://pages.example"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_forms_of_other_sites_are_refused(site: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    assert (await site.post("/en/plan", data=NEEDLES, headers=headers)).status_code == status


@pytest.mark.parametrize(("path", "said"), [("/es/nada", "No existe esta página"), ("/xx", "There is no such page")])
async def test_an_unknown_page_says_so_in_the_readers_language(site: httpx.AsyncClient, path: str, said: str) -> None:
    answer = await site.get(path)
    assert answer.status_code == 404
    assert said in read(answer.text).texts


async def test_without_rules_the_page_says_so() -> None:
    async with client_of(None) as client:
        answer = await client.get("/es/")
    assert answer.status_code == 503
    assert "Todavía no hay precios" in read(answer.text).texts


async def test_files_are_named_by_what_they_hold(site: httpx.AsyncClient) -> None:
    page = (await site.get("/en/")).text
    names = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(set(names)) >= 4
    for name in set(names):
        answer = await site.get(name)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await site.get(f"{static_files.prefix()}/passwd")).status_code == 404


@pytest.mark.parametrize("name", VENDORED)
def test_files_of_others_are_as_their_packages_have_them(name: str) -> None:
    data = (Path(static_files.__file__).parent / "static" / name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == VENDORED[name]


# Beside the methods


async def test_pages_stand_beside_the_methods_and_are_counted(small: Tables) -> None:
    """A form of ours is no call of a foreign page; the methods still refuse those. What drains says so."""
    rules = RulesInForce(small)
    server = Server(rules, Storage(), Settings(drain_seconds=0.0))
    app = application(server, pages=Pages(rules, PageSettings(), server.pages.run))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pages.example") as client:
        answer = await client.post("/en/plan", data=NEEDLES, headers={"Origin": "http://pages.example"})
        assert "$128.00" in answer.text
        assert [each for each, _ in server.measures.spreads(CALLS)] == [("/en/plan", "OK")]
        foreign = await client.get("/v1/plans", headers={"Origin": "http://pages.example"})
        assert foreign.status_code == 403
        assert (await client.get("/en/unknown")).status_code == 404
        assert len(server.measures.spreads(CALLS)) == 1
        await server.admission.end(0.0)
        refused = await client.post("/es/plan", data=NEEDLES)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert "Inténtelo de nuevo en un momento" in read(refused.text).texts
    server.pages.close()


def beside_methods(rules: Tables, run: Run | None = None) -> tuple[Server, httpx.AsyncClient]:
    """A server and a client at 10.0.0.7 of its methods and pages. One origin may show `/embed`."""
    in_force = RulesInForce(rules)
    server = Server(in_force, Storage(), Settings(drain_seconds=0.0))
    made = Pages(in_force, PageSettings(frames=("https://portal.example",)), run or server.pages.run)
    transport = httpx.ASGITransport(application(server, pages=made), client=("10.0.0.7", 51234))
    return server, httpx.AsyncClient(transport=transport, base_url="http://pages.example")


async def test_a_reader_and_their_calls_are_counted_as_one(small: Tables) -> None:
    """One call in ten seconds, by a clock that stands still: after a look at the catalog no page is made."""
    server, client = beside_methods(small)
    server.admission.rates = Rates(0.1, 1, lambda: 100.0)
    with capture_logs() as lines:
        async with client:
            assert (await client.get("/v1/plans")).status_code == 200
            refused = await client.get("/embed/es")
            assert (await client.get("/es/nada")).status_code == 429
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
    assert ("/embed/es", "RESOURCE_EXHAUSTED") in [each for each, _ in server.measures.spreads(CALLS)]
    assert "/es/nada" not in {path for (path, _), _ in server.measures.spreads(CALLS)}
    assert server.measures.values(REFUSALS) == [(("RATE_EXCEEDED",), 2.0)]
    assert [(each["path"], each["status"]) for each in lines if each["event"] == "page"] == [("/embed/es", 429)]


async def test_a_refusal_in_a_frame_is_shown_there_in_the_language_of_its_path(small: Tables) -> None:
    server, client = beside_methods(small)
    server.admission.rates = Rates(0.1, 5, lambda: 100.0)
    form = "application/x-www-form-urlencoded"
    async with client:
        answers = [
            await client.post("/embed/es", content=b"a" * 70_000, headers={"Content-Type": form}),
            await client.post("/embed/es", content=b"{}", headers={"Content-Type": "application/json"}),
            await client.post("/embed/es", data=NEEDLES, headers={"Origin": "https://portal.example"}),
            await client.put("/embed/es"),
            await client.get("/embed/es/nada"),
            await client.get("/embed/es"),
        ]
    assert [each.status_code for each in answers] == [400, 400, 403, 405, 404, 429]
    for answer in answers:
        page = read(answer.text)
        assert page.language == "es"
        assert answer.headers["content-security-policy"].endswith("frame-ancestors https://portal.example")
        # A link to a page that may not be framed would leave the frame blank.
        assert [each["href"] for tag, each in page.tags if tag == "a"] == ["/embed/es"]


async def test_a_page_that_finds_no_thread_asks_to_try_again(small: Tables) -> None:
    server, client = beside_methods(small, Pool("pages", 1, most_waiting=0).run)
    async with client:
        refused = await client.get("/en/")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert "Please try again in a moment" in read(refused.text).texts
    assert [each for each, _ in server.measures.spreads(CALLS)] == [("/en/", "RESOURCE_EXHAUSTED")]


async def test_a_page_tells_the_figures_of_its_estimate(small: Tables) -> None:
    server, client = beside_methods(small)
    async with client:
        await client.post("/en/plan", data=NEEDLES)
    server.pages.close()
    ((_, cases),) = server.measures.spreads(CASES)
    assert sum(cases.counts) > 0


# Forms that do not come


def hasty(rules: Tables) -> Pages:
    """Pages whose forms have no time at all."""
    return Pages(RulesInForce(rules), PageSettings(form_seconds=0.0), at_once)


async def test_a_form_that_does_not_come_is_not_waited_for(small: Tables) -> None:
    status, headers = await Slow(None).post(hasty(small), "/en/plan")
    assert (status, headers[b"connection"]) == (408, b"close")


async def test_a_client_that_leaves_before_its_form_has_come_is_no_fault(small: Tables) -> None:
    status, _ = await Slow({"type": "http.disconnect"}).post(hasty(small), "/en/plan")
    assert status == 400


async def test_without_pages_their_paths_are_unknown(small: Tables) -> None:
    app = application(Server(RulesInForce(small), Storage(), Settings()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pages.example") as client:
        assert (await client.get("/en/")).json()["code"] == "unimplemented"
