"""Facts of X12 271 answers: each beside the segments that say it, and nothing lost."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest

from camcover.exchange.eligibility.reading import MOST_MEMBERS, member_of_file, read_eligibility
from camcover.exchange.eligibility.records import (
    BenefitNetwork,
    Confidence,
    CoverageLevel,
    Eligibility,
    EligibilityFact,
    FactKind,
    FactUnit,
    NoteKind,
)
from camcover.exchange.notes import UnreadableFile
from camcover.exchange.x12.segments import read_segments
from exchange.answers import EXAMPLE, FIRST, HEAD, answer

LIMIT, DEDUCTIBLE = FactKind.LIMIT, FactKind.DEDUCTIBLE


def told(*segments: str) -> Eligibility:
    """What a file with these segments says."""
    return member_of_file(read_eligibility(answer(*segments)))


def only(*segments: str, kind: FactKind) -> EligibilityFact:
    """The one fact of a kind."""
    (fact,) = told(*segments).of_kind(kind)
    return fact


def numbers(fact: EligibilityFact) -> tuple[int | None, ...]:
    """Total, used, what is left, and what is used as a request has it."""
    return fact.total, fact.used, fact.remaining, fact.so_far


def notes(found: Eligibility, kind: NoteKind) -> list[str]:
    """The notes of a kind, with their segments."""
    return [f"{','.join(map(str, each.segments))}: {each.text}" for each in found.notes if each.kind is kind]


def test_total_year_to_date_and_what_is_left_are_one_sum() -> None:
    """290.00 in all, 123.45 so far, 166.55 left."""
    fact = only(
        "EB*C*IND*30***23*290*****Y", "EB*C*IND*30***24*123.45*****Y", "EB*C*IND*30***29*166.55*****Y", kind=DEDUCTIBLE
    )
    assert numbers(fact) == (29_000, 12_345, 16_655, 12_345)
    assert (fact.segments, fact.confidence, fact.level) == ((11, 12, 13), Confidence.HIGH, CoverageLevel.INDIVIDUAL)
    assert (fact.network, fact.unit, fact.period) == (BenefitNetwork.IN, FactUnit.CENTS, "23")


def test_levels_and_networks_are_sums_of_their_own() -> None:
    found = told(
        "EB*C*IND*30***23*500*****Y",
        "EB*C*FAM*30***23*1000*****Y",
        "EB*C*IND*30***23*900*****N",
        "EB*C*IND*30***23*700*****W",
        "EB*G*IND*30***23*4000*****U",
    )
    assert [(each.level, each.network, each.total) for each in found.of_kind(DEDUCTIBLE)] == [
        (CoverageLevel.INDIVIDUAL, BenefitNetwork.IN, 50_000),
        (CoverageLevel.FAMILY, BenefitNetwork.IN, 100_000),
        (CoverageLevel.INDIVIDUAL, BenefitNetwork.OUT, 90_000),
        (CoverageLevel.INDIVIDUAL, BenefitNetwork.BOTH, 70_000),
    ]
    (maximum,) = found.of_kind(FactKind.OUT_OF_POCKET_MAXIMUM)
    assert (maximum.network, maximum.total) == (BenefitNetwork.UNKNOWN, 400_000)


@pytest.mark.parametrize(
    ("segments", "expected", "confidence"),
    [
        (("EB*C*IND*30***23*99999.99*****Y",), (None, None, None, None), Confidence.HIGH),
        (
            ("EB*C*IND*30***23*999999.99*****Y", "EB*C*IND*30***24*40*****Y"),
            (None, 4_000, None, 4_000),
            Confidence.HIGH,
        ),
        # What is left is above the total, as sums with an endless number may come out: nothing is worked out of it.
        (("EB*C*IND*30***23*100*****Y", "EB*C*IND*30***29*300*****Y"), (10_000, None, 30_000, None), Confidence.MEDIUM),
        # 100 - 70 is not 20: what is left decides, 30.00 are used.
        (
            ("EB*C*IND*30***23*100*****Y", "EB*C*IND*30***24*20*****Y", "EB*C*IND*30***29*70*****Y"),
            (10_000, 2_000, 7_000, 3_000),
            Confidence.MEDIUM,
        ),
        (("EB*C*IND*30***29*.5*****Y",), (None, None, 50, None), Confidence.HIGH),
    ],
)
def test_endless_and_contradicting_amounts(
    segments: tuple[str, ...], expected: tuple[int | None, ...], confidence: Confidence
) -> None:
    fact = only(*segments, kind=DEDUCTIBLE)
    assert (numbers(fact), fact.confidence) == (expected, confidence)
    assert fact.is_unlimited == ("99999.99" in segments[0])


def test_amounts_that_differ_without_a_reason_are_a_guess() -> None:
    found = told("EB*C*IND*30***23*100*****Y", "EB*C*IND*30***23*200*****Y")
    (fact,) = found.of_kind(DEDUCTIBLE)
    assert (fact.confidence, fact.because) == (Confidence.LOW, "several amounts of one deductible differ")
    assert notes(found, NoteKind.NOT_USED) == ["11,12: several amounts of one deductible differ"]


def test_amounts_that_differ_by_text_or_by_days_are_sums_of_their_own() -> None:
    by_text = told("EB*C*IND*30***23*100*****Y", "MSG*MEDICAL", "EB*C*IND*30***23*50*****Y", "MSG*PHARMACY")
    assert [(each.total, each.texts) for each in by_text.of_kind(DEDUCTIBLE)] == [
        (10_000, ("MEDICAL",)),
        (5_000, ("PHARMACY",)),
    ]
    last, this = "DTP*292*RD8*20250101-20251231", "DTP*292*RD8*20260101-20261231"
    by_days = told("EB*C*IND*30***24*80*****Y", last, "EB*C*IND*30***24*20*****Y", this)
    assert [(each.used, each.first_day, each.last_day) for each in by_days.of_kind(DEDUCTIBLE)] == [
        (8_000, date(2025, 1, 1), date(2025, 12, 31)),
        (2_000, date(2026, 1, 1), date(2026, 12, 31)),
    ]


def test_visits_left_are_told_by_quantity_or_by_a_delivery_segment() -> None:
    by_quantity = only("EB*F*IND*33***23***VS*20**Y", "EB*F*IND*33***29***VS*13**Y", kind=LIMIT)
    assert (numbers(by_quantity), by_quantity.unit) == ((20, None, 13, 7), FactUnit.VISITS)
    by_delivery = only(
        "EB*F*IND*33*********Y", "HSD*VS*20***23*1", "EB*F*IND*33*********Y", "HSD*VS*13***29", kind=LIMIT
    )
    assert (numbers(by_delivery), by_delivery.segments) == ((20, None, 13, 7), (12, 14))
    hours = only("EB*F*IND*BE***23***HS*1.5**Y", kind=LIMIT)
    assert (hours.total, hours.unit) == (90, FactUnit.MINUTES)
    days = only("EB*F*IND*33***23***DY*20**Y", kind=LIMIT)
    assert (days.total, days.confidence, days.because) == (20, Confidence.MEDIUM, "days are taken for visits")
    money = only("EB*F*IND*64***25*1000*****W", "MSG*Maximum benefit per contract", kind=LIMIT)
    assert (money.total, money.unit, money.network) == (100_000, FactUnit.CENTS, BenefitNetwork.BOTH)
    endless = only("EB*F*IND*33***23***VS*999**Y", kind=LIMIT)
    assert (endless.total, endless.is_unlimited) == (None, True)


def test_a_limit_of_a_day_stands_beside_that_of_the_year() -> None:
    found = told("EB*F*IND****23***VS*12**Y*HC:98941", "HSD*VS*1*DA")
    assert [(each.period, each.total, each.procedure) for each in found.of_kind(LIMIT)] == [
        ("7", 1, "98941"),
        ("23", 12, "98941"),
    ]


def test_a_limit_that_services_share_is_one_pool() -> None:
    """60 visits in all and 48 left, told once for chiropractic and once for occupational therapy: one pool, not 120."""
    text = "MSG*Combined Chiropractic and Occupational Therapy visits"
    segments = [
        each
        for code in ("33", "AD")
        for each in (f"EB*F*IND*{code}***23***VS*60*N*Y", text, f"EB*F*IND*{code}***29***VS*48*N*Y", text)
    ]
    pool = only(*segments, kind=LIMIT)
    assert (numbers(pool), pool.service_types, pool.is_pool) == ((60, None, 48, 12), ("33", "AD"), True)
    assert (pool.segments, pool.confidence) == ((11, 13, 15, 17), Confidence.MEDIUM)


def test_pools_of_one_text_with_other_numbers_are_two() -> None:
    text = "MSG*COMBINED CHIROPRACTIC AND ACUPUNCTURE"
    found = told("EB*F*IND*33***23***VS*60**Y", text, "EB*F*IND*64***23***VS*20**Y", text)
    assert [(each.total, each.segments) for each in found.of_kind(LIMIT)] == [(60, (11,)), (20, (13,))]
    left = only("EB*F*IND*33***23***VS*60**Y", text, "EB*F*IND*64***29***VS*20**Y", text, kind=LIMIT)
    assert (numbers(left), left.segments) == ((60, None, 20, 40), (11, 13))


def test_a_limit_in_and_out_of_network_together_is_no_pool_of_services() -> None:
    fact = only("EB*F*IND*33***23***VS*20**Y", "MSG*COMBINED IN AND OUT OF NETWORK", kind=LIMIT)
    assert (fact.network, fact.is_pool) == (BenefitNetwork.BOTH, False)


def test_copays_coinsurance_and_what_is_not_covered() -> None:
    found = told(
        "EB*B*IND*33^98***27*25.5****Y*Y",
        "MSG*OFFICE VISIT SPECIALIST",
        "III*ZZ*11",
        "EB*A*IND*64*****.2****N",
        "EB*A*IND*64*****20****Y",
        "EB*I*IND*BE*********N",
        "EB*CB**64*********Y",
    )
    (copay,) = found.of_kind(FactKind.COPAY)
    assert (copay.amount, copay.service_types, copay.period, copay.places) == (2_550, ("33", "98"), "27", ("11",))
    assert copay.texts == ("OFFICE VISIT SPECIALIST",)
    out, inside = found.of_kind(FactKind.COINSURANCE)
    assert (out.amount, out.confidence, out.network) == (2_000, Confidence.HIGH, BenefitNetwork.OUT)
    assert (inside.amount, inside.confidence) == (2_000, Confidence.MEDIUM)
    assert [each.service_types for each in found.of_kind(FactKind.NOT_COVERED)] == [("BE",)]
    assert [each.service_types for each in found.of_kind(FactKind.AUTHORIZATION)] == [("33", "98"), ("64",)]


def test_active_services_without_a_share_of_their_own_get_that_of_the_plan_as_a_guess() -> None:
    found = told("EB*1**30^33^64", "EB*A*IND*30*****.1****Y", "EB*B*IND*33***27*20*****Y")
    own, guess = found.of_kind(FactKind.COINSURANCE)
    (copay,) = found.of_kind(FactKind.COPAY)
    assert (own.service_types, copay.service_types) == (("30",), ("33",))
    assert (guess.amount, guess.service_types, guess.confidence) == (1_000, ("64",), Confidence.LOW)


def test_member_and_days_of_coverage() -> None:
    found = told(
        "DMG*D8*19800229*F",
        "INS*N*01",
        "DTP*356*D8*20240301",
        "DTP*291*RD8*20260101-20261231",
        "DTP*382*D8*20240215",
        "EB*1**30**EXAMPLE PPO",
        "DTP*357*D8*20270630",
    )
    facts = {each.kind: (each.day or each.word) for each in found.facts if each.confidence is Confidence.HIGH}
    assert facts == {
        FactKind.BIRTH_DATE: date(1980, 2, 29),
        FactKind.ROLE: "spouse",
        FactKind.COVERED_FROM: date(2024, 3, 1),
        FactKind.ENROLLED_ON: date(2024, 2, 15),
        FactKind.COVERED_TO: date(2027, 6, 30),
        FactKind.COVERAGE: "active",
    }
    (plan_year,) = [each for each in found.of_kind(FactKind.COVERED_TO) if each.confidence is Confidence.LOW]
    assert plan_year.day == date(2026, 12, 31)
    assert found.as_of == date(2026, 3, 2)


def test_an_end_without_an_end_and_a_day_that_is_none_say_nothing() -> None:
    found = told("DMG*D8*19800230*F", "DTP*357*D8*99991231", "DTP*356*D8*2026", "EB*1**30")
    assert not found.of_kind(FactKind.BIRTH_DATE, FactKind.COVERED_TO, FactKind.COVERED_FROM)


def test_a_payer_that_refuses_says_why() -> None:
    found = told("AAA*N**72*C")
    assert notes(found, NoteKind.REFUSED_BY_PAYER) == [
        "11: the payer did not answer: the subscriber's identifier is wrong or missing (AAA03 72)"
    ]


def test_what_is_not_read_is_listed_by_segment() -> None:
    found = told(
        "EB*1**30",
        "EB*C*IND*30***23*x*****Y",
        "EB*F*IND*33***23***ZZ*20**Y",
        "EB*ZZ*IND*33",
        "EB*J*IND*33***22*500",
        "EB*B*IND*33***27*10.005",
        "EB*A*IND*33*****150",
        "HSD*VS*1",
        "REF*1L*G1",
        "VEH*1",
        "EB*1**33",
        "DTP*999*D8*20260101",
        "III*BK*M545",
    )
    assert notes(found, NoteKind.NOT_READ) == [
        "12: EB01 C without a number that is read; expected an amount, or a quantity with its unit",
        "13: EB01 F without a number that is read; expected an amount, or a quantity with its unit",
        "16: EB01 B without a number that is read; expected whole cents",
        "17: EB01 A without a number that is read; expected a percentage with two digits at most",
        "18: HSD of a benefit (EB01 A), of which nothing is taken",
        "22,23: DTP, III of a benefit (EB01 1), of which nothing is taken",
        "20: VEH segments that are not read here",
    ]
    assert notes(found, NoteKind.NOT_USED) == [
        "14: something that is not read here (EB01 ZZ), of which a request takes nothing",
        "15: a cost containment (EB01 J), of which a request takes nothing",
    ]
    assert notes(found, NoteKind.NOT_KEPT) == [
        "10: names, addresses and numbers (NM1) are passed over",
        "19: names, addresses and numbers (REF) are passed over",
        "6,8: names, addresses and numbers (NM1) are passed over",
    ]


def test_every_segment_is_in_a_fact_or_a_note_or_is_structure() -> None:
    file = read_segments(EXAMPLE)
    found = member_of_file(read_eligibility(EXAMPLE))
    listed = {place for fact in found.facts for place in fact.segments}
    listed |= {place for note in found.notes for place in note.segments}
    others = {each.name for each in file.segments if each.place not in listed}
    # Texts stand in the facts of the segments before them.
    assert others == {"ISA", "GS", "ST", "BHT", "HL", "MSG", "SE", "GE", "IEA"}


def test_no_fact_and_no_note_names_a_person() -> None:
    found = member_of_file(read_eligibility(EXAMPLE))
    assert "SAMPLE" not in repr(found)
    assert "X00000042" not in repr(found)


def test_several_members_need_a_number() -> None:
    child = "HL*4*3*23*0~NM1*03*1*SAMPLE*KIM~INS*N*19~EB*1**30~"
    text = answer("EB*1**30", "DMG*D8*19800101").replace("SE*", child + "SE*")
    members = read_eligibility(text)
    assert [each.of_kind(FactKind.ROLE)[0].word for each in members] == ["subscriber", "child"]
    assert member_of_file(members, 2) is members[1]
    for number in (0, 3):
        with pytest.raises(
            UnreadableFile, match=r"2 members in the file.*expected the number of one of them, from 1 to 2"
        ):
            member_of_file(members, number)


def test_a_file_of_another_transaction_is_refused() -> None:
    with pytest.raises(UnreadableFile, match=r"a\.271: found no transaction 271; expected a transaction 271"):
        read_eligibility(answer("EB*1**30").replace("ST*271", "ST*270"), "a.271")


def test_a_file_cut_at_any_segment_says_only_what_the_whole_file_says() -> None:
    """A cut file has fewer facts. A sum that has lost a segment has no other numbers in their place."""
    whole = {(each.kind, each.segments[0]): each for each in member_of_file(read_eligibility(EXAMPLE)).facts}
    pieces = EXAMPLE.splitlines(keepends=True)
    for number in range(3, len(pieces)):
        for end in ("", pieces[number][: len(pieces[number]) // 2]):
            found = member_of_file(read_eligibility("".join(pieces[:number]) + end))
            for fact in found.facts:
                if fact.confidence is Confidence.LOW or fact.kind is FactKind.ROLE:
                    continue  # without INS, the place in the file says the role
                known = whole.get((fact.kind, fact.segments[0]))
                assert known is not None, (number, fact)
                assert {fact.total, fact.used, fact.remaining} <= {known.total, known.used, known.remaining, None}


def test_members_are_counted_and_what_stands_around_them_is_held_once() -> None:
    """Each member is told what stands around all: else thousands of notes for each of thousands of members."""
    member = ("HL*3*2*22*0", "NM1*IL*1*SAMPLE*ANA****MI*X1", "EB*1*IND*30")
    assert len(read_eligibility(answer(*member * 99))) == MOST_MEMBERS - 1
    for many in (answer(*member * 100 * 2), HEAD + "ST*271*0001*005010X279A1~" * 4_000):
        with pytest.raises(UnreadableFile) as refused:
            read_eligibility(many, "a.271")
        assert str(refused.value) == "a.271: found more than 100 members; expected at most 100"
    first, second = read_eligibility(HEAD.replace("HL*3", "XX*1~HL*3") + "".join(f"{each}~" for each in member * 2))
    (around,) = (each for each in first.notes if each.segments == (9,))
    assert any(each is around for each in second.notes)


def test_broken_files_are_read_or_refused() -> None:
    draw = Random(1271)  # noqa: S311 - the same draws each time
    segments = EXAMPLE.replace("\n", "").split("~")[:-1]
    for _ in range(150):
        some = list(segments)
        for _ in range(draw.randint(1, 8)):
            place = draw.randrange(1, len(some))
            elements = some[place].split("*")
            elements[draw.randrange(len(elements))] = draw.choice(
                ["", "-1", "1e9", "99999.99", "^^", "EB", "é", "29", ":"]
            )
            some[place] = "*".join(elements)
            if draw.random() < 0.3:
                some.insert(draw.randrange(1, len(some)), draw.choice(segments))
        try:
            read_eligibility("~".join(some) + "~")
        except UnreadableFile:
            continue


def test_a_file_of_many_pools_takes_no_longer_than_its_size() -> None:
    text = "MSG*COMBINED CHIROPRACTIC AND MASSAGE THERAPY"
    segments = [each for place in range(2_000) for each in (f"EB*F*IND*Z{place}***23***VS*30**Y", text)]
    (pool,) = told(*segments).of_kind(LIMIT)
    assert len(pool.service_types) == 2_002
    assert HEAD.count("~") + 1 == FIRST == pool.segments[0]
