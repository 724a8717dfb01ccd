"""Witnesses as requests: valid, of the facts of their line, and the same as JSON."""

from __future__ import annotations

from datetime import date

from google.protobuf import json_format
from hypothesis import settings

from camcover.api.requests import estimate_request
from camcover.api.validation import validate
from camcover.engine import EstimateRequest, compile_rules, evaluate
from camcover.engine.request import AccumulatorUse, BenefitVisits, LimitUse, UseSoFar
from camcover.gen.camcover.v1 import request_pb2
from camcover.money import Cents
from camcover.rulebook.analysis.decisions import decided
from camcover.rulebook.analysis.findings import FindingKind
from camcover.rulebook.analysis.plans import analyse
from camcover.rulebook.records import Attestation
from camcover.workflow.cliffs import cliffs
from camcover.workflow.witnesses import attested, request_data, request_of, usual_charge, witness_request
from cell_rules import PAYS, rule_set, rules_of, shipped
from oracle.drawn import drawn
from oracle.scenarios import Scenario, draw_scenario
from small_rules import CATALOG

SOME = settings.default.max_examples // 10 if settings.default else 50


def through_json(request: EstimateRequest) -> EstimateRequest:
    """The request as a user would send it."""
    message = json_format.ParseDict(request_data(request), request_pb2.EstimatePlanRequest())
    validate(message)
    return estimate_request(message)


def test_json_of_every_cliff_of_the_shipped_rules_is_the_same_request() -> None:
    rules = shipped()
    tables = compile_rules(rules)
    requests = [
        cliff.request
        for editions in rules.plans.values()
        for each in analyse(editions, rules)
        for cliff in cliffs(tables, rules, each)
    ]
    assert len(requests) > 100
    assert [through_json(request) for request in requests] == requests


@drawn(draw_scenario, examples=SOME)
def test_json_of_drawn_overlaps_is_the_same_request(scenario: Scenario) -> None:
    rules = rules_of(scenario.documents)
    for plan_id, editions in rules.plans.items():
        for each in analyse(editions, rules):
            witnesses = [found.witness for found in each.findings(rules) if found.kind is FindingKind.OVERLAPS]
            for witness in witnesses:
                assert witness is not None
                request = witness_request(plan_id, witness, rules)
                assert through_json(request) == request
                evaluate(compile_rules(rules), request)


def test_every_field_that_a_witness_may_have_is_in_its_json() -> None:
    rules = rule_set(f'one: {{codes: ["97810"], when: {{icd10: [M54]}}, {PAYS}}}')
    cell = next(cell for cell in decided(rules.plans["plan"][0], rules) if cell.chain)
    use = UseSoFar(
        accumulators=(AccumulatorUse("deductible", Cents(100_00)), AccumulatorUse("oop_max", Cents(0))),
        limit_usage=(LimitUse("a", used=3), LimitUse("b", used_cents=Cents(50_00))),
        benefit_visits=(BenefitVisits("one", 3),),
    )
    day = date(2026, 3, 2)
    request = request_of(
        "plan", cell.grid.service, cell.line, (day, date(2026, 3, 3)), charge_cents=Cents(80_00), use=use
    )
    assert through_json(attested(request, {Attestation.REFERRAL})) == attested(request, {Attestation.REFERRAL})
    assert request_data(request)["items"] == [
        {
            "therapy": "acupuncture",
            "procedures": [{"code": "97810", "units": 1}],
            "charge_cents": 80_00,
            "practitioner": "acupuncturist",
            "setting": "office",
            "tier": "in_network",
            "diagnoses": ["M54"],
            "attestations": [str(each) for each in Attestation],
            "dates": ["2026-03-02", "2026-03-03"],
        }
    ]


def test_a_repeated_day_becomes_two_items() -> None:
    """An item has one session a day, so that the request can be asked."""
    rules = rule_set(f"one: {{therapies: [massage], {PAYS}}}")
    cell = next(cell for cell in decided(rules.plans["plan"][0], rules) if cell.chain)
    day = date(2026, 3, 2)
    request = request_of("plan", cell.grid.service, cell.line, (day, day), charge_cents=Cents(80_00))
    assert [item.dates for item in request.items] == [(day,), (day,)]
    assert len(evaluate(compile_rules(rules), request).lines) == 2


def test_the_usual_charge_is_the_catalogs_or_a_hundred_dollars() -> None:
    day = date(2026, 3, 2)
    rules = rule_set(f"one: {{therapies: [massage], {PAYS}}}")
    assert usual_charge(rules, "massage", day) == 90_00
    assert usual_charge(rules, "reiki", day) == 100_00
    free = CATALOG.replace(
        "reiki: {name: Reiki}", "reiki: {name: Reiki, typical_charge: {low: $0, typical: $0, high: $9}}"
    )
    assert usual_charge(rule_set(f"one: {{therapies: [massage], {PAYS}}}", catalog=free), "reiki", day) == 100_00
