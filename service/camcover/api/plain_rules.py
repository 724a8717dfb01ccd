"""Whether a message surely keeps the rules of its .proto, told from its fields that are set, without protovalidate.

What comes in: a message. What goes out: True where it surely keeps every rule, as most messages do. False says nothing:
then protovalidate is asked, which alone finds and reports what is wrong. A rule of a kind that is not known here, and
any rule of a message as a whole, is left to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from google.protobuf.message import Message

from camcover.gen.buf.validate import validate_pb2

__all__ = ["surely_valid"]

Test: TypeAlias = Callable[[Any], bool]
"""Whether a value surely keeps the rules of its field."""

_Rules: TypeAlias = Mapping[str, Any]
"""A block of rules, by name."""

_SIMPLE = re.compile(r"\^[A-Za-z0-9\[\]{}-]+\$")
"""Patterns that RE2 and Python read alike."""

_BLOCKS = {"string", "int32", "int64", "enum", "repeated"}
"""Blocks of rules that are known, each named like the type that it is for."""

_OF_TEXT = {"min_len", "max_len", "pattern", "in", "line", "lines"}
_OF_NUMBER = {"gte", "lte"}
_OF_LIST = {"min_items", "max_items"}
"""Rules that are known, by block."""

_MOST = 2**64
"""More than any number or length of a message."""


class _Tests(NamedTuple):
    """The tests of a kind of message by number of field, and the fields whose zero breaks a rule."""

    of_field: Mapping[int, Test]
    needed: frozenset[int]


def surely_valid(message: Message) -> bool:
    """Whether a message surely keeps the rules of its .proto."""
    tests = _tests_of(message.DESCRIPTOR)
    if tests is None:
        return False
    of_field, needed = tests
    missing = len(needed)
    for field, value in message.ListFields():
        number = field.number
        if not of_field[number](value):
            return False
        missing -= number in needed
    return missing == 0


@cache
def _tests_of(message: Any) -> _Tests | None:
    """The tests of the fields of a kind of message.

    None if they would not be enough: the message or a oneof has rules, or a field has rules of another kind.
    """
    options = [message.GetOptions(), *(each.GetOptions() for each in message.oneofs)]
    blocks = {field.number: _named(field.GetOptions().Extensions[validate_pb2.field]) for field in message.fields}
    ignored = {number for number, rules in blocks.items() if rules.pop("ignore", None)}
    if any(option.ListFields() for option in options) or any(rules.keys() - _BLOCKS for rules in blocks.values()):
        return None
    tests = {field.number: _test_of(field, blocks[field.number]) for field in message.fields}
    zeros = {
        field.number: () if field.is_repeated else field.default_value
        for field in message.fields
        if not field.has_presence and field.number not in ignored
    }
    return _Tests(tests, frozenset(number for number, zero in zeros.items() if not tests[number](zero)))


def _test_of(field: Any, rules: _Rules) -> Test:
    """The test of a field's value, of a list as a whole; `rules`: its blocks, of which it has one at the most."""
    if not field.is_repeated:
        return _test_of_one(field, rules)
    of_list = _named(rules["repeated"]) if "repeated" in rules else {}
    items = of_list.pop("items", None)
    of_item = _test_of_one(field, {} if items is None else _named(items))
    if of_list.keys() - _OF_LIST:
        return _never
    least, most = of_list.get("min_items", 0), of_list.get("max_items", _MOST)
    return lambda values: least <= len(values) <= most and all(map(of_item, values))


def _test_of_one(field: Any, rules: _Rules) -> Test:
    """The test of one value."""
    if not rules:
        return _always if field.message_type is None else surely_valid
    ((name, block),) = rules.items()
    of_type = _named(block) if name in _BLOCKS else {}
    if name == "enum" and of_type.keys() == {"defined_only"}:
        return frozenset(field.enum_type.values_by_number).__contains__
    if name in {"int32", "int64"} and of_type.keys() <= _OF_NUMBER:
        least, most = of_type.get("gte", -_MOST), of_type.get("lte", _MOST)
        return lambda number: least <= number <= most
    if name == "string" and of_type.keys() <= _OF_TEXT:
        return _test_of_text(of_type)
    return _never


def _test_of_text(rules: _Rules) -> Test:
    """The test of a text."""
    least, most = rules.get("min_len", 0), rules.get("max_len", _MOST)
    first, *others = _tests_of_text(rules) or (_always,)
    if others:
        return lambda text: least <= len(text) <= most and first(text) and all(test(text) for test in others)
    return lambda text: least <= len(text) <= most and first(text)


def _tests_of_text(rules: _Rules) -> list[Test]:
    """The tests of a text beside its length. Where all of it can be printed, `line` and `lines` refuse nothing."""
    found: list[Test] = []
    if rules.get("line") or rules.get("lines"):
        found.append(str.isprintable)
    if "in" in rules:
        found.append(frozenset(rules["in"]).__contains__)
    if "pattern" in rules:
        is_match = re.compile(rules["pattern"][1:-1], re.ASCII).fullmatch
        is_simple = _SIMPLE.fullmatch(rules["pattern"])
        found.append((lambda text: is_match(text) is not None) if is_simple else _never)
    return found


def _named(block: Message) -> dict[str, Any]:
    """A block of rules by name."""
    return {field.name: value for field, value in block.ListFields()}


def _always(_value: object) -> bool:
    return True


def _never(_value: object) -> bool:
    return False
