"""Faults of rule files and their display: one value for each fault, one formatter for all.

What comes in: faults from the reader, the decoder, the resolver and the checks. What goes out: text in the style of a
compiler, JSON, or GitHub annotations. A fault in a file is a value, never an exception.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple

from camcover.messages import Message
from camcover.rulebook.printable import on_one_line, printable, shortened
from camcover.rulebook.records import Place

__all__ = [
    "CODES",
    "Code",
    "Diagnostic",
    "Edit",
    "Severity",
    "as_github",
    "as_json",
    "as_text",
    "declare",
    "few_searches",
    "folded",
    "github_line",
    "nearest",
]


MOST_SEARCHES = 300
"""How many nearest words are looked for in a file that is full of wrong ones."""

MOST_LETTERS = 200
"""The longest word that a nearest one is looked for."""

MOST_COLUMNS = 160
"""How much of a long line is shown around its caret."""

_SEARCHES_LEFT: ContextVar[Iterator[int] | None] = ContextVar("searches_left", default=None)


class Severity(StrEnum):
    """Errors keep a rule set from being used; warnings do not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of fault, with the meaning and the remedy that docs/diagnostics.md prints.

    `in_editor`: the JSON Schema refuses it too, so that an editor shows it while it is typed.
    """

    code: str
    severity: Severity
    meaning: str
    remedy: str
    in_editor: bool = False


CODES: dict[str, Code] = {}
"""Every declared code; the gallery in tests/diagnostics has a file for each."""


def declare(code: str, severity: Severity, meaning: str, remedy: str, *, in_editor: bool = False) -> Code:
    """Enter a code once. Raises ValueError if it is already taken: two meanings would share a name."""
    if code in CODES:
        raise ValueError(f"diagnostic code {code!r} is declared twice")
    CODES[code] = Code(code, severity, meaning, remedy, in_editor)
    return CODES[code]


class Edit(NamedTuple):
    """A text to put in place of what stands from a position up to, not including, another; both count from 1."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault: its place, what was found, and what to do (`advice`, may be missing), both as data.

    `end`: line and column behind its last character; None where that is not known. `edits` mend it, where that needs
    no thought. Both are found once all files are read (`extents.py`).
    """

    code: str
    severity: Severity
    at: Place
    finding: Message
    advice: Message | None = None
    end: tuple[int, int] | None = None
    edits: tuple[Edit, ...] = ()

    @property
    def message(self) -> str:
        """What was found, in English; the middle of a long text is left out."""
        return shortened(self.finding.text)

    @property
    def hint(self) -> str:
        """What to do, in English; empty where nothing is advised."""
        return "" if self.advice is None else shortened(self.advice.text)

    @property
    def ends_at(self) -> tuple[int, int]:
        """Line and column behind its last character; its beginning where that is not known."""
        return self.end or (self.at.line, self.at.column)

    @property
    def sentence(self) -> str:
        """The message with its hint."""
        return f"{self.message}; {self.hint}" if self.hint else self.message


@contextmanager
def few_searches() -> Iterator[None]:
    """Inside, no more than `MOST_SEARCHES` nearest words are looked for: a file may hold 50,000 wrong ones."""
    token = _SEARCHES_LEFT.set(iter(range(MOST_SEARCHES)))
    try:
        yield
    finally:
        _SEARCHES_LEFT.reset(token)


_NO = ("not_", "not-", "non_", "non-")


def nearest(word: str, words: Iterable[str], *, cutoff: float = 0.6) -> tuple[str, ...]:
    """Up to three of `words` that look like `word`, the likeliest first; `cutoff` from 0 (any) to 1 (the same).

    A word in another case, or written with other marks between its parts, is that word. The opposite of a word looks
    like it and is never meant. None for a word that is too long to be one.
    """
    left = _SEARCHES_LEFT.get()
    if len(word) > MOST_LETTERS or (left is not None and next(left, None) is None):
        return ()
    known = [str(candidate) for candidate in words]
    same = tuple(candidate for candidate in known if folded(candidate) == folded(word))
    alike = [candidate for candidate in known if candidate.startswith(_NO) == word.startswith(_NO)]
    return same[:3] or tuple(get_close_matches(word, alike, n=3, cutoff=cutoff))


def folded(word: str) -> str:
    """A word without its case and with one kind of mark between its parts: `needle-acupuncture`."""
    return "-".join(word.casefold().replace("_", " ").replace("-", " ").split())


def as_text(found: Iterable[Diagnostic], texts: Mapping[str, str]) -> str:
    """Each fault as `file:line:column: error[code]: message`, with the file's line and a caret under the position.

    A long line is shortened to the text around the position, with `…` for the rest.
    """
    lines: dict[str, list[str]] = {}
    shown = []
    for each in found:
        file = each.at.file
        if file not in lines:
            lines[file] = texts[file].split("\n") if texts.get(file) else []
        shown.append(_excerpt(each, lines[file]))
    return "".join(shown)


def _excerpt(fault: Diagnostic, lines: Sequence[str]) -> str:
    """One fault; the caret stands under the column, tabs kept so that it lines up."""
    head = f"{on_one_line(str(fault.at))}: {fault.severity}[{fault.code}]: {on_one_line(fault.sentence)}\n"
    if fault.at.line > len(lines):
        return head
    line, column = lines[fault.at.line - 1].rstrip("\r"), fault.at.column - 1
    first = max(0, column - MOST_COLUMNS // 2) if len(line) > MOST_COLUMNS else 0
    last = first + MOST_COLUMNS
    before = ("…" if first else "") + printable(line[first:column])
    after = printable(line[max(first, column) : last]) + ("…" if last < len(line) else "")
    indent = "".join("\t" if letter == "\t" else " " for letter in before)
    return f"{head}{fault.at.line:>5} | {before}{after}\n{'':>5} | {indent}^\n"


def as_json(found: Iterable[Diagnostic]) -> str:
    """A JSON list of objects: file, line, column, end_line, end_column, severity, code, message, hint, edits.

    Where the end is not known it is the beginning.
    """
    rows = [
        {
            "file": each.at.file,
            "line": each.at.line,
            "column": each.at.column,
            "end_line": each.ends_at[0],
            "end_column": each.ends_at[1],
            "severity": str(each.severity),
            "code": each.code,
            "message": each.message,
            "hint": each.hint,
            "edits": [edit._asdict() for edit in each.edits],
        }
        for each in found
    ]
    return printable(json.dumps(rows, indent=2, ensure_ascii=False)) + "\n"


def as_github(found: Iterable[Diagnostic]) -> str:
    """GitHub's workflow commands, which annotate the lines of a pull request."""
    return "".join(
        github_line(
            str(each.severity), each.at.file, f"{each.at.line},col={each.at.column}", each.code, text=each.sentence
        )
        for each in found
    )


def github_line(kind: str, file: str, line: str, title: str, *, text: str) -> str:
    """One workflow command; nothing in a file's name, the title or the text begins another."""
    return f"::{kind} file={_property(file)},line={line},title={_property(title)}::{_escaped(text)}\n"


def _escaped(text: str) -> str:
    """Text as the value of a workflow command."""
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    """Text as a property of a workflow command."""
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
