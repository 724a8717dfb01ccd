"""A whole request: lines in order, under one plan or two (sections 5 to 7, points 28, 33 of docs/rule-language.md)."""

from __future__ import annotations

from .ledger import Outcome, PlanLedger
from .lines import Line, expand
from .rules import RuleBook
from .values import Json


def adjudicate(documents: list[Json], request: Json) -> Json:
    """The expected case of an estimate: "lines", "accumulators_after" and "secondary_accumulators_after".

    `documents` are rule files as `yaml.load(text, Loader=yaml.BaseLoader)` gives them; `request` is an
    EstimatePlanRequest with proto field names. Both are taken to be valid. Sessions and lines count from 1, items
    from 0.
    """
    rules = RuleBook(documents)
    lines = expand(request, rules)
    first_day = lines[0].day
    primary = PlanLedger(rules, request, request["plan_id"], "", first_day)
    secondary_id = request.get("secondary_plan_id")
    secondary = PlanLedger(rules, request, secondary_id, "secondary_", first_day) if secondary_id else None
    method = request.get("coordination") or "COORDINATION_STANDARD"
    rows = []
    for line in lines:
        outcome = primary.adjudicate(line, line.item.get("tier") or primary.tiers(line.day)[0])
        paid = _secondary_paid(secondary, method, line, outcome) if secondary else 0
        rows.append(_row(line, outcome, paid))
    return {
        "lines": rows,
        "accumulators_after": primary.sums.rows(primary.accumulators()),
        "secondary_accumulators_after": secondary.sums.rows(secondary.accumulators()) if secondary else [],
    }


def _secondary_paid(secondary: PlanLedger, method: str, line: Line, primary: Outcome) -> int:
    """What the second plan pays of a line after the first (point 28)."""
    tier = _secondary_tier(secondary, line, primary.tier)
    paid = primary.plan_paid

    def what_is_left(allowed: int) -> int:
        return max(0, max(primary.allowed, allowed) - paid)

    if method == "COORDINATION_MAINTENANCE_OF_BENEFITS":
        amount = secondary.adjudicate(line, tier, primary.charge, what_is_left).plan_paid
    else:
        second = secondary.adjudicate(line, tier, primary.charge)
        amount = _coordinated(method, second.plan_paid, what_is_left(second.allowed), paid, primary.charge)
    return min(amount, primary.owed)


def _coordinated(method: str, normal: int, left: int, paid: int, charge: int) -> int:
    """`normal`: what the second plan would pay as the first; `left`: the allowable expense less what the first paid."""
    if method == "COORDINATION_NON_DUPLICATION":
        return max(0, normal - paid)
    if method == "COORDINATION_MEDICARE_SECONDARY":
        return max(0, min(charge - paid, normal, left))
    return min(normal, left)


def _secondary_tier(secondary: PlanLedger, line: Line, primary_tier: str) -> str:
    """The item's, else the tier of the same id, else the first."""
    tiers = secondary.tiers(line.day)
    chosen = line.item.get("secondary_tier") or primary_tier
    return chosen if chosen in tiers else tiers[0]


def _row(line: Line, outcome: Outcome, secondary_paid: int) -> Json:
    """A line of the estimate; asserts the identities of section 6."""
    patient = outcome.owed - secondary_paid
    assert outcome.charge == outcome.plan_paid + secondary_paid + patient + outcome.written_off, (line, outcome)
    assert min(patient, outcome.plan_paid, outcome.written_off, outcome.not_covered) >= 0, (line, outcome)
    amounts = ("charge", "allowed", "deductible", "copay", "coinsurance", "penalty", "balance_bill", "not_covered")
    return {
        "item_index": line.item_index,
        "member_id": line.member_id,
        "session": line.session,
        "line": line.number,
        "date": line.day.isoformat(),
        "therapy": line.therapy,
        "code": line.code,
        "units": line.units,
        "covered_units": outcome.covered_units,
        "tier": outcome.tier,
        "benefit": outcome.benefit,
        "covered": outcome.covered,
        "reason": outcome.reason,
        **{f"{name}_cents": getattr(outcome, name) for name in amounts},
        "written_off_cents": outcome.written_off,
        "plan_paid_cents": outcome.plan_paid,
        "secondary_paid_cents": secondary_paid,
        "patient_cents": patient,
    }
