"""Charge and allowed amount of a line: section 3, points 4 to 6, 33 and 45 to 47 of docs/rule-language.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .lines import Line
from .rules import RuleBook
from .values import Json, money, percent, percent_of


@dataclass(frozen=True)
class Price:
    """What is charged and what the plan would allow, cents, for all units of the line; whether by a visit's fee."""

    charge: int
    allowed: int
    of_visit: bool = False


@dataclass(frozen=True)
class Fee:
    """What a table gives a line by itself; whether it is the fee of a visit, which other lines share."""

    cents: int
    of_visit: bool = False


class SharedFees:
    """What lines of a day took of the fees that they share, and which units it has, under one plan (points 45, 47)."""

    def __init__(self, members: list[Json], prefix: str, first_day: date) -> None:
        """Begin with what the request states of the first date of service."""
        self._lines: list[tuple[Line, str]] = []
        self._highest: dict[tuple[str, date, str], int] = {}
        self._taken: dict[tuple[str, date, str, str], int] = {}
        for member in members:
            for entry in member.get(f"{prefix}fee_usage") or []:
                if date.fromisoformat(entry["date"]) == first_day:
                    key = member["id"], first_day, entry["tier"], entry.get("therapy") or ""
                    self._taken[key] = self._taken.get(key, 0) + (entry.get("used_cents") or 0)
                    stated = entry.get("practice_expense_cents") or 0
                    self._highest[key[:3]] = max(self._highest.get(key[:3], 0), stated)

    def place(self, lines: list[tuple[Line, str]]) -> None:
        """Note all lines, with their tiers."""
        self._lines = lines

    def taken(self, line: Line, tier: str, therapy: str = "") -> int:
        """What earlier lines took: of the therapy's visit fee, without one of the maximum per day."""
        return self._taken.get((line.member_id, line.day, tier, therapy), 0)

    def reduction(self, line: Line, tier: str, table: Json) -> int:
        """What a table takes off a line for the other units of its day (point 47)."""
        expense = _expense(line, table)
        if expense is None:
            return 0
        day = [
            (other, cents)
            for other, its_tier in self._lines
            if (other.member_id, other.day, its_tier) == (line.member_id, line.day, tier)
            and (cents := _expense(other, table)) is not None
        ]
        most = max(cents for _, cents in day)
        first = next(other for other, cents in day if cents == most)
        before = min(self._highest.get((line.member_id, line.day, tier), 0), expense)
        kept = percent(table["multiple_procedures"])
        of_each, of_highest = (cents - percent_of(kept, cents) for cents in (expense, before))
        return of_highest + of_each * (line.units - 1) if first is _same(line, day) else of_each * line.units

    def take(self, line: Line, tier: str, priced: Price, cents: int) -> None:
        """Note what a line took; one whose allowed amount the request gives takes nothing."""
        if line.allowed is not None:
            return
        for therapy in ["", line.therapy] if priced.of_visit else [""]:
            key = line.member_id, line.day, tier, therapy
            self._taken[key] = self._taken.get(key, 0) + cents


def _same(line: Line, day: list[tuple[Line, int]]) -> Line:
    """The line among those of its day: the one that is asked for by the same item, session and number."""
    key = line.item_index, line.session, line.number
    return next(other for other, _ in day if (other.item_index, other.session, other.number) == key)


def _expense(line: Line, table: Json) -> int | None:
    """The practice expense of a unit of a line that is reduced with others; None where it is not."""
    if line.allowed is not None or line.code not in table.get("practice_expense", {}):
        return None
    for rate in table.get("rates", []):
        if _holds(rate, line) and "percent" in rate:
            break
        if _holds(rate, line) and _listed(rate, line) is not None:
            return None
    return money(table["practice_expense"][line.code])


def unpriced_charge(line: Line) -> int:
    """The charge on a date without terms: the request's, else the typical one (point 6)."""
    if line.charge is not None:
        return line.charge
    return line.typical or 0


def price(
    line: Line, plan: Json, tier: str, rules: RuleBook, shared: SharedFees, settled_charge: int | None = None
) -> Price:
    """The price under a plan; `settled_charge` is what another plan of the same estimate settled (point 33)."""
    has_fees = "fees" in plan and tier in plan["tiers"]
    fees = rules.find("fees", plan["fees"], line.terms_day) if has_fees else None
    tables = fees["tiers"] if fees else {}
    charge = line.charge if settled_charge is None else settled_charge
    alone = _alone(line, tables, tier, charge)
    reduction = shared.reduction(line, tier, tables.get(tier, {}))
    if charge is None:
        if alone is not None and plan["tiers"].get(tier, {}).get("above_allowed", "written_off") == "written_off":
            charge = alone.cents
        else:
            charge = line.typical if line.typical is not None else alone.cents if alone else 0
            alone = _alone(line, tables, tier, charge)
    if alone is None:
        alone = Fee(charge)
    if reduction:
        alone = _alone(line, tables, tier, charge, reduction) or alone
    bounds = [alone.cents, charge]
    if line.allowed is None:
        if alone.of_visit:
            bounds.append(alone.cents - shared.taken(line, tier, line.therapy))
        if "maximum_per_day" in tables.get(tier, {}):
            bounds.append(money(tables[tier]["maximum_per_day"]) - shared.taken(line, tier))
    return Price(charge, max(0, min(bounds)), alone.of_visit)


def _alone(line: Line, tables: Json, tier: str, charge: int | None, reduction: int = 0) -> Fee | None:
    """What a line is allowed by itself, uncapped: what the request gives, else what the table does."""
    return Fee(line.allowed) if line.allowed is not None else fee(line, tables, tier, charge, reduction)


def fee(line: Line, tables: Json, tier: str, charge: int | None, reduction: int = 0) -> Fee | None:
    """What the table of a tier gives, uncapped; None when nothing in it applies and the charge is unknown (point 4).

    `reduction`: what is taken off the code's amount before a rate's percentage (point 47).
    """
    table = tables.get(tier, {})
    for rate in table.get("rates", []):
        if not _holds(rate, line):
            continue
        if "percent" in rate:
            whole = _by_table(line, tables, table, charge, reduction)
            return None if whole is None else Fee(percent_of(percent(rate["percent"]), whole.cents), whole.of_visit)
        found = _listed(rate, line)
        if found is not None:
            return found
    return _by_table(line, tables, table, charge, reduction)


def _holds(rate: Json, line: Line) -> bool:
    """Whether a rate is one of the line's practitioner and setting (point 46)."""
    is_his = "practitioners" not in rate or line.practitioner in rate["practitioners"]
    return is_his and ("settings" not in rate or line.setting in rate["settings"])


def _listed(amounts: Json, line: Line) -> Fee | None:
    """What a table or a rate lists for a line: by its code, by the visit, by its therapy where it has no code."""
    if line.code and line.code in amounts.get("codes", {}):
        return Fee(money(amounts["codes"][line.code]) * line.units)
    if line.therapy in amounts.get("visits", {}):
        return Fee(money(amounts["visits"][line.therapy]), of_visit=True)
    if not line.code and line.therapy in amounts.get("therapies", {}):
        return Fee(money(amounts["therapies"][line.therapy]) * line.units)
    return None


def _by_table(line: Line, tables: Json, table: Json, charge: int | None, reduction: int) -> Fee | None:
    """What a table gives by itself, its rates aside."""
    found = _listed(table, line)
    if found is not None:
        return Fee(found.cents - reduction, found.of_visit)
    of_charge = None if charge is None else Fee(charge)
    if "otherwise" not in table:
        return of_charge
    share, base = table["otherwise"].split(" of ")
    found = of_charge if base == "charge" else fee(line, tables, base, charge)
    return None if found is None else Fee(percent_of(percent(share), found.cents), found.of_visit)
