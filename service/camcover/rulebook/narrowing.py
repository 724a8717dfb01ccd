"""Selects some plans of many files, with everything they refer to. An editor of one plan needs only these.

What comes in: loaded files, and plan ids. What goes out: those plans loaded alone, so that an error in another plan
does not prevent testing this one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from camcover.rulebook.diagnostics import Severity
from camcover.rulebook.grammar import kind_and_id
from camcover.rulebook.loading import Loaded, load_texts
from camcover.rulebook.nodes import BYTE_ORDER_MARK, Node, Scalar, Table, parse

__all__ = ["Heads", "heads_of", "narrowed"]


class Head(NamedTuple):
    """The heading of a file, and the policies and fee files that it refers to; None if they cannot be read."""

    kind: str
    id: str
    refers_to: frozenset[str] | None


Heads = Mapping[str, Head]
"""By file name."""


def heads_of(texts: Mapping[str, str]) -> Heads:
    """The heading of each file."""
    return {name: _head(name, text) for name, text in texts.items()}


def narrowed(loaded: Loaded, heads: Heads, plan_ids: Collection[str], today: date | None = None) -> Loaded:
    """The plans named with their policies and fees and all catalogs, loaded anew; judged on `today`.

    A file that cannot be told to be another's stays, and so do the faults of files that are no text.
    """
    wanted = [head for head in heads.values() if head.kind in ("", "plan") and head.id in plan_ids]
    is_open = any(head.refers_to is None for head in wanted)
    named = {id_ for head in wanted for id_ in head.refers_to or ()}
    kept = {
        name: text for name, text in loaded.texts.items() if _is_kept(heads[name], plan_ids, named, is_open=is_open)
    }
    found = load_texts(kept, today)
    no_text = tuple(each for each in loaded.diagnostics if each.at.file not in loaded.texts)
    is_sound = not any(each.severity is Severity.ERROR for each in no_text)
    return Loaded(found.rules if is_sound else None, (*no_text, *found.diagnostics), kept)


def _is_kept(head: Head, plan_ids: Collection[str], named: Collection[str], *, is_open: bool) -> bool:
    """Whether a file is one of the plans or is referred to; `is_open`: the references cannot be read."""
    if head.kind == "plan":
        return head.id in plan_ids
    return head.kind not in ("policy", "fees") or is_open or head.id in named


def _head(name: str, text: str) -> Head:
    """The heading of a file; if YAML cannot read the file, its first lines of this form."""
    node, _ = parse(text.removeprefix(BYTE_ORDER_MARK), name)
    kind, id_ = kind_and_id(node)
    if node is None:
        kind, id_ = _line(text, "kind"), _line(text, "id")
    return Head(kind, id_, None if node is None else frozenset(_references(node)))


def _line(text: str, key: str) -> str:
    """The word behind a key at the beginning of a line."""
    found = re.search(rf"^{key}:[ ]*([A-Za-z0-9_-]+)", text, re.MULTILINE)
    return found[1] if found else ""


def _references(node: Node) -> Iterator[str]:
    """The fee file of a plan and the policies of its benefits."""
    if isinstance(node, Table):
        yield from _word(node.get("fees"))
        benefits = node.get("benefits")
        for _, benefit in benefits.entries if isinstance(benefits, Table) else ():
            if isinstance(benefit, Table):
                yield from _word(benefit.get("policy"))


def _word(node: Node | None) -> Iterator[str]:
    """The text of a word."""
    if isinstance(node, Scalar):
        yield node.text
