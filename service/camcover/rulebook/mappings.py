"""Mappings of a rule file: those whose keys the file chooses, and those whose keys the language defines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from camcover.messages import Message, WordList, sentence
from camcover.rulebook.diagnostics import Severity, declare
from camcover.rulebook.hints import advice
from camcover.rulebook.nodes import Node, Scalar, Table
from camcover.rulebook.phrases import phrase
from camcover.rulebook.records import Place, Word
from camcover.rulebook.scalars import FAILED, Failed, JsonSchema
from camcover.rulebook.shapes import Context, Definitions, Shape, Values, misplaced

__all__ = ["EXPECTED", "Field", "MapOf", "Record", "Rest", "one_of", "some_of"]

UNKNOWN_KEY = declare(
    "unknown-key",
    Severity.ERROR,
    "A key has no meaning in this place.",
    "Correct the spelling, or remove the key.",
    in_editor=True,
)
IDLE_KEY = declare(
    "key-without-effect",
    Severity.ERROR,
    "A key has no effect, because another key of the same mapping replaces it. Its value would be lost.",
    "Remove one of the two keys.",
    in_editor=True,
)
MISSING_KEY = declare(
    "missing-key",
    Severity.ERROR,
    "A required key is missing. The language never assumes a value that is not written.",
    "Add the key.",
    in_editor=True,
)

_UNKNOWN = sentence("unknown-key-in", "key", "record")
_IDLE = sentence("key-without-effect-one", "record", "keys", "owner")
_SEVERAL_IDLE = sentence("key-without-effect-several", "record", "keys", "owner")
_REMOVE_ONE = sentence("key-without-effect-remove-one")
_MISSING = sentence("missing-key-of", "record", "key")
EXPECTED = sentence("missing-key-expected", "expected")
_MAPPING = sentence("expected-mapping", "key")
_RECORD = sentence("expected-record", "keys")


@dataclass(frozen=True, slots=True)
class MapOf(Shape):
    """A mapping from words to one shape; the value's decoder learns its key."""

    key: Shape
    value: Shape
    with_key: Callable[[Any, Any, Place], Any] = lambda _key, value, _at: value

    def decode(self, node: Node, context: Context) -> Any:
        """A dict in file order."""
        if not isinstance(node, Table):
            return misplaced(node, self.expected, context)
        values: dict[Any, Any] = {}
        has_failed = False
        for name, child in node.entries:
            key, value = self.key.decode(name, context), self.value.decode(child, context)
            has_failed |= key is FAILED or value is FAILED
            if key is not FAILED and value is not FAILED:
                values[key] = self.with_key(key, value, name.at)
        return FAILED if has_failed else values

    def schema(self, definitions: Definitions) -> JsonSchema:
        """An object whose keys are of the key's shape."""
        return {
            "type": "object",
            "propertyNames": self.key.schema(definitions),
            "additionalProperties": self.value.schema(definitions),
        }

    @property
    def expected(self) -> Message:
        """For example "a mapping"."""
        return _MAPPING(key=self.key.expected)


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a record; `default` is its value when it is not given."""

    key: str
    shape: Shape
    doc: str
    is_required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Rest:
    """Keys of a record that are words of the file itself: in a benefit, the plan's tiers."""

    kind: str
    shape: Shape


def some_of(*keys: str) -> JsonSchema:
    """The schema of a mapping with at least one of some keys."""
    return {"anyOf": [{"required": [key]} for key in keys]}


def one_of(*keys: str) -> JsonSchema:
    """The schema of a mapping with exactly one of some keys."""
    return {"oneOf": [{"required": [key]} for key in keys]}


@dataclass(frozen=True, slots=True)
class Record(Shape):
    """A mapping with known keys. `build` gets the values by key (the rest under "*"), the place and the context.

    `beside`: a key -> the keys that have no effect beside it. `also`: what `build` asks for, as JSON Schema.
    """

    name: str
    fields: tuple[Field, ...]
    build: Callable[[Values, Place, Context], Any]
    rest: Rest | None = None
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    also: JsonSchema = field(default_factory=dict)
    named: Message = field(init=False)
    _shapes: dict[str, Shape] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Name the record in messages: `record-limit` of "a limit". Find shapes by their keys."""
        name = re.sub(r"[^a-z]+", "-", self.name.removeprefix("an ").removeprefix("a "))
        object.__setattr__(self, "named", phrase(f"record-{name}"))
        object.__setattr__(self, "_shapes", {each.key: each.shape for each in self.fields})

    def decode(self, node: Node, context: Context) -> Any:
        """What `build` makes of the mapping; FAILED when any part of it failed."""
        if not isinstance(node, Table):
            return misplaced(node, self.expected, context)
        shapes = self._shapes
        values: Values = {}
        rest: dict[Word, Any] = {}
        for key, child in node.entries:
            if key.text in shapes:
                values[key.text] = shapes[key.text].decode(child, context)
            elif self.rest and key.text in context.words(self.rest.kind):
                rest[Word(key.text, key.at)] = self.rest.shape.decode(child, context)
            else:
                values[key.text] = self._unknown(key, context)
        self._refuse_idle(node, values, context)
        self._complete(values, node.at, context)
        if any(value is FAILED for value in (*values.values(), *rest.values())):
            return FAILED
        return self.build({**values, "*": rest}, node.at, context)

    def _unknown(self, key: Scalar, context: Context) -> Failed:
        """The fault of a key that does not belong here."""
        known = [field.key for field in self.fields]
        if self.rest:
            known += context.words(self.rest.kind)
        return context.fault(
            UNKNOWN_KEY.code, key.at, _UNKNOWN(key=key.text, record=self.named), advice(key.text, known)
        )

    def _refuse_idle(self, node: Table, values: Values, context: Context) -> None:
        """Keys that another key leaves without effect are faults."""
        for owner in self.beside.keys() & values.keys():
            idle = [key for key, _ in node.entries if key.text in self.beside[owner]]
            if idle:
                keys = WordList(tuple([f"'{key.text}'" for key in idle]))
                finding = (_IDLE if len(idle) == 1 else _SEVERAL_IDLE)(record=self.named, keys=keys, owner=owner)
                values[owner] = context.fault(IDLE_KEY.code, idle[0].at, finding, _REMOVE_ONE())

    def _complete(self, values: Values, at: Place, context: Context) -> None:
        """Fill in defaults; a required key that is not given is a fault."""
        for each in self.fields:
            if each.key in values:
                continue
            values[each.key] = each.default
            if each.is_required:
                finding = _MISSING(record=self.named, key=each.key)
                values[each.key] = context.fault(MISSING_KEY.code, at, finding, EXPECTED(expected=each.shape.expected))

    def schema(self, definitions: Definitions) -> JsonSchema:
        """A reference to the record's definition."""
        name = re.sub(r"[^a-z]+", "_", self.name)
        if name not in definitions:
            definitions[name] = {}
            definitions[name].update(self._own_schema(definitions))
        return {"$ref": f"#/$defs/{name}"}

    def _own_schema(self, definitions: Definitions) -> JsonSchema:
        """An object with its properties, closed unless it takes words of the file as keys."""
        properties = {each.key: {**each.shape.schema(definitions), "description": each.doc} for each in self.fields}
        others: JsonSchema | bool = self.rest.shape.schema(definitions) if self.rest else False
        return {
            "type": "object",
            "properties": properties,
            "required": [each.key for each in self.fields if each.is_required],
            "additionalProperties": others,
            **self.also,
            **self._idle_schema(),
        }

    def _idle_schema(self) -> JsonSchema:
        """No key that has no effect beside another."""
        refused = {owner: {"properties": dict.fromkeys(keys, False)} for owner, keys in self.beside.items()}
        return {"dependentSchemas": refused} if refused else {}

    @property
    def expected(self) -> Message:
        """For example "a mapping with the keys of an accumulator"."""
        return _RECORD(keys=", ".join(field.key for field in self.fields[:3]))
