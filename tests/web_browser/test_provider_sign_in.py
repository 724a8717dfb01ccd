"""Sign-in by an identity provider in Debian's chromium, over a service that runs with the options of the manual."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from identity_provider import providing
from processes import address_of, end, http_of, serving
from web_browser.conftest import IN_BROWSER, looked_at
from web_staff.conftest import DATABASE, made_office

pytestmark = IN_BROWSER


def free_port() -> int:
    """A port that nobody listens on: the provider has to know it before the service starts."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def test_somebody_signs_in_by_keyboard_and_comes_back_to_the_page(page: Any, tmp_path: Path) -> None:
    """The policy of the page lets the link through; both cookies are taken over plain HTTP of this machine."""
    made_office(tmp_path)
    origin = f"http://127.0.0.1:{free_port()}"
    with providing() as provider:
        options: list[object] = ["--database-url", f"sqlite:///{tmp_path / DATABASE}", "--listen", "127.0.0.1:0"]
        options += ["--http", origin.removeprefix("http://"), "--oidc-origin", origin]
        options += ["--oidc-issuer", provider.issuer, "--oidc-audience", "camcover", "--oidc-client-id", "pages"]
        with serving(*options) as run:
            address_of(run)
            assert http_of(run) == origin
            page.goto(f"{origin}/staff/releases?find=copay")
            looked_at(page)
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            page.get_by_role("heading", name="Releases", exact=True).wait_for()
            assert page.url == f"{origin}/staff/releases?find=copay"
            assert page.locator(".who").inner_text().startswith("ana")
            assert sorted(each["name"] for each in page.context.cookies()) == ["__Host-camcover-staff"]
            page.get_by_role("button", name="Sign out").click()
            page.get_by_role("heading", name="Signed out").wait_for()
            looked_at(page)
            page.get_by_role("link", name="Sign out at your organisation, too").click()
            page.get_by_role("heading", name="Sign in").wait_for()
            end(run)
        assert (provider.asked["/authorize"], provider.asked["/token"], provider.asked["/leave"]) == (1, 1, 1)
