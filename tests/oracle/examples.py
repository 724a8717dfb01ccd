"""The small rule set of the hand-worked checks: a catalog, fees, and a plan whose varying parts a check writes."""

from __future__ import annotations

from typing import Any

import yaml

from .adjudication import adjudicate

CATALOG = """
format: camcover/1
kind: catalog
id: cam-core
effective: {from: 2024-01-01}
therapies:
  acupuncture:
    codes: ["97810", "97811"]
    typical_charge: {low: $75, typical: $110.01, high: $150}
  massage: {codes: ["97124"], typical_charge: {low: $60, typical: $90, high: $120}}
conditions:
  chronic-low-back-pain: {icd10: [M54.50, M54.59]}
practitioners: {acupuncturist: {}, physician: {}}
licensure: {acupuncturist: {unlicensed: [AL]}}
"""

FEES = """
format: camcover/1
kind: fees
id: fees
effective: {from: 2024-01-01}
tiers:
  in_network:
    codes: {"97810": $48, "97811": $36}
    therapies: {massage: $85}
    otherwise: 80% of charge
  out_of_network: {otherwise: 66.67% of in_network}
"""

PLAN = """
format: camcover/1
kind: plan
id: ID
effective: {from: 2026-01-01, to: 2027-12-31}
fees: fees
accumulators:
  deductible: {kind: deductible, individual: $100, family: $150}
  oop_max: {kind: out_of_pocket_maximum, individual: $200, family: $300}
tiers:
  in_network: {deductible: deductible, out_of_pocket_maximum: oop_max, above_allowed: written_off}
  out_of_network: {deductible: deductible, out_of_pocket_maximum: none, above_allowed: member up to 115%}
otherwise: not_covered
"""


def plan(varying: str, id_: str = "plan") -> dict[str, Any]:
    """The plan above with the keys of `varying` (YAML) in place of its own."""
    document: dict[str, Any] = _parse(PLAN.replace("ID", id_))
    return document | _parse(varying)


def _parse(text: str) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.BaseLoader(text).get_single_data()
    return parsed


def benefit(steps: str, others: str = "", therapies: str = "[acupuncture, massage]") -> str:
    """`benefits:` with one benefit, named `care`, of the same steps in both tiers; `others`: keys of it, flow style."""
    extra = f", {others}" if others else ""
    blocks = f"in_network: {{member_pays: {steps}}}, out_of_network: {{member_pays: {steps}}}"
    return f"benefits: {{care: {{therapies: {therapies}, {blocks}{extra}}}}}\n"


def estimate(plans: list[dict[str, Any]], items: list[dict[str, Any]], **others: Any) -> dict[str, Any]:
    """The oracle's estimate under the first of `plans`, in network unless an item says otherwise."""
    items = [{"therapy": "acupuncture", "tier": "in_network"} | item for item in items]
    request = {"plan_id": plans[0]["id"], "items": items} | others
    return adjudicate([_parse(CATALOG), _parse(FEES), *plans], request)


def column(result: dict[str, Any], *names: str) -> list[Any]:
    """A field of every line, `..._cents` left out of its name; tuples for several fields."""
    rows = [tuple(line.get(f"{name}_cents", line.get(name)) for name in names) for line in result["lines"]]
    return [row[0] for row in rows] if len(names) == 1 else rows


def sums(result: dict[str, Any], key: str = "accumulators_after") -> dict[tuple[str, str], int]:
    """The sums after the last line, by person and accumulator."""
    return {(row["member_id"], row["accumulator"]): row["used_cents"] for row in result[key]}
