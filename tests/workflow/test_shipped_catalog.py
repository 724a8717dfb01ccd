"""The shipped catalog: 45 therapies, their codes, what the codes of a day do to each other; and the public tables."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from camcover.engine import Tables, compile_rules
from camcover.rulebook import load
from camcover.rulebook.records import Catalog, CodeFacts
from public_tables import ADD_ONS, FEES, PAIRS, UNITS, rows_of

RULES = Path(__file__).resolve().parents[2] / "rules"
TODAY = date(2026, 11, 26)

WITHOUT_CODES = {
    *("guided-imagery", "meditation", "reiki", "acupressure", "cupping", "moxibustion", "traditional-chinese-medicine"),
    *("ayurveda", "homeopathy", "reflexology", "craniosacral-therapy", "structural-integration"),
    *("movement-education", "aromatherapy"),
}
EXAMINATIONS = {"99202", "99203", "99204", "99205", "99211", "99212", "99213", "99214", "99215"}


@pytest.fixture(scope="module")
def tables() -> Tables:
    loaded = load(RULES, today=TODAY)
    assert loaded.rules is not None
    return compile_rules(loaded.rules)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    loaded = load(RULES, today=TODAY)
    assert loaded.rules is not None
    (found,) = loaded.rules.catalogs["cam-core"]
    return found


def billed(catalog: Catalog) -> set[str]:
    """Every code of the catalog."""
    return {code for therapy in catalog.therapies.values() for code in therapy.billed}


def share_a_visit(catalog: Catalog, one: str, other: str) -> bool:
    """Whether a visit of some therapy may be billed with both codes."""
    return any({one, other} <= set(therapy.billed) for therapy in catalog.therapies.values())


def test_there_are_45_therapies_and_14_have_no_code_of_their_own(catalog: Catalog) -> None:
    assert len(catalog.therapies) == 45
    assert {each.id for each in catalog.therapies.values() if not each.codes} == WITHOUT_CODES


def test_no_two_therapies_answer_to_one_name(catalog: Catalog) -> None:
    names = Counter(
        name.lower() for each in catalog.therapies.values() for name in {each.id, each.name.lower(), *each.aliases}
    )
    assert [name for name, count in names.items() if count > 1] == []
    assert all(each.aliases for each in catalog.therapies.values())


def test_minutes_are_of_codes_that_the_therapy_bills(catalog: Catalog) -> None:
    for each in catalog.therapies.values():
        assert each.minutes is None or set(each.minutes.codes) <= set(each.billed), each.id


def test_every_code_with_facts_is_billed_for_a_therapy(catalog: Catalog) -> None:
    for facts in catalog.codes.values():
        assert {facts.code, *facts.waits_for} <= billed(catalog), facts.code


@pytest.mark.parametrize(
    ("therapy", "code", "minutes"),
    [
        ("nutrition-counseling", "97802", 15),
        ("nutrition-counseling", "97803", 15),
        ("nutrition-counseling", "97804", 30),
        ("chiropractic", "97110", 15),
        ("therapeutic-massage", "97110", 15),
        ("ear-acupuncture", "S8930", 15),
        ("diabetes-education", "G0109", 30),
        ("weight-management", "G0473", 30),
        ("chronic-pain-management", "G3003", 15),
        ("art-therapy", "G0176", 45),
        ("doula", "T1032", 15),
    ],
)
def test_minutes_of_a_unit(tables: Tables, therapy: str, code: str, minutes: int) -> None:
    assert tables.vocabulary.timed_unit(therapy, code, date(2026, 3, 2).toordinal()) == minutes


def test_a_code_without_minutes_is_not_timed(tables: Tables) -> None:
    assert tables.vocabulary.timed_unit("doula", "T1033", date(2026, 3, 2).toordinal()) == 0
    assert tables.vocabulary.timed_unit("chiropractic", "98941", date(2026, 3, 2).toordinal()) == 0


def test_facts_of_codes(catalog: Catalog) -> None:
    """By hand, after the tables of July 2024: further needles twice a day, and only behind an initial set."""
    needles = catalog.codes["97811"]
    assert (needles.add_on_to, needles.units_per_day) == (("97810", "97813"), 2)
    assert (catalog.codes["97810"].not_with, catalog.codes["97810"].unless) == (("97813",), None)
    by_hand = catalog.codes["97140"]
    assert by_hand.not_with == ("97012", "98940", "98941", "98942")
    assert (str(by_hand.unless), by_hand.units_per_day, by_hand.always_therapy) == ("distinct_procedure", 6, True)
    assert catalog.codes["G3003"].add_on_to == ("G3002",)
    massage = catalog.codes["97124"]
    assert (massage.never_with, massage.not_with) == (("97140",), ("98940", "98941", "98942"))
    # Medicare pays neither for the extremities nor for hot packs: no number of units a day says that.
    assert not {"98943", "97010", "97014"} & set(catalog.codes)


@pytest.mark.parametrize(
    ("code", "practitioner", "beside", "therapies"),
    [
        ("S8930", "acupuncturist", (), ["ear-acupuncture"]),
        ("99203", "acupuncturist", (), ["acupuncture"]),
        ("97140", "physical-therapist", (), ["therapeutic-massage"]),
        ("97140", "chiropractor", ("98941",), ["chiropractic"]),
        ("97014", "chiropractor", (), ["chiropractic"]),
        ("G0176", "music-therapist", (), ["music-therapy"]),
        ("G0176", "", (), ["music-therapy", "art-therapy", "dance-therapy"]),
        ("90791", "psychologist", (), ["psychotherapy"]),
        ("96156", "psychologist", (), ["mindfulness"]),
        ("G2211", "physician", ("99214",), ["functional-medicine"]),
        ("0592T", "", (), ["health-coaching"]),
    ],
)
def test_what_a_code_settles(
    tables: Tables, code: str, practitioner: str, beside: tuple[str, ...], therapies: list[str]
) -> None:
    assert list(tables.vocabulary.therapies_of(code, practitioner, beside)) == therapies


@pytest.mark.parametrize(
    ("taxonomy", "practitioners"),
    [
        ("175L00000X", ("homeopath",)),
        ("173C00000X", ("reflexologist",)),
        ("374J00000X", ("doula",)),
        ("225A00000X", ("music-therapist",)),
        ("225XP0200X", ("occupational-therapist",)),
        ("225100000X", ("physical-therapist",)),
    ],
)
def test_who_has_a_taxonomy(tables: Tables, taxonomy: str, practitioners: tuple[str, ...]) -> None:
    assert tables.vocabulary.practitioners_with(taxonomy) == practitioners


def fees() -> Iterator[tuple[str, str, str, str]]:
    """(code, description, global period, multiple procedures) of each row of the relative value file."""
    lines = csv.reader(rows_of(FEES))
    for line in lines:
        if line[0] == "HCPCS":
            break
    for line in lines:
        yield line[0], line[2], line[14], line[18]


def test_add_ons_and_always_therapy_are_those_of_the_fee_schedule(catalog: Catalog) -> None:
    known = {code: (period, multiple) for code, _, period, multiple in fees() if code in billed(catalog)}
    assert len(known) >= 50
    add_ons = {facts.code for facts in catalog.codes.values() if facts.add_on_to}
    always = {facts.code for facts in catalog.codes.values() if facts.always_therapy}
    assert {code for code, (period, _) in known.items() if period == "ZZZ"} == add_ons & set(known)
    assert {code for code, (_, multiple) in known.items() if multiple == "5"} == always & set(known)


def test_minutes_are_those_of_the_fee_schedules_descriptions(catalog: Catalog) -> None:
    """Descriptions of level II are public, those of CPT are blanked: "Group mnt 2 or more 30 mins"."""
    told = {code: words.split()[-2] for code, words, *_ in fees() if words.endswith(" mins")}
    assert told
    for therapy in catalog.therapies.values():
        for code in told.keys() & set(therapy.billed):
            assert therapy.minutes is not None
            assert therapy.minutes.codes[code] == int(told[code])


def test_units_a_day_are_the_medically_unlikely_edits(catalog: Catalog) -> None:
    table = {
        row["HCPCS/CPT Code"]: int(row["Practitioner Services MUE Values"]) for row in csv.DictReader(rows_of(UNITS))
    }
    units = {facts.code: facts.units_per_day for facts in catalog.codes.values() if facts.units_per_day is not None}
    assert units == {code: most for code, most in table.items() if most > 0 and code in billed(catalog)}


def test_add_ons_are_those_of_the_correct_coding_initiative(catalog: Catalog) -> None:
    """G2211 and G3003 are not in the table: their own descriptions name what they are added to."""
    table: dict[str, set[str]] = {}
    for row in csv.DictReader(rows_of(ADD_ONS)):
        table.setdefault(row["Add-On Code"], set()).add(row["Primary_Code"])
    found = {facts.code: set(facts.add_on_to) for facts in catalog.codes.values() if facts.add_on_to}
    assert found.keys() - table.keys() == {"G2211", "G3003"}
    for code, firsts in found.items():
        assert code not in table or firsts == table[code], code


def test_what_is_not_paid_beside_another_is_in_the_table_of_pairs(catalog: Catalog) -> None:
    """(paid, not paid): whether a modifier may part them. What is left out is an examination beside a treatment."""
    table = {
        (line[0], line[1]): line[5] == "1"
        for line in csv.reader(rows_of(PAIRS), delimiter="\t")
        if line[4] == "*" and share_a_visit(catalog, line[0], line[1])
    }
    wanted = {
        pair: parted for pair, parted in table.items() if not (pair[1] in EXAMINATIONS and pair[0] not in EXAMINATIONS)
    }
    found = {pair: parted for facts in catalog.codes.values() for pair, parted in pairs(facts)}
    assert found == wanted


def pairs(facts: CodeFacts) -> Iterator[tuple[tuple[str, str], bool]]:
    """The pairs in which a code is the one that is not paid."""
    for other in facts.not_with:
        yield (other, facts.code), facts.unless is not None
    for other in facts.never_with:
        yield (other, facts.code), False
