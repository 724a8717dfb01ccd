"""A claim while its segments come: whose it is, who gives the services and where, and its lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from camcover.exchange.notes import Unread
from camcover.exchange.x12.segments import X12Segment

__all__ = ["BilledLine", "BilledPerson", "ClaimBegun", "ClaimRequest", "ServiceGiven"]


class ClaimRequest(NamedTuple):
    """A claim as a request. `fields`: those of an EstimatePlanRequest; `unread`: what of the claim is not in it."""

    fields: dict[str, Any]
    unread: tuple[Unread, ...]


@dataclass(slots=True)
class BilledPerson:
    """The patient: birth date (ISO 8601), state of the address, role under the plan. Empty = not said."""

    birth_date: str = ""
    state: str = ""
    role: str = ""


@dataclass(slots=True)
class ServiceGiven:
    """By whom and where, of a claim or of a line. None = the one around it says so; an empty text = it is not said.

    `tax_number`: of the billing provider alone, as requests have it.
    """

    taxonomy: str | None = None
    npi: str | None = None
    tax_number: str = ""
    state: str | None = None
    attestations: list[str] = field(default_factory=list)


@dataclass(slots=True)
class BilledLine:
    """A service line. `day`: ISO 8601, empty = none that can be used."""

    segment: X12Segment
    day: str = ""
    given: ServiceGiven = field(default_factory=ServiceGiven)


@dataclass(slots=True)
class ClaimBegun:
    """A claim: its CLM segment, and what stands around and behind it. `biller`: the billing provider."""

    segment: X12Segment
    person: BilledPerson
    biller: ServiceGiven
    given: ServiceGiven = field(default_factory=ServiceGiven)
    diagnoses: list[str] = field(default_factory=list)
    lines: list[BilledLine] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    is_of_other_payer: bool = False
