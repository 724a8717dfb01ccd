"""The part of a request that an answer states under a plan: by which ids, and why something is left out."""

from __future__ import annotations

from datetime import date

import pytest

from camcover.engine import Tables
from camcover.engine.request import AccumulatorUse, LimitUse, Membership
from camcover.exchange.eligibility.filling import MemberPart, filled
from camcover.exchange.eligibility.reading import member_of_file, read_eligibility
from camcover.exchange.eligibility.records import NoteKind
from camcover.money import Cents
from camcover.workflow.catalog_entries import edition_on, therapies
from exchange.answers import answer
from small_rules import CATALOG, tables

DEDUCTIBLE = "individual deductible for service type 30, in network"

PLAN = """\
format: camcover/1
kind: plan
id: share-plan
name: Share Plan
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01, to: 2026-12-31}
benefit_period: calendar_year
fees: fees
illustrative: yes
accumulators:
  deductible: {kind: deductible, individual: $100.00, family: $200.00, family_mode: embedded, cite: eoc p.1}
  oon_deductible: {kind: deductible, individual: $300.00, family: $600.00, family_mode: embedded, cite: eoc p.1}
  oop_max: {kind: out_of_pocket_maximum, individual: $500.00, family: $1000.00, family_mode: embedded, cite: eoc p.1}
tiers:
  in_network: {deductible: deductible, out_of_pocket_maximum: oop_max, above_allowed: written_off}
  out_of_network: {deductible: oon_deductible, out_of_pocket_maximum: none, above_allowed: member}
limits:
  hands: {allow: 30 visits, per: benefit_period, cite: eoc p.3}
benefits:
  needles:
    therapies: [acupuncture]
    limits: [hands, {allow: 12 visits, per: calendar_year, cite: eoc p.3}]
    in_network: {member_pays: [{copay: $20 per visit}]}
    out_of_network: {member_pays: [deductible, {coinsurance: 50%}]}
    cite: eoc p.2
  massage:
    therapies: [massage]
    limits: [hands, {id: worth, allow: $400, per: benefit_period, counts: plan_paid, cite: eoc p.3},
             {id: window, allow: 6 visits, per: rolling 90 days, cite: eoc p.3}]
    in_network: {member_pays: [{copay: $20 per visit}]}
    cite: eoc p.2
otherwise: not_covered
not_covered_pays: charge
sources:
  eoc: {title: Evidence of coverage, published: 2025-11-14}
"""


@pytest.fixture(scope="module")
def rules() -> Tables:
    """The plan, and a catalog with the service types of acupuncture and massage."""
    typed = CATALOG.replace("name: Acupuncture\n", 'name: Acupuncture\n    service_type: "64"\n')
    typed = typed.replace("{name: Massage,", "{name: Massage, service_type: BE,")
    return tables(share=PLAN, catalog=typed)


def part(rules: Tables, *segments: str) -> MemberPart:
    """What an answer with these segments states."""
    told = member_of_file(read_eligibility(answer(*segments)))
    plan = edition_on(rules, "share-plan", date(2026, 3, 2))
    assert plan is not None
    return filled(told, plan, therapies(rules))


def sums(found: MemberPart) -> dict[str, int | None]:
    """The member's sums, cents by accumulator."""
    return {each.accumulator: each.used_cents for each in found.member.use.accumulators}


def notes(found: MemberPart, *kinds: NoteKind) -> list[str]:
    """The notes of some kinds."""
    return [each.text for each in found.notes if each.kind in kinds]


def test_sums_get_the_accumulators_of_their_network_and_amount(rules: Tables) -> None:
    """In network 100 - 40 = 60.00 are used, out of network 300 - 300 = 0, of the maximum 123.00 to date."""
    found = part(
        rules,
        "EB*C*IND*30***23*100*****Y",
        "EB*C*IND*30***29*40*****Y",
        "EB*C*IND*30***23*300*****N",
        "EB*C*IND*30***29*300*****N",
        "EB*G*IND*30***23*500*****Y",
        "EB*G*IND*30***24*123*****Y",
    )
    assert sums(found) == {"deductible": 6_000, "oon_deductible": 0, "oop_max": 12_300}
    assert [(each.field, each.fact.segments) for each in found.used if "accum" in each.field] == [
        ("members[0].accumulators[0]", (11, 12)),
        ("members[0].accumulators[1]", (13, 14)),
        ("members[0].accumulators[2]", (15, 16)),
    ]
    assert (found.as_of, found.is_family, found.family_accumulators) == (date(2026, 3, 2), False, ())


def test_sums_of_a_family_make_family_coverage(rules: Tables) -> None:
    found = part(rules, "EB*C*FAM*30***23*200*****Y", "EB*C*FAM*30***29*150*****Y")
    assert found.family_accumulators == (AccumulatorUse("deductible", Cents(5_000)),)
    assert (found.is_family, sums(found)) == (True, {})
    assert part(rules, "EB*1*FAM*30").is_family


def test_a_total_for_both_networks_is_found_by_its_amount(rules: Tables) -> None:
    assert sums(part(rules, "EB*C*IND*30***23*300*****W", "EB*C*IND*30***29*100*****W")) == {"oon_deductible": 20_000}


def test_what_is_left_alone_is_taken_from_the_amount_of_the_plan(rules: Tables) -> None:
    """100.00 in the plan, 25.00 left: 75.00 used. Without a network there are two deductibles."""
    assert sums(part(rules, "EB*C*IND*30***29*25*****Y")) == {"deductible": 7_500}
    unclear = part(rules, "EB*C*IND*30***29*25")
    assert sums(unclear) == {}
    assert notes(unclear, NoteKind.NOT_USED) == [
        "individual deductible for service type 30: the plan has several that it may be: deductible, oon_deductible"
    ]


def test_another_total_than_that_of_the_plan_is_not_used(rules: Tables) -> None:
    found = part(rules, "EB*C*IND*30***23*150*****Y", "EB*C*IND*30***29*40*****Y")
    assert sums(found) == {}
    assert notes(found, NoteKind.DISAGREES) == [
        f"{DEDUCTIBLE}: the file says $150.00; the plan says $100.00 (deductible)"
    ]


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        (("EB*C*IND*30***23*100*****Y",), "how much of it is used is not told"),
        (("EB*C*IND*30***23*100*****Y", "EB*C*IND*30***29*140*****Y"), "how much of it is used is not told"),
        (("EB*C*IND*30***24*140*****Y",), "how much of it is used is not told"),
        (("EB*C*IND*30***23*99999.99*****Y",), "the file says no end; the plan says $100.00 (deductible)"),
        (("EB*G*IND*30***29*40*****N",), "the plan has no out of pocket maximum that it may be"),
        (
            ("EB*C*IND*30***24*40*****Y", "DTP*292*RD8*20250101-20251231"),
            "it is told for other days than that of the answer",
        ),
        (("EB*F*IND*64***23***VS*20**Y", "EB*F*IND*64***29***VS*5**Y"), "the file says 20 visits; the plan says"),
        (("EB*F*IND*64***27***VS*1**Y",), "nothing is used before of a limit for a visit, a day, a week or a month"),
        (("EB*F*IND*PT***23***VS*20**Y",), "the plan has no limit that it may be"),
        (("EB*F*IND*64***32***VS*12**Y",), "the plan has no limit that it may be"),
        (("EB*F*IND*64***23***FL*12**Y",), "the plan has no limit that it may be"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_reason(rules: Tables, segments: tuple[str, ...], said: str) -> None:
    found = part(rules, *segments)
    assert (sums(found), found.member.use.limit_usage) == ({}, ())
    (note,) = notes(found, NoteKind.NOT_USED, NoteKind.DISAGREES)
    assert said in note


def test_limits_own_and_shared(rules: Tables) -> None:
    """12 - 9 = 3 of the own limit, 30 - 22 = 8 of the shared one, 400 - 250 = 150.00 of the money."""
    text = "MSG*COMBINED ACUPUNCTURE AND MASSAGE THERAPY"
    found = part(
        rules,
        "EB*F*IND*64***23***VS*12**Y",
        "EB*F*IND*64***29***VS*9**Y",
        "EB*F*IND*64***23***VS*30**Y",
        text,
        "EB*F*IND*64***29***VS*22**Y",
        text,
        "EB*F*IND*BE***23***VS*30**Y",
        text,
        "EB*F*IND*BE***29***VS*22**Y",
        text,
        "EB*F*IND*BE***23*400*****Y",
        "EB*F*IND*BE***29*250*****Y",
    )
    assert sorted(found.member.use.limit_usage) == [
        LimitUse("hands", 8),
        LimitUse("needles", 3),
        LimitUse("worth", used_cents=Cents(15_000)),
    ]
    assert [each.field for each in found.used if "limit" in each.field] == [
        f"members[0].limit_usage[{place}]" for place in range(3)
    ]


def test_a_limit_by_procedure_code_is_found_by_its_therapy(rules: Tables) -> None:
    found = part(rules, "EB*F*IND****23***VS*12**Y*HC:97810", "EB*F*IND****29***VS*12**Y*HC:97810")
    assert found.member.use.limit_usage == (LimitUse("needles", 0),)


def test_a_limit_over_a_window_needs_dates_that_are_not_told(rules: Tables) -> None:
    found = part(rules, "EB*F*IND*BE******VS*6**Y", "EB*F*IND*BE***29***VS*2**Y")
    assert found.member.use.limit_usage == ()
    (note,) = notes(found, NoteKind.DISAGREES, NoteKind.NOT_USED)
    assert "the file says 6 visits; the plan says 30 visits (hands)" in note


def test_the_plan_as_a_whole_overrules_its_services_and_two_alike_cancel(rules: Tables) -> None:
    general = ("EB*C*IND*30***23*100*****Y", "EB*C*IND*30***29*40*****Y")
    other = ("EB*C*IND*64***23*100*****Y", "EB*C*IND*64***29*90*****Y")
    found = part(rules, *other, *general)
    assert sums(found) == {"deductible": 6_000}
    assert notes(found, NoteKind.DISAGREES) == [
        "individual deductible for service type 64, in network: $10.00 used; segment 13 says $60.00"
    ]
    third = ("EB*C*IND*BE***23*100*****Y", "EB*C*IND*BE***29*80*****Y")
    both = part(rules, *other, *third)
    assert sums(both) == {}
    assert notes(both, NoteKind.DISAGREES)[0].endswith("neither is used")
    same = part(rules, *general, "EB*C*IND*64***23*100*****Y", "EB*C*IND*64***29*40*****Y")
    assert (sums(same), notes(same, NoteKind.DISAGREES, NoteKind.NOT_USED)) == ({"deductible": 6_000}, [])


def test_coverage_and_birth_of_the_member(rules: Tables) -> None:
    found = part(rules, "DMG*D8*19820211*F", "INS*N*19", "DTP*346*D8*20260101", "DTP*356*D8*20240301", "EB*1**30")
    assert found.member.birth_date == date(1982, 2, 11)
    assert found.member.membership == Membership(covered_from=date(2024, 3, 1), role="child")
    contradicting = part(rules, "DTP*356*D8*20260301", "DTP*357*D8*20260201", "EB*1**30")
    assert contradicting.member.membership == Membership(role="subscriber")
    assert "covered to: another segment says it, or it contradicts the other days of coverage" in notes(
        contradicting, NoteKind.NOT_USED
    )


def test_what_to_attend_to(rules: Tables) -> None:
    found = part(rules, "EB*6**30", "EB*I*IND*64*********N", "EB*CB**BE*********Y")
    assert notes(found, NoteKind.INACTIVE) == ["coverage is not active for service type 30"]
    assert notes(found, NoteKind.ATTENTION) == [
        "the payer does not cover it for service type 64, out of network",
        "the payer asks for a prior authorization for service type BE, in network; attest it in the items that have it",
    ]


def test_cost_shares_are_compared_with_the_plan(rules: Tables) -> None:
    found = part(
        rules,
        "EB*B*IND*64***27*20*****Y",
        "EB*B*IND*BE***27*35*****Y",
        "EB*A*IND*64*****.4****N",
        "EB*A*IND*30*****.1****N",
    )
    assert notes(found, NoteKind.DISAGREES) == [
        "the payer says a copay of $35.00, in network; the plan's benefit massage says $20.00",
        "the payer says a coinsurance of 40%, out of network; the plan's benefit needles says 50%",
    ]


def test_a_day_on_which_the_plan_is_not_in_force_and_an_answer_without_a_day(rules: Tables) -> None:
    plan = edition_on(rules, "share-plan", date(2026, 3, 2))
    assert plan is not None
    for day, said in (
        ("20230302", "not in force on 2023-03-02"),
        ("", "does not say its day"),
        ("18000101", "its day"),
    ):
        text = answer("EB*1**30").replace("T1*20260302", f"T1*{day}")
        found = filled(member_of_file(read_eligibility(text)), plan, therapies(rules))
        assert said in notes(found, NoteKind.ATTENTION)[0]
