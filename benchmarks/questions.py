"""What the benchmarks ask: the well-being plan of docs/examples/request.json, twelve lines under Original Medicare."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import json_format

from camcover.api.requests import estimate_request
from camcover.engine import EstimateRequest, Tables, compile_rules
from camcover.gen.camcover.v1 import request_pb2
from camcover.rulebook import load

ROOT = Path(__file__).resolve().parent.parent
REQUEST = ROOT / "docs" / "examples" / "request.json"


def shipped_tables() -> Tables:
    """Every rule file of `rules/`, compiled."""
    loaded = load(ROOT / "rules")
    assert loaded.rules is not None
    return compile_rules(loaded.rules)


def twelve_sessions() -> request_pb2.EstimatePlanRequest:
    """One service on twelve dates, nothing left open: the small request of a portal or a billing system."""
    return json_format.ParseDict(
        {
            "plan_id": "original-medicare-part-b",
            "members": [
                {"age": 67, "state": "WA", "accumulators": [{"accumulator": "deductible", "used_cents": 20300}]}
            ],
            "requirements": "REQUIREMENTS_AS_ATTESTED",
            "items": [
                {
                    "therapy": "acupuncture",
                    "procedures": [{"code": "97810", "charge_cents": 9000}],
                    "practitioner": "physician",
                    "tier": "participating",
                    "diagnoses": ["M54.50"],
                    "start_date": "2026-03-02",
                    "sessions": 12,
                }
            ],
        },
        request_pb2.EstimatePlanRequest(),
    )


def twelve_lines() -> EstimateRequest:
    """The typed request; steps in words are not asked for."""
    message = json_format.Parse(REQUEST.read_text(encoding="utf-8"), request_pb2.EstimatePlanRequest())
    message.explain = False
    return estimate_request(message)
