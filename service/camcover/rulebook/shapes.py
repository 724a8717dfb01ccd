"""Declarations of what a file may say: each shape decodes a node into a value, and describes itself as JSON Schema.

What comes in: positioned nodes. What goes out: records, and in the `Context` the faults found, the words defined and
the words referred to (the resolver settles those). A shape that fails reports one fault and gives `FAILED`; what
contains it fails silently, and everything else is still read, so that all of a file's faults show at once.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from camcover.rulebook.diagnostics import Diagnostic, Severity, declare, nearest
from camcover.rulebook.nodes import Listing, Node, Scalar, Table
from camcover.rulebook.records import Place, Word
from camcover.rulebook.scalars import FAILED, Failed, JsonSchema, ScalarType

__all__ = ["Choice", "Context", "Either", "Field", "ListOf", "MapOf", "Name", "Record", "Reference", "Shape", "Value"]

Values = dict[str, Any]
Definitions = dict[str, JsonSchema]


def _declare_values() -> None:
    """The codes of values that cannot be read."""
    for code, what, remedy in (
        ("invalid-amount", "an amount of money", "Write dollars with at most two decimals: $1500 or $30.50."),
        ("invalid-percentage", "a percentage", "Write a percentage with at most two decimals: 20% or 12.5%."),
        ("invalid-count", "a count", "Write the number with its unit: 12 visits, 4 units, 7 days."),
        ("invalid-date", "a date", "Write the date as year, month, day: 2026-01-31."),
        ("invalid-word", "one of a closed list of words", "Use one of the words listed."),
        ("invalid-id", "an id", "Use small letters, digits, - and _; begin with a letter."),
        ("unexpected-shape", "the shape that is expected here: a word, a list or a mapping", "Follow the example."),
    ):
        declare(code, Severity.ERROR, f"A value is not {what}.", remedy)


_declare_values()
UNKNOWN_KEY = declare(
    "unknown-key",
    Severity.ERROR,
    "A key that the language does not know at this place. An unquoted comma in an amount makes one, too.",
    "Correct the word; amounts have no thousands separator.",
)
MISSING_KEY = declare(
    "missing-key",
    Severity.ERROR,
    "A key that must stand here is missing: silence is never a rule.",
    "Add the key.",
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A word that must be defined somewhere: `kind` says what it names."""

    kind: str
    word: Word


@dataclass(slots=True)
class Context:
    """What is gathered while a file is decoded."""

    file: str
    faults: list[Diagnostic] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    defined: dict[str, dict[str, Word]] = field(default_factory=dict)
    is_illustrative: bool = False

    def fault(self, code: str, at: Place, message: str, hint: str = "") -> Failed:
        """Report an error; gives FAILED, for the caller to return."""
        self.faults.append(Diagnostic(code, Severity.ERROR, at, message, hint))
        return FAILED

    def define(self, kind: str, word: Word) -> None:
        """Enter a word that this file defines."""
        self.defined.setdefault(kind, {})[word] = word

    def words(self, kind: str) -> Iterable[str]:
        """The words of a kind that this file defines."""
        return self.defined.get(kind, {})


class Shape(ABC):
    """What may stand at one place of a file."""

    @abstractmethod
    def decode(self, node: Node, context: Context) -> Any:
        """The value of `node`, or FAILED with a fault in `context`."""

    @abstractmethod
    def schema(self, definitions: Definitions) -> JsonSchema:
        """The shape as JSON Schema; named records go to `definitions`."""

    @property
    @abstractmethod
    def expected(self) -> str:
        """Completes "expected ..."."""


def found(node: Node) -> str:
    """What stands there, for a message."""
    if isinstance(node, Scalar):
        return f"'{node.text}'" if node.text else "nothing"
    return "a list" if isinstance(node, Listing) else "a mapping"


def misplaced(node: Node, expected: str, context: Context) -> Failed:
    """The fault of a node of the wrong shape."""
    return context.fault("unexpected-shape", node.at, f"expected {expected}, found {found(node)}")


def _did_you_mean(word: str, words: Iterable[str]) -> str:
    """The nearest words as a hint, or all of them when they are few."""
    known = [str(each) for each in words]
    close = nearest(word, known)
    if close:
        return f"did you mean {' or '.join(f'{each!r}' for each in close[:2])}?"
    return f"expected one of {', '.join(known)}" if 0 < len(known) <= 16 else ""


@dataclass(frozen=True, slots=True)
class Value(Shape):
    """A scalar with a unit or a format."""

    kind: ScalarType

    def decode(self, node: Node, context: Context) -> Any:
        """The parsed value."""
        if not isinstance(node, Scalar) or not node.text:
            return misplaced(node, self.expected, context)
        value = self.kind.parse(node.text)
        if value is FAILED:
            return context.fault(self.kind.code, node.at, f"expected {self.expected}, found {found(node)}")
        return value

    def schema(self, definitions: Definitions) -> JsonSchema:
        """The scalar's own schema."""
        return dict(self.kind.schema)

    @property
    def expected(self) -> str:
        """The scalar's own words."""
        return self.kind.expected


@dataclass(frozen=True, slots=True)
class Name(Shape):
    """A word with a place: an id, a code, a reference. `refers` and `defines` name the kind of thing."""

    what: str
    pattern: str = r"[a-z][a-z0-9_-]*"
    refers: str | None = None
    defines: str | None = None
    none_word: str | None = None

    def decode(self, node: Node, context: Context) -> Any:
        """A Word; None for the word that says there is none."""
        if not isinstance(node, Scalar) or not node.text:
            return misplaced(node, self.expected, context)
        if node.text == self.none_word:
            return None
        if re.fullmatch(self.pattern, node.text) is None:
            return context.fault("invalid-id", node.at, f"expected {self.expected}, found {found(node)}")
        word = Word(node.text, node.at)
        if self.refers:
            context.references.append(Reference(self.refers, word))
        if self.defines:
            context.define(self.defines, word)
        return word

    def schema(self, definitions: Definitions) -> JsonSchema:
        """A string; codes made of digits may stand without quotes."""
        return {"type": ["string", "integer"], "pattern": f"^{self.pattern}$"}

    @property
    def expected(self) -> str:
        """For example "a therapy id"."""
        return self.what


@dataclass(frozen=True, slots=True)
class Choice(Shape):
    """One word of a closed vocabulary."""

    words: tuple[str, ...]
    build: Callable[[str], Any] | None = None

    def decode(self, node: Node, context: Context) -> Any:
        """The word as a Word, or what `build` makes of it."""
        if not isinstance(node, Scalar) or not node.text:
            return misplaced(node, self.expected, context)
        if node.text not in self.words:
            hint = _did_you_mean(node.text, self.words)
            return context.fault("invalid-word", node.at, f"expected {self.expected}, found {found(node)}", hint)
        return self.build(node.text) if self.build else Word(node.text, node.at)

    def schema(self, definitions: Definitions) -> JsonSchema:
        """An enumeration."""
        return {"enum": list(self.words)}

    @property
    def expected(self) -> str:
        """The words, when they are few."""
        if len(self.words) == 1:
            return f"'{self.words[0]}'"
        return f"one of {', '.join(self.words)}" if len(self.words) <= 16 else "a USPS state code"


def choice(kind: type[StrEnum]) -> Choice:
    """The shape of an enumeration."""
    return Choice(tuple(str(member) for member in kind), kind)


@dataclass(frozen=True, slots=True)
class ListOf(Shape):
    """A list of one shape, with at least `minimum` and at most 2,000 items."""

    item: Shape
    minimum: int = 1

    def decode(self, node: Node, context: Context) -> Any:
        """A tuple of the items' values."""
        if not isinstance(node, Listing) or len(node.items) < self.minimum:
            return misplaced(node, self.expected, context)
        values = [self.item.decode(item, context) for item in node.items]
        return FAILED if any(value is FAILED for value in values) else tuple(values)

    def schema(self, definitions: Definitions) -> JsonSchema:
        """An array."""
        return {"type": "array", "items": self.item.schema(definitions), "minItems": self.minimum}

    @property
    def expected(self) -> str:
        """For example "a list of therapy ids"."""
        return f"a list, each item {self.item.expected}"


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
        """An object with any keys."""
        return {"type": "object", "additionalProperties": self.value.schema(definitions)}

    @property
    def expected(self) -> str:
        """For example "a mapping"."""
        return f"a mapping, each key {self.key.expected}"


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


@dataclass(frozen=True, slots=True)
class Record(Shape):
    """A mapping with known keys. `build` gets the values by key (the rest under "*"), the place and the context."""

    name: str
    fields: tuple[Field, ...]
    build: Callable[[Values, Place, Context], Any]
    rest: Rest | None = None

    def decode(self, node: Node, context: Context) -> Any:
        """What `build` makes of the mapping; FAILED when any part of it failed."""
        if not isinstance(node, Table):
            return misplaced(node, self.expected, context)
        shapes = {field.key: field.shape for field in self.fields}
        values: Values = {}
        rest: dict[Word, Any] = {}
        for key, child in node.entries:
            if key.text in shapes:
                values[key.text] = shapes[key.text].decode(child, context)
            elif self.rest and key.text in context.words(self.rest.kind):
                rest[Word(key.text, key.at)] = self.rest.shape.decode(child, context)
            else:
                values[key.text] = self._unknown(key, context)
        self._complete(values, node.at, context)
        if any(value is FAILED for value in (*values.values(), *rest.values())):
            return FAILED
        return self.build({**values, "*": rest}, node.at, context)

    def _unknown(self, key: Scalar, context: Context) -> Failed:
        """The fault of a key that does not belong here."""
        known = [field.key for field in self.fields]
        if self.rest:
            known += context.words(self.rest.kind)
        hint = _did_you_mean(key.text, known)
        return context.fault("unknown-key", key.at, f"unknown key '{key.text}' in {self.name}", hint)

    def _complete(self, values: Values, at: Place, context: Context) -> None:
        """Fill in defaults; a required key that is not given is a fault."""
        for each in self.fields:
            if each.key in values:
                continue
            values[each.key] = each.default
            if each.is_required:
                message = f"{self.name} has no '{each.key}'"
                values[each.key] = context.fault("missing-key", at, message, f"expected {each.shape.expected}")

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
        }

    @property
    def expected(self) -> str:
        """For example "a mapping with the keys of an accumulator"."""
        return f"a mapping with keys such as {', '.join(field.key for field in self.fields[:3])}"


@dataclass(frozen=True, slots=True)
class Either(Shape):
    """A different shape for each kind of node: a word, a list or a mapping."""

    words: str
    scalar: Shape | None = None
    listing: Shape | None = None
    table: Shape | None = None

    def decode(self, node: Node, context: Context) -> Any:
        """What the shape for this kind of node gives."""
        by_node = {Scalar: self.scalar, Listing: self.listing, Table: self.table}
        shape = by_node[type(node)]
        is_empty = isinstance(node, Scalar) and not node.text
        return misplaced(node, self.words, context) if shape is None or is_empty else shape.decode(node, context)

    def schema(self, definitions: Definitions) -> JsonSchema:
        """Any of the shapes."""
        shapes = [shape for shape in (self.scalar, self.listing, self.table) if shape]
        return {"anyOf": [shape.schema(definitions) for shape in shapes]}

    @property
    def expected(self) -> str:
        """As declared."""
        return self.words
