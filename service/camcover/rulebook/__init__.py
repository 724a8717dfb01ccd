"""The rule language: payer rule files in, a checked `RuleSet` out.

What comes in: YAML text. What goes out: frozen records with positions, and diagnostics. The steps: `nodes` (text with
positions, nothing resolved) -> `grammar` (decoding by a schema; the editors' JSON Schema comes from it, too) ->
`resolve` (references) -> `checks` (rules about more than one word). `facts` puts a record into words, and `differences`
compares two rule sets by these facts. The package knows nothing of the engine, of storage or of the network.
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
