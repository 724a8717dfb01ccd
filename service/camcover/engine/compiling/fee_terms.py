"""What fee tables say of a service: whether its lines share a fee, and which rates ask for the practitioner.

What comes in: a segment of a plan, or rows of the tables. What goes out: facts on which the range of an estimate turns.
"""

from __future__ import annotations

from collections.abc import Iterator

from camcover.engine.compiling.segments import Segment
from camcover.engine.kernel.tables import RuleTables


def shares_fees(segment: Segment) -> bool:
    """Whether lines of a day share a fee by some fee table of a segment (point 45)."""
    tables = segment.fees.tiers.values() if segment.fees else ()
    return any(table.visits or table.maximum_per_day is not None for table in tables)


def rates_asked(rules: RuleTables, segment: int, service: int, tiers: int) -> Iterator[int]:
    """The rates for some practitioners by which a service may be priced in a segment: rows of `fee_rates`."""
    first = int(rules.segments[segment]["tiers"])
    seen: set[int] = set()
    for tier in rules.tiers[first : first + tiers]:
        table = int(tier["fees"])
        while table >= 0 and table not in seen:
            seen.add(table)
            rates = int(rules.fee_tables[table]["rates"])
            for row in range(rates, rates + int(rules.fee_tables[table]["rate_count"])):
                if _asks_practitioner(rules, row, service):
                    yield row
            table = int(rules.fee_tables[table]["of"])


def _asks_practitioner(rules: RuleTables, row: int, service: int) -> bool:
    """Whether a rate is for some practitioners, and lists a service or has a percentage."""
    rate = rules.fee_rates[row]
    if not rate["asks_practitioner"]:
        return False
    lists = (int(rate[name]) for name in ("cents", "visits"))
    return rate["basis_points"] >= 0 or any(first >= 0 and rules.fee_cents[first + service] >= 0 for first in lists)
