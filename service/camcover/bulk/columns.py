"""Arrow columns as plain NumPy arrays, and words as numbers.

What comes in: a record batch. What goes out: arrays of the column's own width. This module does not know what the words
mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[Any]

_FIRST_DAY = 719_163
"""The ordinal of 1 January 1970, from which date32 counts."""


class Coded(NamedTuple):
    """A column of words: for each row the place of its word in `words`, -1 = null."""

    places: Ints
    words: list[str]

    def numbers(self, number_of: Callable[[str], int], *, null: int) -> Ints:
        """Each row's number by its word."""
        table: Ints = np.array([*map(number_of, self.words), null], dtype=np.int64)
        found: Ints = table[self.places]
        return found


def coded(column: pa.Array) -> Coded:
    """A column of words, each distinct one once."""
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    places = pc.fill_null(column.indices.cast(pa.int32()), -1).to_numpy(zero_copy_only=False)
    return Coded(places, ["" if word is None else word for word in column.dictionary.to_pylist()])


def integers(column: pa.Array, *, null: int) -> Ints:
    """A column of integers; null becomes `null`."""
    if column.null_count:
        column = pc.fill_null(column, null)
    numbers: Ints = column.to_numpy(zero_copy_only=False)
    return numbers


def days(column: pa.Array, *, null: int) -> Ints:
    """A column of dates as ordinal days; null becomes `null`."""
    return integers(column.cast(pa.int32()), null=null - _FIRST_DAY).astype(np.int64) + _FIRST_DAY


def date_column(ordinals: Ints) -> pa.Array:
    """Ordinal days as a column of dates."""
    return pa.array((ordinals - _FIRST_DAY).astype(np.int32)).cast(pa.date32())


def truths(column: pa.Array) -> NDArray[np.bool_]:
    """A column of booleans; null is no."""
    flags: NDArray[np.bool_] = pc.fill_null(column, False).to_numpy(zero_copy_only=False)  # noqa: FBT003 - a value
    return flags


class Lists(NamedTuple):
    """A column of lists: row i holds values [offsets[i], offsets[i + 1]); null is an empty list."""

    offsets: Ints
    values: pa.Array

    def owners(self) -> Ints:
        """The row of each value."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


def lists(column: pa.Array) -> Lists:
    """A column of lists, its values in one column."""
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    return Lists(np.concatenate([[0], np.cumsum(lengths)]), column.flatten())


def rows_with_nulls(column: pa.Array) -> Ints:
    """The rows of a column of lists in which an element is null, at any depth; a null list is an empty one."""
    held = lists(column)
    rows = held.owners()
    found = [rows[held.values.is_null().to_numpy(zero_copy_only=False)]]
    if pa.types.is_struct(held.values.type):
        fields = zip(held.values.type, held.values.flatten(), strict=True)
        found += [rows[rows_with_nulls(inner)] for field, inner in fields if pa.types.is_list(field.type)]
    return np.unique(np.concatenate(found))


def fields_of(values: pa.StructArray) -> Callable[[str], pa.Array]:
    """The fields of a column of structures, by name."""
    fields = {field.name: column for field, column in zip(values.type, values.flatten(), strict=True)}
    return fields.__getitem__
