"""Sentences as data: which sentence it is, by an id that stays the same, and the values it names.

What comes in: values. What goes out: a `Message`. The words are in catalogs, one for each language
(`camcover/locales/`); `camcover/languages.py` looks them up. A sentence is declared once, beside the code that says
it, with the names of its arguments; tests/test_messages.py holds declarations and catalogs to each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

__all__ = ["SENTENCES", "Argument", "Dollars", "Label", "Message", "Rate", "Sentence", "WordList", "either", "sentence"]


@dataclass(frozen=True, slots=True)
class Dollars:
    """An amount of money, in cents."""

    cents: int


@dataclass(frozen=True, slots=True)
class Rate:
    """A percentage, in basis points."""

    basis_points: int


@dataclass(frozen=True, slots=True)
class Label:
    """A word of rule files, such as a benefit's id; people read it with spaces: `manual-therapy`, `manual therapy`."""

    word: str


@dataclass(frozen=True, slots=True)
class WordList:
    """A list in a sentence: `a, b, and c`, or with `is_choice` `a, b, or c`."""

    items: tuple[Argument, ...]
    is_choice: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence, or a part of one: its id, and its arguments by name, in the order in which they are declared."""

    id: str
    arguments: tuple[tuple[str, Argument], ...] = ()

    @property
    def text(self) -> str:
        """The sentence in English."""
        from camcover.languages import ENGLISH, language  # noqa: PLC0415 - catalogs are read when words are wanted

        return language(ENGLISH).text(self)


Argument: TypeAlias = str | int | date | Dollars | Rate | Label | WordList | Message
"""A value that a sentence names. A text stands in it as it is, a number is a count; one named `count` settles the
plural."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that the code can say; called with its arguments it gives the message."""

    id: str
    names: tuple[str, ...]

    def __call__(self, **arguments: Argument) -> Message:
        """The message. Raises KeyError where an argument is missing, TypeError where one is not declared."""
        if len(arguments) != len(self.names):
            raise TypeError(f"message {self.id}: found arguments {', '.join(arguments)}; expected {self.names}")
        return Message(self.id, tuple([(name, arguments[name]) for name in self.names]))


SENTENCES: dict[str, Sentence] = {}
"""Every declared sentence; each language's catalog has its words."""


def sentence(message_id: str, *names: str) -> Sentence:
    """Declare a sentence once. Raises ValueError if the id is taken: two sentences would share their words."""
    if message_id in SENTENCES:
        raise ValueError(f"message {message_id!r} is declared twice")
    SENTENCES[message_id] = Sentence(message_id, names)
    return SENTENCES[message_id]


def either(items: Iterable[Argument]) -> WordList:
    """`a, b, or c`."""
    return WordList(tuple(items), is_choice=True)
