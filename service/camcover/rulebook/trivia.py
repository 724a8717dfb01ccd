"""Comments and blank lines: a YAML parser drops them, and a formatter must keep them with their entries.

What comes in: the text of a rule file and its parsed tree. What goes out: a tree of `Entry`, one for each key and each
list item that begins a line in the canonical layout, with the comments that belong to it. A flow collection that
contains a comment becomes a block collection here, because a comment ends its line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

INDENT = 2
"""Columns by which a block stands in from its parent."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its `#`, or a blank line (empty text); `index` and `column` are its place in the source."""

    text: str
    index: int
    column: int
    own_line: bool


@dataclass(slots=True)
class Entry:
    """A key with its value or, without a key, a list item; `children` is None when the value stays on its line."""

    key: yaml.ScalarNode | None
    value: yaml.Node
    start: int
    end: int
    column: int
    indent: int
    children: list[Entry] | None
    leading: list[str] = field(default_factory=list)
    trailing: list[Comment] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


def find_comments(root: yaml.Node, text: str) -> list[Comment]:
    """Every comment of `text`, in order: each `#` between scalars, or behind a block scalar's header.

    `root` is the tree of the text. It has no anchors, tags or directives, so between scalars there are only marks and
    comments.
    """
    if "#" not in text:
        return []
    found: list[Comment] = []
    end = 0
    for scalar in _scalars(root):
        start = scalar.start_mark.index
        found += _comments_between(text, end, start)
        end = max(end, scalar.end_mark.index)
        if scalar.style in {"|", ">"}:
            header_end = text.find("\n", start)
            found += _comments_between(text, start, end if header_end < 0 else header_end)
    return found + _comments_between(text, end, len(text))


def _scalars(root: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The scalars below a node, in the order of the text."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.MappingNode):
            waiting += [part for pair in reversed(node.value) for part in reversed(pair)]
        elif isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)


_COMMENT = re.compile(r"#[^\n]*")


def _comments_between(text: str, start: int, end: int) -> list[Comment]:
    """Comments in `text[start:end]`, a range without scalar content."""
    if text.find("#", start, end) < 0:
        return []
    found = []
    for match in _COMMENT.finditer(text, start, end):
        line_start = text.rfind("\n", 0, match.start()) + 1
        before = text[line_start : match.start()]
        # A comment after a lone dash belongs to the item, so it counts as one on a line of its own.
        is_alone = not before.strip(" \t-?")
        found.append(Comment(match.group().rstrip(), match.start(), match.start() - line_start, own_line=is_alone))
    return found


def _blank_lines(text: str) -> Iterator[Comment]:
    for match in re.finditer(r"^[ \t]*$", text, re.MULTILINE):
        yield Comment("", match.start(), 0, own_line=True)


def scalar_end(node: yaml.ScalarNode, text: str) -> int:
    """Index behind a scalar's last character; blank lines that a block scalar drops are not counted."""
    start, end = node.start_mark.index, node.end_mark.index
    if node.style in {"|", ">"} and "+" not in text[start:end].split("\n", 1)[0].partition("#")[0]:
        return start + len(text[start:end].rstrip())
    return end


def build_entries(root: yaml.MappingNode, text: str, comments: list[Comment]) -> list[Entry]:
    """The entries of a document's top level in source order, without comments yet."""
    return _children(root, text, [comment.index for comment in comments], 0)


def _children(node: yaml.CollectionNode, text: str, comments: list[int], indent: int) -> list[Entry]:
    pairs: list[tuple[yaml.ScalarNode | None, yaml.Node]]
    pairs = list(node.value) if isinstance(node, yaml.MappingNode) else [(None, item) for item in node.value]
    entries = []
    for key, value in pairs:
        mark = value.start_mark if key is None else key.start_mark
        column = mark.column if key is not None else node.start_mark.column
        end = scalar_end(value, text) if isinstance(value, yaml.ScalarNode) else value.end_mark.index
        children = None
        if isinstance(value, yaml.CollectionNode) and _is_block(value, comments):
            children = _children(value, text, comments, indent + INDENT)
        entries.append(Entry(key, value, mark.index, end, column, indent, children))
    return entries


def _is_block(node: yaml.CollectionNode, comments: list[int]) -> bool:
    """Whether the canonical layout gives each entry of `node` a line."""
    return bool(node.value) and (not node.flow_style or _holds_comment(node, comments))


def _holds_comment(node: yaml.Node, comments: list[int]) -> bool:
    return bisect_right(comments, node.start_mark.index) < bisect_right(comments, node.end_mark.index - 1)


def flatten(entries: list[Entry]) -> Iterator[Entry]:
    """`entries` and all below them, in source order."""
    for entry in entries:
        yield entry
        yield from flatten(entry.children or [])


def attach(entries: list[Entry], text: str, comments: list[Comment]) -> list[str]:
    """Give each comment and blank line to its entry; return those behind the last entry."""
    flat = list(flatten(entries))
    starts = [entry.start for entry in flat]
    blanks = [blank for blank in _blank_lines(text) if not _is_inside_value(blank, flat, starts)]
    gaps: dict[int, list[Comment]] = {}
    for trivium in sorted([*comments, *blanks], key=lambda each: each.index):
        place = bisect_right(starts, trivium.index)
        previous = flat[place - 1] if place else None
        if previous is None:
            gaps.setdefault(place, []).append(trivium)
        elif not trivium.own_line and previous.key is None and previous.children is not None:
            previous.leading.append(trivium.text)
        elif not trivium.own_line:
            previous.trailing.append(trivium)
        elif previous.children is None and trivium.index < previous.end:
            previous.leading.append(trivium.text)
        else:
            gaps.setdefault(place, []).append(trivium)
    tail: list[str] = []
    for place, gap in gaps.items():
        _divide(gap, flat[place - 1] if place else None, flat[place] if place < len(flat) else None, tail)
    return tail


def _is_inside_value(blank: Comment, flat: list[Entry], starts: list[int]) -> bool:
    place = bisect_right(starts, blank.index)
    return bool(place) and flat[place - 1].children is None and blank.index < flat[place - 1].end


def _divide(gap: list[Comment], previous: Entry | None, following: Entry | None, tail: list[str]) -> None:
    """Split the lines between two entries: lines indented deeper than the later one belong to the earlier."""
    column = following.column if following else 0
    indent = following.indent if following else 0
    last_deep = 0
    if previous is not None and previous.indent > indent:
        for count, trivium in enumerate(gap, start=1):
            if trivium.text and trivium.column <= column:
                break
            if trivium.text:
                last_deep = count
        previous.after.extend(trivium.text for trivium in gap[:last_deep])
    rest = [trivium.text for trivium in gap[last_deep:]]
    (following.leading if following else tail)[:0] = rest
