"""Published worked examples, priced by the engine and by the oracle; both must give the printed figures."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format

from camcover.api.requests import estimate_request
from camcover.engine import Estimate, compile_rules, evaluate
from camcover.gen.camcover.v1 import request_pb2
from camcover.rulebook import as_text, load_texts
from oracle import adjudicate
from oracle.yaml_text import yaml_text

Json = dict[str, Any]

TIERS = ("in_network", "out_of_network")
FIRST_DAY = date(2026, 3, 2)
CATALOG = """\
format: camcover/1
kind: catalog
id: catalog
effective: {from: 2024-01-01}
therapies: {care: {name: Care}, preventive: {name: Preventive care}}
"""


def cases(name: str) -> list[Any]:
    """The cases of a file beside this one, every scalar a text."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return [pytest.param(case, id=case["id"]) for case in yaml.load(text, Loader=yaml.BaseLoader)]


def cents(dollars: str) -> int:
    """`687.50` -> 68750."""
    return int(Decimal(dollars) * 100)


def step(words: Any) -> Any:
    """`coinsurance 20%` -> {coinsurance: 20%}; a word alone stays one, and so does a mapping."""
    if isinstance(words, dict):
        return words
    name, _, value = words.partition(" ")
    return {name: value} if value else name


def accumulator(kind: str, given: Json) -> Json:
    """The definition of an accumulator; a family amount that is not given is twice the individual's."""
    amounts = {"individual": given["individual"], "family": given.get("family", str(2 * Decimal(given["individual"])))}
    others = {key: value for key, value in given.items() if key not in amounts}
    return {"kind": kind, "cite": "example p.1"} | {key: f"${value}" for key, value in amounts.items()} | others


def plan(id_: str, pays: list[Any], others: Json, above: str = "member") -> Json:
    """A plan with one benefit of the same terms in both tiers, and free preventive care."""
    sums = {"deductible": "deductible", "maximum": "out_of_pocket_maximum"}
    accumulators = {name: accumulator(kind, others[name]) for name, kind in sums.items() if name in others}
    names = {"deductible": "deductible", "out_of_pocket_maximum": "maximum"}
    tier = {key: name if name in accumulators else "none" for key, name in names.items()}
    terms = {name: {"member_pays": pays} for name in TIERS}
    free = {name: {"member_pays": ["nothing"]} for name in TIERS}
    document: Json = {
        "format": "camcover/1",
        "kind": "plan",
        "id": id_,
        "name": "Example",
        "payer": {"id": "payer", "name": "Payer"},
        "effective": {"from": "2026-01-01"},
        "benefit_period": "calendar_year",
        "illustrative": "yes",
        "tiers": {
            "in_network": tier | {"above_allowed": "written_off"},
            "out_of_network": tier | {"above_allowed": above},
        },
        "benefits": {
            "care": {"therapies": ["care"], "cite": "example p.1"} | terms,
            "preventive": {"therapies": ["preventive"], "cite": "example p.1"} | free,
        },
        "otherwise": "not_covered",
        "not_covered_pays": "charge",
        "sources": {"example": {"title": "Example", "published": "2025-11-14"}},
    }
    return document | ({"accumulators": accumulators} if accumulators else {})


def priced(documents: list[Json], request: Json) -> tuple[Estimate, Json]:
    """The engine's and the oracle's answer."""
    loaded = load_texts({f"{place}.yaml": yaml_text(each) for place, each in enumerate(documents)})
    assert loaded.rules is not None, as_text(loaded.errors, loaded.texts)
    message = json_format.ParseDict(request, request_pb2.EstimatePlanRequest())
    return evaluate(compile_rules(loaded.rules), estimate_request(message)), adjudicate(documents, request)


def assert_both(engine: Any, oracle: Json, expected: Json) -> None:
    """The stated amounts of a line, in the engine's and in the oracle's answer."""
    stated = {f"{name}_cents": cents(amount) for name, amount in expected.items()}
    assert {name: getattr(engine.amounts, name) for name in stated} == stated
    assert {name: oracle[name] for name in stated} == stated


def request_of(case: Json) -> Json:
    """The members with their sums, and an item for each line."""
    lines = [line for line in case["lines"] for _ in range(int(line.get("times", 1)))]
    used = case.get("used", {})
    ids = list(dict.fromkeys(["A", *(line.get("member", "A") for line in lines)]))
    names = [name for name in ("deductible", "maximum") if name in case]

    def sums(owner: str) -> list[Json]:
        given = used.get(owner, {})
        return [{"accumulator": name, "used_cents": cents(given.get(name, "0"))} for name in names]

    items = [
        {
            "member_id": line.get("member", "A"),
            "therapy": "preventive" if "preventive" in line else "care",
            "tier": "out_of_network" if "out" in line else "in_network",
            "charge_cents": cents(line.get("charge", line["allowed"])),
            "allowed_cents": cents(line["allowed"]),
            "dates": [line.get("on", (FIRST_DAY + timedelta(days=place)).isoformat())],
        }
        for place, line in enumerate(lines)
    ]
    members = [{"id": name, "accumulators": sums(name)} for name in ids]
    request = {"plan_id": "plan", "members": members, "items": items, "as_of": "2026-01-01"}
    return request | ({"family_accumulators": sums("family")} if "family" in used else {})


@pytest.mark.parametrize("case", cases("cost_share.yaml"))
def test_cost_share_examples_come_out_to_the_cent(case: Json) -> None:
    terms = plan("plan", [step(words) for words in case["pays"]], case, case.get("above", "member"))
    documents = [yaml.load(CATALOG, Loader=yaml.BaseLoader), terms]
    engine, oracle = priced(documents, request_of(case))
    for line, plain, expected in zip(engine.lines, oracle["lines"], case["expect"], strict=True):
        assert_both(line, plain, expected)
    for name, amount in case.get("total", {}).items():
        assert getattr(engine.totals, f"{name}_cents") == cents(amount)
        assert sum(line[f"{name}_cents"] for line in oracle["lines"]) == cents(amount)
    after = {(each.member_id, each.accumulator): each.used_cents for each in engine.accumulators_after}
    plain_after = {(row["member_id"], row["accumulator"]): row["used_cents"] for row in oracle["accumulators_after"]}
    for member, expected in case.get("after", {}).items():
        for name, amount in expected.items():
            assert after[member, name] == plain_after[member, name] == cents(amount)


@pytest.mark.parametrize("case", cases("coordination.yaml"))
def test_coordination_examples_come_out_to_the_cent(case: Json) -> None:
    documents = [yaml.load(CATALOG, Loader=yaml.BaseLoader)]
    tier = "out_of_network" if "out" in case else "in_network"
    for name in ("primary", "secondary"):
        table = {
            each: {"therapies": {"care": f"${case[name]['allowed']}"}} for each in ("in_network", "out_of_network")
        }
        fees: Json = {
            "format": "camcover/1",
            "kind": "fees",
            "id": f"{name}-fees",
            "effective": {"from": "2024-01-01"},
            "illustrative": "yes",
            "tiers": {each: rows | {"otherwise": "100% of charge"} for each, rows in table.items()},
        }
        documents += [fees, plan(name, [{"coinsurance": case[name]["share"]}], {}) | {"fees": f"{name}-fees"}]
    item = {"therapy": "care", "tier": tier, "charge_cents": cents(case["charge"]), "dates": ["2026-03-02"]}
    request = {
        "plan_id": "primary",
        "secondary_plan_id": "secondary",
        "coordination": case["method"],
        "members": [{"id": "A"}],
        "items": [item],
    }
    engine, oracle = priced(documents, request)
    assert_both(engine.lines[0], oracle["lines"][0], case["expect"])
