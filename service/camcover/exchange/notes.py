"""What could not be read of a file in another format: each place by itself, in one form for all formats.

What comes in: places that an importer met. What goes out: an `Unread` for each, which says file, place, found and
expected on one line. An importer goes on after a part that it cannot read, and gives its `Unread` beside its result. A
file that gives nothing at all raises `UnreadableFile`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from camcover.errors import CamcoverError
from camcover.rulebook.printable import on_one_line, shortened
from camcover.rulebook.words import count

__all__ = ["Unread", "UnreadableFile", "as_json_lines", "numbered", "quoted"]

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of a file that could not be read, and that the result therefore leaves out.

    `file`: its name, as the caller gave it. `line`: the number of its line, or of its segment in a format of segments,
    from 1; 0 = the whole file. `place`: what is there, such as `column copay_min_cents` or `segment EB`; empty = the
    whole line. `found`: words, with the file's own text `quoted`. `expected`: what would have been read.
    """

    file: str
    line: int
    place: str
    found: str
    expected: str

    def __str__(self) -> str:
        """`plans.csv:12: column states: found 'XX'; expected the name of a state`, on one line."""
        where = f"{on_one_line(self.file)}:{self.line}" if self.line else on_one_line(self.file)
        place = f"{self.place}: " if self.place else ""
        return on_one_line(f"{where}: {place}found {self.found}; expected {self.expected}")


class UnreadableFile(CamcoverError):
    """A file of another format that gives nothing at all, such as one without a column that is needed."""

    def __init__(self, unread: Sequence[Unread]) -> None:
        """`unread`: at least one place, the first of which is the reason."""
        super().__init__(str(unread[0]))
        self.unread = tuple(unread)


def numbered(found: Sequence[Found], number: int, what: str, file: str) -> Found:
    """That with a number, from 1, of what a file has several of; 0 = the only one. Raises `UnreadableFile`.

    `what`: one of them in words, such as `claim`.
    """
    if number == 0 and len(found) == 1:
        return found[0]
    if not 1 <= number <= len(found):
        has = f"{count(len(found), what)} in the file" + (f", asked for number {number}" if number else "")
        raise UnreadableFile([Unread(file, 0, "", has, f"the number of one of them, from 1 to {len(found)}")])
    return found[number - 1]


def quoted(text: str) -> str:
    """A text of a file inside a message: in quotes, on one line, harmless to a terminal, without its middle if long."""
    return f"'{on_one_line(shortened(text))}'"


def as_json_lines(unread: Iterable[Unread]) -> str:
    """One JSON object a line, with the fields of `Unread`, in order; ASCII, so that no letter controls a terminal."""
    return "".join(f"{json.dumps(asdict(each))}\n" for each in unread)
