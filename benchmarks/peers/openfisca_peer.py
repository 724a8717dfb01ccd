"""OpenFisca: many members at once, a line at a time; formulas over arrays carry the sums from month to month."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Literal

import numpy as np
from openfisca_core.simulations import Simulation, SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_cost import VARIABLES
from openfisca_variables import BENEFITS, MEMBER, plan_parameters
from plans import FIELDS, Plan, Priced

NAME = "OpenFisca"
PACKAGE = "openfisca-core"
CHECKS = FIELDS
CANNOT = (
    "an order of services within a period: a line's number stands as its month, at most one line a month and twelve a "
    "plan"
)

WORDS: tuple[Literal["therapy", "tier", "practitioner", "diagnosis"], ...] = (
    "therapy",
    "tier",
    "practitioner",
    "diagnosis",
)


def system() -> TaxBenefitSystem:
    """The plan as a tax-benefit system."""
    made = TaxBenefitSystem([MEMBER])
    made.add_variables(*VARIABLES)
    made.parameters = plan_parameters()
    return made


SYSTEM = system()


def batch(plans: Sequence[Plan]) -> list[list[Priced]]:
    """The lines of many plans of the same length, one simulation for all."""
    simulation = SimulationBuilder().build_default_simulation(SYSTEM, count=len(plans))
    give_sums(simulation, plans)
    columns = []
    for place in range(len(plans[0]["lines"])):
        month = f"2026-{place + 1:02}"
        give_line(simulation, plans, place, month)
        columns.append(read_line(simulation, month))
    return [list(lines) for lines in zip(*columns, strict=True)]


def give_sums(simulation: Simulation, plans: Sequence[Plan]) -> None:
    """What holds before the first line."""
    period = "2026-01"
    simulation.set_input("age", period, np.array([plan["age"] for plan in plans]))
    simulation.set_input("deductible_before", period, np.array([plan["deductible_used"] for plan in plans]))
    simulation.set_input("oop_before", period, np.array([plan["oop_used"] for plan in plans]))
    for benefit in BENEFITS:
        visits = np.array([plan["visits"].get(benefit, 0) for plan in plans])
        simulation.set_input(f"{benefit}_visits_before", period, visits)


def give_line(simulation: Simulation, plans: Sequence[Plan], place: int, month: str) -> None:
    """The line at `place` of every plan."""
    lines = [plan["lines"][place] for plan in plans]
    for word in WORDS:
        simulation.set_input(word, month, np.array([line[word] for line in lines]))
    simulation.set_input("charge", month, np.array([line["charge"] for line in lines]))
    simulation.set_input("allowed", month, np.array([line["allowed"] for line in lines]))
    days = np.array([date.fromisoformat(line["date"]).toordinal() for line in lines])
    simulation.set_input("day", month, days)


def read_line(simulation: Simulation, month: str) -> list[Priced]:
    """One line of every plan, priced."""
    values = [simulation.calculate(field, month) for field in FIELDS if field != "reason"]
    reasons = simulation.calculate("reason", month).decode_to_str().tolist()
    covered, *amounts = (value.tolist() for value in values)
    rows = zip(covered, reasons, *amounts, strict=True)
    return [dict(zip(FIELDS, row, strict=True)) for row in rows]


def prepare() -> Callable[[Plan], list[Priced]]:
    """The pricing of one plan: a batch of one."""
    return lambda plan: batch([plan])[0]
