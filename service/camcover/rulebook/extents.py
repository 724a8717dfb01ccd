"""Where each finding ends, and the edits that mend it without thought.

What comes in: findings with their beginning, and the texts. What goes out: the same findings with end and edits. The
files that have any are read once more, as scalars with their ends; the others are not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

import yaml

from camcover.rulebook.diagnostics import Diagnostic, Edit
from camcover.rulebook.hints import instead_of
from camcover.rulebook.nodes import BYTE_ORDER_MARK, LOADER, is_too_large, parse

__all__ = ["located", "mended"]

_PLAIN = re.compile(r"[A-Za-z0-9$](?:[A-Za-z0-9_.$%/ -]*[A-Za-z0-9_$%])?")
"""Texts that need no quotes, in brackets as well."""

_WRONG_WORD = ("word", "found", "key")
"""The arguments by which findings name the word that is wrong."""

_Position = tuple[int, int]


class _Extent(NamedTuple):
    """A scalar: where its text begins and ends, by number of characters; its end as line and column; its value."""

    first: int
    behind: int
    end: _Position
    value: str
    quote: str


def located(found: Sequence[Diagnostic], texts: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """The findings, in the same order, with their ends and edits; those of files without a text as they are."""
    told: list[Diagnostic] = []
    for file, group in groupby(found, key=lambda each: each.at.file):
        of_file = list(group)
        text = texts.get(file)
        told += of_file if text is None else _of_file(of_file, text.removeprefix(BYTE_ORDER_MARK))
    return tuple(told)


def _of_file(found: Sequence[Diagnostic], text: str) -> Iterator[Diagnostic]:
    scalars = {} if is_too_large(text) else dict(_scalars(text, {(each.at.line, each.at.column) for each in found}))
    lines = text.split("\n")
    for each in found:
        scalar = scalars.get((each.at.line, each.at.column))
        if scalar is None:
            yield replace(each, end=_end_of_line(each, lines))
        else:
            scalar = _joined(scalar, _wrong_word(each), text)
            yield replace(each, end=scalar.end, edits=_edits(each, scalar))


def _scalars(text: str, wanted: Collection[_Position]) -> Iterator[tuple[_Position, _Extent]]:
    """The scalars that begin at some positions, up to where the text is no YAML."""
    last = max(wanted, default=(0, 0))
    try:
        for event in yaml.parse(text, Loader=LOADER):
            begin, end = event.start_mark, event.end_mark
            if begin is None or end is None:
                continue
            at = (begin.line + 1, begin.column + 1)
            if at > last:
                return
            if isinstance(event, yaml.ScalarEvent) and at in wanted:
                quote = event.style or ""
                yield at, _Extent(begin.index, end.index, (end.line + 1, end.column + 1), event.value, quote)
    except yaml.YAMLError:
        return


def _joined(scalar: _Extent, word: str, text: str) -> _Extent:
    """An amount that a comma cut in two, as a whole: in brackets `$1,500` reads as `$1` and `500`."""
    behind = scalar.first + len(word)
    if not word.startswith(f"{scalar.value},") or text[scalar.first : behind] != word:
        return scalar
    line, column = scalar.end
    return scalar._replace(behind=behind, end=(line, column + len(word) - len(scalar.value)), value=word)


def _wrong_word(fault: Diagnostic) -> str:
    """The word that a finding is about; empty where it names none."""
    named = dict(fault.finding.arguments)
    return next((str(named[name]) for name in _WRONG_WORD if isinstance(named.get(name), str)), "")


def _end_of_line(fault: Diagnostic, lines: Sequence[str]) -> _Position:
    """The end of the line at which a finding begins that is about no single word; at least one character."""
    line = lines[fault.at.line - 1].rstrip() if fault.at.line <= len(lines) else ""
    return fault.at.line, max(fault.at.column, len(line)) + 1


def _edits(fault: Diagnostic, scalar: _Extent) -> tuple[Edit, ...]:
    """The edit that puts the word which was meant in place of the wrong one, if there is exactly one."""
    word = instead_of(fault.advice)
    is_whole = scalar.value == _wrong_word(fault) and fault.at.line == scalar.end[0]
    if word is None or not is_whole or scalar.quote not in ("", "'", '"') or not _PLAIN.fullmatch(word):
        return ()
    return (Edit(fault.at.line, fault.at.column, *scalar.end, f"{scalar.quote}{word}{scalar.quote}"),)


def mended(text: str, found: Sequence[Diagnostic]) -> str:
    """A text with all edits of its findings; the same text where two edits meet, or where the result reads worse."""
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    plain = text.removeprefix(mark)
    starts = [0]
    for each in plain.split("\n"):
        starts.append(starts[-1] + len(each) + 1)
    edits = sorted({edit for fault in found for edit in fault.edits})
    pieces: list[str] = []
    behind = 0
    for line, column, end_line, end_column, new in edits:
        first = starts[line - 1] + column - 1
        if first < behind:
            return text
        pieces += [plain[behind:first], new]
        behind = starts[end_line - 1] + end_column - 1
    after = "".join([*pieces, plain[behind:]])
    return mark + after if _reads_as_well(plain, after) else text


def _reads_as_well(before: str, after: str) -> bool:
    """Whether no fault of reading came in, such as a key that now stands twice."""
    return len(parse(after, "")[1]) <= len(parse(before, "")[1])
