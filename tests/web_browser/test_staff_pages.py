"""The pages for staff in Debian's chromium: axe-core finds nothing, nothing overflows, two people decide by keys."""

from __future__ import annotations

from typing import Any

from web_browser.conftest import IN_BROWSER, looked_at, sign_in

pytestmark = IN_BROWSER


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
