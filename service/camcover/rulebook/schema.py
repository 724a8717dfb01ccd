"""The grammar as JSON Schema, so that editors complete and check rule files while they are typed."""

from __future__ import annotations

from camcover.rulebook.grammar import KINDS
from camcover.rulebook.scalars import JsonSchema

__all__ = ["json_schema"]


def json_schema(kind: str) -> JsonSchema:
    """The JSON Schema (2020-12) of one kind of file: catalog, policy, fees or plan. Raises KeyError for another."""
    definitions: dict[str, JsonSchema] = {}
    root = KINDS[kind].schema(definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Camcover rule file: {kind}",
        **root,
        "$defs": definitions,
    }
