"""Whether a group of providers is one of those asked for: by NPI, by tax identification number, by network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from camcover.exchange.transparency.records import WantedPrices

__all__ = ["Identifier", "digits_of", "identifiers_of", "is_wanted", "names_of", "network_key"]

Identifier = int | Decimal | str

_WHOLE_TIN = "0"


def is_wanted(groups: Any, wanted: WantedPrices) -> bool:
    """Whether one of several groups of providers is asked for, whatever its network."""
    if not isinstance(groups, list):
        return False
    return any(_is_wanted(each, wanted) for each in groups if isinstance(each, Mapping))


def _is_wanted(group: Mapping[str, Any], wanted: WantedPrices) -> bool:
    """Whether a group has a wanted tax number and a wanted NPI; NPI 0 stands for all of the tax number."""
    tin = group.get("tin")
    number = digits_of(tin.get("value")) if isinstance(tin, Mapping) else ""
    if wanted.tins and number not in wanted.tins:
        return False
    if not wanted.npis:
        return True
    npis = names_of(group.get("npi"))
    return not wanted.npis.isdisjoint(npis) or (bool(wanted.tins) and npis == [_WHOLE_TIN])


def digits_of(text: Any) -> str:
    """The digits of an identifier such as `12-3456789`; empty where it is no text."""
    return "".join(each for each in text if each.isdigit()) if isinstance(text, str) else ""


def names_of(values: Any) -> list[str]:
    """A list of texts or whole numbers as texts; what else stands in it is left out."""
    return [str(each) for each in values if _is_name(each)] if isinstance(values, list) else []


def network_key(name: str) -> str:
    """The name of a network as names are compared: whatever its case and spaces."""
    return " ".join(name.lower().split())


def identifiers_of(values: Any) -> Iterable[Identifier]:
    """The ids of groups in a list; some payers write `40.0` for 40, which is the same number."""
    return [each for each in values if _is_name(each) or isinstance(each, Decimal)] if isinstance(values, list) else []


def _is_name(value: Any) -> bool:
    return isinstance(value, (int, str)) and not isinstance(value, bool)
