"""What is known of a plan of the exchanges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from camcover.exchange.cells import CellFault
from camcover.exchange.exchange_puf.limits import StatedLimit
from camcover.exchange.shares import CostShare

__all__ = ["ExchangeBenefit", "ExchangePlan", "FamilySum", "PlanSums", "plan_id_of"]

_ID = re.compile(r"([0-9]{5}[A-Z]{2}[0-9]{7})(?:-([0-9]{2}))?")


class FamilySum(NamedTuple):
    """A deductible or maximum, cents: of self-only coverage, of each person of a family, of the family; None = none."""

    individual: int | None
    person: int | None
    group: int | None

    @property
    def is_stated(self) -> bool:
        """Whether there is any amount."""
        return self != (None, None, None)


class PlanSums(NamedTuple):
    """The amounts of the first tier, the second tier, outside the network, and of both networks together."""

    first: FamilySum
    second: FamilySum
    outside: FamilySum
    combined: FamilySum


class ExchangeBenefit(NamedTuple):
    """A covered service: what each tier states (None = not stated), its limit, and whether the maximum counts it."""

    name: str
    line: int
    first: CostShare | None
    second: CostShare | None
    outside: CostShare | None
    limit: StatedLimit | None
    explanation: str
    counts_inside: bool
    counts_outside: bool
    printed: str


@dataclass(frozen=True, slots=True)
class ExchangePlan:
    """A plan variant of a year. `benefits`: covered ones by the benefit of our files; `excluded`: those not covered."""

    id: str
    name: str
    issuer_id: str
    issuer: str
    state: str
    kind: str
    metal: str
    variation: str
    year: int
    line: int
    hsa: bool
    two_tiers: bool
    deductible: PlanSums
    maximum: PlanSums
    benefits: Mapping[str, ExchangeBenefit] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()

    @property
    def rule_id(self) -> str:
        """`puf-21989ak0030001-01`: the plan's id in rule files."""
        return f"puf-{self.id}".lower()


def plan_id_of(text: str) -> str:
    """A plan's id with its variant, `21989AK0030001-01`; one of 14 letters is the standard variant."""
    found = _ID.fullmatch(text)
    if found is None:
        raise CellFault("a plan's id such as 21989AK0030001-01")
    return f"{found[1]}-{found[2] or '01'}"
