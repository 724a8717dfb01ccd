"""X12 835 remittances: claims and lines as they stand, what explains a difference, and the figures of a report."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

import pytest

from camcover.exchange.notes import UnreadableFile
from camcover.exchange.remittances.explaining import Explaining
from camcover.exchange.remittances.matching import matched
from camcover.exchange.remittances.reading import RemittanceFile, read_remittance
from camcover.exchange.remittances.records import (
    ErrorCause,
    EstimatedCare,
    EstimatedLine,
    RemittedAdjustment,
    RemittedClaim,
    RemittedLine,
)
from camcover.exchange.remittances.reporting import accuracy_report
from exchange.answers import answer
from exchange.remitting import FIRST, file_of

CLAIM = (
    "CLP*r1*1*180*54*60*CH*ICN1",
    "NM1*QC*1*SAMPLE*ANA****MI*X1",
    "REF*EA*CHART1",
    "DTM*232*20260302",
    "SVC*HC:97810:AT*110*25**1",
    "CAS*CO*45*55",
    "CAS*PR*1*20**3*10",
    "AMT*B6*55",
    "SVC*HC:97811*70*29**1",
    "DTM*472*20260303",
    "REF*6R*L2",
    "CAS*CO*45*11*1*253*.5",
    "CAS*PR*2*29.5",
)
"""Two lines: allowed 55 of 110, of which 20 deductible and 10 copay; 59 of 70, half of which is the patient's."""


def told(*segments: str) -> RemittanceFile:
    """What a file with these segments decides."""
    return read_remittance(file_of(segments), "a.835")


def line(**others: Any) -> RemittedLine:
    """Allowed 48.00 of 80.00: 40.00 deductible, 1.60 coinsurance, 6.40 paid."""
    adjustments = others.pop("taken", (("CO", "45", 3_200), ("PR", "1", 4_000), ("PR", "2", 160)))
    known = {"segment": 9, "date": date(2026, 3, 2), "code": "97810", "charge_cents": 8_000, "paid_cents": 640}
    return RemittedLine(**{**known, **others}, adjustments=tuple(RemittedAdjustment(*each) for each in adjustments))


def estimated(**others: Any) -> EstimatedLine:
    """The same as an estimate."""
    known = {
        "date": date(2026, 3, 2),
        "code": "97810",
        "therapy": "acupuncture",
        "benefit": "needles",
        "member": "X1",
        "is_covered": True,
        "is_limit": False,
        "charge_cents": 8_000,
        "allowed_cents": 4_800,
        "deductible_cents": 4_000,
        "copay_cents": 0,
        "coinsurance_cents": 160,
        "balance_bill_cents": 0,
        "share_cents": 4_160,
    }
    return EstimatedLine(**{**known, **others})


def test_claims_lines_and_adjustments() -> None:
    (claim,) = told(*CLAIM).claims
    assert (claim.segment, claim.number, claim.others, claim.member) == (FIRST, "r1", ("ICN1", "CHART1"), "X1")
    first, second = claim.lines
    assert (first.code, first.date, first.charge_cents, first.paid_cents) == ("97810", date(2026, 3, 2), 11_000, 2_500)
    assert first.adjustments == (
        RemittedAdjustment("CO", "45", 5_500),
        RemittedAdjustment("PR", "1", 2_000),
        RemittedAdjustment("PR", "3", 1_000),
    )
    assert (first.patient(), first.patient("1"), first.allowed_cents, first.allowed_told) == (
        3_000,
        2_000,
        5_500,
        5_500,
    )
    # Without AMT*B6: 70 - 11 above the fee schedule; sequestration (253) says nothing of it.
    assert (second.date, second.control, second.allowed_cents) == (date(2026, 3, 3), "L2", 5_900)
    assert not told(*CLAIM).unread


def test_a_reversal_takes_out_what_it_reverses() -> None:
    reversal = ("CLP*r1*22*-180*-54*-60*CH*ICN1", "SVC*HC:97810*-110*-25")
    found = told(*CLAIM, *reversal, "CLP*r1*1*110*80*30*CH*ICN2", "SVC*HC:97810*110*80")
    assert [[line.paid_cents for line in claim.lines] for claim in found.claims] == [[8_000]]
    (note,) = found.unread
    assert (
        str(note) == "a.835:22: segment CLP: found a reversal of a claim of this file; expected none; both are left out"
    )
    alone = told(*reversal)
    assert (alone.claims, alone.unread[0].found) == ((), "a reversal of a claim of another file")


def test_what_is_not_read_is_listed() -> None:
    found = told(
        "ZZZ*1",
        "CLP*r1*1*1*1",
        "CAS*PR*3*10",
        "SVC*HC:97810*x*1",
        "SVC*HC:97810*1*1",
        "CAS*PR*3*1e9",
        "DTM*472*2026",
        "VEH*1",
        "PLB*1*20261231*WO*10",
    )
    assert [(each.line, each.place, each.found) for each in found.unread] == [
        (9, "segment ZZZ", "a segment that is not read"),
        (11, "segment CAS", "adjustments of a whole claim"),
        (12, "segment SVC", "no amount in element 2"),
        (14, "segment CAS", "no amount in element 3"),
        (15, "segment DTM", "no day"),
        (16, "segment VEH", "a segment that is not read"),
        (17, "segment PLB", "money that belongs to no claim (PLB)"),
    ]


def test_files_that_are_no_remittance_cut_and_broken_files() -> None:
    with pytest.raises(UnreadableFile, match="found no transaction 835"):
        read_remittance(answer("EB*1**30"))
    text = file_of(CLAIM)
    whole = told(*CLAIM).claims[0].lines
    for end in range(110, len(text), 5):
        for claim in read_remittance(text[:end]).claims if "ST*835" in text[:end] else ():
            for known, cut in zip(whole, claim.lines, strict=False):
                assert cut.charge_cents == known.charge_cents
                assert set(cut.adjustments) <= set(known.adjustments)
    draw = Random(835)  # noqa: S311 - the same draws each time
    for _ in range(200):
        pieces = list(text)
        for _ in range(draw.randint(1, 10)):
            pieces[draw.randrange(106, len(pieces))] = draw.choice("*~:^\n-.9éZ")
        try:
            read_remittance("".join(pieces))
        except UnreadableFile:
            continue


def test_lines_are_found_by_request_id_claim_number_control_number_and_member() -> None:
    (claim,) = told(*CLAIM).claims
    first, second = estimated(charge_cents=11_000), estimated(code="97811", date=date(2026, 3, 3))
    for request_id in ("r1", "ICN1", "CHART1"):
        found = matched([claim], [EstimatedCare(request_id, "plan", (second, first))])
        assert [each.estimated for each in found.lines] == [first, second]
    by_control = matched([claim], [EstimatedCare("L2", "plan", (second,))])
    assert ([each.estimated for each in by_control.lines], len(by_control.unmatched)) == ([second], 1)
    by_member = matched([claim], [EstimatedCare("", "plan", (first, second))])
    assert len(by_member.lines) == 2
    others = [estimated(member="X2"), estimated(code="97813"), estimated(date=date(2026, 3, 9))]
    assert matched([claim], [EstimatedCare("z", "plan", tuple(others))]).lines == ()


def test_a_line_of_an_estimate_is_taken_once() -> None:
    (claim,) = told(*CLAIM).claims
    found = matched([claim, claim], [EstimatedCare("r1", "plan", (estimated(),))])
    assert (len(found.lines), len(found.unmatched)) == (1, 3)


@pytest.mark.parametrize(
    ("was", "now", "causes"),
    [
        ({}, {}, {}),
        # 60.00 allowed: 40.00 + 20 % of 20.00 = 44.00, 2.40 more.
        ({}, {"taken": (("CO", "45", 2_000), ("PR", "1", 4_000), ("PR", "2", 400))}, {ErrorCause.ALLOWED: 240}),
        # 30.00 allowed, all of it deductible: 11.60 less.
        ({}, {"taken": (("CO", "45", 5_000), ("PR", "1", 3_000))}, {ErrorCause.ALLOWED: -1_160}),
        # 25.00 left of the deductible: 25.00 + 20 % of 23.00 = 29.60, 12.00 less.
        ({}, {"taken": (("CO", "45", 3_200), ("PR", "1", 2_500), ("PR", "2", 460))}, {ErrorCause.ACCUMULATORS: -1_200}),
        # 60.00 allowed and 25.00 left: 25.00 + 20 % of 35.00 = 32.00. At 60.00 it would be 44.00: + 2.40, then - 12.00.
        (
            {},
            {"taken": (("CO", "45", 2_000), ("PR", "1", 2_500), ("PR", "2", 700))},
            {ErrorCause.ALLOWED: 240, ErrorCause.ACCUMULATORS: -1_200},
        ),
        # The out-of-pocket maximum is reached: nothing is owed.
        ({}, {"taken": (("CO", "45", 3_200),)}, {ErrorCause.ACCUMULATORS: -4_160}),
        # 30 % in place of 20 %: 2.40 of 8.00.
        ({}, {"taken": (("CO", "45", 3_200), ("PR", "1", 4_000), ("PR", "2", 240))}, {ErrorCause.TERMS: 80}),
        # 1.03 of the coinsurance is left below the maximum.
        ({}, {"taken": (("CO", "45", 3_200), ("PR", "1", 4_000), ("PR", "2", 103))}, {ErrorCause.ACCUMULATORS: -57}),
        ({}, {"taken": (("PR", "119", 8_000),)}, {ErrorCause.LIMIT: 3_840}),
        ({}, {"taken": (("CO", "45", 3_200), ("PR", "119", 2_400), ("PR", "1", 2_400))}, {ErrorCause.LIMIT: 640}),
        ({}, {"taken": (("PR", "96", 8_000),)}, {ErrorCause.COVERAGE: 3_840}),
        ({}, {"taken": (("CO", "197", 8_000),)}, {ErrorCause.COVERAGE: -4_160}),
        ({"is_covered": False, "is_limit": True, "share_cents": 8_000}, {}, {ErrorCause.LIMIT: -3_840}),
        ({"is_covered": False, "share_cents": 8_000}, {}, {ErrorCause.COVERAGE: -3_840}),
        (
            {"is_covered": False, "share_cents": 8_000},
            {"charge_cents": 9_000, "taken": (("PR", "96", 9_000),)},
            {ErrorCause.CHARGE: 1_000},
        ),
        ({"is_covered": False, "share_cents": 8_000}, {"taken": (("CO", "50", 8_000),)}, {ErrorCause.COVERAGE: -8_000}),
        # A copay of 35.00 in place of 20.00; one of 12.34, below the maximum; one cut to what is allowed.
        (
            {"deductible_cents": 0, "coinsurance_cents": 0, "copay_cents": 2_000, "share_cents": 2_000},
            {"taken": (("CO", "45", 3_200), ("PR", "3", 3_500))},
            {ErrorCause.TERMS: 1_500},
        ),
        (
            {"deductible_cents": 0, "coinsurance_cents": 0, "copay_cents": 2_000, "share_cents": 2_000},
            {"taken": (("CO", "45", 3_200), ("PR", "3", 1_234))},
            {ErrorCause.ACCUMULATORS: -766},
        ),
        (
            {"deductible_cents": 0, "coinsurance_cents": 0, "copay_cents": 2_000, "share_cents": 2_000},
            {"taken": (("CO", "45", 6_500), ("PR", "3", 1_500))},
            {ErrorCause.ALLOWED: -500},
        ),
        # Out of network the rest of the charge is billed: 10.00 more charged, 2.00 less allowed, all of it deductible.
        (
            {"deductible_cents": 4_800, "coinsurance_cents": 0, "balance_bill_cents": 3_200, "share_cents": 8_000},
            {"charge_cents": 9_000, "taken": (("PR", "45", 4_400), ("PR", "1", 4_600))},
            {ErrorCause.CHARGE: 1_000},
        ),
        # A penalty that nothing of the estimate tells.
        (
            {},
            {"taken": (("CO", "45", 3_200), ("PR", "1", 4_000), ("PR", "2", 160), ("PR", "253", 500))},
            {ErrorCause.UNKNOWN: 500},
        ),
    ],
)
def test_what_explains_a_difference(was: dict[str, Any], now: dict[str, Any], causes: dict[ErrorCause, int]) -> None:
    before, after = estimated(**was), line(**now)
    found = Explaining(is_capped=False).causes(before, after)
    assert found == causes
    assert sum(found.values()) == after.patient() - before.share_cents


def test_a_maximum_that_the_estimate_had_reached_and_the_payer_had_not() -> None:
    none = estimated(deductible_cents=0, coinsurance_cents=0, share_cents=0)
    assert Explaining(is_capped=True).causes(none, line()) == {ErrorCause.ACCUMULATORS: 4_160}
    assert ErrorCause.ACCUMULATORS in Explaining(is_capped=False).causes(none, line())


def test_what_a_line_takes_less_of_the_deductible_falls_to_the_next() -> None:
    """50.00 are left. Estimated: 48.00 of 48.00, then 2.00 + 20 % of 46.00 = 11.20, then 20 % of 48.00.

    The first is allowed 30.00 and takes no more: the next takes the other 20.00, and 20 % of 28.00 = 5.60, 14.40 more.
    If the first is denied, the next takes 48.00, 36.80 more, and the last one 2.00 + 9.20, 1.60 more.
    """
    first = estimated(deductible_cents=4_800, coinsurance_cents=0, share_cents=4_800)
    second = estimated(deductible_cents=200, coinsurance_cents=920, share_cents=1_120)
    third = estimated(deductible_cents=0, coinsurance_cents=960, share_cents=960)
    less = Explaining(is_capped=False)
    assert less.causes(first, line(taken=(("CO", "45", 5_000), ("PR", "1", 3_000)))) == {ErrorCause.ALLOWED: -1_800}
    rest = (("CO", "45", 3_200), ("PR", "1", 2_000), ("PR", "2", 560))
    assert less.causes(second, line(taken=rest)) == {ErrorCause.ALLOWED: 1_440}
    denied = Explaining(is_capped=False)
    assert denied.causes(first, line(taken=(("CO", "197", 8_000),))) == {ErrorCause.COVERAGE: -4_800}
    assert denied.causes(second, line(taken=(("CO", "45", 3_200), ("PR", "1", 4_800)))) == {ErrorCause.COVERAGE: 3_680}
    last = (("CO", "45", 3_200), ("PR", "1", 200), ("PR", "2", 920))
    assert denied.causes(third, line(taken=last)) == {ErrorCause.COVERAGE: 160}


def test_the_figures_of_a_report() -> None:
    """Errors of 0, 0, 2.40 and 38.40: half right, 40.80 in all, the median 0, nine tenths 38.40."""
    more = line(taken=(("CO", "45", 2_000), ("PR", "1", 4_000), ("PR", "2", 400)))
    denied = line(taken=(("PR", "119", 8_000),))
    lines = [
        pair
        for number, each in enumerate((line(), line(), more, denied))
        for pair in matched(
            [RemittedClaim(9, str(number), (), "", (each,))],
            [EstimatedCare(str(number), "plan", (estimated(benefit=f"b{number // 2}"),))],
        ).lines
    ]
    report = accuracy_report(lines, 3)
    whole = report.all
    assert (whole.lines, whole.exact, whole.same_coverage, report.unmatched) == (4, 2, 3, 3)
    assert (whole.total_error_cents, whole.absolute_error_cents) == (4_080, 4_080)
    assert (whole.median_error_cents, whole.ninetieth_error_cents, whole.largest_error_cents) == (0, 3_840, 3_840)
    assert whole.errors == (2, 0, 1, 0, 1, 0)
    told = {each.cause: (each.lines, each.cents) for each in whole.causes if each.lines}
    assert told == {ErrorCause.ALLOWED: (1, 240), ErrorCause.LIMIT: (1, 3_840)}
    assert [(each.name, each.exact) for each in report.rules] == [("plan/b1", 0), ("plan/b0", 2)]
    assert ([each.name for each in report.plans], [each.name for each in report.therapies]) == (
        ["plan"],
        ["acupuncture"],
    )
    assert accuracy_report([], 0).all.largest_error_cents == 0
