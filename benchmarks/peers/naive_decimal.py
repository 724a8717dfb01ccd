"""Plain Python with `Decimal` dollars, as one would write it for a single payer: the rules stand in the code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from plans import FIELDS, Line, Plan, Priced

NAME = "naive Python, Decimal"
PACKAGE = ""
CHECKS = FIELDS
CANNOT = "nothing of this workload; its rules are code, which only a programmer reads and changes"

CENT = Decimal("0.01")
ZERO = Decimal(0)
DEDUCTIBLE = Decimal(1500)
OUT_OF_POCKET = Decimal(4000)


@dataclass
class Benefit:
    """What the plan says of one therapy."""

    tiers: dict[str, tuple[bool, Decimal, Decimal]]  # deductible applies, copay a visit, coinsurance
    diagnoses: tuple[str, ...] = ()
    practitioners: tuple[str, ...] = ()
    minimum_age: int = 0
    visits: int | None = None


BENEFITS = {
    "acupuncture": Benefit(
        tiers={"in_network": (True, Decimal(30), ZERO), "out_of_network": (True, ZERO, Decimal("0.40"))},
        diagnoses=("M54", "G43"),
        practitioners=("acupuncturist", "physician"),
        minimum_age=18,
        visits=20,
    ),
    "chiropractic": Benefit(
        tiers={"in_network": (False, Decimal(25), ZERO)},
        practitioners=("chiropractor",),
        visits=12,
    ),
    "massage": Benefit(tiers={"in_network": (False, ZERO, Decimal("0.20"))}),
}


class Member:
    """One member's sums over the year."""

    def __init__(self, plan: Plan) -> None:
        """Take the sums so far."""
        self.age = plan["age"]
        self.deductible_left = DEDUCTIBLE - Decimal(plan["deductible_used"]) / 100
        self.oop_left = OUT_OF_POCKET - Decimal(plan["oop_used"]) / 100
        self.visits = dict(plan["visits"])
        self.copays: dict[tuple[str, str], Decimal] = {}

    def refusal(self, line: Line) -> str:
        """Why the line is not covered, or NONE."""
        if line["therapy"] == "reiki":
            return "EXCLUDED"
        benefit = BENEFITS.get(line["therapy"])
        if benefit is None:
            return "NOT_LISTED"
        if line["tier"] not in benefit.tiers:
            return "TIER_NOT_COVERED"
        if benefit.diagnoses and not line["diagnosis"].startswith(benefit.diagnoses):
            return "DIAGNOSIS_NOT_COVERED"
        if benefit.practitioners and line["practitioner"] not in benefit.practitioners:
            return "PRACTITIONER_NOT_COVERED"
        if self.age < benefit.minimum_age:
            return "AGE"
        counted = (line["therapy"], line["date"]) in self.copays
        if benefit.visits is not None and self.visits[line["therapy"]] >= benefit.visits and not counted:
            return "LIMIT_REACHED"
        return "NONE"

    def price(self, line: Line) -> Priced:
        """Price one line and keep what it adds to the sums."""
        charge, allowed = Decimal(line["charge"]) / 100, Decimal(line["allowed"]) / 100
        reason = self.refusal(line)
        if reason != "NONE":
            return priced(reason, not_covered=charge)
        deductible, copay, coinsurance = self.cost_share(line, allowed)
        above = charge - allowed
        in_network = line["tier"] == "in_network"
        return priced(
            reason,
            deductible=deductible,
            copay=copay,
            coinsurance=coinsurance,
            balance_bill=ZERO if in_network else above,
            written_off=above if in_network else ZERO,
            plan_paid=allowed - deductible - copay - coinsurance,
        )

    def cost_share(self, line: Line, allowed: Decimal) -> tuple[Decimal, Decimal, Decimal]:
        """Deductible, copay and coinsurance of a covered line, cut at the out-of-pocket maximum."""
        visit = line["therapy"], line["date"]
        takes_deductible, full_copay, percent = BENEFITS[line["therapy"]].tiers[line["tier"]]
        paid = self.copays.get(visit, ZERO)
        deductible = min(allowed, self.deductible_left) if takes_deductible else ZERO
        copay = min(allowed - deductible, max(full_copay - paid, ZERO))
        coinsurance = ((allowed - deductible - copay) * percent).quantize(CENT, ROUND_HALF_UP)
        deductible = min(deductible, self.oop_left)
        copay = min(copay, self.oop_left - deductible)
        coinsurance = min(coinsurance, self.oop_left - deductible - copay)
        if visit not in self.copays:
            self.visits[line["therapy"]] = self.visits.get(line["therapy"], 0) + 1
        self.copays[visit] = paid + copay
        self.deductible_left -= deductible
        self.oop_left -= deductible + copay + coinsurance
        return deductible, copay, coinsurance


def priced(reason: str, **amounts: Decimal) -> Priced:
    """The line in cents; what is not named is nothing."""
    line: Priced = {"covered": reason == "NONE", "reason": reason}
    for field in FIELDS[2:-1]:
        line[field] = int(amounts.get(field, ZERO) * 100)
    line["patient"] = (
        line["deductible"] + line["copay"] + line["coinsurance"] + line["balance_bill"] + line["not_covered"]
    )
    return line


def prepare() -> Callable[[Plan], list[Priced]]:
    """The pricing of one plan."""

    def price(plan: Plan) -> list[Priced]:
        member = Member(plan)
        return [member.price(line) for line in plan["lines"]]

    return price
