"""A stored estimate as people at a desk look it up: by its name, or by who asked and their request id.

What stands in it is about a person's health, and is for those alone who may ask for estimates. Whether it comes out the
same once more says nothing of the person.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple, Protocol

__all__ = ["EstimateDesk", "EstimateLine", "EstimateSums", "FoundEstimate"]


class EstimateLine(NamedTuple):
    """One service: amounts in cents; `steps`: how it was adjudicated, where the request asked to explain."""

    day: date
    therapy: str
    code: str
    is_covered: bool
    reason: str
    charge_cents: int
    plan_cents: int
    others_cents: int
    written_off_cents: int
    patient_cents: int
    steps: tuple[str, ...]


class EstimateSums(NamedTuple):
    """The same of all lines, in cents."""

    charge_cents: int
    plan_cents: int
    others_cents: int
    written_off_cents: int
    patient_cents: int


class FoundEstimate(NamedTuple):
    """What is kept of an estimate. `lines` and `sums` are None where only hashes were kept, or where it was erased.

    `request_id`: "" where there was none, or it is forgotten. `kept`: "whole", "hashes" or "erased".
    """

    name: str
    subject: str
    request_id: str
    plan_id: str
    release: str
    created_at: datetime
    erased_at: datetime | None
    kept: str
    lines: tuple[EstimateLine, ...] | None
    sums: EstimateSums | None


class EstimateDesk(Protocol):
    """Looks estimates up."""

    def found(self, name: str, subject: str, request_id: str) -> FoundEstimate | None:
        """The estimate of a name, or the one that answered a request id of a subject; None where there is none."""

    def difference(self, name: str) -> str:
        """The place of the first difference when an estimate is computed once more; "" where none differs.

        Raises `UnknownEstimate`, `EstimateErased`, `EstimateNotKept`, `UnknownRelease`, `ReleaseUnusable`.
        """
