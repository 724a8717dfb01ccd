"""The canonical layout of a rule file: what `camcover rules fmt` writes.

What comes in: the text of one rule file. What goes out: the same document with its top-level keys in the order of
docs/rule-language.md, an indent of two spaces, flow collections on one line or broken at 120 columns, all comments, and
at most single blank lines. Scalars are copied as they are written (`$30.00` stays text), so no meaning changes: the
parsed trees before and after are compared. The layout depends only on the tree, so formatting twice gives the same
text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from camcover.rulebook.nodes import ALIAS, BYTE_ORDER_MARK, LOADER, TAG, is_too_large, parse
from camcover.rulebook.pausing import collector_paused
from camcover.rulebook.trivia import (
    Comment,
    Entry,
    attach,
    build_entries,
    find_comments,
)

WIDTH = 120
"""Columns after which a flow collection or a plain text is broken."""

KEY_ORDER = (
    *("format", "kind", "id", "name", "payer", "effective", "benefit_period", "hsa_qualified", "fees"),
    "unit_rule",
    *("illustrative", "reviewed", "notes", "sources"),
    *("therapies", "conditions", "practitioners", "licensure", "when", "cite"),
    *(
        "accumulators",
        "tiers",
        "limits",
        "accounts",
        "benefits",
        "exclusions",
        "otherwise",
        "not_covered_pays",
        "discounts",
        "tests",
    ),
)
"""Top-level keys of all four kinds as the examples of docs/rule-language.md order them; others go last."""

_CONTENT_BLANK = "\n"
"""Stands for a blank line inside a text until the blank lines between entries are settled."""

_ODD_BREAKS = "\x85\u2028\u2029"

_SINGLE_SPACE = re.compile("(?<! ) (?! )")

Tree = tuple[object, ...]


def format_text(text: str) -> str:
    """`text` in canonical layout; unchanged when it is no rule document (not YAML, two documents, tags, aliases).

    Also unchanged when it is too large or too deep for a rule file, or would be in that layout.
    """
    with collector_paused():
        return _formatted(text)


def _formatted(text: str) -> str:
    """`text` in canonical layout, or as it is."""
    source = text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n").replace("\r", "\n")
    root = None if _is_foreign(source) else _compose(source)
    if root is None or any(character in source for character in _ODD_BREAKS):
        return text
    comments = find_comments(root, source)
    entries = build_entries(root, source, comments)
    tail = attach(entries, source, comments)
    formatted = _write(entries, tail, source)
    _assert_same(root, comments, formatted)
    return text if is_too_large(formatted) else formatted


def _is_foreign(source: str) -> bool:
    """Whether a text is not what a rule file may be: too large, too deep, no YAML; anchors, tags or directives in it.

    To ask first: it is bounded before anything recurses.
    """
    root, faults = parse(source, "")
    return root is None or any(each.code in (ALIAS.code, TAG.code) for each in faults) or _has_directives(source)


def _has_directives(source: str) -> bool:
    """Whether lines such as `%YAML 1.1` stand before the document."""
    events = yaml.parse(source, Loader=LOADER)
    begin = next((event for event in events if isinstance(event, yaml.DocumentStartEvent)), None)
    return begin is not None and bool(begin.version or begin.tags)


def _compose(source: str) -> yaml.MappingNode | None:
    """The document's tree, or None for what the formatter leaves alone."""
    try:
        root = yaml.compose(source, Loader=LOADER)
    except yaml.YAMLError:
        return None
    return root if isinstance(root, yaml.MappingNode) and root.value and _is_writable(root) else None


def _is_writable(node: yaml.Node, *, in_flow: bool = False) -> bool:
    """Whether every key is a scalar on one line that says something, and no plain text in a flow has paragraphs."""
    if isinstance(node, yaml.SequenceNode):
        return all(_is_writable(item, in_flow=in_flow or bool(node.flow_style)) for item in node.value)
    if isinstance(node, yaml.ScalarNode):
        return not (in_flow and not node.style and "\n" in node.value)
    return isinstance(node, yaml.MappingNode) and all(
        isinstance(key, yaml.ScalarNode)
        and key.start_mark.line == key.end_mark.line
        and key.end_mark.index > key.start_mark.index
        and _is_writable(value, in_flow=in_flow or bool(node.flow_style))
        for key, value in node.value
    )


def _tree(node: yaml.Node) -> Tree:
    """What a decoder can see of a node: its kind, its value, and whether a scalar was written plain."""
    if isinstance(node, yaml.MappingNode):
        return ("map", *((_tree(key), _tree(value)) for key, value in node.value))
    if isinstance(node, yaml.SequenceNode):
        return ("list", *map(_tree, node.value))
    return ("scalar", node.value, isinstance(node, yaml.ScalarNode) and not node.style)


def _assert_same(root: yaml.MappingNode, comments: list[Comment], formatted: str) -> None:
    """Raise AssertionError, a fault of this module, when `formatted` says something else than the source."""
    again = _compose(formatted)
    if again is None or sorted(_tree(root)[1:], key=repr) != sorted(_tree(again)[1:], key=repr):
        message = "formatting changed the meaning of a rule file"
        raise AssertionError(message)
    if sorted(comment.text for comment in comments) != sorted(
        comment.text for comment in find_comments(again, formatted)
    ):
        message = "formatting changed the comments of a rule file"
        raise AssertionError(message)


def _write(entries: list[Entry], tail: list[str], source: str) -> str:
    """All lines of the document; comments above the first key stay on top even if another key comes first."""
    head, entries[0].leading = entries[0].leading, []
    lines = list(head)
    for entry in sorted(entries, key=_rank):
        lines.extend(_entry_lines(entry, " " * entry.indent, source))
    lines.extend(tail)
    return "\n".join(_without_repeated_blanks(lines)) + "\n"


def _rank(entry: Entry) -> int:
    word = entry.key.value if entry.key is not None else ""
    return KEY_ORDER.index(word) if word in KEY_ORDER else len(KEY_ORDER)


def _without_repeated_blanks(lines: list[str]) -> list[str]:
    """`lines` with single blank lines, none first or last; blank lines that are content stay as they are."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return ["" if line == _CONTENT_BLANK else line for line in kept]


def _entry_lines(entry: Entry, prefix: str, source: str) -> Iterator[str]:
    """The lines of one entry; `prefix` is its indentation, or the dashes of the items that begin on its line."""
    indentation = " " * entry.indent
    yield from (indentation + comment if comment else "" for comment in entry.leading)
    head = prefix + ("-" if entry.key is None else f"{_inline(entry.key, source)}:")
    if entry.children is None:
        yield from _with_comment(_leaf_lines(entry, head, source), entry)
    elif entry.key is None:
        yield from _entry_lines(entry.children[0], f"{head} ", source)
    else:
        yield from _with_comment([head], entry)
    for position, child in enumerate(entry.children or []):
        if entry.key is not None or position:
            yield from _entry_lines(child, " " * child.indent, source)
    yield from (indentation + comment.text for comment in entry.trailing[1:])
    yield from (indentation + comment if comment else "" for comment in entry.after)


def _with_comment(lines: list[str], entry: Entry) -> list[str]:
    """`lines` with the comment of the entry's line: in its old column where there is room, else two spaces off."""
    if entry.trailing:
        comment = entry.trailing[0]
        is_block = isinstance(entry.value, yaml.ScalarNode) and entry.value.style in {"|", ">"}
        place = 0 if is_block else -1
        lines[place] = lines[place].ljust(max(comment.column, len(lines[place]) + 2)) + comment.text
    return lines


def _leaf_lines(entry: Entry, head: str, source: str) -> list[str]:
    """The lines of an entry whose value begins on its own line."""
    node = entry.value
    inner = " " * (entry.indent + 2)
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"} and _stays_block(node.value):
        header, *body = _block_scalar(node, source)
        return [f"{head} {header}", *(inner + line if line else _CONTENT_BLANK for line in body)]
    if isinstance(node, yaml.ScalarNode) and not node.style:
        return _filled(head, node.value, inner)
    first, *rest = _flow_lines(node, len(head) + 1, source)
    return [f"{head} {first}", *rest]


def _filled(head: str, value: str, inner: str) -> list[str]:
    """A plain text behind `head`, broken at single spaces; each line break of its value is a blank line."""
    lines = [head]
    for number, paragraph in enumerate(value.split("\n")):
        if number:
            lines.append(_CONTENT_BLANK)
        for word in _SINGLE_SPACE.split(paragraph) if paragraph else ():
            is_full = len(lines[-1]) + 1 + len(word) > WIDTH and lines[-1] != head
            if is_full or lines[-1] == _CONTENT_BLANK:
                lines.append(inner + word)
            else:
                lines[-1] = f"{lines[-1]} {word}"
    return lines


def _stays_block(value: str) -> bool:
    """Whether a `|` or `>` text needs no indentation indicator and keeps no blank lines at its end."""
    return bool(value) and value.strip() in {value, value.removesuffix("\n")}


def _block_scalar(node: yaml.ScalarNode, source: str) -> list[str]:
    """Header and undented lines of a `|` or `>` text; the lines of a folded one are copied."""
    chomping = "" if node.value.endswith("\n") else "-"
    if node.style == "|":
        return [f"|{chomping}", *node.value.removesuffix("\n").split("\n")]
    raw = source[node.start_mark.index : node.end_mark.index].rstrip().split("\n")[1:]
    margin = next(len(line) - len(line.lstrip(" ")) for line in raw if line.strip())
    return [f">{chomping}", *(line[margin:] for line in raw)]


def _flow_lines(node: yaml.Node, column: int, source: str) -> list[str]:
    """A flow collection or quoted text that begins in `column`: on one line, or filled up to `WIDTH`."""
    whole = _inline(node, source)
    if column + len(whole) <= WIDTH or not isinstance(node, yaml.CollectionNode) or not node.value:
        return [whole]
    is_map = isinstance(node, yaml.MappingNode)
    lines = ["{" if is_map else "["]
    start = column
    for position, item in enumerate(node.value):
        key, value = item if is_map else (None, item)
        room = WIDTH - start - len(lines[-1]) - 3
        separator = " " if position else ""
        if position and len(_item(key, value, source)) > room:
            lines[-1] += ","
            lines.append(" " * (column + 1))
            start, separator = 0, ""
        elif position:
            separator = ", "
        label = separator + (f"{_inline(key, source)}: " if key is not None else "")
        broken = _flow_lines(value, start + len(lines[-1]) + len(label), source)
        if key is not None and broken == [""]:
            label = separator + _inline(key, source)
        lines[-1] += label + broken[0]
        if len(broken) > 1:
            lines.extend(broken[1:])
            start = 0
    lines[-1] += "}" if is_map else "]"
    return lines


def _item(key: yaml.Node | None, value: yaml.Node, source: str) -> str:
    """One member of a flow collection on one line; a key without a value stands alone."""
    text = _inline(value, source)
    if key is None:
        return text
    return f"{_inline(key, source)}: {text}" if text else _inline(key, source)


def _inline(node: yaml.Node, source: str) -> str:
    """`node` on one line."""
    if isinstance(node, yaml.MappingNode):
        return "{" + ", ".join(_item(key, value, source) for key, value in node.value) + "}"
    if isinstance(node, yaml.SequenceNode):
        return "[" + ", ".join(_inline(item, source) for item in node.value) + "]"
    style = node.style if isinstance(node, yaml.ScalarNode) else None
    if not style:
        return str(node.value)
    if node.start_mark.line == node.end_mark.line and style in {"'", '"'}:
        return source[node.start_mark.index : node.end_mark.index]
    return _quoted(str(node.value))


def _quoted(value: str) -> str:
    """A double-quoted scalar on one line."""
    named = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(named.get(each, each if each.isprintable() else f"\\U{ord(each):08x}") for each in value) + '"'
