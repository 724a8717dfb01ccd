"""The pages in Debian's chromium: axe-core finds nothing, nothing overflows, keyboard and no script are enough.

`make browser` runs them. Where chromium, Playwright or axe-core is missing they are skipped.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pdf_reading import read_pdf
from processes import address_of, end, http_of, serving
from small_rules import COPAY_PLAN, SHARE_PLAN, TEXTS
from web.test_care_page import HANDS, NEEDLES
from web.test_embed_page import PORTAL
from web_browser.conftest import DESK, IN_BROWSER, PHONES, looked_at, stays_whole_at_twice_the_size

pytestmark = IN_BROWSER

TWO = NEEDLES | {f"{name.removesuffix('0')}1": value for name, value in HANDS.items() if name.endswith("-0")}
MAY = {"may": "1", "may-later": "30", "may-tier": "in_network", "self-pay-0": "70", "visits-0": "6"}
PLANS = {"plans": "share-plan", "therapy-0": "acupuncture"}
STATES: dict[str, tuple[str, dict[str, str]]] = {
    "start": ("", {}),
    "care plan": ("plan", TWO | {"plan": "copay-plan"}),
    "faults": ("plan", NEEDLES | {"age": "old", "visits-0": "many"}),
    "coverage": ("coverage", NEEDLES),
    "compare": ("compare", PLANS),
    "ways": ("cheaper", NEEDLES | MAY),
    "help": ("help", {}),
    "frame": ("embed", NEEDLES),
    "saved": ("plan", TWO | {"plan": "copay-plan"}),
}
"""The pages as they are looked at: a path, and the form that is sent there."""


class Portal(ThreadingHTTPServer):
    """The portal of docs/examples: another origin, whose pages load the script of `service`."""

    service = ""


class PortalFiles(BaseHTTPRequestHandler):
    """The example's page and its style sheet, each with a policy that allows nothing inline."""

    def do_GET(self) -> None:
        """Answer one request."""
        name = self.path.partition("?")[0].removeprefix("/")
        if name not in {"portal.html", "portal.css"}:
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()
            return
        assert isinstance(self.server, Portal)
        text = (PORTAL.parent / name).read_text(encoding="utf-8")
        for shipped, small in (("cascade-silver", "share-plan"), ("chronic-low-back-pain", "back-pain")):
            text = text.replace(shipped, small)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html" if name.endswith("html") else "text/css")
        self.end_headers()
        self.wfile.write(text.replace("http://127.0.0.1:8080", self.server.service).encode())

    def log_message(self, *_arguments: object) -> None:
        """Nothing is logged."""


@pytest.fixture(scope="module")
def neighbour() -> Iterator[Portal]:
    """The portal, not told of the service yet."""
    with Portal(("127.0.0.1", 0), PortalFiles) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def site(neighbour: Portal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service over the small rules with both plans, which the portal may call; gives the address of its pages."""
    folder = tmp_path_factory.mktemp("rules")
    for name, text in (TEXTS | {"share.yaml": SHARE_PLAN, "copay.yaml": COPAY_PLAN}).items():
        (folder / name).write_text(text, encoding="utf-8")
    options = ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--database-url", "sqlite://"]
    options += ["--page-saves", "7"]
    for name in ("--http-origins", "--page-frames"):
        options += [name, f"http://localhost:{neighbour.server_port}"]
    with serving("--rules", folder, *options) as run:
        address_of(run)
        yield http_of(run)
        end(run)


@pytest.fixture
def portal(neighbour: Portal, site: str) -> Portal:
    """The portal, whose page shows what the service at `site` answers."""
    neighbour.service = site
    return neighbour


SEND = """
fields => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = location.href;
  for (const [name, value] of Object.entries(fields))
    form.append(Object.assign(document.createElement("input"), { name, value }));
  document.body.append(form);
  form.submit();
}
"""


KEEP = "[formaction$='/plan/keep']"
"""The button that keeps a plan of care."""


def open_page(page: Any, site: str, tag: str, state: str) -> None:
    """Bring a page into a state, sending its form as a browser does."""
    path, form = STATES[state]
    page.goto(f"{site}/embed/{tag}" if path == "embed" else f"{site}/{tag}/{path}")
    if form:
        with page.expect_navigation():
            page.evaluate(SEND, form)
    if state == "saved":
        page.locator(KEEP).click()
        page.locator("#kept").wait_for()


@pytest.mark.parametrize("tag", ["en", "es"])
@pytest.mark.parametrize("state", STATES)
def test_every_page_is_accessible_at_every_width(page: Any, site: str, state: str, tag: str) -> None:
    open_page(page, site, tag, state)
    looked_at(page, state)
    page.set_viewport_size({"width": 768, "height": 1024})
    assert page.evaluate("document.documentElement.scrollWidth") <= 768
    for width, height in (DESK, PHONES[-1]):
        page.set_viewport_size({"width": width, "height": height})
        stays_whole_at_twice_the_size(page)


@pytest.mark.parametrize("tag", ["en", "es"])
def test_a_page_that_there_is_not_is_accessible(browser: Any, site: str, tag: str) -> None:
    """The console tells its status."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}/{tag}/nowhere")
    looked_at(page)
    context.close()


def test_the_result_follows_the_keyboard(page: Any, site: str) -> None:
    """A fourth visit costs $16 more. The field keeps the focus, and the total is announced."""
    page.goto(f"{site}/en/")
    page.select_option("#plan", "share-plan")
    page.select_option("[name=therapy-0]", "acupuncture")
    page.select_option("[name=condition-0]", "back-pain")
    page.locator("form .button").press("Enter")
    page.locator("#charge-0").fill("100")
    page.locator("#practitioner-0").select_option("acupuncturist")
    page.locator("#tier-0").select_option("in_network")
    page.locator("#sum-deductible").fill("0")
    page.locator("#sum-oop_max").fill("0")
    page.locator("#first-0").fill("2026-03-02")
    with page.expect_response("**/en/plan"):
        page.locator("#before").select_option("no")
    page.locator("#before option[value=no][selected]").wait_for(state="attached")
    page.locator("#visits-0").fill("3")
    page.locator("#total", has_text="$128.00").wait_for()
    page.locator("#visits-0").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#total", has_text="$144.00").wait_for()
    page.locator("#said", has_text="You would pay about $144.00").wait_for(state="attached")
    assert page.evaluate("document.activeElement.dataset.step") == "1"
    page.locator("#visits-0").fill("none")
    page.locator("#fault-visits-0, #faults").first.wait_for()
    assert page.evaluate("document.activeElement.id") == "visits-0"


def test_an_approval_that_is_ticked_closes_the_range(page: Any, site: str) -> None:
    page.goto(f"{site}/en/plan")
    page.select_option("#plan", "copay-plan")
    page.locator("#sum-oop_max").wait_for()
    page.locator("#therapy-0").select_option("massage")
    page.locator(".todo input").wait_for()
    before = page.locator(".note").inner_text()
    page.locator(".todo input").check()
    page.locator(".todo input:checked").wait_for()
    page.get_by_text("1 of 1 done").wait_for()
    assert page.locator(".note").inner_text() != before


def test_without_script_the_form_posts_and_the_language_changes(browser: Any, site: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{site}/en/")
    page.select_option("#plan", "copay-plan")
    page.select_option("[name=therapy-0]", "massage")
    page.locator("form .button").click()
    page.locator("#total").wait_for()
    page.locator("[name=do][value=more-0]").click()
    page.locator("#visits-0[value='7']").wait_for()
    page.get_by_role("button", name="Español").click()
    page.locator("#total", has_text="Usted pagaría").wait_for()
    assert page.locator("#visits-0").input_value() == "7"
    assert "?" not in page.url
    with page.expect_download() as got:
        page.get_by_role("button", name="calendario").click()
    assert got.value.suggested_filename == "visits.ics"
    with page.expect_download() as got:
        page.get_by_role("button", name="Carta para usted").click()
    assert read_pdf(Path(got.value.path()).read_bytes()).language == "es"
    page.locator(KEEP).click()
    page.locator("#kept").wait_for()
    page.get_by_role("button", name="Calcular de nuevo").click()
    assert page.locator("#visits-0").input_value() == "7"
    page.go_back()
    page.get_by_role("button", name="Borrarla ahora").click()
    page.get_by_role("heading", name="La estimación está borrada").wait_for()
    context.close()


ASKS = {
    "plan": "share-plan",
    "therapy": "acupuncture",
    "condition": "back-pain",
    "practitioner": "acupuncturist",
    "tier": "in_network",
    "visits": "3",
    "charge": "100",
    "first": "2026-03-02",
}
"""The care of `NEEDLES`, as attributes of the element."""

SET = """
asked => {
  window.told = [];
  for (const name of ["estimate", "fault"])
    addEventListener(`camcover:${name}`, event => window.told.push([name, event.detail.word || event.detail]));
  const element = document.querySelector("camcover-estimate");
  for (const [name, value] of Object.entries(asked)) element.setAttribute(name, value);
}
"""


AGAIN = """
new Promise(done => {
  addEventListener("camcover:fault", event => done(event.detail.word), { once: true });
  document.querySelector("camcover-estimate").setAttribute("visits", "4");
})
"""


def open_portal(page: Any, portal: Portal, asked: dict[str, str], host: str = "localhost") -> Any:
    """The portal's page, whose element asks for `asked`; gives the element."""
    page.goto(f"http://{host}:{portal.server_port}/portal.html")
    page.evaluate(SET, asked)
    return page.locator("camcover-estimate")


@pytest.mark.parametrize(
    ("tag", "total", "covered"),
    [
        ("en", "You would pay about $128.00", "3 of 3 visits are covered."),
        ("es-MX", "Usted pagaría aproximadamente $128.00", "3 de 3 visitas están cubiertas."),
    ],
)
def test_a_portal_of_another_origin_shows_the_cost(
    page: Any, portal: Portal, tag: str, total: str, covered: str
) -> None:
    """$80, $32 and $16, as the care plan page has it; the same cents as the event, and the disclosure of the answer."""
    element = open_portal(page, portal, ASKS | {"lang": tag})
    element.get_by_text(covered).wait_for()
    assert " ".join(element.get_by_role("status").inner_text().split()) == total
    name, estimate = page.evaluate("window.told.at(-1)")
    assert (name, estimate["totals"]["patient_cents"], estimate["language"]) == ("estimate", 128_00, tag[:2])
    low, high = (f"${estimate['range'][name] / 100:,.2f}" for name in ("low_cents", "high_cents"))
    assert element.get_by_text(re.compile(rf"{re.escape(low)} \w+ {re.escape(high)}\.")).is_visible()
    assert element.get_by_text(estimate["notices"][0]["text"]).is_visible()
    assert not page.get_by_text("Ask us what it costs").is_visible()
    looked_at(page, tag)


@pytest.mark.parametrize(
    ("asked", "word", "said"),
    [
        ({"therapy": " "}, "web-element-not-set", "This page does not say for which plan and which care."),
        ({"visits": "61"}, "web-error-visits", "Give a number of visits from 1 to 60."),
        ({"charge": "$1.5k"}, "web-error-amount", "Give an amount of dollars such as 120.50."),
    ],
)
def test_the_element_says_what_is_wrong_before_it_asks(
    page: Any, portal: Portal, asked: dict[str, str], word: str, said: str
) -> None:
    element = open_portal(page, portal, ASKS | asked)
    element.get_by_role("status").get_by_text(said).wait_for()
    assert page.evaluate("window.told.at(-1)") == ["fault", word]
    page.evaluate(SET, ASKS)
    element.get_by_text("$128.00").wait_for()


def test_the_element_says_what_the_service_refuses(browser: Any, portal: Portal) -> None:
    """A plan that there is not; and a page of an origin that the settings do not name, which may try again."""
    context = browser.new_context()
    page = context.new_page()
    element = open_portal(page, portal, ASKS | {"plan": "nobodys-plan"})
    element.get_by_text("We have no cost for this plan and this care.").wait_for()
    element = open_portal(page, portal, ASKS, host="127.0.0.1")
    element.get_by_text("We could not work out the cost.").wait_for()
    with page.expect_request("**/v1/estimates"):
        element.get_by_role("button", name="Try again").click()
    element.get_by_text("We could not work out the cost.").wait_for()
    context.close()


def test_without_words_the_portals_own_text_stays(browser: Any, portal: Portal) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route("**/embed/camcover-estimate.json", lambda route: route.abort())
    element = open_portal(page, portal, {})
    assert page.evaluate(AGAIN) == "web-element-failed"
    assert page.get_by_text("Ask us what it costs").is_visible()
    assert not element.get_by_role("status").is_visible()
    context.close()
