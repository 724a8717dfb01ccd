"""Declarations of what a file may contain. Each shape decodes a node, and describes itself as JSON Schema.

What comes in: nodes with positions. What goes out: records; and in the `Context` the faults, the defined words and the
referenced words (the resolver compares those). A shape that fails reports one fault and gives `FAILED`. A shape that
contains it then fails without a fault of its own. Everything else is still read, so that one run shows all faults of a
file.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from camcover.messages import Message, sentence
from camcover.rulebook.diagnostics import Diagnostic, Severity, declare, folded
from camcover.rulebook.hints import WRITE, meant, without_modifiers
from camcover.rulebook.nodes import Listing, Node, Scalar, Table
from camcover.rulebook.records import Place, Word
from camcover.rulebook.scalars import FAILED, Failed, JsonSchema, ScalarType

__all__ = ["Choice", "Context", "Either", "ListOf", "Name", "Reference", "Shape", "Value"]

ID = r"[a-z][a-z0-9_-]*"
"""How ids inside a file are written."""

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
        ("unexpected-shape", "the word, list or mapping that is expected here", "Follow the example in the message."),
    ):
        declare(code, Severity.ERROR, f"A value is not {what}.", remedy, in_editor=True)


_declare_values()


@dataclass(frozen=True, slots=True)
class Reference:
    """A word that must be defined somewhere; `kind` is the kind of thing that it names."""

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

    def fault(self, code: str, at: Place, finding: Message, advice: Message | None = None) -> Failed:
        """Report an error; gives FAILED, for the caller to return."""
        self.faults.append(Diagnostic(code, Severity.ERROR, at, finding, advice))
        return FAILED

    def warn(self, code: str, at: Place, finding: Message, advice: Message) -> None:
        """Report a warning."""
        self.faults.append(Diagnostic(code, Severity.WARNING, at, finding, advice))

    def define(self, kind: str, word: Word) -> None:
        """Enter a word that this file defines."""
        self.defined.setdefault(kind, {})[word] = word

    def words(self, kind: str) -> Iterable[str]:
        """The words of a kind that this file defines."""
        return self.defined.get(kind, {})


_FOUND = sentence("found-word", "found", "expected")
_FOUND_NOTHING = sentence("found-nothing", "expected")
_FOUND_LIST = sentence("found-list", "expected")
_FOUND_MAPPING = sentence("found-mapping", "expected")
_WITHOUT_MODIFIERS = sentence("invalid-id-without-modifiers", "code", "modifiers")
_ONE_WORD = sentence("expected-one-word", "word")
_ONE_OF_WORDS = sentence("expected-one-of-words", "words")
_LIST = sentence("expected-list", "item")

_SLIP = 0.8
"""How near a word must be where other things than words may stand: near enough for a slip of the pen."""


class Shape(ABC):
    """The declaration of what one place of a file may contain."""

    @abstractmethod
    def decode(self, node: Node, context: Context) -> Any:
        """The value of `node`, or FAILED with a fault in `context`."""

    @abstractmethod
    def schema(self, definitions: Definitions) -> JsonSchema:
        """The shape as JSON Schema; named records go to `definitions`."""

    @property
    @abstractmethod
    def expected(self) -> Message:
        """Completes "expected ..."."""


def found_instead(node: Node, expected: Message) -> Message:
    """What the node's content is, and what was expected."""
    if isinstance(node, Scalar):
        return _FOUND(found=node.text, expected=expected) if node.text else _FOUND_NOTHING(expected=expected)
    return (_FOUND_LIST if isinstance(node, Listing) else _FOUND_MAPPING)(expected=expected)


def misplaced(node: Node, expected: Message, context: Context) -> Failed:
    """The fault of a node of the wrong shape."""
    return context.fault("unexpected-shape", node.at, found_instead(node, expected))


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
            whole = re.sub(r"(?<=[0-9]),(?=[0-9]{3})", "", node.text)
            advice = WRITE(value=whole) if whole != node.text and self.kind.parse(whole) is not FAILED else None
            return context.fault(self.kind.code, node.at, found_instead(node, self.expected), advice)
        return value

    def schema(self, definitions: Definitions) -> JsonSchema:
        """The scalar's own schema."""
        return dict(self.kind.schema)

    @property
    def expected(self) -> Message:
        """The scalar's own words."""
        return self.kind.expected


@dataclass(frozen=True, slots=True)
class Name(Shape):
    """A word with a place: an id, a code, a reference. `refers` and `defines` name the kind of thing.

    Whether a reference by id is written well is left to whoever looks it up, and then knows what was meant.
    """

    what: Message
    pattern: str = ID
    refers: str | None = None
    defines: str | None = None
    none_word: str | None = None

    def decode(self, node: Node, context: Context) -> Any:
        """A Word; None for the word that says there is none."""
        if not isinstance(node, Scalar) or not node.text:
            return misplaced(node, self.expected, context)
        if node.text == self.none_word:
            return None
        is_looked_up = self.refers is not None and self.pattern == ID
        if not is_looked_up and re.fullmatch(self.pattern, node.text) is None:
            finding = found_instead(node, self.expected)
            return context.fault("invalid-id", node.at, finding, self._well_written(node.text))
        word = Word(node.text, node.at)
        if self.refers:
            context.references.append(Reference(self.refers, word))
        if self.defines:
            context.define(self.defines, word)
        return word

    def _well_written(self, text: str) -> Message | None:
        """The word as an id, where only its case or the marks between its parts are wrong; a code without modifiers."""
        joined = without_modifiers(text) if re.fullmatch(self.pattern, "97810") else None
        if joined:
            words = ", ".join(f'"{each}"' for each in joined[1])
            return _WITHOUT_MODIFIERS(code=joined[0], modifiers=words)
        return meant(text, filter(re.compile(self.pattern).fullmatch, [folded(text)]), cutoff=1)

    def schema(self, definitions: Definitions) -> JsonSchema:
        """A string; codes made of digits may stand without quotes."""
        return {"type": ["string", "integer"], "pattern": f"^{self.pattern}$"}

    @property
    def expected(self) -> Message:
        """For example "a therapy id"."""
        return self.what


@dataclass(frozen=True, slots=True)
class Choice(Shape):
    """One word of a closed vocabulary.

    `called` is what its words are, where they are too many for a message; `note` helps whoever wrote another word.
    """

    words: tuple[str, ...]
    build: Callable[[str], Any] | None = None
    called: Message | None = None
    note: Message | None = None

    def decode(self, node: Node, context: Context) -> Any:
        """The word as a Word, or what `build` makes of it."""
        return self.decode_as(node, context, self.expected)

    def decode_as(self, node: Node, context: Context, expected: Message, cutoff: float = 0.6) -> Any:
        """Decode, where more than these words is allowed: `expected` says what, `cutoff` how near a word must be."""
        if not isinstance(node, Scalar) or not node.text:
            return misplaced(node, expected, context)
        if node.text not in self.words:
            advice = meant(node.text, self.words, cutoff=cutoff) or self.note
            return context.fault("invalid-word", node.at, found_instead(node, expected), advice)
        return self.build(node.text) if self.build else Word(node.text, node.at)

    def schema(self, definitions: Definitions) -> JsonSchema:
        """An enumeration."""
        return {"enum": list(self.words)}

    @property
    def expected(self) -> Message:
        """The words, when they are few."""
        if len(self.words) == 1:
            return _ONE_WORD(word=self.words[0])
        return self.called or _ONE_OF_WORDS(words=", ".join(self.words))


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
    def expected(self) -> Message:
        """For example "a list of therapy ids"."""
        return _LIST(item=self.item.expected)


@dataclass(frozen=True, slots=True)
class Either(Shape):
    """A different shape for each kind of node: a word, a list or a mapping."""

    words: Message
    scalar: Shape | None = None
    listing: Shape | None = None
    table: Shape | None = None

    def decode(self, node: Node, context: Context) -> Any:
        """What the shape for this kind of node gives."""
        by_node = {Scalar: self.scalar, Listing: self.listing, Table: self.table}
        shape = by_node[type(node)]
        is_empty = isinstance(node, Scalar) and not node.text
        if isinstance(shape, Choice):
            return shape.decode_as(node, context, self.words, cutoff=_SLIP)
        return misplaced(node, self.words, context) if shape is None or is_empty else shape.decode(node, context)

    def schema(self, definitions: Definitions) -> JsonSchema:
        """Any of the shapes."""
        shapes = [shape for shape in (self.scalar, self.listing, self.table) if shape]
        return {"anyOf": [shape.schema(definitions) for shape in shapes]}

    @property
    def expected(self) -> Message:
        """As declared."""
        return self.words
