"""Debian's chromium, its pages, and what axe-core finds in them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from processes import address_of, end, http_of, serving
from web_staff.conftest import DATABASE, TOKENS, made_office

AXE = Path(__file__).resolve().parent / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

DESK = (1280, 900)
TABLETS = (768, 1024)
"""Widths between a phone and a desk: of a tablet held upright, and held across."""

PHONES = ((320, 640), (390, 844))
"""Windows as wide and high as people have them."""

IN_BROWSER = [
    pytest.mark.processes,
    pytest.mark.skipif(
        CHROMIUM is None or not AXE.is_file(),
        reason="chromium or axe-core is missing: see docs/pages.md (`make browser`)",
    ),
]
"""The marks of tests that need them."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's chromium."""
    driver = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with driver.sync_playwright() as made:
        started = made.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page; what its console says, such as a violation of the content security policy, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    made, said = context.new_page(), []
    made.on("console", lambda message: said.append(message.text))
    made.on("pageerror", lambda error: said.append(str(error)))
    yield made
    context.close()
    assert said == []


def violations(page: Any) -> list[tuple[str, str]]:
    """What axe finds on a page: the rule, and the first place that breaks it."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]


def looked_at(page: Any, what: object = None) -> None:
    """A page as it is now is accessible and has nothing beside the window, on a desk and on two phones.

    On tablets nothing is beside the window, either. `what` names its state where its address does not. It is left as
    wide as a desk.
    """
    name = what or page.url
    for width in TABLETS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
    for width, height in (*PHONES, DESK):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        assert violations(page) == [], (name, width)


BROKEN_HEADS = """
() => [...document.querySelectorAll("thead th")].filter(head => {
  if (getComputedStyle(head.closest("thead")).position === "absolute") return false;
  return [...head.firstChild.data.matchAll(/\\S+/g)].some(word => {
    const range = document.createRange();
    range.setStart(head.firstChild, word.index);
    range.setEnd(head.firstChild, word.index + word[0].length);
    return range.getClientRects().length > 1;
  });
}).map(head => head.textContent)
"""
"""The heads of columns that are broken within a word."""

CUT_OFF = """
() => [...document.querySelectorAll("body *")].filter(each => {
  const style = getComputedStyle(each);
  if (each.closest(".vh, svg, select, .stacked thead") || !each.getClientRects().length) return false;
  const hides = way => ["hidden", "clip"].includes(way);
  return (hides(style.overflowX) && each.scrollWidth > each.clientWidth + 1)
    || (hides(style.overflowY) && each.scrollHeight > each.clientHeight + 1);
}).map(each => each.outerHTML.slice(0, 200))
"""


def stays_whole_at_twice_the_size(page: Any) -> None:
    """With letters twice as large nothing is cut off and nothing stands beside the window, with all parts open."""
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    before = page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    after = page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize")
    assert float(after.removesuffix("px")) >= 1.7 * float(before.removesuffix("px"))
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert page.evaluate(CUT_OFF) == []
    page.evaluate("document.documentElement.style.fontSize = ''")


@pytest.fixture(scope="package")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """A service over three releases, of which the second answers; gives its address and their ids."""
    folder = tmp_path_factory.mktemp("staff")
    ids = made_office(folder)
    options = ["--database-url", f"sqlite:///{folder / DATABASE}", "--tokens", folder / TOKENS, "--pages"]
    with serving(*options, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0") as run:
        address_of(run)
        yield http_of(run), ids
        end(run)


def sign_in(page: Any, site: str, name: str) -> None:
    """Sign in by keyboard, over plain HTTP of this machine."""
    page.goto(f"{site}/staff")
    page.locator("#token").focus()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Today").wait_for()
