"""Claims of remittances beside estimates, and their lines beside each other.

An estimate belongs to a claim if its request id is the claim's number, or one of its other numbers, or the control
number of a line; else, if a line of the same member, date and code is estimated once. Of several estimates of one
request id or line the last counts, as they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from camcover.exchange.remittances.explaining import Explaining
from camcover.exchange.remittances.records import (
    ComparedLine,
    EstimatedCare,
    EstimatedLine,
    RemittedClaim,
    RemittedLine,
)

__all__ = ["Matched", "matched"]

_LineKey = tuple[str, date | None, str]


class Matched(NamedTuple):
    """Lines that were found in an estimate, and lines that were not, each with its claim's segment."""

    lines: tuple[ComparedLine, ...]
    unmatched: tuple[RemittedLine, ...]


def matched(claims: Iterable[RemittedClaim], estimates: Sequence[EstimatedCare]) -> Matched:
    """The lines of claims beside those of estimates. A line of an estimate is taken once."""
    by_id = {each.request_id: each for each in estimates if each.request_id}
    by_line: dict[_LineKey, EstimatedCare] = {
        (line.member, line.date, line.code): each for each in estimates for line in each.lines
    }
    pairs: dict[int, RemittedLine] = {}
    missing: list[RemittedLine] = []
    for claim in claims:
        for line in claim.lines:
            estimated = _estimated(claim, line, (by_id, by_line), pairs)
            if estimated is None:
                missing.append(line)
            else:
                pairs[id(estimated)] = line
    compared = [line for care in estimates for line in _compared(care, pairs)]
    return Matched(tuple(sorted(compared, key=lambda each: each.remitted.segment)), tuple(missing))


def _compared(care: EstimatedCare, pairs: Mapping[int, RemittedLine]) -> Iterator[ComparedLine]:
    """The lines of an estimate that were found, each with what explains it, in the order of the estimate."""
    explaining = Explaining(is_capped=care.is_capped)
    for estimated in care.lines:
        line = pairs.get(id(estimated))
        if line is not None:
            yield ComparedLine(care.plan, estimated, line, explaining.causes(estimated, line))


def _estimated(
    claim: RemittedClaim,
    line: RemittedLine,
    known: tuple[Mapping[str, EstimatedCare], Mapping[_LineKey, EstimatedCare]],
    taken: Mapping[int, RemittedLine],
) -> EstimatedLine | None:
    """The line of an estimate that a line of a claim is; None: there is none that is not taken."""
    by_id, by_line = known
    named = (by_id.get(each) for each in (line.control, claim.number, *claim.others) if each)
    for care in (*named, by_line.get((claim.member, line.date, line.code))):
        fitting = [each for each in care.lines if id(each) not in taken and _fits(each, line)] if care else []
        if fitting:
            return min(fitting, key=lambda each: abs(each.charge_cents - line.charge_cents))
    return None


def _fits(estimated: EstimatedLine, line: RemittedLine) -> bool:
    """Whether they are of one day and code; what the remittance does not tell, or the estimate, fits."""
    same_day = line.date is None or estimated.date == line.date
    return same_day and (not estimated.code or not line.code or estimated.code == line.code)
