"""A whole request: lines in order, under one plan or two (sections 5 to 7, points 28, 33 of docs/rule-language.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .accounts import PARTS, AccountPayment, Accounts
from .day_codes import in_order
from .ledger import Outcome, PlanLedger, is_family_coverage
from .lines import Line, expand, members_of
from .rules import RuleBook
from .values import Json


def adjudicate(documents: list[Json], request: Json) -> Json:
    """The expected case: "lines", "accumulators_after", "secondary_accumulators_after" and "accounts_after".

    `documents` are rule files as `yaml.load(text, Loader=yaml.BaseLoader)` gives them; `request` is an
    EstimatePlanRequest with proto field names. Both are taken to be valid. Sessions and lines count from 1, items
    from 0.
    """
    rules = RuleBook(documents)
    lines = in_order(expand(request, rules), rules)
    first_day = lines[0].day
    primary = PlanLedger(rules, request, request["plan_id"], "", first_day)
    secondary_id = request.get("secondary_plan_id")
    secondary = PlanLedger(rules, request, secondary_id, "secondary_", first_day) if secondary_id else None
    method = request.get("coordination") or "COORDINATION_STANDARD"
    tiers = [line.item.get("tier") or next(iter(primary.tiers(line.day)), "") for line in lines]
    primary.place(list(zip(lines, tiers, strict=True)))
    if secondary:
        secondary.place(
            [(line, _secondary_tier(secondary, line, tier)) for line, tier in zip(lines, tiers, strict=True)]
        )
    days, is_family = [line.day for line in lines], is_family_coverage(request, members_of(request))
    accounts = Accounts(rules, request, days, is_family=is_family)
    rows = []
    for line, tier in zip(lines, tiers, strict=True):
        outcome = primary.adjudicate(line, tier)
        settled = _settle(secondary, method, line, outcome) if secondary else Settled(0, 0)
        owed = _forgive(outcome, settled)
        rows.append(_row(line, outcome, settled, accounts.pay(line, outcome, owed)))
    return {
        "lines": rows,
        "accumulators_after": primary.sums.rows(primary.accumulators()),
        "secondary_accumulators_after": secondary.sums.rows(secondary.accumulators()) if secondary else [],
        "accounts_after": accounts.after(),
    }


@dataclass(frozen=True)
class Settled:
    """What the second plan pays of a line, and what of the rest is then written off, cents."""

    paid: int
    forgiven: int
    pays_member: bool = False


def _settle(secondary: PlanLedger, method: str, line: Line, primary: Outcome) -> Settled:
    """What becomes of a line behind its primary plan (point 28)."""
    tier = _secondary_tier(secondary, line, primary.tier)

    def what_is_left(allowed: int) -> int:
        return max(0, max(primary.allowed, allowed) - primary.plan_paid)

    if method == "COORDINATION_MAINTENANCE_OF_BENEFITS":
        second = secondary.adjudicate(line, tier, primary.charge, what_is_left)
        amount = second.plan_paid
    else:
        second = secondary.adjudicate(line, tier, primary.charge)
        left = what_is_left(second.allowed)
        amount = _coordinated(method, second.plan_paid, left, primary.plan_paid, primary.charge)
    paid = min(amount, primary.owed)
    owed = primary.owed - paid
    return Settled(paid, owed - min([owed, *_most_owed(method, primary, second, paid)]), second.pays_member)


def _coordinated(method: str, normal: int, left: int, paid: int, charge: int) -> int:
    """`normal`: what the second plan would pay as the first; `left`: the allowable expense less what the first paid."""
    if method in ("COORDINATION_NON_DUPLICATION", "COORDINATION_MEDICAID"):
        return max(0, normal - paid)
    if method == "COORDINATION_MEDICARE_SECONDARY":
        return max(0, min(charge - paid, normal, left))
    return min(normal, left)


def _most_owed(method: str, primary: Outcome, second: Outcome, paid: int) -> Iterator[int]:
    """Every bound on what the patient owes of a line after both plans paid."""
    contracts = [each for each in (primary, second) if each.accepts_allowed]
    if method == "COORDINATION_MEDICARE_SECONDARY" and second.accepts_allowed:
        contracts = [second]
    if contracts:
        ceiling = max(each.charge - each.written_off for each in contracts)
        yield max(0, ceiling - primary.plan_paid - paid)
    if method == "COORDINATION_MEDICAID" and second.covered:
        yield second.deductible + second.copay + second.coinsurance


def _secondary_tier(secondary: PlanLedger, line: Line, primary_tier: str) -> str:
    """The item's, else the primary's of the line where the second plan has it that day, else its first that day."""
    tiers = secondary.tiers(line.day)
    if line.item.get("secondary_tier"):
        return str(line.item["secondary_tier"])
    return primary_tier if primary_tier in tiers else next(iter(tiers), "")


_CUT = ("balance_bill", "not_covered", "coinsurance", "copay", "penalty", "deductible")
"""The shares that what is forgiven comes off, in order (point 28)."""


def _forgive(outcome: Outcome, settled: Settled) -> dict[str, int]:
    """Take off what is written off behind both plans; gives what the patient still owes of each part."""
    _take_off(vars(outcome), settled.forgiven)
    outcome.written_off += settled.forgiven
    owed = {name: getattr(outcome, name) for name in PARTS}
    _take_off(owed, settled.paid)
    return owed


def _take_off(parts: dict[str, int], cents: int) -> None:
    """Take cents off the parts of a line, in the order of point 28."""
    for name in _CUT:
        cut = min(cents, parts[name])
        parts[name] -= cut
        cents -= cut


def _row(line: Line, outcome: Outcome, settled: Settled, payments: list[AccountPayment]) -> Json:
    """A line of the estimate; asserts the identities of section 6."""
    account_paid = sum(each.cents for each in payments)
    patient = outcome.owed - settled.paid - account_paid
    paid = outcome.plan_paid + settled.paid + account_paid
    assert outcome.charge == paid + patient + outcome.written_off, (line, outcome)
    assert min(patient, outcome.plan_paid, outcome.written_off, outcome.not_covered) >= 0, (line, outcome)
    reimbursed = outcome.plan_paid * outcome.pays_member + settled.paid * settled.pays_member
    reimbursed += sum(each.cents for each in payments if each.to_member)
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
        "terms_assumed": outcome.terms_assumed,
        **{f"{name}_cents": getattr(outcome, name) for name in amounts},
        "written_off_cents": outcome.written_off,
        "plan_paid_cents": outcome.plan_paid,
        "secondary_paid_cents": settled.paid,
        "patient_cents": patient,
        "due_at_service_cents": patient + reimbursed,
        "reimbursed_cents": reimbursed,
        "account_paid_cents": account_paid,
        "account_payments": [(each.account, each.cents) for each in payments],
    }
