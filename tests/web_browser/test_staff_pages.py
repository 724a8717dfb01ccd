"""The pages for staff in Debian's chromium: axe-core finds nothing, nothing overflows, two people decide by keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from camcover.rulebook import load_texts
from camcover.store import ReleaseStore, open_database
from camcover.workflow.publishing import prepare, publish
from processes import address_of, end, http_of, serving
from small_rules import SHARE_PLAN, TEXTS
from web_browser.conftest import (
    BROKEN_HEADS,
    IN_BROWSER,
    looked_at,
    sign_in,
    stays_whole_at_twice_the_size,
)
from web_staff.conftest import DATABASE, TOKENS, made_office

pytestmark = IN_BROWSER

WIDE_PLAN = SHARE_PLAN.replace(
    "when: {conditions: [back-pain], practitioners: [acupuncturist]}",
    "when: {conditions: [back-pain], practitioners: [acupuncturist], licensed: required, settings: [office], "
    "ages: {min: 18}}\n    from_year: 2",
)
"""A plan that tells its cases apart by as many facts as a table has columns for."""


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A service with a release whose plan has a wide decision table; gives its address, and that of the table."""
    folder = tmp_path_factory.mktemp("wide")
    made_office(folder)
    url = f"sqlite:///{folder / DATABASE}"
    database = open_database(url)
    ready = prepare(load_texts(TEXTS | {"share.yaml": WIDE_PLAN}))
    release = publish(ReleaseStore(database), ready, "ana", "a wide table").release.id
    database.close()
    options = ["--database-url", url, "--tokens", folder / TOKENS]
    with serving(*options, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0") as run:
        address_of(run)
        yield http_of(run), f"/staff/plans/share-plan/therapies/acupuncture?release={release}"
        end(run)


def decide(page: Any, address: str, reason: str) -> None:
    """Give a reason, and press the button, by keyboard."""
    page.goto(address)
    page.locator("#reason").focus()
    page.keyboard.type(reason)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Releases", exact=True).wait_for()


def test_every_page_is_accessible_and_fits(page: Any, staff: tuple[str, tuple[str, str, str]]) -> None:
    """The console says nothing, either (`page`): no policy is violated."""
    site, (first, second, third) = staff
    page.goto(f"{site}/staff")
    looked_at(page)
    sign_in(page, site, "ben")
    paths = [
        "",
        "/plans",
        "/plans/share-plan",
        "/plans/share-plan/therapies/acupuncture",
        f"/plans/copay-plan/therapies/acupuncture?release={third}&before={first}",
        "/tests",
        "/tests/share-plan",
        "/releases",
        f"/releases/{second}",
        f"/releases/{second}/files/share.yaml",
        f"/releases/compare?before={first}&after={third}",
        f"/releases/{third}/activate",
        "/releases/roll-back",
        "/estimates",
        "/try",
        "/audit",
        "/drafts",
        "/schedule",
        "/books",
        "/access",
    ]
    for path in paths:
        page.goto(f"{site}/staff{path}")
        looked_at(page, path)


def test_two_people_put_live_and_roll_back(browser: Any, staff: tuple[str, tuple[str, str, str]]) -> None:
    """The strip of the other's next page shows the release; both decisions stand in the log with their reasons."""
    site, (_, second, third) = staff
    ana, ben = (browser.new_context(java_script_enabled=False).new_page() for _ in range(2))
    sign_in(ana, site, "ana")
    sign_in(ben, site, "ben")
    for page, other, path, reason, release in (
        (ben, ana, f"{third}/activate", "agreed on Tuesday", third),
        (ana, ben, "roll-back", "the copay is wrong", second),
    ):
        decide(page, f"{site}/staff/releases/{path}", reason)
        strip = other.locator(".strip", has_text=release)
        for _ in range(100):  # every server follows within two seconds
            other.goto(f"{site}/staff")
            if strip.count():
                break
        assert strip.count()
    ben.goto(f"{site}/staff/audit")
    for said in ("agreed on Tuesday", "the copay is wrong"):
        assert ben.get_by_text(said).count() == 1
    for page in (ana, ben):
        page.context.close()


def test_an_open_page_says_what_has_changed(browser: Any, staff: tuple[str, tuple[str, str, str]]) -> None:
    """Another's release is told on a page that stays open, and so is the end of its session; what is typed stays."""
    site, (_, second, third) = staff
    ana, ben = (browser.new_context().new_page() for _ in range(2))
    sign_in(ana, site, "ana")
    sign_in(ben, site, "ben")
    ana.goto(f"{site}/staff/try")
    field = ana.locator("main input:not([type=hidden])").first
    field.fill("half a word")
    field.focus()
    decide(ben, f"{site}/staff/releases/{third}/activate", "agreed on Tuesday")
    strip = ana.locator(".strip")
    strip.get_by_text(f"Answering now: {third}").wait_for()
    strip.get_by_role("status").get_by_text(f"This page was made when {second} answered.").wait_for()
    looked_at(ana, "a release came into force")
    assert field.evaluate("each => each === document.activeElement")
    decide(ben, f"{site}/staff/releases/roll-back", "the copay is wrong")
    strip.get_by_text(f"Answering now: {second}").wait_for()
    strip.get_by_text("This page was made").wait_for(state="detached")
    ben.goto(f"{site}/staff/access")
    with ben.expect_navigation():
        ben.get_by_role("button", name="End the sessions of ana").first.click()
    strip.get_by_role("status").get_by_text("Your session is over. What you typed here stays.").wait_for()
    looked_at(ana, "the session is over")
    assert field.input_value() == "half a word"
    with ana.expect_popup() as opened:
        strip.get_by_role("link", name="Sign in again in a new window").click()
    opened.value.locator("#token").fill("ana")
    opened.value.keyboard.press("Enter")
    strip.get_by_text("Your session is over").wait_for(state="detached")
    for page in (ana, ben):
        page.context.close()


def test_a_wide_decision_table_scrolls_by_itself(page: Any, wide: tuple[str, str]) -> None:
    """No word of its head is broken; what does not fit is reached by keys, with its notes in sight; a phone has a list.

    The table has nine columns: six facts that tell cases apart, the decision, its terms, and the other rules.
    """
    site, path = wide
    sign_in(page, site, "ben")
    page.goto(site + path)
    looked_at(page)
    assert page.locator("table.decisions thead th").count() == 9
    group = page.get_by_role("group", name="2026-01-01 to 2026-12-31")
    for width in (640, 768, 1024, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(BROKEN_HEADS) == [], width
    page.set_viewport_size({"width": 768, "height": 900})
    assert group.evaluate("each => each.scrollWidth > each.clientWidth")
    group.focus()
    last = page.get_by_role("columnheader", name="Other rules")
    seen = "each => each.getBoundingClientRect().right <= innerWidth"
    for _ in range(200):  # the browser scrolls smoothly
        if last.evaluate(seen):
            break
        page.keyboard.press("ArrowRight")
    assert last.evaluate(seen)
    assert page.locator(".notes").first.bounding_box()["x"] >= 0
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.locator("table.decisions").evaluate("each => getComputedStyle(each).display") == "block"


def test_large_letters_leave_every_page_whole(
    page: Any, wide: tuple[str, str], staff: tuple[str, tuple[str, str, str]]
) -> None:
    """With letters twice as large tables become lists, and nothing is beside the window, at 1280 and 390 pixels."""
    site, (first, _, third) = staff
    sign_in(page, site, "ben")
    paths = ["", "/plans", "/plans/share-plan", "/releases", f"/releases/{third}", "/tests", "/audit", "/drafts"]
    paths += [f"/plans/copay-plan/therapies/acupuncture?release={third}&before={first}", "/books", "/access", "/try"]
    paths += ["/schedule", "/estimates"]
    places = [f"{site}/staff{path}" for path in paths]
    for place in places:
        page.goto(place)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            stays_whole_at_twice_the_size(page)
    sign_in(page, wide[0], "ben")
    page.goto("".join(wide))
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        stays_whole_at_twice_the_size(page)
