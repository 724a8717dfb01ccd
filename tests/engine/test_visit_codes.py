"""Codes billed within a visit of a therapy: which therapy a line is of, and what covers it (points 2 and 7)."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate, InvalidRequest
from camcover.engine.estimate import Reason
from small_rules import CATALOG, COPAY_PLAN, estimate, question, tables

CHIROPRACTIC = """\
  chiropractic:
    name: Chiropractic
    codes: ["98940", "98943"]
    visit_codes: ["99203", "97124"]
    practitioners: [chiropractor, physician]
conditions:"""
VISITS = (
    CATALOG.replace("    practitioners: [acupuncturist]\n", "    practitioners: [acupuncturist, physician]\n    MORE\n")
    .replace("MORE", 'visit_codes: ["99203", "97124"]')
    .replace("conditions:", CHIROPRACTIC)
    .replace(
        "practitioners:\n", "practitioners:\n  chiropractor: {name: Chiropractor}\n  physician: {name: Physician}\n"
    )
)
PLAN = (
    COPAY_PLAN.replace("[acupuncture, massage]", "[acupuncture]")
    .replace("fees: fees\n", "")
    .replace(
        "otherwise: not_covered",
        """\
  spine:
    therapies: [chiropractic]
    in_network: {member_pays: [{coinsurance: 20%}]}
    cite: eoc p.3
otherwise: not_covered""",
    )
)
RULES = tables(catalog=VISITS, copay=PLAN)


def asked(*codes: str, rules: Any = RULES, **item: Any) -> Estimate:
    """One visit of 60.00 for the first code, 40.00 for each other."""
    charges = [6000, *[4000] * (len(codes) - 1)]
    procedures = [{"code": code, "charge_cents": cents} for code, cents in zip(codes, charges, strict=True)]
    given = {"procedures": procedures, "tier": "in_network", "dates": ["2026-03-02"]} | item
    return estimate(rules, question(plan_id="copay-plan", members=[{"id": "ana"}], items=[given]))


def therapies(of: Estimate) -> list[str]:
    return [line.therapy for line in of.lines]


def test_an_examination_and_the_needles_of_a_day_share_one_copay() -> None:
    # $20 a visit: the first line takes it, 20.00 and 0.00.
    found = asked("99203", "97810", therapy="acupuncture", practitioner="acupuncturist")
    assert [line.amounts.patient_cents for line in found.lines] == [2000, 0]
    assert therapies(found) == ["acupuncture", "acupuncture"]


def test_adjunct_codes_of_a_spine_visit_are_covered_with_it() -> None:
    # 20% of 60 + 40 + 40: 12.00 + 8.00 + 8.00.
    found = asked("98940", "98943", "97124", therapy="chiropractic", practitioner="chiropractor")
    assert [line.amounts.patient_cents for line in found.lines] == [1200, 800, 800]


def test_the_practitioner_settles_the_therapy_of_a_code_of_several() -> None:
    assert therapies(asked("99203", practitioner="acupuncturist")) == ["acupuncture"]
    assert therapies(asked("99203", practitioner="chiropractor")) == ["chiropractic"]


def test_the_other_codes_of_the_visit_settle_it_where_the_practitioner_does_not() -> None:
    assert therapies(asked("98940", "99203", practitioner="physician")) == ["chiropractic", "chiropractic"]
    assert therapies(asked("97124", "97810")) == ["acupuncture", "acupuncture"]


def test_a_code_alone_is_of_the_therapy_that_it_is_an_own_code_of() -> None:
    assert therapies(asked("97124", practitioner="physician")) == ["massage"]
    assert therapies(asked("97124")) == ["massage"]


def test_a_code_of_several_therapies_needs_the_therapy_named() -> None:
    told = "billed for acupuncture and for chiropractic; expected the therapy of the item as well"
    with pytest.raises(InvalidRequest, match=told):
        asked("99203", practitioner="physician")


def test_a_code_that_is_neither_own_nor_of_a_visit_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="code 98940, which is billed for chiropractic and not for acupuncture"):
        asked("98940", therapy="acupuncture")


def test_a_benefit_may_leave_out_codes_of_its_therapies() -> None:
    narrow = tables(
        catalog=VISITS,
        copay=PLAN.replace("therapies: [acupuncture]\n", 'therapies: [acupuncture]\n    without_codes: ["99203"]\n'),
    )
    found = asked("99203", "97810", rules=narrow, therapy="acupuncture", practitioner="acupuncturist")
    assert [line.reason for line in found.lines] == [Reason.NOT_LISTED, Reason.NONE]
    # The examination is the member's, 60.00; the needles have the copay.
    assert [line.amounts.patient_cents for line in found.lines] == [6000, 2000]
