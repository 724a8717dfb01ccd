"""Bytes of a rule file -> nodes with positions; every scalar is still the text in the file.

What comes in: one YAML document. What goes out: `Scalar`, `Listing` and `Table` nodes, or diagnostics. YAML is read as
events, so that nothing is resolved (`NO`, `1.10` and `12:30` stay as written). Depth is checked before anything
recurses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from camcover.messages import Argument, Message, sentence
from camcover.rulebook.diagnostics import Diagnostic, Severity, declare
from camcover.rulebook.records import Place

__all__ = [
    "BYTE_ORDER_MARK",
    "LOADER",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_VALUES",
    "Listing",
    "Node",
    "Scalar",
    "Table",
    "is_too_large",
    "parse",
    "too_large",
]

MAX_BYTES = 1 << 20
"""The largest rule file, bytes of UTF-8."""

MAX_DEPTH = 20
"""How deep lists and mappings may nest; the language itself needs nine."""

MAX_VALUES = 200_000
"""How many words, lists and mappings a file may hold: more than a fee schedule of 1 MiB has, written as the standard
layout writes it; a megabyte of commas is five times that, and takes as much longer."""

_BRACKETS = {"while parsing a flow sequence": "[]", "while parsing a flow mapping": "{}"}
_THOUSANDS = re.compile(r"\$[0-9]{1,3}(,[0-9]{3})*")
_REST_OF_AMOUNT = re.compile(r"[0-9]{3}(?![0-9]).*")

BYTE_ORDER_MARK = "\ufeff"
"""What some editors put before a text; a reader takes it off, what is kept of the text keeps it."""

LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Reads YAML without resolving anything, in C where PyYAML was built with it."""

SYNTAX = declare(
    "syntax",
    Severity.ERROR,
    "The file is not one well-formed YAML document.",
    "Check the indentation, quotes, colons and brackets at the place shown and just before it.",
)
TOO_LARGE = declare(
    "too-large",
    Severity.ERROR,
    f"The file is larger than 1 MiB, nests deeper than {MAX_DEPTH} levels, or holds more than {MAX_VALUES:,} words, "
    "lists and mappings.",
    "Split the file. Each benefit plan, policy and fee schedule has its own file.",
)
DUPLICATE_KEY = declare(
    "duplicate-key",
    Severity.ERROR,
    "A mapping has the same key twice. One of the two values would be lost silently.",
    "Keep one of the two.",
)
ALIAS = declare(
    "alias-refused",
    Severity.ERROR,
    "The file uses a YAML anchor (`&name`), an alias (`*name`) or a merge key (`<<`). The language allows none of "
    "them, because a line would not show the whole value.",
    "Write the value out in each place.",
)
TAG = declare(
    "tag-refused",
    Severity.ERROR,
    "The file uses a YAML tag (`!name` or `!!name`). The language has no tags.",
    "Remove the tag.",
)

_LARGER = sentence("too-large-bytes")
_MORE_VALUES = sentence("too-large-values", "most")
_NESTED_DEEPER = sentence("too-large-nested", "most")
_SPLIT = sentence("too-large-split")
_YAML_SAYS = sentence("syntax-of-yaml", "problem")
_YAML_SAYS_WHILE = sentence("syntax-of-yaml-while", "problem", "context")
_NOT_WELL_FORMED = sentence("syntax-not-well-formed")
_TAB = sentence("syntax-tab")
_USE_SPACES = sentence("syntax-use-spaces")
_NOT_CLOSED = sentence("syntax-not-closed", "opening", "closing", "line", "column")
_CHARACTER = sentence("syntax-character", "number")
_REMOVE_IT = sentence("syntax-remove-it")
_EMPTY = sentence("syntax-empty-file")
_BEGIN_IT = sentence("syntax-begin-it")
_SECOND_DOCUMENT = sentence("syntax-second-document")
_WRITE_EACH_TO_A_FILE = sentence("syntax-write-each-to-a-file")
_KEY_IS_NO_WORD = sentence("syntax-key-is-no-word")
_KEY_TWICE = sentence("duplicate-key-twice", "key")
_KEEP_ONE = sentence("duplicate-key-keep-one")
_USES_ALIAS = sentence("alias-refused-alias", "found")
_USES_ANCHOR = sentence("alias-refused-anchor", "found")
_USES_MERGE_KEY = sentence("alias-refused-merge-key")
_WRITE_VALUE_OUT = sentence("alias-refused-write-value-out")
_WRITE_VALUES_OUT = sentence("alias-refused-write-values-out")
_USES_TAG = sentence("tag-refused-uses-tag", "tag")
_REMOVE_TAG = sentence("tag-refused-remove-tag")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value, as written; `quoted` when it stood in quotes or in a block."""

    text: str
    quoted: bool
    at: Place


@dataclass(frozen=True, slots=True)
class Listing:
    """A sequence."""

    items: list[Node]
    at: Place


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, in file order; its keys are scalars and stand once each."""

    entries: list[tuple[Scalar, Node]]
    at: Place

    def get(self, key: str) -> Node | None:
        """The value of a key."""
        return next((value for found, value in self.entries if found.text == key), None)


Node = Scalar | Listing | Table


@dataclass(slots=True)
class _Frame:
    """A list or mapping being read; `key` is the key that waits for its value."""

    node: Listing | Table
    seen: set[str] = field(default_factory=set)
    key: Scalar | None = None
    is_dropping: bool = False


def parse(text: str, file: str) -> tuple[Node | None, list[Diagnostic]]:
    """The document in `text`, named `file` in positions; None when there is none that can be read."""
    if is_too_large(text):
        return None, [too_large(file)]
    reader = _NodeBuilder(file)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            if not reader.take(event):
                break
    except yaml.MarkedYAMLError as error:
        return None, _syntax_faults(error, text, reader)
    except yaml.reader.ReaderError as error:
        reader.faults.append(_character_fault(error, text, file))
        return None, reader.faults
    return reader.result()


def is_too_large(text: str) -> bool:
    """Whether a text is longer than a rule file may be."""
    return len(text) > MAX_BYTES or len(text.encode(errors="surrogatepass")) > MAX_BYTES


def too_large(file: str) -> Diagnostic:
    """The fault of a file that is longer than a rule file may be."""
    return _fault(TOO_LARGE.code, Place(file, 1, 1), _LARGER(), _SPLIT())


def _fault(code: str, at: Place, finding: Message, advice: Message | None = None) -> Diagnostic:
    """An error."""
    return Diagnostic(code, Severity.ERROR, at, finding, advice)


def _syntax_faults(error: yaml.MarkedYAMLError, text: str, reader: _NodeBuilder) -> list[Diagnostic]:
    """YAML's own message at its own position, and the faults before that position.

    An unclosed quote or bracket swallows everything after it, so no fault behind it is reported.
    """
    mark, begin = error.problem_mark or error.context_mark, error.context_mark or error.problem_mark
    if mark is None or begin is None:
        return [_fault(SYNTAX.code, Place(reader.file, 1, 1), _YAML_SAYS(problem=_problem(error)))]
    at, opened = (Place(reader.file, each.line + 1, each.column + 1) for each in (mark, begin))
    line = text.split("\n")[mark.line : mark.line + 1]
    bracket = _BRACKETS.get(error.context or "")
    if line and "\t" in line[0][: mark.column + 1]:
        fault = _fault(SYNTAX.code, at, _TAB(), _USE_SPACES())
    elif bracket is not None:
        finding = _NOT_CLOSED(opening=bracket[0], closing=bracket[1], line=str(at.line), column=str(at.column))
        fault = _fault(SYNTAX.code, opened, finding)
    elif error.context:
        fault = _fault(SYNTAX.code, at, _YAML_SAYS_WHILE(problem=_problem(error), context=error.context))
    else:
        fault = _fault(SYNTAX.code, at, _YAML_SAYS(problem=_problem(error)))
    return [*(each for each in reader.faults if each.at < min(at, opened)), fault]


def _problem(error: yaml.MarkedYAMLError) -> Argument:
    """What YAML says, in its own words."""
    return error.problem or _NOT_WELL_FORMED()


def _character_fault(error: yaml.reader.ReaderError, text: str, file: str) -> Diagnostic:
    """A character that YAML does not allow, such as a NUL.

    Found again in the text, since the reader counts otherwise.
    """
    letter = error.character if isinstance(error.character, str) else chr(error.character)
    before = text[: max(0, text.find(letter))]
    at = Place(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    return _fault(SYNTAX.code, at, _CHARACTER(number=f"U+{ord(letter):04X}"), _REMOVE_IT())


class _NodeBuilder:
    """Builds nodes from events."""

    def __init__(self, file: str) -> None:
        """Begin a file."""
        self.file = file
        self.faults: list[Diagnostic] = []
        self.stack: list[_Frame] = []
        self.root: Node | None = None
        self.documents = 0
        self.values = 0

    def result(self) -> tuple[Node | None, list[Diagnostic]]:
        """The root node and the faults; an empty file has one fault."""
        if self.root is None and not self.faults:
            empty = _fault(SYNTAX.code, Place(self.file, 1, 1), _EMPTY(), _BEGIN_IT())
            self.faults.append(empty)
        return self.root, self.faults

    def take(self, event: yaml.Event) -> bool:
        """Read one event; False when reading must stop."""
        if isinstance(event, yaml.ScalarEvent):
            return self._take_scalar(event)
        if isinstance(event, yaml.CollectionStartEvent):
            return self._open(event)
        if isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
        elif isinstance(event, yaml.AliasEvent):
            self._refuse_alias(event, f"*{event.anchor}")
            self._add(Scalar("", quoted=True, at=self._place(event)))
        elif isinstance(event, yaml.DocumentStartEvent):
            return self._begin_document(event)
        return True

    def _take_scalar(self, event: yaml.ScalarEvent) -> bool:
        """Read a word; False when there are too many to go on."""
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
        at = self._place(event)
        if self._is_full(at):
            return False
        self._add(Scalar(event.value, bool(event.style), at))
        return True

    def _is_full(self, at: Place) -> bool:
        """Count one more value; whether the file has more of them than it may, which is then its fault."""
        self.values += 1
        if self.values <= MAX_VALUES:
            return False
        self.faults.append(_fault(TOO_LARGE.code, at, _MORE_VALUES(most=MAX_VALUES), _SPLIT()))
        self.root = None
        return True

    def _begin_document(self, event: yaml.Event) -> bool:
        """Only the first document counts; a second is a fault."""
        self.documents += 1
        if self.documents > 1:
            self.faults.append(_fault(SYNTAX.code, self._place(event), _SECOND_DOCUMENT(), _WRITE_EACH_TO_A_FILE()))
        return self.documents == 1

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file, 1, 1)

    def _refuse_properties(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        """Refuse an anchor and a tag."""
        if event.anchor is not None:
            self._refuse_alias(event, f"&{event.anchor}")
        if event.tag is not None:
            self.faults.append(_fault(TAG.code, self._place(event), _USES_TAG(tag=event.tag), _REMOVE_TAG()))

    def _refuse_alias(self, event: yaml.NodeEvent, found: str) -> None:
        finding = (_USES_ALIAS if found.startswith("*") else _USES_ANCHOR)(found=found)
        self.faults.append(_fault(ALIAS.code, self._place(event), finding, _WRITE_VALUE_OUT()))

    def _open(self, event: yaml.CollectionStartEvent) -> bool:
        """Begin a list or mapping; False when it is too deep to go on."""
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
        at = self._place(event)
        if len(self.stack) >= MAX_DEPTH:
            self.faults.append(_fault(TOO_LARGE.code, at, _NESTED_DEEPER(most=MAX_DEPTH)))
            self.root = None
            return False
        if self._is_full(at):
            return False
        node: Listing | Table = Table([], at) if isinstance(event, yaml.MappingStartEvent) else Listing([], at)
        self._add(node)
        self.stack.append(_Frame(node))
        return True

    def _add(self, node: Node) -> None:
        """Put a node where it belongs: root, list item, key or value."""
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        if isinstance(frame.node, Listing):
            items = frame.node.items
            joined = _joined(items[-1], node) if items else None
            if joined is None:
                items.append(node)
            else:
                items[-1] = joined
        elif frame.key is None:
            self._begin_entry(frame, node)
        else:
            if not frame.is_dropping:
                frame.node.entries.append((frame.key, node))
            frame.key, frame.is_dropping = None, False

    def _begin_entry(self, frame: _Frame, node: Node) -> None:
        """Take a key; one that stands twice, or is no scalar, is a fault and its value is dropped."""
        frame.key = node if isinstance(node, Scalar) else Scalar("", quoted=True, at=node.at)
        if self._joins(frame, node):
            frame.is_dropping = True
            return
        if not isinstance(node, Scalar):
            frame.is_dropping = True
            self.faults.append(_fault(SYNTAX.code, node.at, _KEY_IS_NO_WORD()))
        elif node.text in frame.seen:
            frame.is_dropping = True
            self.faults.append(_fault(DUPLICATE_KEY.code, node.at, _KEY_TWICE(key=node.text), _KEEP_ONE()))
        elif node.text == "<<":
            frame.is_dropping = True
            self.faults.append(_fault(ALIAS.code, node.at, _USES_MERGE_KEY(), _WRITE_VALUES_OUT()))
        frame.seen.add(frame.key.text)

    def _joins(self, frame: _Frame, node: Node) -> bool:
        """Whether a key is the rest of the amount before it, which then takes it up."""
        entries = frame.node.entries if isinstance(frame.node, Table) else []
        joined = _joined(entries[-1][1], node) if entries else None
        if joined is not None:
            entries[-1] = entries[-1][0], joined
        return joined is not None


def _joined(before: Node, node: Node) -> Scalar | None:
    """The amount that a comma cut in two: in brackets `$1,500` reads as `$1` and `500`. None where there is none."""
    if not isinstance(before, Scalar) or before.quoted or not before.text.startswith("$"):
        return None
    if not isinstance(node, Scalar) or node.quoted:
        return None
    is_next = (node.at.line, node.at.column) == (before.at.line, before.at.column + len(before.text) + 1)
    if is_next and _THOUSANDS.fullmatch(before.text) and _REST_OF_AMOUNT.fullmatch(node.text):
        return Scalar(f"{before.text},{node.text}", quoted=False, at=before.at)
    return None
