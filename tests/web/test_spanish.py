"""Spanish pages hold no English, but for names of documents, which are marked as such, and of plans and payers."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from camcover.engine import Tables
from camcover.languages import FOLDER, language, languages
from camcover.showing.naming import RuleNames
from web.conftest import client_of
from web.reading import read

ENGLISH = """
the you your and of for with without from is are not what who why how that this it be will would could visit visits pay
pays paid covered cost care need needs benefit limit network provider rule choose know week month year day days assume
estimate charge amount services therapy only every each after before
"""
ENGLISH_WORDS = frozenset(ENGLISH.split())
"""Words of English sentences that are none in Spanish."""


def english_in(text: str, names: set[str]) -> set[str]:
    """English words in a text, leaving out proper names."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    return set(re.findall(r"[a-záéíóúüñ]+", text.lower())) & ENGLISH_WORDS


def proper_names(tables: Tables) -> set[str]:
    """Names of plans and payers, and what languages call themselves."""
    plans = tables.directory.values()
    return {each.name for each in plans} | {each.payer_name for each in plans} | {"English"}


def form_for(plan: str, therapies: list[str]) -> dict[str, str]:
    """A form with several kinds of care and little said, so that much is assumed."""
    form = {"plan": plan, "before": "yes", "age": "44", "state": "WA"}
    for place, therapy in enumerate(therapies):
        form |= {f"therapy-{place}": therapy, f"visits-{place}": "3", f"first-{place}": "2026-03-02"}
    return form


def catalog_of(tag: str) -> dict[str, list[str]]:
    """The words of a language by message id."""
    with (FOLDER / tag / "LC_MESSAGES" / "camcover.po").open("rb") as file:
        entries = [each for each in read_po(file) if each.id]
    return {
        each.id if isinstance(each.id, str) else each.id[0]: (
            [each.string] if isinstance(each.string, str) else list(each.string or [])
        )
        for each in entries
    }


def test_every_language_has_the_messages_for_patients() -> None:
    """All of English but those of the section for staff, with the same arguments in each form."""
    text = (FOLDER / "en" / "LC_MESSAGES" / "camcover.po").read_text(encoding="utf-8")
    staff = text[text.index("# Diagnostics of rule files") :]
    ids = set(re.findall(r'^msgid "(.+)"$', staff, re.MULTILINE))
    english = {name: forms for name, forms in catalog_of("en").items() if name not in ids}
    others = [tag for tag in languages() if tag != "en"]
    assert others == ["es"]
    for tag in others:
        found = catalog_of(tag)
        assert found.keys() == english.keys()
        for name, forms in found.items():
            assert [arguments(each) for each in forms] == [arguments(each) for each in english[name]], name


def arguments(words: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", words))


def test_what_the_shipped_rules_name_has_a_spanish_name(shipped: Tables) -> None:
    english, spanish = language("en"), language("es")
    same = {"Yoga", "yoga", "Reiki", "reiki", "ayurveda", "Diabetes", "diabetes", "Doula"}
    named: set[str] = set()
    names = RuleNames(shipped, spanish)
    for tag in (english, spanish):
        found = RuleNames(shipped, tag)
        named |= (
            {each.name for each in (*found.therapies, *found.conditions, *found.practitioners(""))}
            if tag is english
            else set()
        )
    words = set()
    for index in shipped.plans.values():
        for plan in index.editions:
            named |= {tier.name for tier in plan.tiers.values() if tier.name}
            words |= {*plan.benefits, *plan.accumulators, *(tier for tier, each in plan.tiers.items() if not each.name)}
            words |= {each.id for benefit in plan.benefits.values() for each in benefit.limits}
            words |= {each.reason for each in plan.exclusions if each.reason}
    missing = sorted(name for name in named - same if spanish.name(name) == name)
    missing += sorted(
        word for word in words - same if names.language.word(str(word)) == str(word).replace("_", " ").replace("-", " ")
    )
    assert [each for each in missing if each != "experimental"] == []


def test_articles_are_drawn_together() -> None:
    """`de el` and `a el` are `del` and `al`: no such word stands before a value that begins with its article."""
    with_article = "owner|accumulator|missing|roles|parts"
    found = [
        (name, form)
        for name, forms in catalog_of("es").items()
        for form in forms
        if re.search(rf"\b(?:de|a) {{(?:{with_article})}}", form)
    ]
    assert found == []


@pytest.mark.parametrize("plan", ["cascade-silver", "fep-blue-standard", "original-medicare-part-b"])
async def test_no_english_is_left_over(shipped: Tables, plan: str) -> None:
    therapies = ["acupuncture", "chiropractic", "therapeutic-massage", "reiki"]
    async with client_of(shipped) as client:
        answers = [await client.post("/es/plan", data=form_for(plan, therapies))]
        english = read((await client.post("/en/plan", data=form_for(plan, therapies))).text)
        answers += [await client.get(path) for path in ("/es/", "/es/plan", "/es/help", "/es/coverage", "/embed/es")]
        care = form_for(plan, therapies[:1])
        answers.append(await client.post("/es/coverage", data=care))
        answers.append(await client.get("/es/cheaper"))
        may = {
            "may": "1",
            "may-later": "30",
            "may-tier": "x",
            "self-pay-0": "9",
            "may-setting": "home",
            "may-order": "1",
        }
        answers.append(await client.post("/es/cheaper", data=form_for(plan, therapies)))
        answers.append(await client.post("/es/cheaper", data=form_for(plan, therapies) | may))
        may |= {"may-tier": "in_network"} if plan == "cascade-silver" else {}
        answers.append(await client.post("/es/cheaper", data=form_for(plan, therapies) | may))
        answers.append(await client.post("/es/compare", data=care | {"plans": [plan, "cascade-silver", "ump-classic"]}))
        answers.append(await client.post("/es/plan", data={"plan": "x", "therapy-0": "y", "visits-0": "", "age": "-"}))
    assert len(english_in(english.text, proper_names(shipped))) > 20
    for answer in answers:
        page = read(answer.text)
        assert page.language == "es"
        assert english_in(page.text, proper_names(shipped)) == set()
        assert re.search(r"\b(de|a) el\b", page.text) is None
        assert "Un traductor calificado todavía no ha revisado esta traducción." in page.text


async def test_amounts_and_dates_are_those_of_readers_in_the_united_states(shipped: Tables) -> None:
    """Twelve copays of $30, then four charges of $120: 360 + 480 = $840."""
    form = form_for("cascade-silver", ["acupuncture"]) | {
        "visits-0": "16",
        "before": "no",
        "charge-0": "120",
        "tier-0": "in_network",
        "condition-0": "chronic-low-back-pain",
        "practitioner-0": "acupuncturist",
    }
    async with client_of(shipped) as client:
        page = read((await client.post("/es/plan", data=form)).text)
    assert page.of("total") == "Usted pagaría aproximadamente $840.00"
    assert "12 de 16 visitas están cubiertas." in page.text
    assert "mayo de 2026" in page.texts
