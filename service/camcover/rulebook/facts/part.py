"""The two nouns of a comparison: a fact is a field and its words; a part has facts, and parts inside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass

from camcover.rulebook.records import Place

__all__ = ["Fact", "Part", "fact", "is_same", "set_fact"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A field in words; None when it is not given; `field` is "" for the fact that sums up the part itself.

    `members` are the members of a field whose order has no meaning. Two facts of one `shape` differ only in `amounts`.
    `is_usual` facts are not mentioned.
    """

    field: str
    words: str | None
    at: Place
    is_usual: bool = False
    members: tuple[str, ...] | None = None
    shape: str = ""
    amounts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A document, or a piece of one.

    `key` distinguishes it from its siblings, and `label` is its name among them. A piece without a name has `names`,
    the therapies and codes that it is for; `label` precedes these. `noun` says what kind of thing it is, if the label
    does not. `order` is the name of its order among siblings; "" if their order has no meaning. A new piece is
    described by `brief` instead of all its facts. If a piece is told `as_one`, several changes inside it count as one.
    Equal `record`s state the same.
    """

    key: str
    label: str
    at: Place
    record: object
    facts: Callable[[], Iterable[Fact]]
    parts: Callable[[], Iterable[Part]] = tuple
    noun: str = ""
    order: str = ""
    names: tuple[str, ...] | None = None
    brief: str | None = None
    as_one: bool = False

    @property
    def title(self) -> str:
        """What it is called: `acupuncture`, `exclusion of reiki`."""
        return f"{self.label}{named(self.names or ())}"

    @property
    def summary(self) -> str:
        """All that it states, in one line; what goes without saying left out."""
        if self.brief is not None:
            return self.brief
        told = [each for each in self.facts() if each.words is not None and not each.is_usual]
        facts = [f"{each.field if each.field != self.noun else ''} {each.words}".strip() for each in told]
        inside = [f"{each.title}: {each.summary}".removesuffix(": ") for each in self.parts()]
        return "; ".join([*facts, *inside])


def named(names: Iterable[str]) -> str:
    """Therapies and codes; beyond four, the first three and how many more."""
    listed = list(names)
    if len(listed) > 4:
        listed = [*listed[:2], f"{listed[2]} and {len(listed) - 3} more"]
    return ", ".join(listed)


def fact(field: str, words: str | None, at: Place, usual: str | None = None) -> Fact:
    """A field whose words are `usual` goes without saying."""
    return Fact(field, None if words is None else str(words), at, is_usual=words == usual)


def set_fact(field: str, members: tuple[str, ...] | None, at: Place, absent: str = "none") -> Fact:
    """A field that is a set, in words; `absent` when it is not given. An empty set is not mentioned."""
    if members is None:
        return Fact(field, absent, at, is_usual=True)
    return Fact(field, ", ".join(members) or "none", at, is_usual=not members and absent == "none", members=members)


_COMPARED: dict[type, tuple[str, ...] | None] = {}
"""The fields of each kind of record but its position; None for what is no record."""


def _compared(kind: type) -> tuple[str, ...] | None:
    if kind not in _COMPARED:
        names = tuple(each.name for each in fields(kind) if each.name != "at") if is_dataclass(kind) else None
        _COMPARED[kind] = names
    return _COMPARED[kind]


def is_same(one: object, other: object) -> bool:
    """Whether two records are equal, positions apart; order counts."""
    if one is other:
        return True
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(map(is_same, one.values(), other.values()))
    names = _compared(type(one))
    if names is None:
        return one == other
    return type(one) is type(other) and all(is_same(getattr(one, name), getattr(other, name)) for name in names)
