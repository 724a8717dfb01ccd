"""Whether the code of an entry is wanted, from those of its fields that are read so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from camcover.exchange.transparency.records import WantedPrices

__all__ = ["is_maybe_wanted", "wanted_code"]

_TYPES = frozenset({"CPT", "HCPCS"})


def is_maybe_wanted(fields: Mapping[str, Any], wanted: WantedPrices) -> bool:
    """Whether the code is wanted, or not known yet."""
    code = fields.get("billing_code")
    return "billing_code" not in fields or (isinstance(code, str) and code in wanted.codes)


def wanted_code(fields: Mapping[str, Any], wanted: WantedPrices) -> str:
    """The code of a whole entry; empty where it is not wanted."""
    code, kind = fields.get("billing_code"), fields.get("billing_code_type")
    is_wanted = isinstance(code, str) and isinstance(kind, str) and code in wanted.codes and kind in _TYPES
    return str(code) if is_wanted else ""
