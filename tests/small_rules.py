"""A small rule set for tests that are not about the rules: one catalog, one fee file, two plans, all of it invented."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format
from google.rpc.status_pb2 import Status

from camcover.api.requests import estimate_request
from camcover.engine import Estimate, EstimateRequest, Tables, compile_rules, evaluate
from camcover.engine.request import Coordination, Membership, UseSoFar
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.rulebook import as_text, load_texts

CATALOG = """\
format: camcover/1
kind: catalog
id: cam
effective: {from: 2024-01-01}
therapies:
  acupuncture:
    name: Acupuncture
    aliases: [needles]
    codes: ["97810", "97811"]
    practitioners: [acupuncturist]
    typical_charge: {low: $75, typical: $110, high: $150}
  massage: {name: Massage, codes: ["97124"], typical_charge: {low: $60, typical: $90, high: $120}}
  reiki: {name: Reiki}
conditions:
  back-pain: {name: Back pain, icd10: [M54.5]}
  headache: {name: Headache, icd10: [G44, R51]}
practitioners:
  acupuncturist: {name: Acupuncturist, taxonomy: 171100000X}
  massage-therapist: {name: Massage therapist}
licensure:
  acupuncturist: {unlicensed: [AL]}
modifiers:
  AT: {attests: [active_treatment]}
  GA: {attests: [advance_notice]}
  GZ: {lacks: [advance_notice]}
  "25": {name: Examination beside the treatment}
  "95": {setting: telehealth}
places_of_service: {"11": office, "12": home, "02": telehealth}
"""

FEES = """\
format: camcover/1
kind: fees
id: fees
effective: {from: 2024-01-01}
illustrative: yes
tiers:
  in_network:
    codes: {"97810": $48.00, "97811": $36.00}
    therapies: {massage: $70.00}
    otherwise: 80% of charge
  out_of_network: {otherwise: 75% of in_network}
"""

SHARE_PLAN = """\
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
  oop_max: {kind: out_of_pocket_maximum, individual: $500.00, family: $1000.00, family_mode: embedded, cite: eoc p.1}
tiers:
  in_network: {deductible: deductible, out_of_pocket_maximum: oop_max, above_allowed: written_off}
  out_of_network: {deductible: deductible, out_of_pocket_maximum: none, above_allowed: member}
benefits:
  needles:
    therapies: [acupuncture]
    when: {conditions: [back-pain], practitioners: [acupuncturist]}
    limits: [{id: visits, allow: 4 visits, per: calendar_year, cite: eoc p.3}]
    in_network: {member_pays: [deductible, {coinsurance: 20%}]}
    out_of_network: {member_pays: [deductible, {coinsurance: 50%}]}
    cite: eoc p.2
exclusions:
  - {therapies: [massage], reason: not_a_benefit, cite: eoc p.4}
otherwise: not_covered
not_covered_pays: charge
sources:
  eoc: {title: Evidence of coverage, published: 2025-11-14}
"""

COPAY_PLAN = """\
format: camcover/1
kind: plan
id: copay-plan
name: Copay Plan
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01, to: 2026-12-31}
benefit_period: calendar_year
fees: fees
illustrative: yes
accumulators:
  oop_max: {kind: out_of_pocket_maximum, individual: $500.00, family: $1000.00, family_mode: embedded, cite: eoc p.1}
tiers:
  in_network: {deductible: none, out_of_pocket_maximum: oop_max, above_allowed: written_off}
benefits:
  hands:
    therapies: [acupuncture, massage]
    requires: [referral]
    in_network: {member_pays: [{copay: $20 per visit}]}
    cite: eoc p.2
otherwise: not_covered
not_covered_pays: charge
sources:
  eoc: {title: Evidence of coverage, published: 2025-11-14}
"""

TWO_TIER_FEES = """\
format: camcover/1
kind: fees
id: f
effective: {from: 2026-01-01}
illustrative: yes
tiers:
"""
"""A fee file without its tables, which are those of `in` and `out`."""

TWO_TIERS = """\
format: camcover/1
kind: plan
id: p
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
fees: f
tiers:
  in: {deductible: none, out_of_pocket_maximum: none, above_allowed: written_off}
  out: {deductible: none, out_of_pocket_maximum: none, above_allowed: member}
benefits:
"""
"""A plan without its benefits, for tests of prices: two tiers, no deductible, no maximum."""

NO_RELEASE_IDS = (
    "x",
    "active",
    "latest",
    "rules-0",
    "rules-0123456789ABCDEF",
    "rules-0123456789abcdef\n",
    "rules-0123456789abcdeg",
    "rules-0123456789abcdef0",
    " rules-0123456789abcdef",
    "rules-01234567/9abcdef",
    "rules-01234567/../bcde",
    "rules-../../../../etc/",
    "../rules-0123456789abcdef",
    "/etc/hostname",
    "/dev/stdin",
    "a\0b",
    "rules-\uff10123456789abcdef",
    "x" * 5_000,
)
"""Texts that are near to the id of a release, or a path, and are none."""

TEXTS = {"catalog.yaml": CATALOG, "fees.yaml": FEES, "share.yaml": SHARE_PLAN, "copay.yaml": COPAY_PLAN}


def tables(**replaced: str) -> Tables:
    """The rule set compiled; `share=...` puts a text in place of share.yaml, and so on."""
    loaded = load_texts(TEXTS | {f"{name}.yaml": text for name, text in replaced.items()})
    assert loaded.rules is not None, as_text(loaded.errors, loaded.texts)
    return compile_rules(loaded.rules)


def question(**others: Any) -> dict[str, Any]:
    """Three sessions of acupuncture at 80.00 under share-plan, 60.00 of the deductible met, as a request's fields.

    Allowed 48.00. First visit: the last 40.00 of the deductible + 20 % of 8.00 = 41.60. Then 20 % of 48.00 = 9.60 each.
    Patient 60.80; plan 6.40 + 2 x 38.40 = 83.20; written off 3 x 32.00 = 96.00; together 240.00. Under copay-plan:
    3 x 20.00 = 60.00; plan 3 x 28.00 = 84.00.
    """
    used = [{"accumulator": "deductible", "used_cents": 6000}, {"accumulator": "oop_max", "used_cents": 6000}]
    item = {
        "therapy": "acupuncture",
        "procedures": [{"code": "97810", "charge_cents": 8000}],
        "practitioner": "acupuncturist",
        "tier": "in_network",
        "diagnoses": ["M54.50"],
        "dates": ["2026-03-02", "2026-03-09", "2026-03-16"],
    }
    plan = {
        "plan_id": "share-plan",
        "as_of": "2026-03-02",
        "members": [{"id": "ana", "age": 40, "state": "WA", "accumulators": used}],
        "items": [item],
    }
    return plan | others


def typed(asked: dict[str, Any]) -> EstimateRequest:
    """A request's fields as the engine takes them."""
    return estimate_request(json_format.ParseDict(asked, request_pb2.EstimatePlanRequest()))


def estimate(rules: Tables, asked: dict[str, Any]) -> Estimate:
    """The engine's answer to a request's fields. Raises `InvalidRequest`."""
    return evaluate(rules, typed(asked))


def estimate_in(outcome: bytes | Status) -> estimate_pb2.Estimate:
    """The estimate that the service answers, which comes as bytes."""
    assert isinstance(outcome, bytes), outcome
    return estimate_pb2.Estimate.FromString(outcome)


def under_one_plan(request: EstimateRequest) -> EstimateRequest:
    """The request without its second plan, and without what it states of it."""
    return request._replace(
        secondary_plan_id="",
        coordination=Coordination.STANDARD,
        secondary_family_accumulators=(),
        members=tuple(
            member._replace(secondary_use=UseSoFar(), secondary_membership=Membership()) for member in request.members
        ),
        items=tuple(item._replace(secondary_tier="") for item in request.items),
    )
