"""One visit of acupuncture under a plan whose one benefit pays by the steps of a test."""

from __future__ import annotations

from typing import Any

from camcover.engine import Estimate
from small_rules import estimate, tables

PLAN = """\
format: camcover/1
kind: plan
id: p
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
accumulators:
  deductible: {kind: deductible, individual: DEDUCTIBLE, family_mode: embedded}
  maximum: {kind: out_of_pocket_maximum, individual: MAXIMUM, family_mode: embedded}
tiers:
  in: {deductible: deductible, out_of_pocket_maximum: maximum, above_allowed: written_off}
benefits:
  needles: {therapies: [acupuncture], in: {member_pays: PAYS}}
otherwise: not_covered
"""


def plan_paying(pays: str, deductible: str, maximum: str = "$1000") -> str:
    """The plan's file with these steps."""
    return PLAN.replace("PAYS", f"[{pays}]").replace("DEDUCTIBLE", deductible).replace("MAXIMUM", maximum)


def one_visit(plan: str, *lines: int, units: int = 1, **others: Any) -> Estimate:
    """One visit with a line of each of these amounts, cents; nothing is used so far but as `member` gives it."""
    procedures = [{"code": "97810", "charge_cents": cents, "units": units} for cents in lines]
    visit = {"therapy": "acupuncture", "tier": "in", "dates": ["2026-03-02"], "procedures": procedures}
    used = [{"accumulator": name, "used_cents": 0} for name in ("deductible", "maximum")]
    member = {"id": "ana", "age": 44, "state": "WA", "accumulators": used} | others.pop("member", {})
    return estimate(tables(p=plan), {"plan_id": "p", "members": [member], "items": [visit], "explain": True} | others)
