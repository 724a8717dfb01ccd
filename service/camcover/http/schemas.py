"""Messages of the .proto as JSON Schema, with their comments and the bounds that validation enforces.

The schemas describe the JSON that the service reads and writes. In a message that only answers hold, every field is
required that is always written; in one of a request, what may not be left out, and no field beyond.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, OneofDescriptor

from camcover.gen.buf.validate import validate_pb2
from camcover.gen.camcover.v1 import text_pb2

__all__ = ["Schema", "Schemas", "comment_on", "described", "field_schema", "needs_value"]

Schema: TypeAlias = dict[str, Any]

_PACKAGE = "camcover.v1."

_WELL_KNOWN: Mapping[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string"},
    "google.protobuf.Any": {"type": "object", "properties": {"@type": {"type": "string"}}, "required": ["@type"]},
}

_SCALARS: Mapping[int, Schema] = {
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_INT64: {"type": "integer", "format": "int64"},
}
"""The types that the contract uses; another is a KeyError, so that it is not forgotten here."""

_KEYWORDS = {
    "min_len": "minLength",
    "max_len": "maxLength",
    "pattern": "pattern",
    "gte": "minimum",
    "lte": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
    "min_items": "minItems",
    "max_items": "maxItems",
    "unique": "uniqueItems",
}
"""Rules of validation that JSON Schema has a word for."""


@cache
def _comments() -> Mapping[str, str]:
    """The comments of the .proto files by the full name of what they are about."""
    found: dict[str, str] = json.loads(files("camcover.gen").joinpath("comments.json").read_text(encoding="utf-8"))
    return found


def comment_on(full_name: str) -> str:
    """The comment on a service, method, message, field, enumeration or value; empty where there is none."""
    return _comments().get(full_name, "")


def described(schema: Schema, *texts: str) -> Schema:
    """A schema with a description, where there is one."""
    text = " ".join(filter(None, texts))
    return schema | {"description": text} if text else schema


class Schemas:
    """The schemas of all messages that some methods read and write, by name."""

    def __init__(self, asked: Iterable[Descriptor], answered: Iterable[Descriptor]) -> None:
        """Gather the messages of requests and of answers, and all that they hold."""
        requests, answers = _held_by(asked), _held_by(answered)
        self._of_requests, self._of_both = set(requests), set(requests) & set(answers)
        self._messages = requests | answers

    def all(self) -> dict[str, Schema]:
        """Every schema, in order of names."""
        enums = {each.enum_type.full_name: each.enum_type for each in self._fields() if each.enum_type is not None}
        found = {_short(name): self._message(each) for name, each in self._messages.items()}
        found |= {_short(name): _enum(each) for name, each in enums.items()}
        return dict(sorted(found.items()))

    def _fields(self) -> Iterator[FieldDescriptor]:
        for message in self._messages.values():
            yield from message.fields

    def _message(self, message: Descriptor) -> Schema:
        """One message as an object."""
        is_asked = message.full_name in self._of_requests
        properties = {each.name: field_schema(each) for each in message.fields}
        required = [each.name for each in message.fields if (needs_value(each) if is_asked else not each.has_presence)]
        groups = [each for each in message.oneofs if len(each.fields) > 1]
        schema: Schema = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        if is_asked and message.full_name not in self._of_both:
            schema["additionalProperties"] = False
        extensions: Any = message.GetOptions().Extensions  # as of fields
        words = [f"It holds {each.message}." for each in extensions[validate_pb2.message].cel]
        return described(schema, comment_on(message.full_name), *map(_choice, groups), *words)


def _held_by(messages: Iterable[Descriptor]) -> dict[str, Descriptor]:
    """Messages with all that their fields hold, by full name."""
    found: dict[str, Descriptor] = {}
    waiting = list(messages)
    while waiting:
        message = waiting.pop()
        if message.full_name in found or message.full_name in _WELL_KNOWN:
            continue
        found[message.full_name] = message
        waiting += [each.message_type for each in message.fields if each.message_type is not None]
    return found


def _choice(group: OneofDescriptor) -> str:
    """What a group of fields says of them."""
    extensions: Any = group.GetOptions().Extensions  # as of fields
    most = "One" if extensions[validate_pb2.oneof].required else "At most one"
    return f"{most} of {', '.join(f'`{each.name}`' for each in group.fields)} is given."


def _short(full_name: str) -> str:
    """The name of a schema: our own without the package."""
    return full_name.removeprefix(_PACKAGE)


def _enum(enum: EnumDescriptor) -> Schema:
    """An enumeration by the names of its values."""
    # A value's full name stands beside its enumeration, not below it.
    beside = enum.full_name.rpartition(".")[0]
    meanings = [(each.name, comment_on(f"{beside}.{each.name}")) for each in enum.values]
    listed = " ".join(f"`{name}`: {meaning}" for name, meaning in meanings if meaning)
    return described({"type": "string", "enum": [name for name, _ in meanings]}, comment_on(enum.full_name), listed)


def field_schema(field: FieldDescriptor) -> Schema:
    """A field with its bounds and its comment."""
    rules = _rules(field)
    bounds, words = _bounds(rules) if rules is not None else ({}, [])
    if field.is_repeated:
        each, _ = _bounds(rules.repeated.items) if rules is not None else ({}, [])
        schema = {"type": "array", "items": _value(field) | each} | bounds
    else:
        schema = _value(field) | bounds
    return described(schema, comment_on(field.full_name), *words)


def needs_value(field: FieldDescriptor) -> bool:
    """Whether a request may not leave the field out: what it then holds breaks a rule."""
    rules = _rules(field)
    if rules is None:
        return False
    if rules.required:
        return True
    if field.has_presence or rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE:
        return False
    bounds, _ = _bounds(rules)
    return bool(bounds.get("minLength") or bounds.get("minItems") or bounds.get("minimum", 0) > 0)


def _value(field: FieldDescriptor) -> Schema:
    """One value of a field."""
    if field.message_type is not None:
        name = field.message_type.full_name
        return dict(_WELL_KNOWN.get(name) or {"$ref": f"#/components/schemas/{_short(name)}"})
    if field.enum_type is not None:
        return {"$ref": f"#/components/schemas/{_short(field.enum_type.full_name)}"}
    return dict(_SCALARS[field.type])


def _rules(field: FieldDescriptor) -> Any:
    """The rules of validation of a field; None where there are none that are enforced here."""
    extensions: Any = field.GetOptions().Extensions  # the types of protobuf do not take an extension of another file
    rules = extensions[validate_pb2.field]
    return None if rules.ignore == validate_pb2.IGNORE_ALWAYS else rules


def _bounds(rules: Any) -> tuple[Schema, list[str]]:
    """The bounds that a block of rules states: keywords, and in words what there is no keyword for."""
    bounds: Schema = {}
    words: list[str] = []
    if rules.ignore == validate_pb2.IGNORE_ALWAYS:
        return bounds, words
    for kind, block in rules.ListFields():
        if kind.message_type is None or kind.is_repeated:
            continue
        for rule, value in block.ListFields():
            if rule.name in _KEYWORDS:
                bounds[_KEYWORDS[rule.name]] = value
            elif rule.name == "in":
                bounds["enum"] = list(value)
            elif rule == text_pb2.release_id:
                words += [f"It is {each.message}." for each in _predefined(rule)]
    if rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE:
        bounds = _or_empty(bounds)
    return bounds, words


def _predefined(rule: Any) -> Iterable[Any]:
    """What a rule of the contract's own demands."""
    found: Iterable[Any] = rule.GetOptions().Extensions[validate_pb2.predefined].cel
    return found


def _or_empty(bounds: Schema) -> Schema:
    """Bounds that a value keeps, or else it is empty or zero, which stands for none."""
    kept = {name: value for name, value in bounds.items() if name not in {"minLength", "minimum", "exclusiveMinimum"}}
    if "pattern" in kept:
        kept["pattern"] = f"^$|{kept['pattern']}"
    if "enum" in kept and "" not in kept["enum"]:
        kept["enum"] = ["", *kept["enum"]]
    return kept
