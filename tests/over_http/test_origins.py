"""Pages of other origins: those that are listed may call, all others are refused before anything is done."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from camcover.http.origins import is_origin
from over_http.refusals import reason_in
from small_rules import question

PORTAL = "https://portal.example"


def preflight(origin: str, method: str = "POST", names: str = "authorization, content-type") -> dict[str, str]:
    """The headers by which a browser asks first."""
    return {"origin": origin, "access-control-request-method": method, "access-control-request-headers": names}


async def test_a_listed_page_calls(serve: Any) -> None:
    async with serve(port={"origins": [PORTAL]}) as both:
        first = await both.client.options("/v1/estimates", headers=preflight(PORTAL))
        assert first.status_code == 200
        assert first.headers["access-control-allow-origin"] == PORTAL
        assert "POST" in first.headers["access-control-allow-methods"]
        assert "connect-timeout-ms" in first.headers["access-control-allow-headers"].lower()
        answer = await both.post("/v1/estimates", question(), origin=PORTAL)
        assert answer.json()["totals"]["patient_cents"] == 6080
        assert answer.headers["access-control-allow-origin"] == PORTAL
        assert "access-control-allow-credentials" not in answer.headers
        assert set(answer.headers["vary"].split(", ")) == {"Accept-Encoding", "Origin"}
        wrong = await both.post("/v1/estimates", {}, origin=PORTAL)
        assert (wrong.status_code, wrong.headers["access-control-allow-origin"]) == (400, PORTAL)
        for other in (preflight(PORTAL, method="PATCH"), preflight(PORTAL, names="x-other")):
            assert (await both.client.options("/v1/estimates", headers=other)).status_code == 400


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://portal.example.evil.example", "http://portal.example", "null"]
)
async def test_another_page_is_refused_before_anything_is_done(serve: Any, origin: str) -> None:
    async with serve(port={"origins": [PORTAL]}) as both:
        with capture_logs() as logs:
            refused = await both.post("/v1/estimates", question(), origin=origin)
        first = await both.client.options("/v1/estimates", headers=preflight(origin))
        for each in (refused, first):
            assert (each.status_code, reason_in(each)) == (403, "ORIGIN_REFUSED")
            assert "access-control-allow-origin" not in each.headers
        assert not [each for each in logs if each["event"] == "call"]


async def test_without_a_list_no_page_calls_and_programs_do(both: Any) -> None:
    refused = await both.client.get("/v1/plans", headers={"origin": f"http://{both.address}"})
    assert (refused.status_code, reason_in(refused)) == (403, "ORIGIN_REFUSED")
    assert (await both.client.get("/v1/plans")).status_code == 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PORTAL, True),
        ("http://localhost:8080", True),
        ("http://[::1]:8080", True),
        ("https://portal.example/", False),
        ("https://Portal.example", False),
        ("portal.example", False),
        ("*", False),
        ("null", False),
        ("", False),
    ],
)
def test_what_an_origin_is(text: str, expected: bool) -> None:
    assert is_origin(text) is expected
