"""P7: letter and summary as PDF. Amounts are those of test_care_page.py, where they are worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from camcover import extras
from camcover.engine import Tables
from camcover.languages import language
from camcover.showing import letter as letters
from camcover.showing import printing
from camcover.showing.printing import FOLDER, Paper, PaperTooLong, paper, printed
from camcover.workflow import pricing
from pdf_reading import Document, plain, read_pdf
from small_rules import CATALOG, COPAY_PLAN, SHARE_PLAN, question, tables, typed
from web.conftest import client_of
from web.reading import read
from web.test_care_page import HANDS, NEEDLES
from web.test_spanish import english_in, form_for, proper_names

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def asked(client: httpx.AsyncClient, path: str, form: dict[str, str]) -> Document:
    """The PDF that a page gives for a form."""
    answer = await client.post(path, data=form)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{path.rpartition("/")[2]}"'
    return read_pdf(answer.content)


async def test_the_letter_has_every_figure_and_its_reason(site: httpx.AsyncClient) -> None:
    """$80 to the deductible; its last $20 and 20% of $60; 20% of $80: 128 + 112 + 60 = $300."""
    found = await asked(site, "/en/plan/letter.pdf", NEEDLES)
    text = found.text
    assert "You would pay about $128.00 for 3 visits that cost $300.00 before insurance." in text
    assert "With what you told us, the cost is exact." in text
    assert found.alternatives == (
        "You pay: $128.00; Your plan pays: $112.00; Not billed: $60.00",
        "March 2026: $128.00",
    )
    assert "1 Mar 2 $80.00 toward your deductible $100.00 $0.00 $20.00 $80.00" in text
    assert "2 Mar 9 $20.00 toward your deductible; $12.00 coinsurance $100.00 $48.00 $20.00 $32.00" in text
    assert "3 Mar 16 $16.00 coinsurance $100.00 $64.00 $20.00 $16.00" in text
    assert "Together $300.00 $112.00 $60.00 $128.00" in text
    assert "Visit 2, Mar 9, 2026: you pay $32.00" in text
    assert "You pay $20.00 toward your deductible" in text
    assert "[1] Evidence of coverage, p.2 [2] Evidence of coverage, p.1" in text
    assert "Your health plan: Share Plan (Example Health)" in text
    assert "Acupuncture: 3 visits, every week, Mar 2 - Mar 16, 2026; Back pain; Acupuncturist; In network" in text
    assert "Paid toward your deductible: $0.00" in text
    assert "This estimate does not promise that the plan will cover the services." in text
    assert "$0.00." not in text.partition("How each amount comes about")[2].partition("What you told us")[0]


async def test_the_letter_has_approvals_and_what_each_is_worth(site: httpx.AsyncClient) -> None:
    """Two copays of $20; without a referral two charges of $100: $160 more."""
    wanted = (await asked(site, "/en/plan/letter.pdf", HANDS)).text
    assert "It could be $40.00 to $200.00. What we assumed is listed below." in wanted
    ends = "It will not be less than $40.00, by what you told us. What leads to the most, $200.00:"
    assert f"{ends} • Massage without a referral: +$160.00 Before the first visit" in wanted
    assert "Ask for it Massage: get a referral $160.00 more" in wanted
    assert "The hands benefit needs a referral. The estimate assumes that you have it." in wanted
    had = (await asked(site, "/en/plan/letter.pdf", HANDS | {"have-0": "referral"})).text
    assert "You have it Massage: get a referral $160.00 more" in had
    assert "The estimate assumes that you have it." not in had
    assert "What leads to" not in had


async def test_the_last_page_is_for_a_good_faith_estimate(site: httpx.AsyncClient) -> None:
    """45 CFR 149.610(c)(1). No charge was given, so the plan's $70.00 a visit is marked."""
    form = {name: value for name, value in HANDS.items() if name != "charge-0"}
    page = plain((await asked(site, "/en/plan/letter.pdf", form)).pages[-1])
    assert page.startswith("Expected charges, for the clinic")
    assert "Massage 2 Mar 30 - Apr 6, 2026 $140.00 *" in page
    assert "* No charge was given, so a typical one is taken." in page
    for said in (
        "Name of the patient",
        "Date of birth",
        "National provider identifier (NPI)",
        "Tax identification number (TIN)",
        "State and address where the care is given",
        "a separate good-faith estimate is given when it is scheduled, or when you ask",
        "The clinic may recommend more care.",
        "The actual care and charges may differ.",
        "bills you $400 or more above the expected charges",
        "www.cms.gov/nosurprises",
        "This estimate is no contract.",
    ):
        assert said in page


async def test_the_summary_is_one_page_for_the_provider(site: httpx.AsyncClient) -> None:
    found = await asked(site, "/en/plan/summary.pdf", HANDS)
    assert len(found.pages) == 1
    assert found.title == "Summary for the primary-care provider"
    assert "Massage 2 visits, every week, Mar 30 - Apr 6, 2026 Massage therapist 2 of 2 covered" in found.text
    assert "A referral Massage Wanted The patient pays $160.00 more" in found.text
    assert "Massage $200.00 $100.00 $60.00 $40.00 Together $200.00 $100.00 $60.00 $40.00" in found.text
    assert "The patient's cost could be $40.00 to $200.00, by what is not known yet." in found.text


async def test_eight_kinds_of_care_still_are_one_page_of_summary(small: Tables) -> None:
    form = HANDS | {"age": "40"}
    for place in range(8):
        form |= {name.replace("0", str(place)): value for name, value in HANDS.items() if name.endswith("-0")}
    async with client_of(small) as client:
        found = await asked(client, "/es/plan/summary.pdf", form)
    assert len(found.pages) == 1
    assert found.text.count("Una remisión de un médico Massage Falta") == 8


@pytest.mark.parametrize("path", ["letter.pdf", "summary.pdf"])
@pytest.mark.parametrize("tag", ["en", "es"])
async def test_papers_are_tagged_for_screen_readers(site: httpx.AsyncClient, tag: str, path: str) -> None:
    """What the standard asks for and a reader of a tree can see; Typst refuses the rest."""
    found = await asked(site, f"/{tag}/plan/{path}", HANDS)
    assert (found.language, found.is_marked, found.standard) == (tag, True, "1")
    assert found.title
    assert found.tags["Title"] == 1
    assert found.tags["Figure"] == len(found.alternatives)
    columns = [5, 4, 5] if path == "summary.pdf" else [3, 3, 2, 7, 6]
    assert [heads for heads, _ in found.tables] == columns
    until = "Good to show until" if tag == "en" else "Se puede mostrar hasta el"
    assert until in found.text[:120]


async def test_no_english_is_left_over_in_papers(shipped: Tables) -> None:
    therapies = ["acupuncture", "chiropractic", "therapeutic-massage", "reiki"]
    known = proper_names(shipped)
    async with client_of(shipped) as client:
        for path in ("letter.pdf", "summary.pdf"):
            spanish = await asked(client, f"/es/plan/{path}", form_for("original-medicare-part-b", therapies))
            assert "Un traductor calificado todavía no ha revisado esta traducción." in spanish.text
            told = spanish.text.partition("De dónde salen las cifras")
            assert english_in(told[0], known) == set()
            english = await asked(client, f"/en/plan/{path}", form_for("original-medicare-part-b", therapies))
            assert english_in(english.text, known)


def test_totals_are_those_of_the_estimate(small: Tables) -> None:
    """small_rules.question: $60.80 of $240.00; the plan pays $83.20, $96.00 is not billed."""
    found = read_pdf(paper(Paper.LETTER, small, typed(question()), language("en")))
    assert "Together $240.00 $83.20 $96.00 $60.80" in found.text
    assert "Acupuncture 97810 M54.50 3 Mar 2 - Mar 16, 2026 $240.00" in found.text
    assert "2 to 3 Mar 9 - Mar 16 $9.60 coinsurance ($9.60 each) $160.00 $76.80 $64.00 $19.20" in found.text


def test_a_visit_with_several_codes_is_one_visit(small: Tables) -> None:
    """97811 at $50.00, of which the plan allows $36.00, beside each 97810: 20% of 36.00 = $7.20 more a visit."""
    item = question()["items"][0]
    item |= {"procedures": [*item["procedures"], {"code": "97811", "charge_cents": 5000}]}
    found = read_pdf(paper(Paper.LETTER, small, typed(question(items=[item])), language("en")))
    assert "for 3 visits that cost $390.00 before insurance. 3 of 3 visits are covered." in found.text
    assert "97810: $9.60 coinsurance; 97811: $7.20 coinsurance ($16.80 each)" in found.text
    assert "Acupuncture 97811 M54.50 3 Mar 2 - Mar 16, 2026 $150.00" in found.text


def test_the_letter_says_of_what_day_and_claim_a_stated_use_is() -> None:
    """Two visits in the window of a rolling limit, and one of a claim for the back: a row each."""
    rolling = SHARE_PLAN.replace("4 visits, per: calendar_year", "4 visits, per: rolling 60 days, for: episode")
    used = [
        {"limit": "visits", "used": 1, "date": "2026-02-02"},
        {"limit": "visits", "used": 2, "date": "2026-02-09", "episode": "back"},
    ]
    member = question()["members"][0] | {"limit_usage": used}
    found = read_pdf(paper(Paper.LETTER, tables(share=rolling), typed(question(members=[member])), language("en")))
    said = "Visits so far (visits): 1 (Feb 2, 2026) \N{BULLET} Visits so far (visits): 2 (Feb 9, 2026, back)"
    assert said in found.text


def test_a_paper_is_the_same_to_the_byte(small: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Clock:
            assert tz is UTC
            return cls(2026, 3, 2, 12, tzinfo=UTC)

    monkeypatch.setattr(pricing, "datetime", Clock)
    first, second = (paper(Paper.LETTER, small, typed(question()), language("en")) for _ in range(2))
    assert first == second
    assert "Made on March 2, 2026" in read_pdf(first).text
    assert "Good to show until April 1, 2026." in read_pdf(first).text


async def test_a_text_of_rules_is_no_code_of_the_template() -> None:
    """Typst would read files, or begin code, if it took a text for a part of its template."""
    evil = '#read("letter.typ") $x$ *b* [a] \\ 針灸 <script>'
    catalog = CATALOG.replace("name: Massage,", f"name: '{evil}',")
    async with client_of(tables(catalog=catalog, share=SHARE_PLAN, copay=COPAY_PLAN)) as client:
        found = await asked(client, "/en/plan/letter.pdf", HANDS)
    assert evil.replace("針灸", "??") in found.text
    assert "The letter for a patient" not in found.text


def test_the_font_has_every_character_that_papers_show() -> None:
    """Each by itself would keep Typst from making a PDF."""
    everything = "".join(
        chr(point)
        for first, last in printing._ALPHABETS
        for point in range(first, last + 1)
        if chr(point).isprintable() or chr(point) == "\N{NO-BREAK SPACE}"
    )
    everything += "".join(sorted(printing._FURTHER))
    frame = {"title": "x", "about": "x", "lang": "en", "until": everything, "made": everything, "words": {}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(printing, "_shown", lambda text: text)
        with pytest.raises(RuntimeError, match="lead"):
            printed(Paper.LETTER, frame, NOON)
        full = frame | dict.fromkeys(("lead", "range", "release"), everything)
        full |= {"warnings": [], "patient": [], "plan": [everything] * 2, "care": [], "cost": [], "approvals": []}
        full |= {"approvals_none": everything, "care_head": ["x"] * 5, "cost_head": ["x"] * 2, "cost_foot": ["x"] * 2}
        full |= {"know": [everything], "words": {"care": "x", "approvals": "x", "cost": "x"}}
        assert printed(Paper.SUMMARY, full, NOON).startswith(b"%PDF-")


def test_too_many_visits_for_steps_and_for_a_paper(small: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    request = typed(question())
    monkeypatch.setattr(letters, "MOST_STEPS", 1)
    text = read_pdf(paper(Paper.LETTER, small, request, language("en"))).text
    assert "There are too many different visits to give each step here." in text
    assert "How each amount comes about" not in text
    monkeypatch.setattr(printing, "MOST_GROUPS", 1)
    with pytest.raises(PaperTooLong, match="found 2 groups of equal visits; expected at most 1"):
        paper(Paper.LETTER, small, request, language("en"))


async def test_a_page_says_what_keeps_it_from_a_letter(
    site: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(printing, "MOST_GROUPS", 1)
        answer = await site.post("/en/plan/letter.pdf", data=NEEDLES)
    assert answer.status_code == 422
    assert "A letter cannot hold so many different visits." in read(answer.text).text
    monkeypatch.setitem(extras.EXTRAS, "letters", "no_such_package")
    page = read((await site.post("/en/plan", data=NEEDLES)).text)
    offered = [each["formaction"] for each in page.fields("do") if "formaction" in each]
    assert "/en/plan/visits.ics" in offered
    assert not [each for each in offered if each.endswith(".pdf")]


async def test_without_typst_the_path_says_so(site: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    answer = await site.post("/es/plan/summary.pdf", data=NEEDLES)
    assert answer.status_code == 501
    assert "Este servicio no hace cartas." in read(answer.text).text


def test_templates_are_those_of_the_papers() -> None:
    assert {path.stem for path in FOLDER.glob("*.typ")} == {*Paper, "common"}
