"""The pages in Debian's chromium: axe-core finds nothing, nothing overflows, keyboard and no script are enough.

`make browser` runs them. Where chromium, Playwright or axe-core is missing they are skipped.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from processes import address_of, end, http_of, serving
from small_rules import COPAY_PLAN, SHARE_PLAN, TEXTS
from web.test_care_page import HANDS, NEEDLES

HERE = Path(__file__).resolve().parent
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.skipif(
        CHROMIUM is None or not AXE.is_file(),
        reason="chromium or axe-core is missing: see docs/pages.md (`make browser`)",
    ),
]

WIDTHS = (1280, 768, 390, 320)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

TWO = NEEDLES | {f"{name.removesuffix('0')}1": value for name, value in HANDS.items() if name.endswith("-0")}
PLANS = {"plans": "share-plan", "therapy-0": "acupuncture"}
STATES: dict[str, tuple[str, dict[str, str]]] = {
    "start": ("", {}),
    "care plan": ("plan", TWO | {"plan": "copay-plan"}),
    "faults": ("plan", NEEDLES | {"age": "old", "visits-0": "many"}),
    "coverage": ("coverage", NEEDLES),
    "compare": ("compare", PLANS),
    "help": ("help", {}),
    "frame": ("embed", NEEDLES),
}
"""The pages as they are looked at: a path, and the form that is sent there."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service over the small rules with both plans; gives the address of its pages."""
    folder = tmp_path_factory.mktemp("rules")
    for name, text in (TEXTS | {"share.yaml": SHARE_PLAN, "copay.yaml": COPAY_PLAN}).items():
        (folder / name).write_text(text, encoding="utf-8")
    with serving("--rules", folder, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--database-url", "off") as run:
        address_of(run)
        yield http_of(run)
        end(run)


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


def open_page(page: Any, site: str, tag: str, state: str) -> None:
    """Bring a page into a state, sending its form as a browser does."""
    path, form = STATES[state]
    page.goto(f"{site}/embed/{tag}" if path == "embed" else f"{site}/{tag}/{path}")
    if form:
        with page.expect_navigation():
            page.evaluate(SEND, form)


@pytest.mark.parametrize("tag", ["en", "es"])
@pytest.mark.parametrize("state", STATES)
def test_every_page_is_accessible_at_every_width(page: Any, site: str, state: str, tag: str) -> None:
    open_page(page, site, tag, state)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width not in {1280, 320}:
            continue
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        told = [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]
        assert told == [], width


def test_the_result_follows_the_keyboard(page: Any, site: str) -> None:
    """A fourth visit costs $16 more. The field keeps the focus, and the total is announced."""
    open_page(page, site, "en", "care plan")
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
    open_page(page, site, "en", "care plan")
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
    context.close()
