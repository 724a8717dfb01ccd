"""The care plan page over the shipped rules in a browser: figures, keyboard, paper, and that nothing leaves a trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from processes import address_of, end, http_of, serving
from web.shipped_care import CARE
from web_browser.conftest import DESK, IN_BROWSER, PHONES, looked_at, stays_whole_at_twice_the_size
from web_browser.test_pages import SEND

pytestmark = IN_BROWSER

RULES = Path(__file__).resolve().parents[2] / "rules"


class Service(NamedTuple):
    """A service over the shipped rules: the address of its pages, and its log."""

    site: str
    log: Path


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """It keeps nothing."""
    log = tmp_path_factory.mktemp("shipped") / "log"
    options = ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--database-url", "off"]
    with log.open("w", encoding="utf-8") as file, serving("--rules", RULES, *options, log=file) as run:
        address_of(run)
        yield Service(http_of(run), log)
        end(run)


def care_page(page: Any, site: str, tag: str = "en", **changes: str) -> None:
    """The page of the care, sent as a form."""
    page.goto(f"{site}/{tag}/plan")
    with page.expect_navigation():
        page.evaluate(SEND, CARE | changes)
    page.locator("#total").wait_for()


@pytest.mark.parametrize(("tag", "total"), [("en", "You would pay about"), ("es", "Usted pagaría aproximadamente")])
def test_the_largest_page_is_accessible_and_stays_whole(page: Any, service: Service, tag: str, total: str) -> None:
    """Every part of it open; the figures are worked out beside `CARE`."""
    care_page(page, service.site, tag)
    assert " ".join(page.locator("#total").inner_text().split()) == f"{total} $1,553.60"
    looked_at(page)
    for width, height in (DESK, PHONES[-1]):
        page.set_viewport_size({"width": width, "height": height})
        stays_whole_at_twice_the_size(page)
    looked_at(page, "all parts open")


COUNT = """
() => {
  window.told = [];
  const said = document.getElementById("said");
  const watch = new MutationObserver(() => window.told.push(said.textContent));
  watch.observe(said, { childList: true, characterData: true });
}
"""


def test_fewer_visits_by_keyboard(page: Any, service: Service) -> None:
    """Twelve visits instead of sixteen: $1,073.60. The focus stays, and the new total is announced once."""
    care_page(page, service.site)
    page.evaluate(COUNT)
    page.locator("#visits-0").focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("12")
    page.locator("#total", has_text="$1,073.60").wait_for()
    page.locator("#said", has_text="You would pay about $1,073.60").wait_for(state="attached")
    assert page.evaluate("document.activeElement.id") == "visits-0"
    assert page.locator("#visits-0").input_value() == "12"
    assert page.evaluate("window.told") == ["You would pay about $1,073.60"]
    assert page.locator("#said").get_attribute("role") == "status"


def shown_after(page: Any, total: str) -> None:
    """Let the browser's clock run until a total is shown, and no longer."""
    with page.expect_response("**/plan"):
        page.clock.run_for(200)
    for _ in range(500):
        if total in page.locator("#total").inner_text():
            return
        page.clock.run_for(1)
    raise AssertionError(page.locator("#total").inner_text())


def test_keys_of_one_number_are_announced_together(page: Any, service: Service) -> None:
    """With one visit $30 + $240 + $473.60 = $743.60, with twelve $1,073.60: both are shown, the last alone is said.

    The clock of the browser stands still between keys.
    """
    page.clock.install(time=0)
    care_page(page, service.site)
    page.clock.pause_at(3_600_000)
    page.evaluate(COUNT)
    page.locator("#visits-0").focus()
    page.keyboard.press("Control+A")
    page.keyboard.press("1")
    shown_after(page, "$743.60")
    page.clock.run_for(900)
    page.keyboard.press("2")
    shown_after(page, "$1,073.60")
    page.clock.run_for(900)
    assert page.evaluate("window.told") == []
    page.clock.run_for(200)
    assert page.evaluate("window.told") == ["You would pay about $1,073.60"]


def test_approvals_ticked_by_keyboard_close_the_range(page: Any, service: Service) -> None:
    care_page(page, service.site)
    assert page.locator(".note", has_text="$2,790.00").count() == 1
    for number, done in ((0, "1 of 2 done"), (1, "2 of 2 done")):
        page.locator(".todo input").nth(number).focus()
        page.keyboard.press("Space")
        page.get_by_text(done).wait_for()
    page.get_by_text("With what you told us, the cost is exact.").wait_for()
    assert page.locator("#total strong").inner_text() == "$1,553.60"


def test_on_paper_everything_stands_open(page: Any, service: Service) -> None:
    """The table of the months and the steps of each visit, which a screen opens on wish; the form is left out."""
    care_page(page, service.site)
    table, steps = page.locator("#answer .months ~ details table"), page.locator(".runs ol").first
    assert not table.is_visible()
    page.emulate_media(media="print")
    assert table.is_visible()
    assert steps.is_visible()
    assert not page.locator("#care").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.swatch')).printColorAdjust") == "exact"


ENTERED = {"age": "43", "state": "VT", "charge-0": "137.77", "first-0": "2026-04-14", "sum-deductible": "1101.13"}
TRACES = ["137.77", "2026-04-14", "1101.13", "acupuncture", "low-back-pain", "cascade-silver"]
STORED = """
async () => [
  localStorage.length, sessionStorage.length, document.cookie,
  (await indexedDB.databases()).length, (await caches.keys()).length,
  (await navigator.serviceWorker.getRegistrations()).length,
]
"""


def test_nothing_that_was_entered_is_left_anywhere(page: Any, service: Service) -> None:
    """Not in an address, in what the browser tells other pages, in its storage, in its cache, or in the log."""
    asked: list[Any] = []

    def seen(request: Any) -> None:
        asked.append(request)

    page.on("request", seen)
    care_page(page, service.site, **ENTERED)
    page.locator("#visits-0").fill("11")
    page.locator("#total", has_text="$").wait_for()
    page.get_by_text("11 of 11 covered").wait_for()
    page.get_by_role("button", name="Choose what may change").click()
    page.wait_for_url("**/en/cheaper")
    page.goto(f"{service.site}/en/help")
    forms = [each for each in asked if each.method == "POST"]
    assert len(forms) >= 3
    assert "137.77" in forms[0].post_data
    for each in asked:
        told = each.url + each.all_headers().get("referer", "")
        assert not [trace for trace in TRACES if trace in told]
        assert each.url.startswith(service.site)
    for each in forms:
        if each.response() is not None:
            assert each.response().headers["cache-control"] == "no-store"
    assert page.evaluate(STORED) == [0, 0, "", 0, 0, 0]
    assert page.context.cookies() == []
    log = service.log.read_text(encoding="utf-8")
    assert "/en/plan" in log
    assert not [trace for trace in TRACES if trace in log]
