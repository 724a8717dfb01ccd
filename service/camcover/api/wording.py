"""The rules of the .proto in words: what a message holds, and what its field expects.

What comes in: a violation as protovalidate found it. What goes out: a `Violation` of ours. The words come from the kind
of the rule and its bounds, which stand in the .proto; of a regular expression only its meaning is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from google.protobuf.message import Message
from protovalidate import Violation as Found

from camcover.engine import Violation
from camcover.engine.asking.words import (
    A_TAX_NUMBER,
    AN_NPI,
    counted,
    listed,
    out_of_range,
    repeated,
    shown,
    unknown_word,
    with_modifiers,
)
from camcover.gen.buf.validate import validate_pb2
from camcover.gen.camcover.v1 import text_pb2
from camcover.refusals import Refusal
from camcover.request_bounds import Bound

__all__ = ["FORMS", "worded"]

Described: TypeAlias = Any
"""A descriptor of a message or a field, of which protobuf has two classes."""

FORMS = {
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": ("a date such as 2026-01-31", Refusal.INVALID_DATE),
    "^[A-Z]{2}$": ("the USPS code of a state such as WA", Refusal.INVALID_TEXT),
    "^[0-9A-Z]{2}$": ("a modifier of two capital letters or digits such as AT", Refusal.INVALID_TEXT),
    "^[0-9]{10}$": (AN_NPI, Refusal.INVALID_TEXT),
    "^[0-9]{2}-[0-9]{7}$": (A_TAX_NUMBER, Refusal.INVALID_TEXT),
    "^[0-9]{2}$": ("a place-of-service code of two digits such as 11", Refusal.INVALID_TEXT),
    "^[0-9A-Z]{9}X$": ("a taxonomy code of ten characters such as 111N00000X", Refusal.INVALID_TEXT),
    "^[A-Z0-9]{5}$": ("a code of five capital letters and digits such as 97810", Refusal.INVALID_TEXT),
    "^estimates/[0-9a-f-]{1,64}$": ("the `name` of an estimate, which begins with estimates/", Refusal.INVALID_TEXT),
    "^drafts/[0-9a-f]{16}$": ("the id of a draft, such as drafts/0123456789abcdef", Refusal.INVALID_TEXT),
    "^[0-9a-f]{64}$": ("a SHA-256 of 64 hexadecimal digits", Refusal.INVALID_TEXT),
    r"^([^/\\.\x00][^/\\\x00]*/)*[^/\\.\x00][^/\\\x00]*\.ya?ml$": (
        "a path below the rules folder that ends in .yaml or .yml and has no part that begins with a dot",
        Refusal.INVALID_TEXT,
    ),
}
"""The meaning of each regular expression of the .proto, and the kind of refusal for a text that breaks it."""

_WORDS = {
    "setting": Refusal.UNKNOWN_SETTING,
    "settings": Refusal.UNKNOWN_SETTING,
    "attestations": Refusal.UNKNOWN_ATTESTATION,
    "role": Refusal.UNKNOWN_MEMBER_ROLE,
    "status": Refusal.UNKNOWN_MEMBER_STATUS,
}
"""The kinds of refusal of words that the .proto lists, by field."""

_CLASS = re.compile(r"matches\(r'(\[[^']+\])'\)")
_FOUR_DIGITS = re.compile(r"\\x\{([0-9A-Fa-f]{4})\}")


def _unwanted() -> dict[str, re.Pattern[str]]:
    """What the rules of protos/camcover/v1/text.proto refuse, by the rule's id, so that the first of it is named.

    Read from their expressions, in which a character of four digits is written in another way than Python's.
    """
    extensions: Sequence[Described] = list(text_pb2.DESCRIPTOR.extensions_by_name.values())
    rules = [rule for each in extensions for rule in each.GetOptions().Extensions[validate_pb2.predefined].cel]
    classes = {rule.id: _CLASS.search(rule.expression) for rule in rules}
    return {name: re.compile(_FOUR_DIGITS.sub(r"\\u\1", found[1])) for name, found in classes.items() if found}


_UNWANTED = _unwanted()

_OURS = "[camcover."
"""With what the name of a rule of protos/camcover/v1/text.proto begins in a violation."""

_NUMBERS = {"gte", "lte"}
_LENGTHS = {"min_len", "max_len", "min_bytes", "max_bytes", "min_items", "max_items"}

_LONGEST_MEANT = 20
"""A text is shorter than this if a refusal may suggest it in capital letters."""


def worded(message: Message, found: Found) -> Violation:
    """What protovalidate found in `message`, in our words."""
    path, elements = _path(found), _elements(found.proto.field)
    rules = [str(each.field_name) for each in _elements(found.proto.rule)]
    rule = rules[-1] if rules else found.proto.rule_id
    if found.proto.rule_id in _UNWANTED:
        return _control_character(path, found.field_value, _UNWANTED[found.proto.rule_id])
    descriptor, field = _field_of(message.DESCRIPTOR, elements) if elements else (message.DESCRIPTOR, None)
    if elements and field is None:
        return _no_choice(path, descriptor, elements)
    if field is None or not rules or rule == "cel" or rule.startswith(_OURS):
        return _expression(path, found.field_value if elements else message, found.proto.message)
    if rule in _NUMBERS:
        return _number(path, found.field_value, _bounds(field, rules))
    if rule in _LENGTHS:
        return _counted(path, found.field_value, _bounds(field, rules))
    return _of_value(path, rule, found, field)


def _control_character(path: str, text: str, unwanted: re.Pattern[str]) -> Violation:
    """The violation for a control character, with the character and its position from 1."""
    first = unwanted.search(text)
    where = f" (U+{ord(first[0]):04X}) at position {first.start() + 1}" if first else ""
    found = f"{shown(text)} with a control character{where}"
    return Violation(path, found, "text without control characters", Refusal.CONTROL_CHARACTER)


def _expression(path: str, value: Any, expected: str) -> Violation:
    """The violation of a rule whose message in the .proto says what is expected."""
    kind = Refusal.CONTRADICTORY_STATEMENTS if isinstance(value, Message) else Refusal.INVALID_TEXT
    return Violation(path, _given(value), expected.removeprefix("expected "), kind)


def _of_value(path: str, rule: str, found: Found, field: Described) -> Violation:
    """Rules that look at a value as a whole."""
    match rule:
        case "pattern":
            return _form(path, found.field_value, found.rule_value)
        case "in":
            words = [str(word) for word in found.rule_value if word != ""]
            return unknown_word(path, _WORDS.get(field.name, Refusal.UNKNOWN_VALUE), str(found.field_value), words)
        case "defined_only":
            names = [f"{each.name} ({each.number})" for each in field.enum_type.values]
            return Violation(path, f"value {found.field_value}", listed(names, "value"), Refusal.UNKNOWN_VALUE)
        case "unique":
            return repeated(path, _twice(found.field_value))
        case "required":
            return Violation(path, "nothing", f"a value for {field.name}", Refusal.MISSING_VALUE)
    return Violation(path, shown(found.field_value), "a value that docs/api.md allows", Refusal.INVALID_TEXT)


def _form(path: str, value: str, pattern: str) -> Violation:
    """The violation for a text that does not match a regular expression."""
    expected, kind = FORMS.get(pattern, ("text in the form that docs/api.md gives", Refusal.INVALID_TEXT))
    joined = with_modifiers(value) if pattern == "^[A-Z0-9]{5}$" else ""
    if joined:
        return Violation(path, shown(value), joined, kind)
    upper = value.strip().upper()
    nearest = (upper,) if len(value) < _LONGEST_MEANT and re.fullmatch(pattern, upper) else ()
    return Violation(path, shown(value), expected, kind, nearest=nearest)


def _number(path: str, value: int, bounds: dict[str, Any]) -> Violation:
    """The violation for a number out of its bounds, whichever of them it breaks."""
    low, high = bounds.get("gte"), bounds.get("lte")
    if low is not None and high is not None:
        return out_of_range(path, value, Bound(low, high))
    expected = f"at least {low}" if low is not None else f"at most {high}"
    return Violation(path, counted(path, value), expected, Refusal.NUMBER_OUT_OF_RANGE)


def _counted(path: str, value: Any, bounds: dict[str, Any]) -> Violation:
    """The violation for a text or a list that is too short or too long."""
    is_text = isinstance(value, str | bytes)
    thing = "entries" if not is_text else "characters" if isinstance(value, str) else "bytes"
    ends = [[each for name, each in bounds.items() if name.startswith(end)] for end in ("min_", "max_")]
    low, high = (min(each, default=None) for each in ends)
    expected = (
        f"{low} to {high} {thing}" if low and high else f"at most {high} {thing}" if high else f"at least {low} {thing}"
    )
    if not value:
        return Violation(path, "nothing", expected, Refusal.MISSING_VALUE)
    kind = Refusal.TEXT_LENGTH_OUT_OF_RANGE if is_text else Refusal.COUNT_OUT_OF_RANGE
    return Violation(path, f"{len(value)} {thing}", expected, kind)


def _no_choice(path: str, descriptor: Described, elements: Sequence[Any]) -> Violation:
    """The violation for a oneof of which nothing is given."""
    oneof = descriptor.oneofs_by_name[elements[-1].field_name]
    names = [each.name for each in oneof.fields]
    return Violation(path, "nothing", listed(names, "field"), Refusal.MISSING_VALUE)


def _given(value: Any) -> str:
    """The fields that a message has, or a value itself."""
    if not isinstance(value, Message):
        return shown(value)
    names = [field.name for field, _ in value.ListFields()]
    return " and ".join(names) if names else "nothing"


def _twice(values: Sequence[Any]) -> Any:
    """The first value of a list that stands there before."""
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return values


def _bounds(field: Described, rules: Sequence[str]) -> dict[str, Any]:
    """The bounds beside a rule: of all rules in the same block, those that are set."""
    block: Any = field.GetOptions().Extensions[validate_pb2.field]
    for name in rules[:-1]:
        block = getattr(block, name)
    return {each.name: value for each, value in block.ListFields()}


def _field_of(descriptor: Described, elements: Sequence[Any]) -> tuple[Described, Described | None]:
    """The message that holds the field of a path, and the field; None where the path ends at a oneof."""
    for element in elements[:-1]:
        descriptor = descriptor.fields_by_name[element.field_name].message_type
    return descriptor, descriptor.fields_by_name.get(elements[-1].field_name)


def _elements(path: Any) -> Sequence[Any]:
    """The elements of a path; none of what has no path."""
    return getattr(path, "elements", ())


def _path(found: Found) -> str:
    """`items[0].procedures[1].code`."""
    path = ""
    for element in _elements(found.proto.field):
        path += f".{element.field_name}" if path else element.field_name
        subscript = element.subscript
        if subscript is not None and subscript.field == "index":
            path += f"[{subscript.value}]"
    return path
