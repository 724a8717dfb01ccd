"""P3: whether care is covered. The verdicts are those that the small plans' rules state."""

from __future__ import annotations

import httpx
import pytest

from web.reading import read

ASKED = {
    "plan": "share-plan",
    "therapy-0": "acupuncture",
    "condition-0": "back-pain",
    "practitioner-0": "acupuncturist",
    "first-0": "2026-03-02",
    "state": "WA",
}


async def test_what_is_covered_is_told_with_its_terms(site: httpx.AsyncClient) -> None:
    page = read((await site.post("/en/coverage", data=ASKED)).text)
    assert "Yes, it is covered" in page.text
    assert "Acupuncture under Share Plan, on March 2, 2026" in page.texts
    assert "In network deductible; then 20% of what is left" in page.text
    assert "Out of network deductible; then 50% of what is left" in page.text
    assert "How much is covered 4 visits in a calendar year (visits)" in page.text
    assert page.fields("do")[-1]["formaction"] == "/en/plan"


async def test_what_is_needed_is_told(site: httpx.AsyncClient) -> None:
    page = read((await site.post("/es/coverage", data=ASKED | {"plan": "copay-plan"})).text)
    assert "Sí, está cubierto" in page.text
    assert "Lo que necesita una remisión de un médico" in page.text
    assert "copago de $20.00 por visita" in page.texts


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"therapy-0": "massage"}, "The plan excludes this service: not a benefit."),
        (
            {"condition-0": "headache"},
            "The plan covers this service only for certain diagnoses. Yours is not one of them.",
        ),
        ({"therapy-0": "reiki"}, "The plan does not cover this therapy. None of its benefits lists it."),
    ],
)
async def test_what_is_not_covered_says_why(site: httpx.AsyncClient, changed: dict[str, str], said: str) -> None:
    page = read((await site.post("/en/coverage", data=ASKED | changed)).text)
    assert "No, it is not covered" in page.text
    assert said in page.texts


async def test_a_fault_is_told_at_its_field(site: httpx.AsyncClient) -> None:
    page = read((await site.post("/en/coverage", data=ASKED | {"plan": "", "age": "old"})).text)
    assert page.of("fault-plan") == "Choose your health plan."
    assert page.of("fault-age") == "Give your age in years, from 0 to 120."
    assert page.of("verdict") == ""


async def test_a_day_before_the_plan_is_told_at_its_field(site: httpx.AsyncClient) -> None:
    page = read((await site.post("/en/coverage", data=ASKED | {"first-0": "2025-03-02"})).text)
    assert page.of("fault-first-0") == "The rules of your plan are not known for this day."
