"""The payer's rules as OpenFisca variables and dated parameters.

OpenFisca carries state from period to period only, so a line's number stands as its month: line 1 is January, and the
date of service is a fact among others. `computed` makes the `Variable` classes that its users write out one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import ETERNITY, MONTH
from openfisca_core.variables import Variable

MEMBER = build_entity(key="member", plural="members", label="A member of the plan", is_person=True)
BENEFITS = ("acupuncture", "chiropractic", "massage")
PARAMETERS = {
    "deductible": 150_000,
    "out_of_pocket_maximum": 400_000,
    "acupuncture_visits": 20,
    "acupuncture_age": 18,
    "acupuncture_copay": 3_000,
    "acupuncture_outside": 4_000,
    "chiropractic_visits": 12,
    "chiropractic_copay": 2_500,
    "massage_share": 2_000,
}
VARIABLES: list[type[Variable]] = []


class Therapy(Enum):
    """What is planned."""

    acupuncture = "Acupuncture"
    chiropractic = "Chiropractic adjustment"
    massage = "Massage"
    reiki = "Reiki"
    yoga = "Yoga"


class Tier(Enum):
    """Whom the member sees."""

    in_network = "In network"
    out_of_network = "Out of network"


class Reason(Enum):
    """Why a line is not covered."""

    NONE = "Covered"
    EXCLUDED = "Excluded"
    NOT_LISTED = "Not listed"
    TIER_NOT_COVERED = "Tier"
    DIAGNOSIS_NOT_COVERED = "Diagnosis"
    PRACTITIONER_NOT_COVERED = "Practitioner"
    AGE = "Age"
    LIMIT_REACHED = "Limit"


def plan_parameters() -> ParameterNode:
    """The plan's amounts from 2026 on."""
    data = {name: {"values": {"2026-01-01": {"value": value}}} for name, value in PARAMETERS.items()}
    return ParameterNode("", data=data)


def add(name: str, kind: type, period: str = MONTH, **more: Any) -> None:
    """Declare a variable of the member."""
    if issubclass(kind, Enum):
        more |= {"possible_values": kind, "default_value": next(iter(kind))}
        kind = Enum
    attributes = {"value_type": kind, "entity": MEMBER, "definition_period": period, "label": name, **more}
    VARIABLES.append(type(name, (Variable,), attributes))


def computed(kind: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a variable by its formula."""

    def declare(formula: Callable[..., Any]) -> Callable[..., Any]:
        add(formula.__name__, kind, formula=formula)
        return formula

    return declare


def carried(name: str, start: str, after: Callable[..., Any]) -> None:
    """Declare a sum: `start` before the first line, then what `after` makes of the line before."""

    def formula(member: Any, period: Any) -> Any:
        return member(start, period) if period.start.month == 1 else after(member, period.last_month)

    add(name, int, formula=formula)


def of_benefit(benefit: str) -> None:
    """Declare what a benefit carries: its visits, the day of its last covered visit, the copays paid in that."""

    def covered(member: Any, period: Any) -> Any:
        return (member("therapy", period) == Therapy[benefit]) & member("covered", period)

    def visits(member: Any, period: Any) -> Any:
        new = covered(member, period) & ~member("visit_counted", period)
        return member(f"{benefit}_visits", period) + new

    def day(member: Any, period: Any) -> Any:
        return np.where(covered(member, period), member("day", period), member(f"{benefit}_day", period))

    def copays(member: Any, period: Any) -> Any:
        paid = member("copay_paid", period) + member("copay", period)
        return np.where(covered(member, period), paid, member(f"{benefit}_copays", period))

    add(f"{benefit}_visits_before", int, ETERNITY)
    carried(f"{benefit}_visits", f"{benefit}_visits_before", visits)
    carried(f"{benefit}_day", "none_before", day)
    carried(f"{benefit}_copays", "none_before", copays)


for once in ("age", "deductible_before", "oop_before", "none_before"):
    add(once, int, ETERNITY)
for fact in ("day", "charge", "allowed"):
    add(fact, int)
for word in ("practitioner", "diagnosis"):
    add(word, str)
add("therapy", Therapy)
add("tier", Tier)
for each in BENEFITS:
    of_benefit(each)
carried(
    "deductible_used",
    "deductible_before",
    lambda member, period: member("deductible_used", period) + member("deductible", period),
)
carried("oop_used", "oop_before", lambda member, period: member("oop_used", period) + member("cost_share", period))
