"""The grammar of each kind of rule file, declared once for the decoder and for the editors' JSON Schema.

What comes in: a document node. What goes out: a `Catalog`, `Policy`, `Fees` or `Plan` record; or FAILED, with the
faults in the context.
"""

from __future__ import annotations

from typing import Any

from camcover.messages import sentence
from camcover.rulebook.grammar.catalog import CATALOG
from camcover.rulebook.grammar.fees import FEES
from camcover.rulebook.grammar.plan import PLAN
from camcover.rulebook.grammar.policy import POLICY
from camcover.rulebook.hints import one_of
from camcover.rulebook.mappings import Record
from camcover.rulebook.nodes import Node, Scalar, Table
from camcover.rulebook.phrases import awaited
from camcover.rulebook.records import Word
from camcover.rulebook.scalars import FAILED
from camcover.rulebook.shapes import Choice, Context, misplaced

__all__ = ["KINDS", "decode", "kind_and_id"]

_NO_KIND = sentence("missing-key-kind")
_FILE = awaited("file")

KINDS: dict[str, Record] = {"catalog": CATALOG, "policy": POLICY, "fees": FEES, "plan": PLAN}
"""The four kinds of file."""


def kind_and_id(node: Node | None) -> tuple[str, str]:
    """The kind and the id that a file names, each empty when it does not; for files that fail to decode."""
    return _text(node, "kind"), _text(node, "id")


def decode(node: Node, context: Context) -> Any:
    """The record of a document, or FAILED."""
    if not isinstance(node, Table):
        return misplaced(node, _FILE, context)
    kind = node.get("kind")
    if kind is None:
        return context.fault("missing-key", node.at, _NO_KIND(), one_of(KINDS))
    word = Choice(tuple(KINDS)).decode(kind, context)
    if word is FAILED:
        return FAILED
    _look_ahead(node, context)
    return KINDS[word].decode(node, context)


def _look_ahead(node: Table, context: Context) -> None:
    """Learn what decoding needs in advance, wherever the file has it: the tiers, and whether it is illustrative."""
    context.is_illustrative = _text(node, "illustrative") in ("yes", "true")
    tiers = node.get("tiers")
    if isinstance(tiers, Table):
        for key, _ in tiers.entries:
            context.define("tier", Word(key.text, key.at))


def _text(node: Node | None, key: str) -> str:
    """The text of a key of the document."""
    value = node.get(key) if isinstance(node, Table) else None
    return value.text if isinstance(value, Scalar) else ""
