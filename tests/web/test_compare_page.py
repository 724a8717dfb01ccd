"""P4: the same care under several plans. Amounts are worked out by hand."""

from __future__ import annotations

import httpx
import pytest

from web.reading import read

CARE = {
    "plans": ["share-plan", "copay-plan"],
    "therapy-0": "acupuncture",
    "visits-0": "2",
    "every-0": "28",
    "first-0": "2026-03-02",
    "charge-0": "100",
    "condition-0": "back-pain",
    "practitioner-0": "acupuncturist",
    "state": "WA",
}
"""Two visits of $100, of which both plans allow $80."""


async def test_plans_stand_side_by_side_the_cheapest_first(site: httpx.AsyncClient) -> None:
    """Copays of 2 x 20 = $40, $200 without a referral. Where a deductible of $100 comes first 80 + 20 + 12 = $112."""
    page = read((await site.post("/en/compare", data=CARE)).text)
    shown = page.texts[page.texts.index("Copay Plan", page.texts.index("Compare")) :]
    text = " ".join(shown)
    assert text.index("Copay Plan") < text.index("Share Plan")
    assert "Expected $40.00 From least to most $40.00 \N{EN DASH} $200.00 Covered 2 of 2 covered" in text
    assert "Expected $112.00 From least to most $112.00 \N{EN DASH} $112.00 Covered 2 of 2 covered" in text
    assert "March 2026 $80.00 March 2026 $32.00" not in text
    assert "March 2026 $112.00" in text


async def test_a_premium_is_added_for_the_year(site: httpx.AsyncClient) -> None:
    """40 + 12 x 350.50 = $4,246."""
    page = read((await site.post("/en/compare", data=CARE | {"premium-copay-plan": "350.50"})).text)
    assert "With 12 months of premium $4,246.00" in page.text
    assert page.fields("premium-copay-plan")[0]["value"] == "350.50"


async def test_a_wrong_premium_is_told_in_its_row_and_takes_no_row_away(site: httpx.AsyncClient) -> None:
    """The other premium counts: 112 + 12 x 10 = $232."""
    premiums = {"premium-copay-plan": "much", "premium-share-plan": "10"}
    page = read((await site.post("/en/compare", data=CARE | premiums)).text)
    assert page.of("fault-premium-copay-plan") == "Give an amount of dollars such as 120.50."
    (field,) = page.fields("premium-copay-plan")
    assert (field["value"], field["aria-invalid"]) == ("much", "true")
    assert "#premium-copay-plan" in [each.get("href") for tag, each in page.tags if tag == "a"]
    assert "Expected $40.00" in page.text
    assert "With 12 months of premium $232.00" in page.text


async def test_chosen_plans_stay_in_a_long_list(site: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camcover.web.plan_lists.MOST_PLANS", 1)
    page = read((await site.post("/en/compare", data=CARE | {"find": "copay", "do": "find"})).text)
    assert {each["value"] for each in page.fields("plans") if "checked" in each} == {"share-plan", "copay-plan"}
    page = read((await site.post("/en/compare", data={"find": "copay", "do": "find"})).text)
    assert [each["value"] for each in page.fields("plans")] == ["copay-plan"]


@pytest.mark.parametrize("plans", [[], ["share-plan"], ["share-plan", "no-such-plan"]])
async def test_two_plans_are_needed(site: httpx.AsyncClient, plans: list[str]) -> None:
    page = read((await site.post("/en/compare", data=CARE | {"plans": plans})).text)
    assert page.of("fault-plans") == "Choose two to five plans."


async def test_the_care_of_a_plan_comes_along(site: httpx.AsyncClient) -> None:
    form = {name: value for name, value in CARE.items() if name != "plans"} | {"plan": "copay-plan", "therapy-1": ""}
    page = read((await site.post("/es/compare", data=form)).text)
    chosen = [each["value"] for each in page.fields("plans") if "checked" in each]
    assert chosen == ["copay-plan"]
    assert page.fields("charge-0")[0]["value"] == "100"
    assert page.of("fault-plans") == "Elija de dos a cinco planes."
    assert page.of("fault-therapy-1") == ""
