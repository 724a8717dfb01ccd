"""Two people bring a draft live and roll it back in Debian's chromium; axe-core looks at each page on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from web.test_care_page import HANDS
from web_browser.conftest import IN_BROWSER, looked_at, sign_in
from web_browser.test_pages import SEND

pytestmark = IN_BROWSER


@pytest.fixture
def people(browser: Any, staff: tuple[str, tuple[str, str, str]]) -> Iterator[tuple[Any, Any]]:
    """Ana and Ben, signed in, each in a browser of their own; what a console says fails the test."""
    said: list[str] = []
    contexts = [browser.new_context(viewport={"width": 1280, "height": 900}) for _ in range(2)]
    pages = [context.new_page() for context in contexts]
    for page, name in zip(pages, ("ana", "ben"), strict=True):
        page.on("console", lambda message: said.append(message.text))
        sign_in(page, staff[0], name)
    yield pages[0], pages[1]
    for context in contexts:
        context.close()
    assert said == []


def retype(page: Any, words: str, text: str) -> None:
    """Write a line of the editor anew, but for its indentation."""
    page.locator(".cm-line", has_text=words).click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.type(text)


def press(page: Any, words: str, field: str = "", text: str = "") -> None:
    """Press a button of a form, with a word in its field where it needs one; looks at what comes then."""
    if field:
        page.get_by_label(field, exact=True).fill(text)
    with page.expect_navigation():
        page.get_by_role("button", name=words, exact=True).click()
    looked_at(page)


def test_a_draft_goes_live_and_back(people: tuple[Any, Any], staff: tuple[str, tuple[str, str, str]]) -> None:
    """Write, propose, approve, schedule, call off, publish, roll back."""
    site, (_, second, _) = staff
    ana, ben = people
    ana.goto(f"{site}/staff/drafts")
    press(ana, "Begin", "What the change is about", "A copay of 35")
    draft = ana.url
    ana.get_by_role("link", name="Edit a file…").click()
    looked_at(ana)
    press(ana, "Open", "File; a new name makes a new file", "copay.yaml")
    retype(ana, "copay: $30", "in_network: {member_pays: [{copay: 35 dollars}]}")
    press(ana, "Check")
    ana.get_by_text("1 finding in this file").wait_for()
    retype(ana, "copay: 35", "in_network: {member_pays: [{copay: $35 per visit}]}")
    press(ana, "Save")
    for path in ("tests", "tables"):
        ana.goto(f"{draft}/{path}")
        looked_at(ana)
    ana.get_by_role("link", name="acupuncture").click()
    ana.get_by_text("before: in network: $30.00 copay per visit").wait_for()
    looked_at(ana)
    ana.goto(draft)
    press(ana, "Propose", "A word to the reviewer (may be empty)", "As the payer's letter says.")
    assert not ana.get_by_role("button", name="Approve revision 2").count()
    ben.goto(f"{site}/staff/drafts")
    looked_at(ben)
    ben.get_by_role("link", name="A copay of 35").click()
    ben.locator(".changed ins", has_text="35.00").wait_for()
    ben.get_by_label("Book of members").select_option("invented-2000")
    ben.get_by_role("button", name="Work it out").click()
    ben.get_by_text("of 2,000 members pay another amount").wait_for(
        timeout=150_000
    )  # told by events, without a new page
    looked_at(ben)
    press(ben, "Approve revision 2")
    ana.goto(draft)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    ana.get_by_label("From when on, in UTC (empty: now)").fill(f"{tomorrow:%Y-%m-%dT%H:%M}")
    press(ana, "Publish", "Why (goes into the audit log)", "agreed for tomorrow")
    ben.goto(f"{site}/staff/schedule")
    looked_at(ben)
    press(ben, "Call it off", "Why it is called off (goes into the audit log)", "rather today")
    ana.goto(draft)
    press(ana, "Publish", "Why (goes into the audit log)", "agreed for today")
    live = ana.locator(".card", has_text="Published as").locator("a").first.inner_text()
    answers(ben, site, live)
    costs(ben, site, "$70.00")
    ben.goto(f"{site}/staff/releases/roll-back")
    press(ben, "Roll back now", "Why (goes into the audit log)", "the letter was wrong")
    answers(ana, site, second)
    costs(ana, site, "$60.00")
    ana.goto(f"{site}/staff/audit")
    looked_at(ana)
    for said in ("agreed for tomorrow", "rather today", "agreed for today", "the letter was wrong"):
        assert ana.get_by_text(said).count(), said


def costs(page: Any, site: str, amount: str) -> None:
    """Two massages on the page for patients: two copays of the release that answers."""
    page.goto(f"{site}/en/plan")
    with page.expect_navigation():
        page.evaluate(SEND, HANDS)
    page.locator("#total", has_text=amount).wait_for()


def answers(page: Any, site: str, release: str) -> None:
    """Load a page until its strip shows a release; every server follows within two seconds."""
    strip = page.locator(".strip", has_text=release)
    for _ in range(100):
        page.goto(f"{site}/staff")
        if strip.count():
            return
    assert strip.count()
