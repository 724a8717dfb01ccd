"""The small form for a frame: who may show it, and what it says."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from camcover.engine import Tables
from camcover.observing import OBSERVER, Observer, Step
from camcover.web.app import PageSettings
from web.conftest import client_of
from web.reading import read
from web.test_care_page import NEEDLES

PORTAL = Path(__file__).resolve().parents[2] / "docs" / "examples" / "portal.html"


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ((), "'none'"),
        (("https://portal.example", "http://localhost:3000"), "https://portal.example http://localhost:3000"),
    ],
)
async def test_only_named_origins_may_show_the_form_in_a_frame(
    small: Tables, frames: tuple[str, ...], expected: str
) -> None:
    async with client_of(small, PageSettings(frames=frames)) as client:
        framed = (await client.get("/embed/en")).headers["content-security-policy"]
        sent = (await client.post("/embed/en", data=NEEDLES)).headers["content-security-policy"]
        other = (await client.get("/en/plan")).headers["content-security-policy"]
    assert framed == sent
    assert framed.partition("frame-ancestors ")[2] == expected
    assert other.partition("frame-ancestors ")[2] == "'none'"


async def test_the_form_gives_the_cost_in_a_line(site: httpx.AsyncClient) -> None:
    """The figures of the care page: $128 of $300."""
    page = read((await site.post("/embed/en", data=NEEDLES)).text)
    assert page.of("total") == "You would pay about $128.00"
    assert "3 of 3 visits are covered." in page.texts
    assert [each["formaction"] for each in page.fields("do") if "formaction" in each] == ["/en/plan"]
    page = read((await site.post("/embed/es", data={"plan": "share-plan", "therapy-0": ""})).text)
    assert page.of("fault-therapy-0") == "Elija un tipo de atención."


async def test_the_small_form_prices_the_plan_alone(small: Tables) -> None:
    """One estimate. The care page prices the same care otherwise, too: with an approval missing, for example."""
    counted: list[str] = []

    class Counting(Observer):
        def step(self, name: str) -> Step:
            counted.append(name)
            return super().step(name)

    OBSERVER.set(Counting())
    async with client_of(small) as client:
        await client.post("/embed/en", data=NEEDLES)
        assert counted.count("kernel") == 1
        await client.post("/en/plan", data=NEEDLES)
    assert counted.count("kernel") > 2


async def test_the_portal_of_the_example_shows_a_page_that_there_is(site: httpx.AsyncClient) -> None:
    (path,) = re.findall(r'<iframe[^>]* src="http://127\.0\.0\.1:8080([^"]+)"', PORTAL.read_text(encoding="utf-8"))
    assert (await site.get(path)).status_code == 200
