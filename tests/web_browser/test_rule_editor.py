"""The editor of a rule file in Debian's chromium: the server checks, mends and completes what is typed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from web_browser.conftest import IN_BROWSER, looked_at, sign_in

pytestmark = IN_BROWSER

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "service" / "camcover" / "web" / "static" / "rule-editor.min.js"


def open_copay(page: Any, site: str) -> None:
    """Begin a draft, and open the copay plan in its editor."""
    sign_in(page, site, "ana")
    page.goto(f"{site}/staff/drafts")
    page.get_by_label("What the change is about").fill("Editor")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("link", name="Edit a file…").click()
    page.get_by_label("File; a new name makes a new file").fill("copay.yaml")
    page.get_by_role("button", name="Open").click()
    page.locator(".cm-content").wait_for()
    page.get_by_text("0 findings in this file").wait_for()


def test_what_is_typed_is_checked_mended_and_completed(page: Any, staff: tuple[str, tuple[str, str, str]]) -> None:
    """By keyboard, under the policy of the pages (`page`): a mark and its fix, F8, completion, Tab, a save.

    Where the cursor goes, the decision of its rule is shown.
    """
    open_copay(page, staff[0])
    content = page.locator(".cm-content")
    line = page.locator(".cm-line", has_text="therapies: [acupuncture, massage]")
    line.click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.type("therapies: [acupunture, massage]")
    page.locator(".cm-lintRange-error", has_text="acupunture").wait_for()
    page.get_by_text("1 finding in this file").wait_for()
    looked_at(page)
    page.keyboard.press("Control+Home")
    page.keyboard.press("F8")
    assert page.evaluate("window.getSelection().toString()") == "acupunture"
    page.get_by_role("button", name="Write acupuncture", exact=True).click()
    page.get_by_text("0 findings in this file").wait_for()
    decision = page.locator("#cursor-card")
    decision.get_by_text("benefit hands of Copay Plan, 2026").wait_for()
    page.locator(".cm-line", has_text="otherwise: not_covered").first.click()
    decision.get_by_text("No benefit and no exclusion").wait_for()
    line.click()
    decision.get_by_text("$30.00 copay per visit").wait_for()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.type(", ")
    page.keyboard.press("Control+Space")
    page.locator(".cm-tooltip-autocomplete li", has_text="reiki").click()
    page.get_by_text("therapies: [acupuncture, massage, reiki]").first.wait_for()
    looked_at(page)
    content.focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "save"
    page.keyboard.press("Enter")
    page.get_by_text("revision 2").wait_for()
    assert "[acupuncture, massage, reiki]" in page.locator(".cm-content").inner_text()


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is missing")
def test_the_bundle_is_what_its_source_gives(tmp_path: Path) -> None:
    """With the packages of clients/editor/package-lock.json (`make editor`)."""
    builder = ROOT / "clients" / "editor" / "node_modules" / ".bin" / "esbuild"
    if not builder.exists():
        pytest.skip("the packages of clients/editor/ are not installed: `make browser` does it")
    made = tmp_path / "made.js"
    command = ["npm", "run", "--silent", "build", "--", f"--outfile={made}"]
    subprocess.run(command, cwd=ROOT / "clients" / "editor", check=True)
    assert made.read_bytes() == BUNDLE.read_bytes()
