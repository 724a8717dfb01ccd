"""Elements that all resources are made of: codes with their systems, amounts, references, and the JSON of a resource.

Amounts come in as integer cents and go out as `Decimal` with two digits, which `as_json` writes digit by digit: no
amount is ever a floating-point number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from html import escape
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid5

import orjson

__all__ = [
    "ADJUDICATION",
    "ID",
    "PCT",
    "PCT_CODES",
    "Resource",
    "Stamp",
    "absent",
    "as_json",
    "concept",
    "extension",
    "money",
    "narrative",
    "narrative_table",
    "period",
    "plain",
    "profiled",
    "uri_identifier",
]

Resource: TypeAlias = dict[str, Any]
"""A resource or an element of one, as its JSON has it; amounts are `Decimal`."""

PCT: Final = "http://hl7.org/fhir/us/davinci-pct"
"""How every address of the guide begins."""

PCT_CODES: Final = f"{PCT}/CodeSystem"

ADJUDICATION: Final = "http://terminology.hl7.org/CodeSystem/adjudication"

_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

_URI = "urn:ietf:rfc:3986"
"""The system of identifiers that are URIs themselves."""

_NAMESPACE = UUID("5c7f3d1e-6a52-5d0b-9a3e-0f6d2b8c4e71")
"""For version 5 UUIDs of resources: the same id gives the same UUIDs."""

ID: Final = re.compile(r"[A-Za-z0-9.-]{1,40}")
"""An id that a caller may give: that of FHIR, with room for an ending such as `-composition`."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes one answer distinct from another: an id (`ID`), and when it was made, with its zone.

    The same stamp, rules and request give the same bytes. Raises ValueError for another id, and for a time without a
    zone.
    """

    id: str
    made_at: datetime

    def __post_init__(self) -> None:
        """Check both."""
        if not ID.fullmatch(self.id):
            raise ValueError(f"found id {self.id!r}; expected 1 to 40 letters, digits, - and .")
        if self.made_at.utcoffset() is None:
            raise ValueError("found a time without a zone; expected one with its zone")

    def named(self, kind: str) -> str:
        """The id of one resource: `q1-patient`."""
        return f"{self.id}-{kind}"

    def urn(self, kind: str) -> str:
        """The address of one resource inside of the packet."""
        return f"urn:uuid:{uuid5(_NAMESPACE, self.named(kind))}"

    def reference(self, kind: str) -> Resource:
        """A reference to one resource of the packet."""
        return {"reference": self.urn(kind)}

    @property
    def instant(self) -> str:
        """When it was made, in UTC, to the second."""
        return self.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def day(self) -> date:
        """The day in UTC on which it was made."""
        return self.made_at.astimezone(UTC).date()


def plain(cents: int) -> Decimal:
    """Cents as dollars with two digits: `4160` is 41.60."""
    return Decimal(cents).scaleb(-2)


def money(cents: int) -> Resource:
    """An amount in US dollars."""
    return {"value": plain(cents), "currency": "USD"}


def concept(system: str, code: str, display: str = "") -> Resource:
    """One code of a system; `display`: its name."""
    coding = {"system": system, "code": code}
    return {"coding": [coding | {"display": display} if display else coding]}


def extension(name: str, kind: str, value: Any) -> Resource:
    """An extension of the guide, by its name and the type of its value."""
    return {"url": f"{PCT}/StructureDefinition/{name}", f"value{kind}": value}


def absent(reason: str) -> Resource:
    """An element without a value that says why: `unknown`, `not-applicable`."""
    return {"extension": [{"url": _ABSENT, "valueCode": reason}]}


def period(first: date | None, last: date | None) -> Resource:
    """From a day to a day, both included; None is open."""
    days = {"start": first, "end": last}
    return {name: day.isoformat() for name, day in days.items() if day is not None}


def profiled(kind: str, resource_id: str, profile: str) -> Resource:
    """How a resource begins: its type, its id, and the profile that it is made after."""
    meta = {"profile": [f"{PCT}/StructureDefinition/{profile}"]}
    return {"resourceType": kind, "id": resource_id, "meta": meta}


def uri_identifier(urn: str) -> Resource:
    """An identifier that is a URI."""
    return {"system": _URI, "value": urn}


def narrative(lines: Sequence[str]) -> Resource:
    """Sentences for people who read the document without a program; no text of a file becomes markup."""
    paragraphs = "".join(f"<p>{escape(each)}</p>" for each in lines)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div>'}


def narrative_table(head: Sequence[str], rows: Sequence[Sequence[str]], below: str = "") -> Resource:
    """A table for people who read the document without a program, and a sentence below it."""

    def row(cells: Sequence[str], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{escape(each)}</{tag}>' for each in cells)}</tr>"

    body = "".join(row(cells, "td") for cells in rows)
    table = f"<table><thead>{row(head, 'th')}</thead><tbody>{body}</tbody></table>"
    after = f"<p>{escape(below)}</p>" if below else ""
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{table}{after}</div>'}


def as_json(resource: Resource) -> bytes:
    """The JSON of a resource in UTF-8, indented by two; each `Decimal` as a number with all of its digits."""
    return orjson.dumps(resource, default=_digits, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _digits(value: Any) -> orjson.Fragment:
    """A decimal as it is written. Raises TypeError for anything else."""
    if not isinstance(value, Decimal):
        raise TypeError(f"found {type(value).__name__}; expected what FHIR's JSON has")
    return orjson.Fragment(f"{value:f}")
