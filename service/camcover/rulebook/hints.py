"""What an error says about an unknown word: the alias or word that was meant, or the list of words.

What comes in: the word, and the words that are allowed in its place. What goes out: the end of an error message, as a
message or in English. Messages about files, commands and bounds all use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from camcover.messages import Message, WordList, either, sentence
from camcover.rulebook.diagnostics import folded, nearest
from camcover.rulebook.records import Catalog

__all__ = [
    "FEW",
    "WRITE",
    "Aliases",
    "advice",
    "aliases_in",
    "hint",
    "instead_of",
    "meant",
    "one_of",
    "suggested",
    "with_hint",
    "without_modifiers",
]

FEW = 30
"""As many words are listed; of more only the nearest are named."""

_ALIAS = sentence("hint-alias", "word", "words")
_DID_YOU_MEAN = sentence("hint-did-you-mean", "words")
_EXPECTED = sentence("hint-expected", "words")
_EXPECTED_ONE_OF = sentence("hint-expected-one-of", "words")

WRITE = sentence("found-word-write-instead", "value")
"""What an amount is with the thousands' commas taken out."""

_WITH_MODIFIERS = re.compile(r"([A-Z0-9]{5})((?:[-: ]+[0-9A-Z]{2}){1,4})")
"""A code with modifiers behind it, as claims are printed."""

Aliases = Mapping[str, Iterable[str]]
"""Other names of things, as `folded` writes them -> the words that they stand for."""


def hint(word: str, known: Iterable[str], *, aliases: Aliases | None = None, cutoff: float = 0.6) -> str:
    """What is advised of `word`, in English; empty if the known words are many and none is near."""
    told = advice(word, known, aliases=aliases, cutoff=cutoff)
    return told.text if told else ""


def advice(word: str, known: Iterable[str], *, aliases: Aliases | None = None, cutoff: float = 0.6) -> Message | None:
    """The word that was probably meant by `word`, else the list of words; None if they are many and none is near.

    `known` are the words that are allowed there. With a `cutoff` of 1, no similar word is suggested: for digits,
    similarity means nothing.
    """
    words = [str(each) for each in known]
    return meant(word, words, aliases=aliases, cutoff=cutoff) or (one_of(words) if 0 < len(words) <= FEW else None)


def meant(word: str, known: Iterable[str], *, aliases: Aliases | None = None, cutoff: float = 0.6) -> Message | None:
    """The word that was probably meant by `word`; None if none is near."""
    stands_for = [str(each) for each in (aliases or {}).get(folded(word), ())]
    if stands_for and all(folded(each) != folded(word) for each in stands_for):
        return _ALIAS(word=word, words=WordList(_quoted(stands_for)))
    return _did_you_mean(nearest(word, known, cutoff=cutoff)[:2])


def instead_of(told: Message | None) -> str | None:
    """The text that an advice would have in place of the wrong one; None where it names several, or none."""
    if told is None:
        return None
    named = dict(told.arguments)
    if told.id == WRITE.id:
        return str(named["value"])
    words = named.get("words")
    is_one = told.id in (_ALIAS.id, _DID_YOU_MEAN.id) and isinstance(words, WordList) and len(words.items) == 1
    return str(words.items[0])[1:-1] if is_one and isinstance(words, WordList) else None


def without_modifiers(text: str) -> tuple[str, tuple[str, ...]] | None:
    """The code and the modifiers of a text such as 97810-25; None of any other text."""
    found = _WITH_MODIFIERS.fullmatch(text.strip().upper())
    return (found[1], tuple(re.findall("[0-9A-Z]{2}", found[2]))) if found else None


def suggested(close: Iterable[str]) -> str:
    """The end of a sentence about a word, where those near it are known: `; did you mean 'a' or 'b'?`, or nothing."""
    question = _did_you_mean(tuple(close))
    return f"; {question.text}" if question else ""


def _did_you_mean(close: Sequence[str]) -> Message | None:
    """`did you mean 'a' or 'b'?`; None without any."""
    return _DID_YOU_MEAN(words=either(_quoted(close))) if close else None


def with_hint(
    message: str, word: str, known: Iterable[str], *, aliases: Aliases | None = None, cutoff: float = 0.6
) -> str:
    """A message about a word that does not exist, with its hint."""
    told = hint(word, known, aliases=aliases, cutoff=cutoff)
    return f"{message}; {told}" if told else message


def one_of(words: Iterable[str]) -> Message:
    """`expected one of a, b, c`, `expected a`."""
    listed = list(words)
    return (_EXPECTED_ONE_OF if len(listed) > 1 else _EXPECTED)(words=", ".join(listed))


def aliases_in(catalogs: Iterable[Catalog], kind: str) -> Aliases:
    """The other names of a kind of thing in catalogs: what people call it, and for a therapy its aliases."""
    found: dict[str, dict[str, None]] = {}
    for catalog in catalogs:
        for id_, names in _names(catalog, kind):
            for name in names:
                found.setdefault(folded(name), {})[id_] = None
    return found


def _names(catalog: Catalog, kind: str) -> Iterator[tuple[str, Sequence[str]]]:
    """The ids of a kind of thing, each with its other names."""
    if kind == "therapy":
        yield from ((str(id_), (each.name, *each.aliases)) for id_, each in catalog.therapies.items())
    elif kind == "condition":
        yield from ((str(id_), (each.name,)) for id_, each in catalog.conditions.items())
    elif kind == "practitioner":
        yield from ((str(id_), (each.name,)) for id_, each in catalog.practitioners.items())


def _quoted(words: Iterable[str]) -> tuple[str, ...]:
    """`'a'` of each word."""
    return tuple([f"'{word}'" for word in words])
