"""What a line took of fees that lines of a day share (docs/rule-language.md, point 45).

What comes in: a segment of a plan, and a ledger row. What goes out: the fees that the line shares, and cents.
"""

from __future__ import annotations

from collections.abc import Iterator

from camcover.engine.compiling.editions import owed_in
from camcover.engine.compiling.segments import Segment
from camcover.engine.kernel.codes import Liability
from camcover.engine.kernel.workspace import LedgerRow
from camcover.rulebook.records import NotCoveredPays


def fees_shared(segment: Segment, tier: str, row: LedgerRow, therapy: str) -> Iterator[str]:
    """The fees of a tier that a line shares: its therapy's for a visit, and the maximum per day, which has no name."""
    if row.of_visit:
        yield therapy
    table = segment.fees.tiers.get(tier) if segment.fees else None
    if table is not None and table.maximum_per_day is not None:
        yield ""


def cents_taken(segment: Segment, tier: str, row: LedgerRow) -> int:
    """What a line took of them, cents."""
    is_billed = owed_in(segment.plan, tier) is NotCoveredPays.ALLOWED and row.liability != int(Liability.PROVIDER)
    return row.fee if is_billed else row.allowed
