"""A request that can be priced, and the answers to its bounding cases: what `evaluate` makes and `reading` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from camcover.calendar import OrdinalDay
from camcover.engine.asking.asked import Asked
from camcover.engine.asking.layout import Layout, Placed
from camcover.engine.compiling.segments import Segment
from camcover.engine.kernel.running_state import RunningState
from camcover.engine.kernel.workspace import LedgerRow
from camcover.engine.request import EstimateRequest
from camcover.money import Cents
from camcover.rulebook.records import Account

if TYPE_CHECKING:
    from camcover.engine.asking.accounts import Drawn
    from camcover.engine.asking.openness import Openness
    from camcover.engine.causes import RangeCauses


class Question(NamedTuple):
    """A request that is laid out for the primary and, where there is one, the secondary plan.

    `placed`: where the primary's expected case stands in the workspace.
    """

    request: EstimateRequest
    asked: Asked
    primary: Layout
    secondary: Layout | None
    placed: Placed

    def last_terms(self, layout: Layout) -> tuple[OrdinalDay, Segment] | None:
        """The last line's day on which a plan has terms, and the segment of then; None where no line has any."""
        in_force_only = not self.request.assume_terms
        for day, _, _ in reversed(self.asked.lines):
            segment = layout.plan.terms_on(day, in_force_only=in_force_only)
            if segment is not None:
                return day, segment
        return None


class LineRest(NamedTuple):
    """What a limit handed on of a line: its ledger row under the next benefit, the cents of its steps (point 16).

    `capped_by`: of several maxima those that took something off, by id.
    """

    row: LedgerRow
    steps: Sequence[int]
    capped_by: Sequence[str] = ()


class Outcome(NamedTuple):
    """A plan's adjudication of the expected case: its ledger, and the running state after the last line.

    `steps`: the cents of each step, line by line, only where the request asks to explain; `rests`: by the line's place.
    """

    ledger: Sequence[LedgerRow]
    steps: Sequence[Sequence[int]]
    state: RunningState
    rests: Mapping[int, LineRest]


class Payment(NamedTuple):
    """What an account pays of a line, cents."""

    account: Account
    cents: Cents


class PatientRange(NamedTuple):
    """The least and the most that the patient may pay, cents; `is_widened`: further than listed cases reach."""

    low: int
    high: int
    is_widened: bool = False


class Answer(NamedTuple):
    """The expected case of both plans and its patient total; the range, if it was asked for.

    With a second plan also what the secondary pays of each line, and what is then written off of the rest (point 28).
    `reimbursed`: what comes back to the member for each line; empty if nothing does. `drawn`: what accounts pay, which
    the patient's total leaves out; None if the primary plan has no accounts. `causes`: what leads to the ends of
    the range; None unless the request asks to explain it.
    """

    primary: Outcome
    secondary: Outcome | None
    secondary_paid: Sequence[int]
    forgiven: Sequence[int]
    patient_cents: int
    openness: Openness | None = None
    bounds: PatientRange | None = None
    reimbursed: Sequence[int] = ()
    drawn: Drawn | None = None
    causes: RangeCauses | None = None


class Adjudicated(NamedTuple):
    """A request with its answer."""

    question: Question
    answer: Answer


class UncoveredVisit(NamedTuple):
    """A visit of which the primary plan covers no line: its item, its day, what the member owes for it, cents."""

    item: int
    day: OrdinalDay
    owed_cents: Cents


class ExpectedCase(NamedTuple):
    """What the patient pays in the expected case, and the visits that are not covered."""

    patient_cents: Cents
    uncovered: tuple[UncoveredVisit, ...]
