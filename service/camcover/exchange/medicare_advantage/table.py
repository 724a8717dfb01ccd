"""The two tables of the Medicare plan finder: plans, and what each prints for each benefit.

What comes in: two CSV files, plain or as `.gz`. What goes out: plans, in the order of the first file, and what could
not be read. A plan is read whole or not at all: where one of its rows cannot be read, or a benefit that every plan
prints is missing, the plan is left out, and each reason is listed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from camcover.exchange.cells import CellFault, name_of, one_line_of, whole_of, yes_of
from camcover.exchange.delimited import DelimitedFile, DelimitedRow, open_rows
from camcover.exchange.medicare_advantage.records import (
    AdvantagePlan,
    Network,
    PlanNumber,
    Printed,
    PrintedService,
    plan_number,
)
from camcover.exchange.notes import Unread
from camcover.exchange.row_cells import RowCells, fault_of

__all__ = ["ReadPlans", "read_table"]

PLAN_COLUMNS = (
    "plan_id", "name", "organization", "kind", "snp", "states", "health_deductible_cents",
    "health_deductible_high_cents", "moop_in_cents", "moop_out_cents", "moop_combined_cents",
)  # fmt: skip
BENEFIT_COLUMNS = (
    "plan_id", "benefit", "network", "covered", "copay_min_cents", "copay_max_cents", "coinsurance_min_bp",
    "coinsurance_max_bp", "prior_authorization", "referral", "plan_limits", "text",
)  # fmt: skip

_COPAY = re.compile(r"\$([0-9]{1,5})(?![0-9.,])")
_PERCENT = re.compile(r"(?<![0-9.])(100|[0-9]{1,2})%")

MOST_CENTS = 10_000_000
MOST_PLANS = 100_000

ALWAYS_PRINTED = (
    PrintedService.PRIMARY_CARE,
    PrintedService.SPECIALIST,
    PrintedService.MENTAL_HEALTH_INDIVIDUAL,
    PrintedService.MENTAL_HEALTH_GROUP,
    PrintedService.ACUPUNCTURE,
    PrintedService.CHIROPRACTIC,
    PrintedService.MASSAGE,
    PrintedService.ALTERNATIVE_THERAPIES,
)
"""What the table says of every plan in its network, covered or not, so that a plan without it was cut off."""


@dataclass(slots=True)
class ReadPlans:
    """Plans in order, what could not be read, and the files: name and SHA-256."""

    plans: list[AdvantagePlan] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)


def read_table(plans: Path, benefits: Path, year: int) -> ReadPlans:
    """The plans of the two tables for a plan year. Raises `UnreadableFile`, and OSError where a file cannot be read."""
    of_plans, of_benefits = open_rows(plans, PLAN_COLUMNS), open_rows(benefits, BENEFIT_COLUMNS)
    found = ReadPlans()
    drafts: dict[str, AdvantagePlan] = {}
    for row in of_plans.rows():
        plan = _plan(of_plans, row, year)
        if plan is not None and str(plan.number) in drafts:
            of_plans.unread.append(fault_of(of_plans, row, "plan_id", "a plan that no earlier row has"))
        elif plan is not None:
            drafts[str(plan.number)] = plan
        if len(drafts) > MOST_PLANS:
            of_plans.unread.append(Unread(of_plans.name, row.line, "", "more", f"at most {MOST_PLANS:,} plans"))
            break
    services: dict[str, dict[tuple[PrintedService, Network], Printed]] = {number: {} for number in drafts}
    spoilt = _read_benefits(of_benefits, services)
    found.unread = [*of_plans.unread, *of_benefits.unread]
    found.files = [(each.name, each.sha256) for each in (of_plans, of_benefits)]
    for number, plan in drafts.items():
        missing = [each for each in ALWAYS_PRINTED if (each, Network.IN) not in services[number]]
        if number in spoilt:
            found.unread.append(_left_out(of_plans, plan, "a plan with a row that could not be read"))
        elif missing:
            found.unread.append(_left_out(of_plans, plan, f"a plan without a row of {', '.join(missing)}"))
        else:
            found.plans.append(replace(plan, services=services[number]))
    return found


def _left_out(file: DelimitedFile, plan: AdvantagePlan, found: str) -> Unread:
    return Unread(file.name, plan.line, f"plan {plan.number}", found, "every row of the plan; it is left out")


def _number(text: str) -> PlanNumber:
    parts = text.split("-")
    if len(parts) != 3:
        raise CellFault("contract, plan and segment such as H0028-007-0")
    return plan_number(*parts)


def _cents(text: str) -> int | None:
    return whole_of(text, MOST_CENTS)


def _points(text: str) -> int | None:
    return whole_of(text, 10_000)


def _plan(file: DelimitedFile, row: DelimitedRow, year: int) -> AdvantagePlan | None:
    """A plan without its services; None where a cell cannot be read."""
    cells = RowCells(file, row)
    number = cells.get("plan_id", _number)
    if number is None:
        return None
    deductible: int | None = cells.get("health_deductible_cents", _cents)
    plan = AdvantagePlan(
        number,
        cells.get("name", name_of) or "",
        cells.get("organization", name_of) or "",
        cells.get("kind", name_of) or "",
        year,
        row.line,
        snp=cells.get("snp", one_line_of) or "",
        states=tuple(each for each in (cells.get("states", one_line_of) or "").split(";") if each),
        deductible=deductible or 0,
        deductible_high=cells.get("health_deductible_high_cents", _cents),
        moop_in=cells.get("moop_in_cents", _cents),
        moop_out=cells.get("moop_out_cents", _cents),
        moop_combined=cells.get("moop_combined_cents", _cents),
    )
    return plan if cells.is_whole else None


def _read_benefits(file: DelimitedFile, services: dict[str, dict[tuple[PrintedService, Network], Printed]]) -> set[str]:
    """Put each row with its plan; gives the plans of which a row could not be read.

    A plan that the other file does not have is listed once, by its first row.
    Rows of a plan stand together. So a row of which not even the plan is known is one of the plan before or behind it.
    """
    spoilt, strangers = set[str](), set[str]()
    last, faults = "", 0
    for row in file.rows():
        number = row.values["plan_id"]
        if len(file.unread) > faults:
            spoilt |= {last, number}
        if number in services:
            if not _put(file, row, services[number]):
                spoilt.add(number)
        elif number not in strangers:
            strangers.add(number)
            file.unread.append(fault_of(file, row, "plan_id", "a plan of the other file that could be read"))
        last, faults = number, len(file.unread)
    if len(file.unread) > faults:
        spoilt.add(last)
    return spoilt


def _put(file: DelimitedFile, row: DelimitedRow, known: dict[tuple[PrintedService, Network], Printed]) -> bool:
    """Put a row with its plan's others; gives whether it could be read."""
    cells = RowCells(file, row)
    service, network = cells.get("benefit", _service), cells.get("network", _network)
    printed = _printed(cells)
    if not cells.is_whole or service is None or network is None:
        return False
    if (service, network) in known:
        file.unread.append(fault_of(file, row, "benefit", "a benefit and network that no earlier row of the plan has"))
        return False
    known[service, network] = printed
    return True


def _service(text: str) -> PrintedService:
    if text not in set(PrintedService) - {PrintedService.MEDICARE_CHIROPRACTIC}:
        raise CellFault(f"one of {', '.join(sorted(set(PrintedService) - {PrintedService.MEDICARE_CHIROPRACTIC}))}")
    return PrintedService(text)


def _network(text: str) -> Network:
    if text not in set(Network):
        raise CellFault("in or out")
    return Network(text)


def _printed(cells: RowCells) -> Printed:
    """What a row prints; a least above its most, or a covered service without any amount, is no row."""
    copays = cells.get("copay_min_cents", _cents), cells.get("copay_max_cents", _cents)
    points = cells.get("coinsurance_min_bp", _points), cells.get("coinsurance_max_bp", _points)
    is_covered = cells.get("covered", yes_of) or False
    for name, (low, high) in (("copay_max_cents", copays), ("coinsurance_max_bp", points)):
        cells.get(name, partial(_check_ends, low, high))
    cells.get("covered", partial(_check_amounts, is_covered, (*copays, *points)))
    text = cells.get("text", one_line_of) or ""
    return Printed(
        is_covered,
        *_as_printed(text, _COPAY, copays),
        *_as_printed(text, _PERCENT, points),
        prior_authorization=cells.get("prior_authorization", yes_of) or False,
        referral=cells.get("referral", yes_of) or False,
        has_unnamed_limits=cells.get("plan_limits", yes_of) or False,
        text=text,
    )


def _as_printed(
    text: str, amounts: re.Pattern[str], ends: tuple[int | None, int | None]
) -> tuple[int | None, int | None]:
    """The ends of the columns, widened to what the text prints beside them.

    The columns of "0% or 20% coinsurance" hold 20 % alone.
    """
    low, high = ends
    if low is None or high is None or " or " not in text:
        return ends
    found = [int(whole) * 100 for part in text.split(", ") for whole in amounts.findall(part)]
    return min([low, *found]), max([high, *found])


def _check_ends(low: int | None, high: int | None, _: str) -> None:
    """Raise `CellFault` where a least and a most are no range."""
    if (low is None) != (high is None) or (low is not None and high is not None and low > high):
        raise CellFault("both ends of a range, the first not above the second")


def _check_amounts(is_covered: bool, amounts: Sequence[int | None], _: str) -> None:
    """Raise `CellFault` where a covered service has no amount, or one that is not covered has one."""
    if is_covered == all(each is None for each in amounts):
        raise CellFault("yes with a copay or a percentage, or no without them")
