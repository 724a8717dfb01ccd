"""A bundle of FHIR as it was received: its JSON, its resources by their references, and the elements of one of them.

Whatever has not the form that FHIR gives it is noted with its path, and left out. Numbers keep all their digits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeGuard

from camcover.exchange.fhir.elements import Resource, as_json
from camcover.exchange.notes import Unread, UnreadableFile, quoted

__all__ = ["Element", "ReceivedBundle", "received"]

_WHOLE_DIGITS = 15
"""Whole numbers with more digits are kept as decimals: no amount needs them, and JSON's writer has 64 bits."""

_FARTHEST = 50
"""The greatest exponent of ten of a number."""

_WRAPPED = 4
"""How much deeper a bundle stands inside of a packet."""


@dataclass(frozen=True, slots=True)
class Element:
    """An object of a resource, its path, and the list in which faults are noted."""

    path: str
    value: Resource
    notes: list[Unread]
    file: str

    def refuse(self, name: str, found: str, expected: str) -> None:
        """Note that one of its elements could not be read."""
        place = f"{self.path}.{name}" if name else self.path
        self.notes.append(Unread(self.file, 0, place, found, expected))

    def text(self, name: str) -> str:
        """A text; empty where there is none."""
        value = self.value.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        self.refuse(name, "no text", "a text")
        return ""

    def number(self, name: str) -> int | None:
        """A whole number; None where there is none."""
        value = self.value.get(name)
        if value is None or _is_whole(value):
            return value
        self.refuse(name, "no number", "a whole number")
        return None

    def numbers(self, name: str) -> list[int]:
        """The whole numbers of a list."""
        value = self.value.get(name, [])
        if not isinstance(value, list):
            self.refuse(name, "no list", "a list of numbers")
            return []
        for place, each in enumerate(value):
            if not _is_whole(each):
                self.refuse(f"{name}[{place}]", "no number", "a whole number")
        return list(filter(_is_whole, value))

    def one(self, name: str) -> Element:
        """An element inside; an empty one where there is none."""
        value = self.value.get(name, {})
        if not isinstance(value, dict):
            self.refuse(name, "no object", "an object")
            value = {}
        return Element(f"{self.path}.{name}", value, self.notes, self.file)

    def each(self, name: str) -> Iterator[Element]:
        """The elements of a list."""
        value = self.value.get(name, [])
        if not isinstance(value, list):
            self.refuse(name, "no list", "a list of objects")
            value = []
        for place, inside in enumerate(value):
            if isinstance(inside, dict):
                yield Element(f"{self.path}.{name}[{place}]", inside, self.notes, self.file)
            else:
                self.refuse(f"{name}[{place}]", "no object", "an object")

    def code(self, *systems: str) -> str:
        """The code of a concept in one of these systems; empty where it has none."""
        for coding in self.each("coding"):
            if coding.text("system") in systems:
                return coding.text("code")
        return ""

    def extended(self, url: str) -> Element | None:
        """The extension of an address; None where there is none."""
        return next((each for each in self.each("extension") if each.text("url") == url), None)


@dataclass(frozen=True, slots=True)
class ReceivedBundle:
    """A bundle: its whole content, and its entries with the paths of their resources."""

    content: Resource
    resources: tuple[tuple[str, Element], ...]
    file: str
    notes: list[Unread] = field(default_factory=list)

    def of_type(self, kind: str) -> list[Element]:
        """The resources of a type, in their order."""
        return [each for _, each in self.resources if each.value.get("resourceType") == kind]

    def referred(self, reference: Element) -> Element | None:
        """The resource that a reference leads to; None, with a note where it names one that is not there."""
        target = reference.text("reference")
        if not target:
            return None
        for url, each in self.resources:
            named = f"{each.value.get('resourceType')}/{each.value.get('id')}"
            if target in {url, named} or url.endswith(f"/{target}"):
                return each
        reference.refuse("reference", quoted(target), "a resource of this bundle")
        return None


def _is_whole(value: Any) -> TypeGuard[int]:
    """Whether JSON has it as a whole number; a truth value is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def received(text: str, file: str) -> ReceivedBundle:
    """The bundle of a file's text. Raises `UnreadableFile` for what is none."""
    try:
        content = json.loads(text, parse_float=_decimal, parse_int=_whole, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile([Unread(file, 0, "", "no JSON", "a bundle of FHIR in JSON")]) from error
    kind = content.get("resourceType") if isinstance(content, dict) else None
    if kind != "Bundle":
        found = quoted(kind) if isinstance(kind, str) else "no resourceType"
        raise UnreadableFile([Unread(file, 0, "resourceType", found, "'Bundle'")])
    wrapped: Any = content
    for _ in range(_WRAPPED):
        wrapped = {"in": wrapped}
    try:
        as_json(wrapped)
    except TypeError as error:
        raise UnreadableFile(
            [Unread(file, 0, "", "a text or a depth that JSON cannot hold", "FHIR in JSON")]
        ) from error
    notes: list[Unread] = []
    entries = list(Element("Bundle", content, notes, file).each("entry"))
    resources = tuple((each.text("fullUrl"), each.one("resource")) for each in entries)
    return ReceivedBundle(content, resources, file, notes)


def _whole(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _WHOLE_DIGITS else Decimal(digits)


def _decimal(text: str) -> Decimal:
    """A number with all its digits. Raises ValueError for one that would be very long without its exponent."""
    try:
        value = Decimal(text)
    except ArithmeticError as error:
        raise ValueError(text) from error
    if not -_FARTHEST < value.adjusted() < _FARTHEST:
        raise ValueError(text)
    return value


def _no_number(word: str) -> None:
    """Refuse `NaN` and `Infinity`, which are no JSON."""
    raise ValueError(word)
