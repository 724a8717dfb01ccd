"""Names of the patient, the provider and the payer from a JSON file, which a caller keeps beside the request.

What comes in: the file's text. What goes out: `Parties`. Every fault is told at once; a file with one gives nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from camcover.exchange.fhir.parties import Parties, PatientNames, ProviderNames
from camcover.exchange.notes import Unread, UnreadableFile, quoted

__all__ = ["GENDERS", "parties_of"]

GENDERS: Final = ("male", "female", "other", "unknown")
_LONGEST = 200
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_KINDS: Final[Mapping[type, str]] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


@dataclass
class _Statements:
    """One file: what is wrong with it so far."""

    file: str
    unread: list[Unread] = field(default_factory=list)

    def refuse(self, place: str, found: str, expected: str) -> None:
        """Note a fault."""
        self.unread.append(Unread(self.file, 0, place, found, expected))

    def members(self, place: str, value: Any, names: tuple[str, ...]) -> dict[str, Any]:
        """An object of which no other names are known; empty, with a fault, for anything else."""
        if not isinstance(value, dict):
            self.refuse(place, _kind(value), "an object")
            return {}
        for name in value.keys() - set(names):
            self.refuse(_inside(place, name), "a name that is not known", f"one of {', '.join(names)}")
        return value

    def text(self, place: str, value: Any, is_fit: Callable[[str], bool] = bool, expected: str = "") -> str:
        """A text that is fit; empty where there is none, and, with a fault, for anything else."""
        if value is None:
            return ""
        wanted = expected or f"a text of 1 to {_LONGEST} characters"
        if not isinstance(value, str):
            self.refuse(place, _kind(value), wanted)
        elif not value.strip() or len(value) > _LONGEST or not is_fit(value):
            self.refuse(place, quoted(value), wanted)
        else:
            return value.strip()
        return ""


def parties_of(text: str, file: str) -> Parties:
    """Who is named in the text of a file. Raises `UnreadableFile` with every fault."""
    reader = _Statements(file)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile([Unread(file, 0, "", "no JSON", "an object in JSON")]) from error
    top = reader.members("", content, ("patient", "provider", "subscriber_id", "payer_id"))
    found = Parties(
        patient=_patient(reader, top.get("patient", {})),
        provider=_provider(reader, top.get("provider", {})),
        subscriber_id=reader.text("subscriber_id", top.get("subscriber_id")),
        payer_id=reader.text("payer_id", top.get("payer_id")),
    )
    if reader.unread:
        raise UnreadableFile(sorted(reader.unread, key=lambda each: each.place))
    return found


def _patient(reader: _Statements, value: Any) -> PatientNames:
    told = reader.members("patient", value, ("system", "identifier", "family", "given", "gender"))
    given = told.get("given", [])
    if not isinstance(given, list):
        reader.refuse("patient.given", _kind(given), "a list of texts")
        given = []
    if bool(told.get("system")) != bool(told.get("identifier")):
        reader.refuse("patient", "one of system and identifier", "both, or neither")
    return PatientNames(
        system=reader.text("patient.system", told.get("system"), lambda text: bool(_URI.fullmatch(text)), "a URI"),
        identifier=reader.text("patient.identifier", told.get("identifier")),
        family=reader.text("patient.family", told.get("family")),
        given=tuple(name for place, each in enumerate(given) if (name := reader.text(f"patient.given[{place}]", each))),
        gender=reader.text("patient.gender", told.get("gender"), GENDERS.__contains__, f"one of {', '.join(GENDERS)}"),
    )


def _provider(reader: _Statements, value: Any) -> ProviderNames:
    told = reader.members("provider", value, ("name", "npi", "tin"))
    return ProviderNames(
        name=reader.text("provider.name", told.get("name")),
        npi=reader.text("provider.npi", told.get("npi"), _is_digits(10), "10 digits"),
        tin=reader.text("provider.tin", told.get("tin"), _is_digits(9), "9 digits"),
    )


def _is_digits(length: int) -> Callable[[str], bool]:
    """Whether a text is so many digits."""
    return lambda text: re.fullmatch(f"[0-9]{{{length}}}", text) is not None


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _kind(value: Any) -> str:
    """What a value of JSON is, in words."""
    return _KINDS.get(type(value), "null")
