"""P1 and P2: three questions, and the cost of a care plan. Amounts are worked out by hand beside each test."""

from __future__ import annotations

import httpx
import pytest

from camcover.engine import InvalidRequest, Tables, Violation, evaluate
from camcover.refusals import Refusal
from camcover.web.asking import asked, at_fields
from camcover.web.forms import form_of, pairs_of
from small_rules import SHARE_PLAN, tables
from web.conftest import TODAY, client_of
from web.reading import read

NEEDLES = {
    "plan": "share-plan",
    "sum-deductible": "0",
    "sum-oop_max": "0",
    "before": "no",
    "therapy-0": "acupuncture",
    "visits-0": "3",
    "every-0": "7",
    "first-0": "2026-03-02",
    "charge-0": "100",
    "condition-0": "back-pain",
    "practitioner-0": "acupuncturist",
    "tier-0": "in_network",
}
"""Three visits of $100, of which the plan allows 80%, under a deductible of $100 and a coinsurance of 20%."""

HANDS = {
    "plan": "copay-plan",
    "sum-oop_max": "0",
    "before": "no",
    "therapy-0": "massage",
    "visits-0": "2",
    "charge-0": "$100.00",
    "first-0": "2026-03-30",
    "practitioner-0": "massage-therapist",
}
"""Two visits of $100, of which the plan allows $70, at a copay of $20, by referral; else the charge is owed."""


@pytest.mark.parametrize(("tag", "title"), [("en", "What will my care cost?"), ("es", "¿Cuánto costará mi atención?")])
async def test_the_start_asks_three_questions(site: httpx.AsyncClient, tag: str, title: str) -> None:
    page = read((await site.get(f"/{tag}/")).text)
    assert page.language == tag
    assert title in page.texts
    names = [each["name"] for tag, each in page.tags if tag == "select"]
    assert names == ["plan", "therapy-0", "condition-0"]
    assert [each for tag, each in page.tags if tag == "form"] == [
        {"class": "card stack", "method": "post", "action": f"/{tag}/plan"}
    ]


async def test_the_three_answers_give_a_range_with_its_causes(site: httpx.AsyncClient) -> None:
    """Six visits a week apart; nothing is known of charge, practitioner, network and sums."""
    form = {"plan": "share-plan", "therapy-0": "acupuncture", "condition-0": "back-pain", "do": "price"}
    page = read((await site.post("/en/plan", data=form)).text)
    assert "You would pay about" in page.of("total")
    causes = [text for text in page.texts if text.startswith("We do not know how much you have paid toward")]
    assert len(causes) == 2
    assert "You gave no practitioner" in page.text


async def test_a_plan_worked_by_hand(site: httpx.AsyncClient) -> None:
    """$80 go to the deductible; then its last $20 and 20% of $60, $32; then 20% of $80, $16: $128.

    The plan pays 48 + 64 = $112, and 3 x 20 = $60 are not billed: 128 + 112 + 60 = $300.
    """
    page = read((await site.post("/en/plan", data=NEEDLES)).text)
    assert page.of("total") == "You would pay about $128.00"
    assert "for 3 visits that cost $300.00 before insurance. 3 of 3 visits are covered." in page.text
    assert "You pay $128.00 Your plan pays $112.00 Not billed $60.00" in page.text
    assert "With what you told us, the cost is exact." in page.texts
    whys = [text for text in page.texts if text.startswith("Why $")]
    assert whys == ["Why $80.00?", "Why $32.00?", "Why $16.00?"]
    assert "$20.00 toward your deductible; $12.00 coinsurance" in page.texts
    assert page.of("months-text") == "March 2026: $128.00"
    assert not [text for text in page.texts if "$0.00" in text]
    assert "Evidence of coverage, p.2, p.1" in page.texts


async def test_an_approval_says_what_it_is_worth_and_closes_the_range(site: httpx.AsyncClient) -> None:
    """Two copays of $20. Without a referral two charges of $100: $160 more."""
    page = read((await site.post("/en/plan", data=HANDS)).text)
    assert page.of("total") == "You would pay about $40.00"
    assert "It could be $40.00 to $200.00." in page.texts
    assert "Massage: get a referral" in page.texts
    assert "Without it you would pay $160.00 more." in page.texts
    assert page.of("months-text") == "March 2026: $20.00; April 2026: $20.00"
    (box,) = page.fields("have-0")
    assert "checked" not in box
    page = read((await site.post("/en/plan", data=HANDS | {"have-0": box["value"]})).text)
    assert "With what you told us, the cost is exact." in page.texts
    assert "checked" in page.fields("have-0")[0]
    assert "1 of 1 done" in page.texts
    assert "Without it you would pay $160.00 more." in page.texts


async def test_what_would_change_it_is_priced(site: httpx.AsyncClient) -> None:
    """Out of network $60 are allowed: 60 to the deductible, then 40 and half of 20, then half of 60, and 3 x 40 above.

    60 + 50 + 30 + 120 = $260, $132 more than $128. With the deductible met 3 x 16 = $48, $80 less.
    """
    page = read((await site.post("/en/plan", data=NEEDLES)).text)
    changes = page.texts[page.texts.index("What would change it") :]
    assert changes[2:6] == [
        "Acupuncture from another network: Out of network",
        "+$132.00",
        "Your deductible is already met",
        "\N{MINUS SIGN}$80.00",
    ]


@pytest.mark.parametrize("form", [NEEDLES, HANDS, NEEDLES | {"plan": "copay-plan"}, HANDS | {"visits-0": "9"}])
async def test_the_figures_are_the_engines(small: Tables, site: httpx.AsyncClient, form: dict[str, str]) -> None:
    body = httpx.Request("POST", "http://pages.example", data=form).content
    request = asked(form_of(pairs_of(body)), small, TODAY).request
    assert request is not None
    estimate = evaluate(small, request)
    page = read((await site.post("/en/plan", data=form)).text)
    total = estimate.totals
    assert page.of("total") == f"You would pay about ${total.patient_cents / 100:,.2f}"
    assert f"${total.charge_cents / 100:,.2f} before insurance" in page.text
    assert f"Your plan pays ${total.plan_paid_cents / 100:,.2f}" in page.text
    if estimate.range.low_cents != estimate.range.high_cents:
        low, high = (f"${cents / 100:,.2f}" for cents in (estimate.range.low_cents, estimate.range.high_cents))
        assert f"It could be {low} to {high}." in page.texts


@pytest.mark.parametrize(
    ("name", "value", "field", "said"),
    [
        ("plan", "", "plan", "Choose your health plan."),
        ("plan", "no-such-plan", "plan", "Choose your health plan."),
        ("therapy-0", "alchemy", "therapy-0", "Choose a kind of care."),
        ("visits-0", "0", "visits-0", "Give a number of visits from 1 to 60."),
        ("visits-0", "many", "visits-0", "Give a number of visits from 1 to 60."),
        ("every-0", "5", "every-0", "Choose one of the list."),
        ("first-0", "2026-02-30", "first-0", "Give a day such as 03/02/2026."),
        ("charge-0", "ten dollars", "charge-0", "Give an amount of dollars such as 120.50."),
        ("condition-0", "sadness", "condition-0", "Choose one of the list."),
        ("practitioner-0", "wizard", "practitioner-0", "Choose one of the list."),
        ("age", "121", "age", "Give your age in years, from 0 to 120."),
        ("state", "ZZ", "state", "Choose one of the list."),
        ("before", "perhaps", "before", "Choose one of the list."),
        ("sum-deductible", "x", "sum-deductible", "Give an amount of dollars such as 120.50."),
        ("sum-deductible", "100.01", "sum-deductible", "This is too much. It can be $100.00 at most."),
    ],
)
async def test_a_fault_is_told_at_its_field(
    site: httpx.AsyncClient, name: str, value: str, field: str, said: str
) -> None:
    page = read((await site.post("/en/plan", data=NEEDLES | {name: value})).text)
    assert page.of(f"fault-{field}") == said
    (shown,) = (each for each in page.fields(field) if "id" in each)
    assert shown["aria-invalid"] == "true"
    assert f"fault-{field}" in shown["aria-describedby"]
    assert f"#{field}" in [each.get("href") for tag, each in page.tags if tag == "a"]
    assert page.of("total") == ""
    if shown.get("type") not in {None, "date"}:
        assert shown["value"] == value


@pytest.mark.parametrize(
    ("value", "said"),
    [("4", ""), ("5", "This is too much. It can be 4 at most."), ("two", "Give a number, such as 4."), ("", "")],
)
async def test_visits_so_far_are_asked_where_there_were_some(site: httpx.AsyncClient, value: str, said: str) -> None:
    page = read((await site.post("/en/plan", data=NEEDLES | {"before": "yes", "used-visits": value})).text)
    assert page.of("fault-used-visits") == said
    assert page.fields("used-visits")[0]["value"] == value
    if value == "4":
        assert page.of("total") == "You would pay about $300.00"
        assert "The plan covers 4 visits in a calendar year. You have reached that limit." in page.texts


async def test_what_the_engine_refuses_is_told_at_its_field(site: httpx.AsyncClient) -> None:
    """More of the deductible than of the maximum that counts it."""
    wrong = NEEDLES | {"sum-deductible": "100", "sum-oop_max": "20"}
    page = read((await site.post("/en/plan", data=wrong)).text)
    faults = [name for name in ("sum-deductible", "sum-oop_max", "plan") if page.of(f"fault-{name}")]
    assert len(faults) <= 1
    assert bool(faults) != bool(page.of("total"))


async def test_sums_of_the_plan_before_move_no_fault_to_another_field() -> None:
    """All that the deductible counts goes to the maximum, too: of $20 there it can be no more than $20."""
    plan = SHARE_PLAN.replace("out_of_pocket_maximum: none", "out_of_pocket_maximum: oop_max")
    sums = {"sum-of-the-old-plan": "5", "sum-deductible": "100", "sum-oop_max": "20"}
    form = {name: value for name, value in NEEDLES.items() if not name.startswith("sum-")}
    async with client_of(tables(share=plan)) as client:
        page = read((await client.post("/en/plan", data=sums | form)).text)
    assert page.of("fault-sum-deductible") == "This is too much. It can be $20.00 at most."
    assert "aria-invalid" not in page.fields("sum-oop_max")[0]
    assert page.of("fault-plan") == ""


@pytest.mark.parametrize(
    ("path", "before", "field"),
    [
        ("members[0].limit_usage[0].used", "yes", "used-visits"),
        ("members[0].limit_usage[0].used", "no", "before"),
        ("members[0].accumulators[1].used_cents", "no", "sum-oop_max"),
        ("members[0].age", "no", "age"),
        ("members[0].id", "no", "plan"),
        ("items[0].charge_cents", "no", "charge-0"),
        ("plan_id", "no", "plan"),
    ],
)
def test_each_path_of_a_request_has_its_field(small: Tables, path: str, before: str, field: str) -> None:
    pairs = list((NEEDLES | {"before": before, "used-of-the-old-plan": "1", "used-visits": "2"}).items())
    form = form_of(pairs)
    request = asked(form, small, TODAY).request
    assert request is not None
    error = InvalidRequest((Violation(path, "this", "that", Refusal.CONTRADICTORY_USE),))
    assert list(at_fields(error, form, request)) == [field]


async def test_buttons_work_without_script(site: httpx.AsyncClient) -> None:
    page = read((await site.post("/en/plan", data=NEEDLES | {"do": "more-0"})).text)
    assert page.fields("visits-0")[0]["value"] == "4"
    page = read((await site.post("/en/plan", data=NEEDLES | {"do": "less-0", "visits-0": "1"})).text)
    assert page.fields("visits-0")[0]["value"] == "1"
    page = read((await site.post("/en/plan", data=NEEDLES | {"do": "add"})).text)
    assert page.fields("therapy-1") != []
    assert page.fields("first-1")[0]["value"] == "2026-03-02"
    assert (page.of("fault-therapy-1"), page.of("total")) == ("", "You would pay about $128.00")
    two = NEEDLES | {f"{name.removesuffix('0')}1": value for name, value in HANDS.items() if name.endswith("-0")}
    page = read((await site.post("/en/plan", data=two | {"do": "remove-0"})).text)
    assert page.fields("therapy-1") == []
    assert "Massage" in page.text


async def test_what_is_typed_is_shown_as_text(site: httpx.AsyncClient) -> None:
    hostile = "\"><script>alert(1)</script><b x='"
    form = dict.fromkeys((*NEEDLES, "age", "state", "find", "do", "plans", "have-0", hostile), hostile)
    for path in ("/en/plan", "/es/plan"):
        answer = await site.post(path, data=form | {"therapy-0": hostile})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<b x=" not in answer.text
        read(answer.text)


async def test_names_in_rules_are_shown_as_text() -> None:
    plan = SHARE_PLAN.replace("name: Share Plan", "name: '<img src=x onerror=alert(1)>'").replace(
        "title: Evidence of coverage", "title: '<i>Evidence</i>', url: 'https://payer.example/?a=1&b=2'"
    )
    async with client_of(tables(share=plan)) as client:
        text = (await client.post("/en/plan", data=NEEDLES)).text
    assert "<img src=x" not in text
    assert "<i>" not in text
    assert 'href="https://payer.example/?a=1&amp;b=2"' in text


async def test_script_asks_for_the_result_alone(site: httpx.AsyncClient) -> None:
    answer = await site.post("/en/plan", data=NEEDLES, headers={"HX-Request-Type": "partial"})
    assert "<form" not in answer.text
    assert "$128.00" in answer.text


async def test_many_plans_are_found_by_a_text(site: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camcover.web.plan_lists.MOST_PLANS", 1)
    page = read((await site.get("/en/")).text)
    assert "1 more plan is not in the list." in page.texts
    page = read((await site.post("/en/plan", data={"find": "share", "do": "find"})).text)
    assert "Share Plan" in page.texts
    assert "Copay Plan" not in page.texts
