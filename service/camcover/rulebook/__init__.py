"""The rule language: payer rule files in, a checked `RuleSet` out.

What comes in: YAML text. What goes out: frozen records with positions, and diagnostics. The way: `nodes` (positions,
nothing resolved) -> `grammar` (schema-directed decoding, from which the editors' JSON Schema comes too) -> `resolve`
(references) -> `checks` (what takes more than one word to see). `facts` says in words what a record states, by which
`differences` compares two rule sets. It knows nothing of the engine, of storage or of the network.
"""

from camcover.rulebook.diagnostics import CODES, Diagnostic, Severity, as_github, as_json, as_text, meant, nearest
from camcover.rulebook.differences import Change, ChangeKind, differences
from camcover.rulebook.disk import find
from camcover.rulebook.formatting import format_text
from camcover.rulebook.load import (
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
from camcover.rulebook.printable import printable
from camcover.rulebook.records import RuleSet
from camcover.rulebook.schema import json_schema

__all__ = [
    "CODES",
    "Change",
    "ChangeKind",
    "Diagnostic",
    "Loaded",
    "RuleSet",
    "Severity",
    "as_github",
    "as_json",
    "as_text",
    "differences",
    "digest_of",
    "find",
    "format_text",
    "is_release_id",
    "json_schema",
    "load",
    "load_files",
    "load_texts",
    "meant",
    "named_texts",
    "nearest",
    "printable",
    "release_id",
    "rule_text",
]
