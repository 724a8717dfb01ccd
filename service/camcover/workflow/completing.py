"""What may stand at a place of a rule file: keys and words by the grammar, ids by the catalog and the file itself.

What comes in: a text that may be unfinished, and a place in it. What goes out: texts that fit there. The path to the
place is read from indentation and from the brackets of its line, so that no other line has to be right. A collection in
brackets that begins on an earlier line is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from camcover.rulebook.grammar import KINDS
from camcover.rulebook.scalars import JsonSchema
from camcover.rulebook.schema import json_schema

__all__ = ["RuleCompletion", "completions", "way_to"]

MOST = 200
"""Texts that are offered."""

_KEY = re.compile(r"""([\w.$-]+|"[^"]*"|'[^']*')[ ]*:(?=[ ]|$)""")
_KIND = re.compile(r"^kind:[ ]*[\"']?([a-z]+)", re.MULTILINE)
_ID = re.compile(r"^id:[ ]*[\"']?([A-Za-z0-9_-]+)", re.MULTILINE)
_ITEM = "[]"

_OF_CATALOG = {
    "therapies": "therapies",
    "therapy": "therapies",
    "conditions": "conditions",
    "condition": "conditions",
    "not_conditions": "conditions",
    "practitioners": "practitioners",
    "practitioner": "practitioners",
    "modifiers": "modifiers",
}
"""Keys whose values are ids of a block of the catalog."""

_OF_FILE = {"deductible": "accumulators", "out_of_pocket_maximum": "accumulators", "tiers": "tiers", "limits": "limits"}
"""Keys whose values are names of a block of the same file."""

_OF_KIND = {"fees": "fees", "policy": "policy"}
"""Keys whose values are ids of files of a kind."""


class RuleCompletion(NamedTuple):
    """A text that fits; `about` explains it, `kind` is `property` for a key and `text` for a value."""

    text: str
    about: str
    kind: str


class _TypedPlace(NamedTuple):
    """The way to a place from the top of a file; whether a key may stand there."""

    steps: tuple[str, ...]
    is_key: bool


def completions(files: Mapping[str, bytes], text: str, line: int, column: int) -> tuple[RuleCompletion, ...]:
    """What may stand at a place of `text`, both from 1; `files` are those of its rules."""
    lines = text.split("\n")
    if not 0 < line <= len(lines):
        return ()
    place = _place(lines[: line - 1], lines[line - 1][: max(0, column - 1)])
    found = _KIND.search(text)
    kind = found[1] if found else ""
    if kind not in KINDS:
        return _of_no_kind(place)
    nodes = _nodes(kind, place.steps)
    keys = _keys(nodes) if place.is_key else ()
    name = next((each for each in reversed(place.steps) if each != _ITEM), "")
    offered = {each.text: each for each in (*keys, *_words(nodes), *_ids(files, text, name, nodes))}
    return tuple(offered.values())[:MOST]


def way_to(text: str, line: int) -> tuple[str, ...]:
    """The keys, and `[]` for items of lists, that lead from the top of a file to what stands in a line, from 1.

    A blank line and a comment belong to what stands before them.
    """
    stack: list[tuple[int, str]] = []
    for each in text.split("\n")[: max(0, line)]:
        _read(each, stack)
    return tuple(step for _, step in stack)


def _of_no_kind(place: _TypedPlace) -> tuple[RuleCompletion, ...]:
    """What begins a file."""
    if place.steps == ("kind",):
        return tuple(RuleCompletion(each, "", "text") for each in KINDS)
    return (RuleCompletion("kind", "The kind of file.", "property"),) if not place.steps and place.is_key else ()


def _place(before: Sequence[str], prefix: str) -> _TypedPlace:
    """The place behind `prefix`, which follows the lines `before`."""
    stack: list[tuple[int, str]] = []
    for each in before:
        _read(each, stack)
    rest = _read(prefix, stack, is_last=True)
    steps = [step for _, step in stack]
    if rest is None:
        return _TypedPlace(tuple(steps), is_key=True)
    return _in_brackets(rest, steps)


def _read(line: str, stack: list[tuple[int, str]], *, is_last: bool = False) -> str | None:
    """Take a line into the stack of open keys and items; gives the text behind its key, None where it has none."""
    content = line.lstrip(" ")
    if (not content.strip() and not is_last) or content.startswith("#"):
        return None
    column = len(line) - len(content)
    while content.startswith("- ") or content == "-":
        while stack and (stack[-1][0] > column or stack[-1] == (column, _ITEM)):
            stack.pop()
        stack.append((column, _ITEM))
        behind = content[1:].lstrip(" ")
        column += len(content) - len(behind)
        content = behind
    while stack and stack[-1][0] >= column:
        stack.pop()
    key = _KEY.match(content)
    if key is None:
        return content if content[:1] in ("[", "{") else None
    stack.append((column, key[1].strip("\"'")))
    return content[key.end() :]


def _in_brackets(text: str, steps: list[str]) -> _TypedPlace:
    """The place behind the value `text` of `steps`, in its open brackets if it has any."""
    opened: list[int] = []
    token, is_key = "", False
    for letter in text:
        if letter in "[{":
            opened.append(len(steps))
            steps = [*steps, _ITEM] if letter == "[" else [*steps, ""]
            is_key = letter == "{"
        elif letter in "]}" and opened:
            steps, is_key = steps[: opened.pop()], False
        elif letter == "," and opened:
            is_list = steps[opened[-1]] == _ITEM
            steps, is_key = [*steps[: opened[-1]], _ITEM if is_list else ""], not is_list
        elif letter == ":" and is_key:
            steps, is_key = [*steps[:-1], token.strip(" \"'")], False
        token = "" if letter in "[{,]}:" else token + letter
    return _TypedPlace(tuple(steps[:-1] if is_key else steps), is_key or bool(opened and steps[-1] == _ITEM))


def _nodes(kind: str, steps: Iterable[str]) -> tuple[JsonSchema, ...]:
    """The parts of the schema of a kind to which a way leads."""
    root = _schema(kind)
    found = tuple(_plain(root, root))
    for step in steps:
        below = [under for each in found for under in _below(each, step)]
        found = tuple(plain for each in below for plain in _plain(root, each))
    return found


@cache
def _schema(kind: str) -> JsonSchema:
    return json_schema(kind)


def _below(node: JsonSchema, step: str) -> Iterator[JsonSchema]:
    """What stands under a key, or in a list."""
    if step == _ITEM:
        under = node.get("items")
    else:
        under = node.get("properties", {}).get(step, node.get("additionalProperties"))
    if isinstance(under, dict):
        yield under


def _plain(root: JsonSchema, node: JsonSchema) -> Iterator[JsonSchema]:
    """A part of the schema, and what its reference and its choices lead to."""
    yield node
    if "$ref" in node:
        yield from _plain(root, root["$defs"][node["$ref"].rpartition("/")[2]])
    for each in node.get("anyOf", ()):
        yield from _plain(root, each)


def _keys(nodes: Iterable[JsonSchema]) -> Iterator[RuleCompletion]:
    """The keys of mappings."""
    for node in nodes:
        for name, under in node.get("properties", {}).items():
            about = under.get("description", "") if isinstance(under, dict) else ""
            yield RuleCompletion(name, about, "property")


def _words(nodes: Iterable[JsonSchema]) -> Iterator[RuleCompletion]:
    """The words of closed lists."""
    for node in nodes:
        for word in node.get("enum", ()):
            if isinstance(word, str):
                yield RuleCompletion(word, "", "text")


def _ids(files: Mapping[str, bytes], text: str, name: str, nodes: Sequence[JsonSchema]) -> Iterator[RuleCompletion]:
    """The ids that the key `name` may have, where a word may stand."""
    if not any("pattern" in node for node in nodes):
        return
    if name in _OF_FILE:
        yield from (RuleCompletion(each, "of this file", "text") for each in _block(text, _OF_FILE[name]))
    if name not in _OF_CATALOG and name not in _OF_KIND:
        return
    for content in files.values():
        other = content.decode(errors="replace")
        kind, own = _KIND.search(other), _ID.search(other)
        if kind is not None and own is not None and kind[1] == _OF_KIND.get(name):
            yield RuleCompletion(own[1], "", "text")
        elif kind is not None and kind[1] == "catalog" and name in _OF_CATALOG:
            yield from (RuleCompletion(each, "of the catalog", "text") for each in _block(other, _OF_CATALOG[name]))


def _block(text: str, name: str) -> Iterator[str]:
    """The keys of a block at the top of a file."""
    found = re.search(rf"^{name}:[ ]*\n((?:[ ]+.*\n|[ ]*#.*\n|\n)*)", f"{text}\n", re.MULTILINE)
    if found:
        yield from (each.strip("\"'") for each in re.findall(r"^[ ]{2}([\w.$\"'-]+):", found[1], re.MULTILINE))
