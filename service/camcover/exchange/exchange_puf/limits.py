"""Limits of the exchange's benefit file: a quantity such as `35.0` of a unit such as `Visit(s) per Benefit Period`.

What comes in: the two cells. What goes out: a limit in the rule language, or, for what the language or a visit does not
count (items, stays, transplants), words for a note. Other texts are a `CellFault`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from camcover.exchange.cells import CellFault

__all__ = ["StatedLimit", "limit_of"]

_QUANTITY = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")

THINGS = {
    "Visit(s)": "visits",
    "Procedure(s)": "visits",
    "Treatment(s)": "visits",
    "Exam(s)": "visits",
    "Days": "visits",
    "Hours": "hours",
    "Dollars": "$",
    "Item(s)": "",
    "Months": "",
}
"""What is counted, in the rule language; a day, procedure, treatment or exam of these services is a visit."""

PERIODS = {
    "Year": "calendar_year",
    "Benefit Period": "benefit_period",
    "Month": "month",
    "6 Months": "rolling 6 months",
    "2 Years": "rolling 24 months",
    "3 Years": "rolling 36 months",
    "Week": "week",
    "Day": "day",
    "Episode": "episode",
    "Lifetime": "lifetime",
    "Stay": "",
    "Admission": "",
    "Procedure": "",
    "Transplant": "",
}


class StatedLimit(NamedTuple):
    """A limit. `allow`, `per`: in the rule language, empty where it does not say it; `words`: as the file has it."""

    allow: str
    per: str
    words: str


def limit_of(quantity: str, unit: str) -> StatedLimit | None:
    """The limit of the cells `LimitQty` and `LimitUnit`; None where both are empty."""
    if not quantity and not unit:
        return None
    thing, per, period = unit.partition(" per ")
    if not _QUANTITY.fullmatch(quantity) or not per or thing not in THINGS or period not in PERIODS:
        raise CellFault("a quantity such as 35.0 with a unit such as Visit(s) per Year, or nothing")
    count, words = Decimal(quantity), f"{quantity} {unit}"
    said, over = THINGS[thing], PERIODS[period]
    if not said or not over or (said != "$" and count != count.to_integral_value()) or not count:
        return StatedLimit("", "", words)
    allow = f"${count:.2f}" if said == "$" else f"{int(count)} {said}"
    return StatedLimit(allow, over, words)
