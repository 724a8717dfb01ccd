"""P5, ways to pay less, and their card on the care plan page. Amounts are worked out by hand beside each test."""

from __future__ import annotations

import httpx
import pytest

from camcover.web.forms import form_of, pairs_of, way_pairs
from camcover.web.refilling import fields_to_send
from camcover.workflow import care_choices
from small_rules import CATALOG, tables
from web.conftest import client_of
from web.reading import Page, read
from web.test_care_page import HANDS, NEEDLES

ELSEWHERE = NEEDLES | {"tier-0": "out_of_network"}
"""Out of network $60 are allowed: 60, then 40 + 10, then 30, and 3 x 40 above: $260. In network $128."""

SIX = NEEDLES | {"visits-0": "6"}
"""Four are covered: 80 + 32 + 16 + 16 = $144; two are charged $100 each: $344."""

NOTHING = {"may": "1", "may-later": "0"}
"""The reader lets nothing change."""


def forms_into_plan(page: Page) -> list[list[tuple[str, str]]]:
    """The fields of each form that puts a way into the care plan."""
    found: list[list[tuple[str, str]]] = []
    is_inside = False
    for tag, each in page.tags:
        if tag == "form":
            is_inside = each.get("class") == "use"
            found += [[]] if is_inside else []
        elif is_inside and tag == "input":
            found[-1].append((each["name"], each["value"]))
    return found


def body_of(pairs: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Fields as `data` of a call."""
    named: dict[str, str | list[str]] = {}
    for name in dict.fromkeys(name for name, _ in pairs):
        values = [value for each, value in pairs if each == name]
        named[name] = values if len(values) > 1 else values[0]
    return named


async def test_the_care_plan_shows_the_first_ways(site: httpx.AsyncClient) -> None:
    page = read((await site.post("/en/plan", data=ELSEWHERE)).text)
    assert page.of("total") == "You would pay about $260.00"
    shown = page.texts[page.texts.index("Ways to pay less") :]
    assert shown[2:6] == [
        "Acupuncture: 3 visits to a provider of another network (In network)",
        "another provider",
        "Find out first whether there is such a provider near you. We expect the same charge.",
        "Save $132.00",
    ]
    assert "you pay $128.00" in shown
    assert "We looked at the other networks of your plan, and at up to 30 days later." in page.text


async def test_a_care_plan_without_a_cheaper_way_says_so(site: httpx.AsyncClient) -> None:
    page = read((await site.post("/en/plan", data=NEEDLES)).text)
    assert "No cheaper way to the same care was found." in page.text
    assert "Choose what may change" in page.texts


async def test_visits_that_are_not_covered_at_a_price_without_the_plan(site: httpx.AsyncClient) -> None:
    """144 + 2 x 70 = $284, $60 less than $344."""
    page = read((await site.post("/en/cheaper", data=SIX | NOTHING | {"self-pay-0": "$70"})).text)
    assert page.of("total") == "The cheapest way we found: $284.00"
    assert "As planned you would pay $344.00. This way saves $60.00." in page.texts
    shown = page.texts[page.texts.index("Ways to pay less") :]
    assert shown[2:6] == [
        "Acupuncture: 2 visits that the plan does not cover, paid without the plan at $70.00 each",
        "same provider",
        "Agree on the price first. Nothing is sent to your plan for these visits.",
        "Save $60.00",
    ]
    assert forms_into_plan(page) == []


async def test_what_the_reader_chose_is_kept_and_used_by_the_care_plan(site: httpx.AsyncClient) -> None:
    data = ELSEWHERE | {
        "may": "1",
        "may-later": "14",
        "may-tier": "out_of_network",
        "may-order": "1",
        "self-pay-0": "70",
    }
    page = read((await site.post("/en/plan", data=data)).text)
    assert "No cheaper way to the same care was found." in page.text
    assert "We looked at what you said may change." in page.text
    kept = {each["name"]: each["value"] for tag, each in page.tags if tag == "input" and each.get("type") == "hidden"}
    assert kept == {name: value for name, value in data.items() if name.startswith(("may", "self-pay"))}
    page = read((await site.post("/en/cheaper", data=data)).text)
    assert {each["value"]: "checked" in each for each in page.fields("may-tier")} == {
        "in_network": False,
        "out_of_network": True,
    }
    assert page.of("total") == "No cheaper way to the same care was found."


@pytest.mark.parametrize("form", [ELSEWHERE, SIX | {"first-0": "2026-12-01", "every-0": "1", "tier-0": ""}])
async def test_each_price_is_the_services_own_for_that_care(site: httpx.AsyncClient, form: dict[str, str]) -> None:
    """Each way is put into the care plan, whose page then says its price, and none costs more than as planned."""
    planned = read((await site.post("/en/plan", data=form)).text).of("total")
    page = read((await site.post("/en/cheaper", data=form)).text)
    prices = [text.removeprefix("you pay ") for text in page.texts if text.startswith("you pay ")]
    forms = forms_into_plan(page)
    assert len(forms) == len(prices) > 0
    for pairs, price in zip(forms, prices, strict=True):
        total = read((await site.post("/en/plan", data=body_of(pairs))).text).of("total")
        assert total == f"You would pay about {price}"
        assert dollars(price) < dollars(planned.removeprefix("You would pay about "))


def dollars(text: str) -> float:
    """`$1,234.50` as a number."""
    return float(text.replace("$", "").replace(",", ""))


async def test_ways_with_the_same_provider_come_first(site: httpx.AsyncClient) -> None:
    """Out of network, six visits: another network saves more than a price without the plan for two of them."""
    data = SIX | {"tier-0": "out_of_network", "may": "1", "may-tier": "in_network", "self-pay-0": "95"}
    page = read((await site.post("/en/cheaper", data=data)).text)
    shown = [text for text in page.texts if text in {"same provider", "another provider"}]
    saved = [dollars(text.removeprefix("Save ")) for text in page.texts if text.startswith("Save ")]
    assert shown == ["same provider", "another provider"]
    assert saved[0] < saved[1]


async def test_without_care_the_page_leads_to_the_care_plan(site: httpx.AsyncClient) -> None:
    page = read((await site.get("/en/cheaper")).text)
    assert "Tell us first what care you plan." in page.texts
    assert ("a", {"class": "button", "href": "/en/plan"}) in page.tags
    page = read((await site.post("/en/cheaper", data=NEEDLES | {"visits-0": "many"})).text)
    assert page.of("fault-visits-0")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("may-tier", "gold"),
        ("may-practitioner", "gold"),
        ("may-setting", "inpatient_hospital"),
        ("may-later", "-1"),
        ("self-pay-0", "cheap"),
    ],
)
async def test_a_wrong_choice_is_told_at_its_field(site: httpx.AsyncClient, field: str, text: str) -> None:
    page = read((await site.post("/en/cheaper", data=SIX | NOTHING | {field: text})).text)
    assert page.of(f"fault-{field}")
    assert page.of("total") == ""
    plan = read((await site.post("/en/plan", data=SIX | NOTHING | {field: text})).text)
    assert plan.of("total") == "You would pay about $344.00"
    assert "Ways to pay less" not in plan.texts


async def test_too_many_choices_are_told(site: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(care_choices, "MOST_CHOICES", 0)
    page = read((await site.post("/en/cheaper", data=SIX)).text)
    assert "There are too many choices to look at all of them. Let less change." in page.texts
    assert "Ways to pay less" not in read((await site.post("/en/plan", data=SIX)).text).texts


def test_the_fields_of_a_form_make_the_same_form() -> None:
    two = NEEDLES | {f"{name.removesuffix('0')}1": value for name, value in HANDS.items() if name.endswith("-0")}
    two |= {"have-1": "referral", "used-visits": "1", "may": "1", "may-later": "7", "may-tier": "in_network"}
    two |= {"minutes-1": "60"}
    two |= {
        "may-order": "1",
        "may-setting": "home",
        "may-practitioner": "acupuncturist",
        "self-pay-1": "60",
        "age": "44",
    }
    form = form_of(pairs_of(httpx.Request("POST", "http://pages.example", data=two).content))
    assert form_of([*fields_to_send(form), *way_pairs(form)]) == form


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("eligible", "You can use an HSA or FSA for this."),
        ("with_letter", "You can use an HSA or FSA for this with a letter of medical necessity."),
        ("not_eligible", "You cannot use an HSA or FSA for this."),
    ],
)
async def test_whether_an_hsa_or_fsa_may_pay_stands_with_the_visits(word: str, said: str) -> None:
    catalog = CATALOG.replace("    name: Acupuncture\n", f"    name: Acupuncture\n    tax_advantaged: {word}\n")
    async with client_of(tables(catalog=catalog)) as client:
        page = read((await client.post("/en/plan", data=NEEDLES)).text)
    assert said in page.texts


async def test_where_the_catalog_does_not_say_nothing_is_told(site: httpx.AsyncClient) -> None:
    assert "HSA" not in read((await site.post("/en/plan", data=NEEDLES)).text).text
