"""One difference between two rule sets, as a value and as a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from textwrap import shorten

from camcover.rulebook.differences.matching import alike
from camcover.rulebook.records import Place

__all__ = ["Change", "ChangeKind"]

_LONG = 100
"""Letters of a value beyond which a sentence shows only what differs in it."""


class ChangeKind(StrEnum):
    """What became of it."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `before` and `after` are values in words; None where there is no value.

    `document` is plan, policy, fees or catalog. `edition` gives the days on which it is in force. `subject` is the part
    of the document, "" for the document itself. `field` is "" if the change is the part itself. For a set,
    `members_added` and `members_removed` list its changes. The places are those in each version. `benefit` is the id of
    the plan's benefit in which it lies, "" outside of benefits.
    """

    kind: ChangeKind
    document: str
    id: str
    edition: str
    subject: str
    field: str
    before: str | None
    after: str | None
    at_before: Place | None
    at_after: Place | None
    members_added: tuple[str, ...] = ()
    members_removed: tuple[str, ...] = ()
    benefit: str = ""

    @property
    def sentence(self) -> str:
        """Part, field and values: `acupuncture, in network: copay 30.00 -> 40.00`."""
        what = " ".join(f"{self.field} {self._what()}".split())
        return f"{self.subject}: {what}" if self.subject else what

    def __str__(self) -> str:
        return f"{self.id} {self.edition}: {self.sentence}"

    def _what(self) -> str:
        if self.members_added or self.members_removed:
            gained = [f"+ {each}" for each in self.members_added]
            return ", ".join([*gained, *(f"- {each}" for each in self.members_removed)])
        before, after = self.before or "", self.after or ""
        value = before or after
        if self.kind is ChangeKind.CHANGED and value:
            before, after = _shortened(before, after)
            return f"{before} -> {after}"
        return f"{self.kind}: {value}" if value else str(self.kind)


def _shortened(before: str, after: str) -> tuple[str, str]:
    """Two values; long ones are cut to the words that differ and one word of what they share on each side."""
    if max(len(before), len(after)) <= _LONG:
        return before, after
    one, other = before.split(), after.split()
    start = alike(one, other)
    end = alike(one[start:][::-1], other[start:][::-1])
    return _cut(one, start - 1, end - 1), _cut(other, start - 1, end - 1)


def _cut(words: Sequence[str], start: int, end: int) -> str:
    """Words without the first `start` and the last `end`, and no more than two lines of them."""
    left, right = ["..."] * (start > 0), ["..."] * (end > 0)
    middle = shorten(" ".join(words[max(start, 0) : len(words) - max(end, 0)]), 2 * _LONG, placeholder=" ...")
    return " ".join([*left, middle, *right])
