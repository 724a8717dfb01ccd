"""What a member pays for a service, as steps of the rule language, and what the steps come to for one visit.

What comes in: copay, percentage and whether a deductible comes first. What goes out: steps (docs/rule-language.md,
`member_pays`), and for the tests in imported files the amount of one visit, worked out here by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from camcover.money import BasisPoints, percent, share
from camcover.rulebook.words import written

__all__ = ["Combined", "CostShare"]


class Combined(StrEnum):
    """How a copay and a percentage go together."""

    BOTH = "both"
    LESSER = "lesser_of"
    GREATER = "greater_of"


@dataclass(frozen=True, slots=True)
class CostShare:
    """A cost share: copay of a visit in cents, percentage in basis points; None = there is none.

    `after`: the deductible is taken first. `before`: the copay is taken first, then the deductible.
    """

    copay: int | None = None
    points: int | None = None
    after: bool = False
    before: bool = False
    combined: Combined = Combined.BOTH
    per_day: bool = False

    @property
    def steps(self) -> tuple[str, ...]:
        """The entries of `member_pays`."""
        copay = f"copay: {written(self.copay)} per {'day' if self.per_day else 'visit'}" if self.copay else ""
        coinsurance = f"coinsurance: {percent(BasisPoints(self.points))}" if self.points else ""
        deductible = "deductible" if self.after or self.before else ""
        if self.combined is not Combined.BOTH and copay and coinsurance:
            both = f"{self.combined}: [{{{copay}}}, {{{coinsurance}}}]"
            return tuple(each for each in (deductible, both) if each)
        if self.combined is Combined.LESSER and self.copay is not None and self.points is not None:
            copay = coinsurance = ""
        ordered = (copay, deductible, coinsurance) if self.before else (deductible, copay, coinsurance)
        return tuple(each for each in ordered if each) or ("nothing",)

    def of_visit(self, charge: int, deductible: int) -> int:
        """What one visit of one line costs, cents, with `deductible` cents of the deductible left."""
        left = charge
        copay, points = self.copay or 0, BasisPoints(self.points or 0)
        if self.before:
            paid = min(copay, left)
            left -= paid
            taken = min(left, deductible)
            return paid + taken + share(left - taken, points)
        taken = min(left, deductible) if self.after else 0
        left -= taken
        part = share(left, points)
        if self.combined is Combined.LESSER and self.copay is not None and self.points is not None:
            return taken + min(copay, part, left)
        if self.combined is Combined.GREATER and copay and points:
            return taken + min(max(copay, part), left)
        paid = min(copay, left)
        return taken + paid + share(left - paid, points)
