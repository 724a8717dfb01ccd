"""Packets of the small rule set, and what tests read of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from camcover.engine import Tables
from camcover.exchange.fhir.elements import Stamp, as_json
from camcover.exchange.fhir.packet import aeob_packet
from camcover.exchange.fhir.parties import NOBODY_NAMED, Parties
from camcover.languages import language
from small_rules import question, typed

STAMP = Stamp("q1", datetime(2026, 2, 20, 9, 0, tzinfo=UTC))

MASSAGE = {"therapy": "massage", "procedures": [{"code": "97124", "charge_cents": 9000}], "dates": ["2026-03-03"]}


def asked(*dates: str, **others: Any) -> dict[str, Any]:
    """`question()` on these dates, with a massage beside it, which share-plan excludes."""
    made = question(**others)
    if dates:
        made["items"][0]["dates"] = list(dates)
    made["items"].append(MASSAGE | {"tier": "in_network"})
    return made


def packet(
    rules: Tables, fields: dict[str, Any], tag: str = "en", *, parties: Parties = NOBODY_NAMED, stamp: Stamp = STAMP
) -> bytes:
    """The bytes of a packet."""
    return as_json(aeob_packet(rules, typed(fields), stamp, language(tag), parties=parties))


def read(content: bytes) -> Any:
    """JSON in which numbers with a point are `Decimal`."""
    return json.loads(content, parse_float=Decimal)


def resources(content: bytes) -> dict[str, Any]:
    """The resources of a packet by the last part of their ids."""
    return {each["resource"]["id"].rsplit("-", 1)[1]: each["resource"] for each in read(content)["entry"]}


def amounts(element: Any, name: str = "adjudication") -> dict[str, Decimal]:
    """The amounts of an item, or the totals, by the codes of their categories, or the texts of those without."""
    return {
        _key(each["category"]): each["amount"]["value"]
        for each in element[name]
        if "amount" in each and "reason" not in each
    }


def _key(category: Any) -> str:
    return str(category["text"] if "text" in category else category["coding"][0]["code"])


def everywhere(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside of a value, itself included."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from everywhere(each)
