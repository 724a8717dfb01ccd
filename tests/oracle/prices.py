"""Charge and allowed amount of a line: section 3, points 4 to 6 and 33 of docs/rule-language.md."""

from __future__ import annotations

from dataclasses import dataclass

from .lines import Line
from .rules import RuleBook
from .values import Json, money, percent, percent_of


@dataclass(frozen=True)
class Price:
    """What is charged and what the plan would allow, cents, for all units of the line."""

    charge: int
    allowed: int


def unpriced_charge(line: Line) -> int:
    """The charge on a date without terms: the request's, else the typical one (point 6)."""
    if line.charge is not None:
        return line.charge
    return line.typical or 0


def price(line: Line, plan: Json, tier: str, rules: RuleBook, settled_charge: int | None = None) -> Price:
    """The price under a plan; `settled_charge` is what another plan of the same estimate settled (point 33)."""
    has_fees = "fees" in plan and tier in plan["tiers"]
    fees = rules.find("fees", plan["fees"], line.terms_day) if has_fees else None
    tables = fees["tiers"] if fees else {}
    charge = line.charge if settled_charge is None else settled_charge
    if charge is None:
        known = line.allowed if line.allowed is not None else fee(line, tables, tier, None)
        if known is not None and plan["tiers"].get(tier, {}).get("above_allowed", "written_off") == "written_off":
            return Price(known, known)
        charge = line.typical if line.typical is not None else known or 0
    allowed = line.allowed if line.allowed is not None else fee(line, tables, tier, charge)
    return Price(charge, charge if allowed is None else min(allowed, charge))


def fee(line: Line, tables: Json, tier: str, charge: int | None) -> int | None:
    """What the table of a tier gives, uncapped; None when nothing in it applies and the charge is unknown (point 4)."""
    table = tables.get(tier, {})
    if line.code and line.code in table.get("codes", {}):
        return money(table["codes"][line.code]) * line.units
    if not line.code and line.therapy in table.get("therapies", {}):
        return money(table["therapies"][line.therapy]) * line.units
    if "otherwise" not in table:
        return charge
    share, base = table["otherwise"].split(" of ")
    amount = charge if base == "charge" else fee(line, tables, base, charge)
    return charge if amount is None else percent_of(percent(share), amount)
