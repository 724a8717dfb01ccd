r"""Texts of files, safe to show: no character controls a terminal or hides text.

What comes in: any text. What goes out: the same text, with control characters, direction marks and lone surrogates
written out as `\uXXXX`, as in JSON; or its beginning and end, where it is too long to show.
"""

from __future__ import annotations

import re

__all__ = ["MOST_LETTERS", "on_one_line", "printable", "shortened"]

MOST_LETTERS = 400
"""The longest text of a message that is shown whole: twice so many letters as are kept of each end of a longer one."""

_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Control characters but tab and line feed, line separators, marks of direction, and what is no character."""


def printable(text: str) -> str:
    """A text for a terminal or inside of JSON; its lines and tabs stay."""
    return _STEERING.sub(_written_out, text)


def on_one_line(text: str) -> str:
    """A text that may not begin a line of its own, such as a file's name."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def shortened(text: str) -> str:
    """A text without its middle, where it is too long to show; one that is shortened already stays as it is."""
    half = MOST_LETTERS // 2
    return text if len(text) <= MOST_LETTERS else f"{text[:half]} … {text[-half:]}"


def _written_out(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
