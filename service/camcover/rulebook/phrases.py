"""Parts of messages about rule files that several diagnostics have in common.

What comes in: words of a file. What goes out: arguments of messages. Amounts, dates, numbers and ids are texts there,
in the notation of rule files, which is the same in every language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from camcover.messages import Argument, sentence

__all__ = [
    "AGGREGATE_FAMILY_AMOUNT",
    "FAMILY_AMOUNT",
    "INDIVIDUAL_AMOUNT",
    "SELF_ONLY_AMOUNT",
    "UNLIMITED_AMOUNT",
    "joined",
    "quoted",
]

INDIVIDUAL_AMOUNT = sentence("amount-individual", "amount")
SELF_ONLY_AMOUNT = sentence("amount-self-only", "amount")
FAMILY_AMOUNT = sentence("amount-family", "amount")
AGGREGATE_FAMILY_AMOUNT = sentence("amount-aggregate-family", "amount")
UNLIMITED_AMOUNT = sentence("amount-unlimited")

_MANY = sentence("words-many", "words", "more")
_AND = sentence("words-and", "first", "others")


def joined(words: Sequence[Argument]) -> Argument:
    """`a`, `a and b`, `a and b and c`, of at least one."""
    first, *others = words
    return _AND(first=first, others=joined(others)) if others else first


def quoted(words: Iterable[str], *, at_most: int = 5) -> Argument:
    """Quoted words, the first few of many: `'a', 'b'`, `'a', 'b' and 3 more`."""
    names = [f"'{word}'" for word in words]
    shown = ", ".join(names[:at_most])
    return _MANY(words=shown, more=str(len(names) - at_most)) if len(names) > at_most else shown
