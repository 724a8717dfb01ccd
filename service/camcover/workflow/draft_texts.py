"""What the texts, names and sizes of a draft may be, whichever way they come in; the .proto has the same bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from camcover.engine import InvalidRequest, Violation
from camcover.engine.asking.words import shown
from camcover.refusals import Refusal

__all__ = [
    "MOST_BYTES",
    "MOST_FILES",
    "MOST_STEPS",
    "MOST_TEXT",
    "MOST_TITLE",
    "checked_files",
    "checked_text",
    "checked_title",
    "is_draft_id",
]

MOST_TITLE, MOST_TEXT = 200, 4_000
"""Characters of a title, and of a comment or reason."""

MOST_FILES, MOST_BYTES, MOST_STEPS = 500, 16 << 20, 1_000
"""Files of a draft that differ from its base, their bytes together, and steps of one draft."""

_DRAFT_ID = re.compile(r"drafts/[0-9a-f]{16}")
_FILE_NAME = re.compile(r"([^/\\.\x00][^/\\\x00]*/)*[^/\\.\x00][^/\\\x00]*\.ya?ml")
_MOST_NAME = 512
_TURNING = r"\u202a-\u202e\u2066-\u2069"
_NOT_IN_A_LINE = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029{_TURNING}]")
_NOT_IN_LINES = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f{_TURNING}]")


def is_draft_id(text: str) -> bool:
    """Whether a text has the one form of a draft's id: `drafts/` and 16 hexadecimal digits."""
    return _DRAFT_ID.fullmatch(text) is not None


def checked_title(text: str) -> str:
    """A title without space around it. Raises `InvalidRequest`."""
    return _checked("title", text.strip(), MOST_TITLE, _NOT_IN_A_LINE)


def checked_text(field: str, text: str) -> str:
    """A comment or reason without space around it; `field` is its place. Lines may end as browsers send them.

    Raises `InvalidRequest`.
    """
    return _checked(field, text.replace("\r\n", "\n").strip(), MOST_TEXT, _NOT_IN_LINES)


def _checked(field: str, text: str, most: int, unwanted: re.Pattern[str]) -> str:
    if not text:
        raise InvalidRequest((Violation(field, "nothing", f"1 to {most} characters", Refusal.MISSING_VALUE),))
    if len(text) > most:
        found, expected = f"{len(text)} characters", f"1 to {most} characters"
        raise InvalidRequest((Violation(field, found, expected, Refusal.TEXT_LENGTH_OUT_OF_RANGE),))
    if unwanted.search(text):
        found = f"{shown(text)} with a control character"
        expected = "text without control characters"
        raise InvalidRequest((Violation(field, found, expected, Refusal.CONTROL_CHARACTER),))
    return text


def checked_files(files: Mapping[str, bytes | None]) -> None:
    """Raise `InvalidRequest` for each name that is no path of a rule file below the rules' folder."""
    wrong = tuple(_wrong_names(files))
    if wrong:
        raise InvalidRequest(wrong)


def _wrong_names(files: Mapping[str, bytes | None]) -> Iterator[Violation]:
    expected = "a path below the rules folder that ends in .yaml or .yml and has no part that begins with a dot"
    for place, name in enumerate(files):
        if len(name) > _MOST_NAME or not _FILE_NAME.fullmatch(name) or _NOT_IN_A_LINE.search(name):
            yield Violation(f"files[{place}].name", shown(name), expected, Refusal.INVALID_TEXT)
