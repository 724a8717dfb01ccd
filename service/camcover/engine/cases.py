"""The bounding cases of a request, and one call of the kernel for all of them.

What comes in: a `Prepared` request. What goes out: a ledger for each case; the first case is the expected one
(docs/rule-language.md, section 8 and point 29).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from camcover.engine import tables as columns
from camcover.engine.compile import Tables
from camcover.engine.kernel import adjudicate
from camcover.engine.prepare import OPEN_TIER, Prepared
from camcover.engine.tables import Array, Work

LOW, TYPICAL, HIGH = 0, 1, 2

_EVERY_ATTESTATION = columns.ALL


@dataclass(frozen=True, slots=True)
class Case:
    """One way the open facts may be.

    `tier` for lines that name none, open sums at their maximum or not, which of the typical charges, and whether
    attestations that are not given are there.
    """

    tier: int
    sums_at_maximum: bool = False
    price: int = TYPICAL
    requirements_met: bool = True


@dataclass(frozen=True, slots=True)
class PrimaryResult:
    """What a secondary plan must know of each line: charge, allowed and paid under the primary, cents."""

    ledger: Array
    maintenance: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The kernel's answer for one case: the ledger, and the state after the last line."""

    ledger: Array
    sums: Array
    slots: Array


def adjudicate_cases(
    tables: Tables,
    prepared: Sequence[Prepared],
    cases: Sequence[Case],
    after: Sequence[PrimaryResult | None] | None = None,
) -> list[Outcome]:
    """Adjudicate (prepared[i], cases[i]) for every i in one call of the kernel.

    `after` when a primary plan paid first.
    """
    work = lay_out(prepared, cases, after)
    adjudicate(tables.arrays, work, 0, len(prepared))
    return [_outcome(work, request) for request in work.requests]


def lay_out(
    prepared: Sequence[Prepared], cases: Sequence[Case], after: Sequence[PrimaryResult | None] | None = None
) -> Work:
    """The kernel's arrays for (prepared[i], cases[i]), one request row each, the ledger still empty."""
    blocks = [_block(one, case) for one, case in zip(prepared, cases, strict=True)]
    requests = np.zeros(len(blocks), dtype=columns.REQUEST)
    starts = {"lines": 0, "sums": 0, "slots": 0, "visits": 0, "events": 0}
    for row, (one, block) in enumerate(zip(prepared, blocks, strict=True)):
        _describe(requests[row], one, starts)
        if after is not None and (primary := after[row]) is not None:
            _put_behind(requests[row], block, primary)
        _shift_events(block, starts["events"])
        starts["lines"] += len(block.lines)
        starts["sums"] += len(block.sums)
        starts["slots"] += len(block.slots)
        starts["visits"] += len(block.visits)
        starts["events"] += len(block.events)
    return Work(
        requests=requests,
        lines=_joined([block.lines for block in blocks]),
        sums=_joined([block.sums for block in blocks]),
        slots=_joined([block.slots for block in blocks]),
        visits=_joined([block.visits for block in blocks]),
        events=_joined([block.events for block in blocks]),
        ledger=np.zeros(starts["lines"], dtype=columns.LEDGER),
    )


def _block(prepared: Prepared, case: Case) -> Work:
    """The arrays of one case, own copies, as if it were alone."""
    lines = prepared.rows.copy()
    lines["tier"][lines["tier"] == OPEN_TIER] = case.tier
    lines["typical_charge"] = [charges[case.price] for charges in prepared.charges]
    if case.requirements_met:
        lines["attestations"] = _EVERY_ATTESTATION
    else:
        lines["attestations"] = np.array(prepared.attested, dtype=np.uint64)
    state = prepared.state
    sums = state.sums.copy()
    if case.sums_at_maximum:
        for unknown in state.unknown_sums:
            sums[unknown.row]["initial"] = unknown.maximum
    events = np.zeros(len(state.events) + len(lines) * prepared.index.rolling_limits, dtype=columns.EVENT)
    events[: len(state.events)] = state.events
    return Work(_NOTHING, lines, sums, state.slots.copy(), state.visits.copy(), events, _NOTHING)


_NOTHING = np.zeros(0, dtype=columns.REQUEST)


def _describe(row: np.void, prepared: Prepared, starts: dict[str, int]) -> None:
    """Write a row of `REQUEST`: where its parts begin and how wide they are."""
    index = prepared.index
    row["lines"], row["line_count"] = starts["lines"], len(prepared.rows)
    row["segments"], row["segment_count"] = index.first_segment, len(index.segments)
    row["as_of"], row["members"], row["family"] = prepared.as_of, prepared.member_count, int(prepared.family)
    row["sums"], row["sum_count"] = starts["sums"], len(index.accumulators)
    row["slots"], row["slot_count"] = starts["slots"], len(index.slots)
    row["visits"], row["visit_count"] = starts["visits"], len(index.benefits)
    row["events"], row["event_count"] = starts["events"], len(prepared.state.events)


def _put_behind(row: np.void, block: Work, primary: PrimaryResult) -> None:
    """Make a block adjudicate as the secondary.

    The charge is settled, and with maintenance what is left is eligible.
    """
    row["maintenance"] = int(primary.maintenance)
    block.lines["charge"] = primary.ledger["charge"]
    block.lines["primary_allowed"] = primary.ledger["allowed"]
    block.lines["primary_paid"] = primary.ledger["plan_paid"]


def _shift_events(block: Work, start: int) -> None:
    """Move a block's links to where its events will stand among all."""
    block.slots["head"][block.slots["head"] >= 0] += start
    block.slots["tail"][block.slots["tail"] >= 0] += start
    block.events["next"][block.events["next"] >= 0] += start


def _joined(parts: list[Array]) -> Array:
    """One array of all blocks, at least one row long so that the kernel may index it."""
    joined = np.concatenate(parts)
    return joined if len(joined) else np.zeros(1, dtype=joined.dtype)


def _outcome(work: Work, request: np.void) -> Outcome:
    """The slices of one case."""
    members = int(request["members"])
    lines, sums, slots = int(request["lines"]), int(request["sums"]), int(request["slots"])
    return Outcome(
        ledger=work.ledger[lines : lines + int(request["line_count"])],
        sums=work.sums[sums : sums + (members + 1) * int(request["sum_count"])],
        slots=work.slots[slots : slots + members * int(request["slot_count"])],
    )
