"""A request that can be priced, and the answers to its bounding cases: what `evaluate` builds and `reading` reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camcover.engine.cases import Case, Outcome
from camcover.engine.expansion import PlannedLine
from camcover.engine.prepare import Prepared
from camcover.engine.request import EstimateRequest


@dataclass(frozen=True, slots=True)
class Question:
    """A request that can be priced: its lines, laid out for the primary and, where there is one, the secondary plan."""

    request: EstimateRequest
    lines: Sequence[PlannedLine]
    primary: Prepared
    secondary: Prepared | None
    cases: Sequence[tuple[Case, Case | None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """One bounding case adjudicated: both plans' outcomes, and what the secondary pays of each line (cents)."""

    primary: Outcome
    secondary: Outcome | None
    secondary_paid: NDArray[np.int64]

    @property
    def patient_cents(self) -> int:
        """The patient's total."""
        return int(self.primary.ledger["patient"].sum() - self.secondary_paid.sum())
