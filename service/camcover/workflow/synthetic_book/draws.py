"""Random draws of complete columns: events by frequency, words from lists, lists of records.

What comes in: a NumPy generator and the numbers of profiles. What goes out: NumPy and Arrow columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator

from camcover.bulk.columns import Ints

WHOLE = 1_000
"""How often something happens is told in parts of it."""

USUAL = 850
"""How often a word is one of a profile's own, where it may be any."""


class WordLists:
    """Words to pick from: a list of them for each profile."""

    def __init__(self, lists: Sequence[Sequence[str]]) -> None:
        """`lists`: the words of each profile, which may be none."""
        self._words = pa.array([word for each in lists for word in each], pa.string())
        self._count = np.array([len(each) for each in lists])
        self._first = np.concatenate([[0], np.cumsum(self._count)])[:-1]

    def pick(self, random: Generator, profile: Ints) -> Ints:
        """The place of a word for each profile; -1 where its list is empty."""
        count = self._count[profile]
        place = self._first[profile] + random.integers(0, np.maximum(count, 1))
        return np.where(count > 0, place, -1)

    def words(self, places: Ints) -> pa.Array:
        """The words at places; null at -1."""
        return self._words.take(pa.array(places, pa.int64(), mask=places < 0))


class Numbered(NamedTuple):
    """Ranges of one flat list: of each plan its first place there, and how many it has."""

    first: Ints
    many: Ints


def numbered(lengths: Sequence[int], first: int = 0) -> Numbered:
    """Ranges of these lengths, one behind the other from `first` on."""
    many = np.array(lengths, dtype=np.int64)
    return Numbered(first + np.concatenate([[0], np.cumsum(many)])[:-1], many)


class TwoWays:
    """Words that are mostly a profile's own, else any."""

    def __init__(self, usual: Sequence[Sequence[str]], others: Sequence[str]) -> None:
        """`usual`: the words of each profile; where it has none, and now and then elsewhere, one of `others`."""
        self._usual, self._others = WordLists([each or others for each in usual]), WordLists([others])

    def words(self, random: Generator, profile: Ints, without: int = 0) -> pa.Array:
        """A word for each profile; `without` of 1,000 get none."""
        is_usual = pa.array(happens(random, USUAL, len(profile)))
        usual = self._usual.words(self._usual.pick(random, profile))
        other = self._others.words(self._others.pick(random, np.zeros(len(profile), dtype=np.int64)))
        return unless(happens(random, without, len(profile)), pc.if_else(is_usual, usual, other))


def happens(random: Generator, of_thousand: int, count: int) -> Ints:
    """For each of `count`, whether something happens that happens so often."""
    return random.integers(0, WHOLE, count) < of_thousand


def kind_of(random: Generator, of_thousand: Sequence[int], count: int) -> Ints:
    """`count` random kinds, numbered from 0. `of_thousand`: how many of a thousand have each kind.

    If these do not add up to 1,000, the rest has one more kind. The result has the shape (count,).
    """
    return np.searchsorted(np.cumsum(of_thousand), random.integers(0, WHOLE, count), side="right")


def spans(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """All places of some ranges in order, and for each place the number of its range.

    `first`, `count`: the first place and the length of each range, shape (ranges,). Both results have the shape
    (sum of `count`,).
    """
    owner = np.repeat(np.arange(len(count)), count)
    begins = np.concatenate([[0], np.cumsum(count)])[:-1]
    return first[owner] + np.arange(len(owner)) - begins[owner], owner


def unless(is_left_out: Ints, words: pa.Array) -> pa.Array:
    """The words, with null in place of those that are left out; both of one length."""
    return pc.if_else(pa.array(is_left_out), pa.scalar(None, words.type), words)


def at_most_one(words: pa.Array, is_given: Ints) -> pa.Array:
    """Lists of one word where it is given, else empty."""
    return pa.ListArray.from_arrays(_offsets(np.concatenate([[0], np.cumsum(is_given)])), words.filter(is_given))


def structs(columns: Mapping[str, pa.Array], fields: Sequence[pa.Field], count: int) -> pa.StructArray:
    """Records of the fields, those that are not given null."""
    arrays = [columns.get(field.name, pa.nulls(count, field.type)) for field in fields]
    return pa.StructArray.from_arrays(arrays, fields=list(fields))


def lists_of(firsts: Ints, values: pa.Array) -> pa.ListArray:
    """Lists of values by where each begins; `firsts` has one more cell, the number of values."""
    return pa.ListArray.from_arrays(_offsets(firsts), values)


def _offsets(firsts: Ints) -> pa.Array:
    return pa.array(firsts.astype(np.int32))
