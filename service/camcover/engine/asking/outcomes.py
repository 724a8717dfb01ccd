"""What a case came to, read from a workspace.

What comes in: a case that is adjudicated. What goes out: its ledger, and the running state after its last line.
"""

from __future__ import annotations

from collections.abc import Mapping

from camcover.engine.asking.layout import Layout, Placed
from camcover.engine.asking.question import LineRest, Outcome
from camcover.engine.kernel.running_state import RunningState
from camcover.engine.kernel.workspace import Workspace


def outcome_of(workspace: Workspace, layout: Layout, placed: Placed, *, explain: bool) -> Outcome:
    """What a case came to."""
    index, members, count = layout.plan, layout.members, layout.line_count
    steps = workspace.ledger.array["steps"][placed.ledger : placed.ledger + count].tolist() if explain else ()
    ledger = workspace.ledger_rows(placed.ledger, count)
    state = RunningState(
        workspace.sums.span(placed.sums, (members + 1) * len(index.accumulators)),
        workspace.slots.span(placed.slots, layout.owners * len(index.slots)),
        workspace.visits.span(placed.visits, members * len(index.benefits)),
        workspace.events.span(placed.events, placed.event_room),
        placed.events,
    )
    rests: Mapping[int, LineRest] = {}
    if index.hands_on:
        rests = {place: _rest(workspace, placed.rests + place) for place, row in enumerate(ledger) if row.handed}
    return Outcome(ledger, steps, state, rests)


def _rest(workspace: Workspace, row: int) -> LineRest:
    """What became of the part that a limit handed on."""
    return LineRest(workspace.rest_row(row), workspace.rests.array["steps"][row].tolist())
