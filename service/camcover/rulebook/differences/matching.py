"""Pairs the editions, parts and facts of two versions. Both directions give the same pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, takewhile, zip_longest
from typing import TypeAlias, TypeVar

from camcover.rulebook.facts import Fact, Part, is_same
from camcover.rulebook.facts.part import named
from camcover.rulebook.records import Document, Effective

__all__ = ["Matched", "alike", "common_title", "matched_editions", "matched_facts", "matched_parts"]

_Item = TypeVar("_Item")
Matched: TypeAlias = tuple[_Item | None, _Item | None]
"""The same thing in both versions; None where one has it not."""


def alike(one: Sequence[object], other: Sequence[object]) -> int:
    """With how many equal items two sequences begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


# Editions


def matched_editions(before: Sequence[Document], after: Sequence[Document]) -> list[Matched[Document]]:
    """The editions of one id, in order of date: by their first day, then by days in common.

    Where that matches none at all, as when next year's rules take the place of this year's, they are paired in order.
    """
    starts = {each.heading.effective.start for each in before} & {each.heading.effective.start for each in after}
    old, new = ([each for each in group if each.heading.effective.start not in starts] for group in (before, after))
    pairs: list[Matched[Document]] = [
        (one, other)
        for one in before
        for other in after
        if one.heading.effective.start == other.heading.effective.start
    ]
    pairs += _overlapping(old, new)
    if not any(one and other for one, other in pairs):
        pairs = list(zip_longest(before, after))
    return sorted(pairs, key=lambda pair: min(each.heading.effective.start for each in pair if each is not None))


def _overlapping(before: Sequence[Document], after: Sequence[Document]) -> list[Matched[Document]]:
    """Editions that share days, in order of date; those that share none stand alone."""
    pairs: list[Matched[Document]] = []
    old, new = list(before), list(after)
    while old and new:
        one, other = old[0].heading.effective, new[0].heading.effective
        if _ends_before(one, other):
            pairs.append((old.pop(0), None))
        elif _ends_before(other, one):
            pairs.append((None, new.pop(0)))
        else:
            pairs.append((old.pop(0), new.pop(0)))
    return [*pairs, *((each, None) for each in old), *((None, each) for each in new)]


def _ends_before(one: Effective, other: Effective) -> bool:
    return one.end is not None and one.end < other.start


# Facts and parts


def matched_facts(before: Part, after: Part) -> list[Matched[Fact]]:
    """Facts by their fields."""
    old = _keyed((each.field, each) for each in before.facts())
    new = _keyed((each.field, each) for each in after.facts())
    return [(old.get(key), new.get(key)) for key in dict.fromkeys([*old, *new])]


def matched_parts(before: Sequence[Part], after: Sequence[Part]) -> list[Matched[Part]]:
    """Parts by their keys, nameless ones by what they are for: in the order of `before`, new ones where they stand."""
    old = _keyed((each.key, each) for each in before if each.names is None)
    new = _keyed((each.key, each) for each in after if each.names is None)
    partner = {id(part): new[key] for key, part in old.items() if key in new}
    for key in dict.fromkeys(each.key for each in before if each.names is not None):
        partner |= _nameless([each for each in before if each.key == key], [each for each in after if each.key == key])
    return list(_with_new(before, after, partner))


def _with_new(before: Sequence[Part], after: Sequence[Part], partner: Mapping[int, Part]) -> Iterator[Matched[Part]]:
    """Each part of `before` with its partner in `after`. A new part stands behind the part before it in `after`."""
    known = {id(part) for part in partner.values()}
    behind = {id(last): part for last, part in pairwise([None, *after]) if part is not None and id(part) not in known}
    yield from _chained(None, behind)
    for one in before:
        other = partner.get(id(one))
        yield one, other
        if other is not None:
            yield from _chained(other, behind)


def _chained(last: Part | None, behind: Mapping[int, Part]) -> Iterator[Matched[Part]]:
    """The new parts directly behind `last`; None for those that come first."""
    while id(last) in behind:
        last = behind[id(last)]
        yield None, last


def _keyed(items: Iterable[tuple[str, _Item]]) -> dict[tuple[str, int], _Item]:
    """Items by key, several of one key numbered in order."""
    seen: Counter[str] = Counter()
    keyed: dict[tuple[str, int], _Item] = {}
    for key, item in items:
        keyed[key, seen[key]] = item
        seen[key] += 1
    return keyed


def _nameless(before: Sequence[Part], after: Sequence[Part]) -> dict[int, Part]:
    """The partner of each nameless part of `before`, by its identity.

    Partners share a therapy or code: first those that are the same, then those for just the same, then those that share
    most; of equally good ones the nearest.
    """
    places: dict[str, list[int]] = {}
    for place, part in enumerate(after):
        for name in part.names or ():
            places.setdefault(name, []).append(place)
    candidates = sorted(
        (*_likeness(part, after[other]), abs(place - other), place + other, place, other)
        for place, part in enumerate(before)
        for other in {other for name in part.names or () for other in places.get(name, ())}
    )
    partner: dict[int, Part] = {}
    taken: set[int] = set()
    for *_, place, other in candidates:
        if id(before[place]) not in partner and other not in taken:
            taken.add(other)
            partner[id(before[place])] = after[other]
    return partner


def _likeness(one: Part, other: Part) -> tuple[bool, bool, int]:
    """Least for the most alike."""
    names, others = set(one.names or ()), set(other.names or ())
    return not is_same(one.record, other.record), names != others, -len(names & others)


def common_title(one: Part | None, other: Part | None) -> str:
    """A title of the part in both versions; a part without a name is called by what both versions are for."""
    part = one or other
    if part is None:
        return ""
    if one is None or other is None or one.names == other.names or one.names is None or other.names is None:
        return part.title
    shared = sorted({*one.names} & {*other.names}, key=lambda name: (name.startswith("code "), name))
    return f"{part.label}{named(shared)}"
