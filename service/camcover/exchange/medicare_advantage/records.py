"""What is known of a Medicare Advantage plan, whichever file it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from camcover.exchange.cells import CellFault

__all__ = ["AdvantagePlan", "Network", "PlanNumber", "Printed", "PrintedService", "VisitLimit", "plan_number"]

_CONTRACT = re.compile(r"[A-Z][0-9]{4}")
_PLAN = re.compile(r"[0-9]{1,3}")
_SEGMENT = re.compile(r"[0-9]{1,3}")


class PrintedService(StrEnum):
    """What a plan prints a cost share for, as the table of the plan finder names it; others are read and not used."""

    PRIMARY_CARE = "primary_care"
    SPECIALIST = "specialist"
    ACUPUNCTURE = "acupuncture"
    CHIROPRACTIC = "chiropractic"
    MASSAGE = "massage"
    ALTERNATIVE_THERAPIES = "alternative_therapies"
    MENTAL_HEALTH_INDIVIDUAL = "mental_health_individual"
    MENTAL_HEALTH_GROUP = "mental_health_group"
    FITNESS = "fitness"
    MEDICARE_CHIROPRACTIC = "medicare_chiropractic"
    PHYSICAL_THERAPY = "physical_therapy"
    COUNSELING = "counseling"
    HEALTH_EDUCATION = "health_education"
    OVER_THE_COUNTER = "otc"


class Network(StrEnum):
    """In the plan's network, or out of it."""

    IN = "in"
    OUT = "out"


class PlanNumber(NamedTuple):
    """CMS's number of a plan: contract, plan and segment, such as H0028, 007, 0."""

    contract: str
    plan: str
    segment: str

    @property
    def id(self) -> str:
        """`ma-h0028-007-0`: a plan's id in rule files."""
        return f"ma-{self}".lower()

    def __str__(self) -> str:
        """`H0028-007-0`, as the plan finder writes it."""
        return f"{self.contract}-{self.plan}-{self.segment}"


class VisitLimit(NamedTuple):
    """Visits a year."""

    visits: int


@dataclass(frozen=True, slots=True)
class Printed:
    """What a plan prints of a service: the least and the most, cents and basis points, None = no copay, no percentage.

    `has_unnamed_limits`: the source says that there may be limits, and does not name them. `text`: as it is printed.
    """

    is_covered: bool
    copay_low: int | None = None
    copay_high: int | None = None
    points_low: int | None = None
    points_high: int | None = None
    prior_authorization: bool = False
    referral: bool = False
    has_unnamed_limits: bool = False
    limit: VisitLimit | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class AdvantagePlan:
    """A plan of a year. PlanSums in cents, None = not printed. `line`: of the file that names the plan.

    `deductible_high`: a second amount of the deductible, where it depends on what the source does not say.
    """

    number: PlanNumber
    name: str
    organization: str
    kind: str
    year: int
    line: int
    snp: str = ""
    states: tuple[str, ...] = ()
    deductible: int = 0
    deductible_high: int | None = None
    moop_in: int | None = None
    moop_out: int | None = None
    moop_combined: int | None = None
    services: Mapping[tuple[PrintedService, Network], Printed] = field(default_factory=dict)


def plan_number(contract: str, plan: str, segment: str) -> PlanNumber:
    """A plan's number from its three parts; the plan is padded to three digits. Raises `CellFault`."""
    if not (_CONTRACT.fullmatch(contract) and _PLAN.fullmatch(plan) and _SEGMENT.fullmatch(segment)):
        raise CellFault("contract, plan and segment such as H0028, 007 and 0")
    return PlanNumber(contract, plan.zfill(3), str(int(segment)))
