"""The care plan page over the shipped rules: figures worked out by hand, equal to the methods', each with its steps."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from camcover.api.server import Server, Settings, Storage
from camcover.engine import Tables, evaluate
from camcover.engine.estimate import ExplainedStep
from camcover.http.app import application
from camcover.languages import language
from camcover.showing.answer import answer_of
from camcover.showing.words import WORDS
from camcover.web.app import Pages, PageSettings
from camcover.web.asking import asked as request_asked
from camcover.web.forms import form_of, pairs_of
from camcover.web.refilling import refilled
from camcover.workflow import catalog_entries
from camcover.workflow.pricing import price
from camcover.workflow.rules_in_force import RulesInForce
from web.conftest import TODAY, client_of
from web.reading import Page, read
from web.shipped_care import APPROVED, CARE, asked
from web.test_spanish import english_in, form_for, proper_names


@pytest.fixture
async def both(shipped: Tables) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the pages and of the methods, which stand beside each other."""
    rules = RulesInForce(shipped)
    server = Server(rules, Storage(), Settings(drain_seconds=0.0))
    app = application(server, pages=Pages(rules, PageSettings(), server.pages.run))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pages.example") as client:
        yield client
    server.pages.close()


async def shown(client: httpx.AsyncClient, tag: str = "en", **changes: str) -> Page:
    """The page of the care, with changes of its form."""
    answer = await client.post(f"/{tag}/plan", data=CARE | changes)
    assert answer.status_code == 200
    return read(answer.text)


def dollars(cents: int) -> str:
    """An amount as pages have it."""
    return f"${cents / 100:,.2f}"


async def test_figures_worked_by_hand(both: httpx.AsyncClient) -> None:
    """The arithmetic stands beside `CARE`."""
    page = await shown(both)
    assert page.of("total") == "You would pay about $1,553.60"
    assert "for 30 visits that cost $3,280.00 before insurance. 26 of 30 visits are covered." in page.text
    assert "You pay $1,553.60 Your plan pays $1,038.40 Not billed $688.00" in page.text
    assert "It could be $1,553.60 to $2,790.00." in page.texts
    low = "It will not be less than $1,553.60, by what you told us."
    high = "What leads to the most, $2,790.00: Acupuncture without prior authorization +$1,080.00"
    massage = "Therapeutic massage without a referral +$156.40 Each amount is what that alone changes."
    assert f"{low} {high} {massage}" in page.text
    assert "Acupuncture: get prior authorization Without it you would pay $1,080.00 more." in page.text
    assert "Therapeutic massage: get a referral Without it you would pay $156.40 more." in page.text
    assert page.of("months-text") == "March 2026: $466.00; April 2026: $338.00; May 2026: $334.00; June 2026: $415.60"
    for said in ("12 of 16 covered", "8 of 8 covered", "6 of 6 covered", "Visits 13 to 16"):
        assert said in page.texts
    assert "payers/cascade-silver/plan-2026.yaml:45" in page.texts


async def test_twelve_visits_instead_of_sixteen(both: httpx.AsyncClient) -> None:
    """The four visits that are not covered, at $120.00 each, are gone: 1,553.60 - 480 = $1,073.60."""
    page = await shown(both, **{"visits-0": "12"})
    assert page.of("total") == "You would pay about $1,073.60"
    assert "12 of 12 covered" in page.texts


async def test_both_approvals_close_the_range(both: httpx.AsyncClient) -> None:
    page = await shown(both, **APPROVED)
    assert page.of("total") == "You would pay about $1,553.60"
    assert "With what you told us, the cost is exact." in page.texts
    assert "2 of 2 done" in page.texts


async def test_an_unknown_deductible_opens_the_range_at_both_ends(both: httpx.AsyncClient) -> None:
    """With nothing paid so far massage is 6 x 128 = $768: 1,848. Met, it is 6 x 25.60 = $153.60: 1,233.60.

    The most: 1,080 more without prior authorization. A referral is worth nothing then: 6 x 105 = 630 is less than 768.
    """
    page = await shown(both, **{"sum-deductible": ""}, **APPROVED)
    assert page.of("total") == "You would pay about $1,848.00"
    assert "It could be $1,233.60 to $1,848.00." in page.texts
    why = "We do not know how much you have paid toward the deductible (deductible)."
    assert f"{why} We expect nothing so far. The range goes up to $1,500.00." in page.texts
    changes = page.texts[page.texts.index("What would change it") :]
    assert changes[changes.index("Your deductible is already met") + 1] == "\N{MINUS SIGN}$614.40"
    low = "What leads to the least, $1,233.60: Your deductible is already met \N{MINUS SIGN}$614.40"
    assert f"{low} It will not be more than $1,848.00, by what you told us." in page.text
    open_one = await shown(both, **{"sum-deductible": ""})
    high = "What leads to the most, $2,928.00: Acupuncture without prior authorization +$1,080.00"
    assert f"{low} {high} Why? 3 facts are open" in open_one.of("range")
    assert "Therapeutic massage without a referral" not in open_one.of("range")
    assert "It could be $1,233.60 to $2,928.00." in open_one.texts
    assert "The acupuncture benefit needs prior authorization. The estimate assumes that you have it." in open_one.texts
    assert "The massage benefit needs a referral. The estimate assumes that you have it." in open_one.texts


async def test_a_range_that_no_case_reaches_says_so(both: httpx.AsyncClient) -> None:
    """Nothing is known of sums and of use before: from nothing to all charges, $3,280.

    Past the maximum only the four visits that are not covered are owed, at $120.00: 1,848 - 480 = $1,368 less.
    """
    page = await shown(both, **{"sum-deductible": "", "sum-oop_max": "", "before": ""})
    assert "It could be $0.00 to $3,280.00." in page.texts
    low = "What leads to the least, $0.00: Your out-of-pocket maximum is already reached \N{MINUS SIGN}$1,368.00"
    assert f"{low} Your deductible is already met \N{MINUS SIGN}$614.40" in page.of("range")
    assert "Too many facts are open to try every case." in page.of("range")


async def test_the_short_path_tells_what_leads_to_the_ends_of_a_range(both: httpx.AsyncClient) -> None:
    """As `CARE` says: 1,080 more without prior authorization, 156.40 more without a referral for massage."""
    answer = (await both.post("/v1/estimates", json=asked() | {"explain_range": True})).json()["range"]
    assert (answer["low_cents"], answer["high_cents"], answer["is_widened"]) == (155_360, 279_000, False)
    assert not answer["low_causes"]
    told = [(each["text"], each["item_indexes"], int(each["worth_cents"])) for each in answer["high_causes"]]
    assert told == [
        ("acupuncture without prior authorization", [0], 108_000),
        ("therapeutic massage without a referral", [2], 15_640),
    ]
    assert not (await both.post("/v1/estimates", json=asked())).json()["range"]["high_causes"]


@pytest.mark.parametrize("changes", [{}, {"visits-0": "12"}, {"minutes-2": ""}, {"tier-0": "out_of_network"}], ids=str)
async def test_every_sum_is_that_of_the_methods(both: httpx.AsyncClient, changes: dict[str, str]) -> None:
    """To the cent: totals, range, months by kind of care, each visit; and the charge is what all pay together."""
    question = asked()
    first, massage = question["items"][0], question["items"][2]
    first["sessions"] = int(changes.get("visits-0", "16"))
    first["tier"] = changes.get("tier-0", "in_network")
    if "minutes-2" in changes:
        del massage["procedures"]
    answer: dict[str, Any] = (await both.post("/v1/estimates", json=question)).json()
    page = await shown(both, **changes)
    totals = answer["totals"]
    parts = {name: totals[f"{name}_cents"] for name in ("patient", "plan_paid", "written_off")}
    assert totals["charge_cents"] == sum(parts.values())
    assert page.of("total") == f"You would pay about {dollars(parts['patient'])}"
    paid = f"You pay {dollars(parts['patient'])} Your plan pays {dollars(parts['plan_paid'])}"
    assert f"{paid} Not billed {dollars(parts['written_off'])}" in page.text
    assert f"visits that cost {dollars(totals['charge_cents'])} before insurance" in page.text
    low, high = (dollars(answer["range"][f"{name}_cents"]) for name in ("low", "high"))
    assert f"It could be {low} to {high}." in page.texts
    months = ("March", "April", "May", "June")
    told = [
        f"{name} 2026: {dollars(each['patient_cents'])}" for name, each in zip(months, answer["months"], strict=True)
    ]
    assert page.of("months-text") == "; ".join(told)
    assert months_of(page) == by_month(answer)
    expected = [dollars(line["patient_cents"]) for line in answer["lines"] if line["session"] == 1]
    whys = [text.removeprefix("Why ").removesuffix("?") for text in page.texts if text.startswith("Why $")]
    assert set(expected) <= set(whys)


NAMES = ("Acupuncture", "Chiropractic adjustment", "Therapeutic massage")
MONTHS = {"March 2026": "2026-03", "April 2026": "2026-04", "May 2026": "2026-05", "June 2026": "2026-06"}


def months_of(page: Page) -> dict[tuple[str, str], str]:
    """The table below the chart: amounts by month and row, `` for the month itself."""
    begin = len(page.texts) - page.texts[::-1].index("Show as a table")
    found: dict[tuple[str, str], str] = {}
    month, rest = "", iter(page.texts[begin + 2 :])
    for name in rest:
        if not (name in MONTHS or name.removesuffix(", not covered") in NAMES):
            return found
        month = MONTHS.get(name, month)
        found[month, "" if name in MONTHS else name] = next(rest)
    return found


def by_month(answer: dict[str, Any]) -> dict[tuple[str, str], str]:
    """The same of the lines of an answer."""
    sums: dict[tuple[str, str], int] = {}
    for line in answer["lines"]:
        month = line["date"][:7]
        name = NAMES[line["item_index"]] + ("" if line["covered"] else ", not covered")
        for key in ((month, ""), (month, name)):
            sums[key] = sums.get(key, 0) + line["patient_cents"]
    return {key: dollars(cents) for key, cents in sums.items() if cents}


# Where each figure comes from

OWED = ("step-deductible", "step-copay", "step-coinsurance", "step-you-pay", "step-penalty", "step-charge-above")
PLANS = ("cascade-silver", "original-medicare-part-b", "ump-classic", "bronze-hsa", "fep-blue-standard", "no-cam-plan")


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("tag", ["en", "es"])
def test_every_figure_opens_into_steps(shipped: Tables, plan: str, tag: str) -> None:
    """No id stands in quotes and no step moves $0.00; what comes from a document with an address leads there."""
    form = form_of(list(form_for(plan, ["acupuncture", "chiropractic", "therapeutic-massage", "reiki"]).items()))
    request = request_asked(form, shipped, TODAY).request
    assert request is not None
    answer = answer_of(shipped, request, price(shipped, request), changes=(), language=language(tag))
    addresses = {source.title: source.url for source in answer.sources}
    runs = [run for care in answer.care for run in care.runs]
    assert sum(run.patient_cents for run in runs) == answer.estimate.totals.patient_cents
    for run in runs:
        assert re.fullmatch(r"(payers|catalog)/[a-z0-9/-]+\.yaml:\d+", run.rule), run.rule
        assert run.steps
        for step in run.steps:
            assert "'" not in step.text.replace("plan's", "").replace("code's", "")
            assert '"' not in step.text
            assert not re.search(r"\$0\.00(?!\d)", step.text), step.text
            title = next((each for each in addresses if step.source.startswith(each)), "")
            if title and addresses[title]:
                assert step.url == addresses[title]


@pytest.mark.parametrize("plan", PLANS)
def test_the_steps_of_a_line_sum_to_what_is_paid(shipped: Tables, plan: str) -> None:
    """Deductible, copay, coinsurance and what is owed besides make the patient's part."""
    form = form_of(list(form_for(plan, ["acupuncture", "chiropractic", "therapeutic-massage", "reiki"]).items()))
    request = request_asked(form, shipped, TODAY).request
    assert request is not None
    for line in evaluate(shipped, request).lines:
        assert sum(owed(each) for each in line.steps) == line.patient_cents, [each.text for each in line.steps]


def owed(step: ExplainedStep) -> int:
    """What a step adds to the patient's part."""
    return step.amount_cents if step.message.id.startswith(OWED) else 0


async def test_steps_lead_to_their_document(both: httpx.AsyncClient) -> None:
    page = await shown(both)
    links = [each["href"] for tag, each in page.tags if tag == "a" and each.get("href", "").startswith("https://payer")]
    assert set(links) == {"https://payer.example/eoc-2026.pdf"}
    assert len(links) > len(page.of("visit-by-visit"))


# The length of a visit


async def test_the_length_is_asked_where_quarter_hours_are_billed(shipped: Tables, both: httpx.AsyncClient) -> None:
    """An hour of massage is four units of 97124. Without a length the plan's price of a visit is taken, $85.00.

    Then massage is 4 x 85 + 60 + 20% of 25 = 405, and 20% of 85 = 17: $422. Together 840 + 240 + 422 = $1,502.
    """
    assert [each for each in catalog_entries.therapies(shipped) if catalog_entries.timed_code(shipped, each)] == [
        "therapeutic-massage",
        "weight-management",
    ]
    page = await shown(both)
    assert [each.get("id") for tag, each in page.tags if tag == "select" and "minutes" in each["name"]] == ["minutes-2"]
    assert (await shown(both, **{"minutes-2": ""})).of("total") == "You would pay about $1,502.00"
    for other in ("61", "x", "-15", "75"):
        assert (await shown(both, **{"minutes-2": other})).of("total") == "You would pay about $1,502.00"
    assert (await shown(both, **{"minutes-0": "60"})).of("total") == "You would pay about $1,553.60"


def test_the_length_comes_back_from_a_request(shipped: Tables) -> None:
    body = httpx.Request("POST", "http://pages.example", data=CARE).content
    request = request_asked(form_of(pairs_of(body)), shipped, TODAY).request
    assert request is not None
    assert [each.minutes for each in refilled(request).items] == ["", "", "60"]
    assert request_asked(refilled(request), shipped, TODAY).request == request


# In Spanish


async def test_the_spanish_page_has_the_same_figures_and_no_english(shipped: Tables) -> None:
    async with client_of(shipped) as client:
        page = await shown(client, "es")
    until = language("es").text(WORDS["letter-until"](day=date(2026, 5, 8)))
    assert until == "Se puede mostrar hasta el 8 de mayo de 2026."
    assert page.language == "es"
    assert page.of("total") == "Usted pagaría aproximadamente $1,553.60"
    assert page.of("months-text").startswith("marzo de 2026: $466.00; abril de 2026: $338.00")
    assert re.search(r"Se puede mostrar hasta el \d{1,2} de [a-z]+ de 20\d\d\.", page.text)
    assert "Acupuntura, sin cobertura" in page.texts
    assert english_in(page.text, proper_names(shipped)) == set()
    assert "Un traductor calificado todavía no ha revisado esta traducción." in page.text
