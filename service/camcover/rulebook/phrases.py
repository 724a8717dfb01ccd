"""Parts of messages about rule files that several diagnostics have in common.

What comes in: words of a file. What goes out: arguments of messages. Amounts, dates, numbers and ids are texts there,
in the notation of rule files, which is the same in every language.
"""

from __future__ import annotations

from collections.abc import Iterable

from camcover.messages import SENTENCES, Argument, Message, sentence

__all__ = [
    "AGGREGATE_FAMILY_AMOUNT",
    "FAMILY_AMOUNT",
    "INDIVIDUAL_AMOUNT",
    "SELF_ONLY_AMOUNT",
    "UNLIMITED_AMOUNT",
    "awaited",
    "phrase",
    "quoted",
    "quoted_choice",
]

INDIVIDUAL_AMOUNT = sentence("amount-individual", "amount")
SELF_ONLY_AMOUNT = sentence("amount-self-only", "amount")
FAMILY_AMOUNT = sentence("amount-family", "amount")
AGGREGATE_FAMILY_AMOUNT = sentence("amount-aggregate-family", "amount")
UNLIMITED_AMOUNT = sentence("amount-unlimited")

_MANY = sentence("words-many", "words", "more")
_OR = sentence("words-or", "words", "last")


def phrase(message_id: str) -> Message:
    """The message of an id, which names nothing; declared where it is first used."""
    return (SENTENCES.get(message_id) or sentence(message_id))()


def awaited(what: str) -> Message:
    """The message `expected-WHAT`: what a place of a file must hold, for the end of a sentence."""
    return phrase(f"expected-{what}")


def quoted(words: Iterable[str], *, at_most: int = 5) -> Argument:
    """Quoted words, the first few of many: `'a', 'b'`, `'a', 'b' and 3 more`."""
    names = [f"'{word}'" for word in words]
    shown = ", ".join(names[:at_most])
    return _MANY(words=shown, more=str(len(names) - at_most)) if len(names) > at_most else shown


def quoted_choice(words: Iterable[str]) -> Argument:
    """`'one', 'two' or 'three'`."""
    *others, last = [f"'{word}'" for word in words]
    return _OR(words=", ".join(others), last=last) if others else last
