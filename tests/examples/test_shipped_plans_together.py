"""Requests over two of the plans that come with the project, against amounts worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

from camcover.api.requests import estimate_request
from camcover.engine import Tables, compile_rules, evaluate
from camcover.gen.camcover.v1 import request_pb2
from camcover.rulebook import as_text, load

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = [
    ROOT / "rules" / "catalog",
    *(ROOT / "rules" / "payers" / name for name in ("original-medicare", "medi-cal")),
]


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Original Medicare and Medi-Cal as they are shipped."""
    loaded = load(*SHIPPED)
    assert loaded.rules is not None, as_text(loaded.errors, loaded.texts)
    return compile_rules(loaded.rules)


def medicare_then_medi_cal(deductible_cents: int) -> Any:
    """One acupuncture visit, charge 90.00, of a member of both, with so much of Medicare's deductible of 283.00 met."""
    request = {
        "plan_id": "original-medicare-part-b",
        "secondary_plan_id": "medi-cal",
        "coordination": "COORDINATION_MEDICAID",
        "members": [
            {
                "id": "m",
                "age": 55,
                "state": "CA",
                "accumulators": [{"accumulator": "deductible", "used_cents": deductible_cents}],
            }
        ],
        "items": [
            {
                "therapy": "acupuncture",
                "procedures": [{"code": "97810", "charge_cents": 9000}],
                "practitioner": "physician",
                "tier": "participating",
                "secondary_tier": "in_network",
                "setting": "clinic",
                "diagnoses": ["M54.50"],
                "start_date": "2026-03-02",
            }
        ],
    }
    return estimate_request(json_format.ParseDict(request, request_pb2.EstimatePlanRequest()))


# Medicare allows 40.00 of 90.00 and Medi-Cal 26.50; 50.00 are written off under Medicare's contract.
# Deductible met: Medicare pays 32.00, more than the 26.50 of Medi-Cal, which adds nothing; the 8.00 left are nobody's.
# Deductible not met: Medicare pays nothing, Medi-Cal its 26.50; the 13.50 left are nobody's.
@pytest.mark.parametrize(
    ("deductible_cents", "medicare", "medi_cal", "written_off"),
    [pytest.param(28300, 3200, 0, 5800, id="deductible-met"), pytest.param(0, 0, 2650, 6350, id="deductible-not-met")],
)
def test_a_qualified_medicare_beneficiary_owes_nothing(
    tables: Tables, deductible_cents: int, medicare: int, medi_cal: int, written_off: int
) -> None:
    """NY Health Access, QMB: protections against balance billing (health.wnylc.com/health/entry/94); 42 CFR 447.15."""
    (line,) = evaluate(tables, medicare_then_medi_cal(deductible_cents)).lines
    amounts = line.amounts
    assert amounts.patient_cents == 0
    assert (amounts.plan_paid_cents, amounts.secondary_paid_cents) == (medicare, medi_cal)
    assert amounts.written_off_cents == written_off
