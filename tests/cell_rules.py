"""For tests of the analysis: small rule sets from a few lines, cells as requests, what the engine says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

from camcover.engine import EstimateRequest, Tables, evaluate
from camcover.engine.estimate import Line
from camcover.engine.request import LimitUse, UseSoFar
from camcover.money import Cents
from camcover.rulebook import RuleSet, as_text, load, load_texts
from camcover.rulebook.analysis.decisions import Decided, Verdict
from camcover.rulebook.records import Benefit, Plan
from camcover.workflow.witnesses import first_day, request_of
from small_rules import CATALOG, FEES

RULES = Path(__file__).resolve().parents[1] / "rules"

PLAN = """\
format: camcover/1
kind: plan
id: plan
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01, to: 2026-12-31}
benefit_period: calendar_year
fees: fees
illustrative: yes
accumulators:
  deductible: {kind: deductible, individual: $100, family_mode: embedded}
  oop_max: {kind: out_of_pocket_maximum, individual: $500, family_mode: embedded}
tiers:
  in_network: {deductible: deductible, out_of_pocket_maximum: oop_max, above_allowed: written_off}
  out_of_network: {deductible: deductible, out_of_pocket_maximum: none, above_allowed: member}
"""
PAYS = "in_network: {member_pays: [{copay: $20 per visit}]}"
NO_MORE = "otherwise: not_covered\nnot_covered_pays: charge\n"


@cache
def shipped() -> RuleSet:
    """The rules that come with the project, read once for all tests of a process."""
    loaded = load(RULES, today=date(2026, 11, 24))
    assert loaded.rules is not None
    return loaded.rules


def rule_set(*benefits: str, before: str = "", after: str = "", **others: str) -> RuleSet:
    """One plan with these benefits (`name: {...}`), keys before and after them; `others` are files beside it."""
    texts = {"catalog.yaml": CATALOG, "fees.yaml": FEES, "plan.yaml": plan_text(*benefits, before=before, after=after)}
    return rules_of(texts | {f"{name}.yaml": text for name, text in others.items()})


def plan_text(*benefits: str, before: str = "", after: str = "") -> str:
    """The text of that plan."""
    named = "\n".join(f"  {each}" for each in benefits)
    return f"{PLAN}{before}benefits:\n{named}\n{after}{NO_MORE}"


def rules_of(texts: dict[str, str]) -> RuleSet:
    """Rule files, checked."""
    loaded = load_texts(texts)
    assert loaded.rules is not None, as_text(loaded.errors, loaded.texts)
    return loaded.rules


def without(rules: RuleSet, plan: Plan, benefits: Collection[str]) -> RuleSet:
    """The rules with some benefits of one plan edition left out."""
    left = {name: benefit for name, benefit in plan.benefits.items() if str(name) not in benefits}
    editions = rules.plans[plan.heading.id]
    changed = tuple(replace(each, benefits=left) if each is plan else each for each in editions)
    return replace(rules, plans={**rules.plans, plan.heading.id: changed})


def asked(cell: Decided, used: Collection[LimitUse] = ()) -> EstimateRequest:
    """The cell's line as a request, at a charge of 100.00; what is not attested is assumed met."""
    plan, day = cell.grid.stretch.plan, first_day(cell.grid.stretch)
    use = UseSoFar(limit_usage=tuple(used))
    return request_of(str(plan.heading.id), cell.grid.service, cell.line, (day,), charge_cents=Cents(100_00), use=use)


def said(tables: Tables, request: EstimateRequest) -> Line:
    """What the engine says of a request of one line."""
    (line,) = evaluate(tables, request).lines
    return line


def expected(cell: Decided) -> tuple[str, str]:
    """(benefit, reason) that the engine must say of a cell.

    A line under a benefit has no reason before limits, unless the benefit requires what the cell does not attest.
    """
    rules = [cell.grid.service.rules[number] for number in cell.decision.rules]
    benefit = rules[0] if rules and isinstance(rules[0], Benefit) else None
    named = str(benefit.id) if benefit else ""
    if benefit is None or cell.decision.verdict is not Verdict.BENEFIT:
        return named, cell.reason
    required = {each.attestation for each in benefit.requires if each.is_bare and not each.after}
    return named, "" if required <= set(cell.line.attestations) else "REQUIREMENT_MISSING"


def decided_by(line: Line) -> tuple[str, str]:
    """(benefit, reason) of a line of the engine, limits aside."""
    return line.benefit, "" if line.reason.name in ("NONE", "LIMIT_REACHED") else line.reason.name


def plans_of(rules: RuleSet) -> Iterator[Plan]:
    """Every edition of every plan."""
    for editions in rules.plans.values():
        yield from editions
