"""Codes of one day held to each other: point 48 of docs/rule-language.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from itertools import groupby

from .lines import Line
from .rules import RuleBook
from .values import Json


def in_order(lines: list[Line], rules: RuleBook) -> list[Line]:
    """Lines sorted by date; those of a date by rank where one stands before another that its code waits for."""
    waits: dict[str, set[str]] = {}
    for code, facts in rules.every_code():
        for key in ("add_on_to", "not_with", "never_with"):
            waits.setdefault(code, set()).update(facts.get(key, []))

    def rank(code: str) -> int:
        return 1 + max(map(rank, waits[code])) if waits.get(code) else 0

    found: list[Line] = []
    for _, group in groupby(lines, key=lambda line: line.day):
        of_day = list(group)
        is_early = any(
            later.code in waits.get(line.code, set()) for place, line in enumerate(of_day) for later in of_day[place:]
        )
        found += sorted(of_day, key=lambda line: rank(line.code)) if is_early else of_day
    return found


class DayCodes:
    """The units of codes that a plan has covered, by member and date."""

    def __init__(self, members: Iterable[Json], prefix: str, rules: RuleBook) -> None:
        """Begin with what the request states."""
        self._rules = rules
        self._covered: dict[tuple[str, date], Counter[str]] = {}
        for member in members:
            for use in member.get(f"{prefix}code_usage") or []:
                key = member["id"], date.fromisoformat(use["date"])
                self._covered.setdefault(key, Counter())[use["code"]] += use.get("units") or 1

    def add(self, line: Line, units: int) -> None:
        """Count a covered line."""
        self._covered.setdefault((line.member_id, line.day), Counter())[line.code] += units

    def judge(self, line: Line) -> tuple[int, str]:
        """The units that are left of a line, and the reason where none is."""
        facts = self._rules.entry_in_force("codes", line.code, line.terms_day) or {}
        covered = self._covered.get((line.member_id, line.day), Counter())
        beside = list(facts.get("never_with", []))
        if facts.get("unless", "-") not in line.attests:
            beside += facts.get("not_with", [])
        if any(covered[code] for code in beside):
            return 0, "CODE_NOT_PAID_BESIDE"
        if "add_on_to" in facts and not any(covered[code] for code in facts["add_on_to"]):
            return 0, "ADD_ON_ALONE"
        if "units_per_day" not in facts:
            return line.units, ""
        left = min(line.units, int(facts["units_per_day"]) - covered[line.code])
        return (left, "") if left > 0 else (0, "UNITS_PER_DAY")
