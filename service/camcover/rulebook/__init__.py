"""The rule language: payer rule files in, a checked `RuleSet` out.

What comes in: YAML text. What goes out: frozen records with positions, and diagnostics. The way: `nodes` (positions,
nothing resolved) -> `grammar` (schema-directed decoding, from which the editors' JSON Schema comes too) -> `resolve`
(references) -> `checks` (what takes more than one word to see). `facts` says in words what a record states, by which
`differences` compares two rule sets. It knows nothing of the engine, of storage or of the network.
"""

from typing import TYPE_CHECKING

from camcover.on_demand import on_demand
from camcover.rulebook.printable import printable

if TYPE_CHECKING:
    from camcover.rulebook.diagnostics import Diagnostic, Severity, as_github, as_json, as_text, nearest
    from camcover.rulebook.disk import find
    from camcover.rulebook.formatting import format_text
    from camcover.rulebook.hints import suggested
    from camcover.rulebook.loading import (  # CODES: all, for loading imports whatever declares one
        CODES,
        Loaded,
        digest_of,
        is_release_id,
        load,
        load_files,
        load_texts,
        named_texts,
        release_id,
        rule_text,
    )
    from camcover.rulebook.records import RuleSet
    from camcover.rulebook.schema import json_schema
__all__ = [
    "CODES",
    "Diagnostic",
    "Loaded",
    "RuleSet",
    "Severity",
    "as_github",
    "as_json",
    "as_text",
    "digest_of",
    "find",
    "format_text",
    "is_release_id",
    "json_schema",
    "load",
    "load_files",
    "load_texts",
    "named_texts",
    "nearest",
    "printable",
    "release_id",
    "rule_text",
    "suggested",
]

__getattr__ = on_demand(__name__, __file__)
