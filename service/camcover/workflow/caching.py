"""A cache bounded by the size of its values; safe for threads; counts its hits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from cachetools import LRUCache

__all__ = ["Cache", "CacheCounts"]

Key = TypeVar("Key")
Value = TypeVar("Value")


class CacheCounts(NamedTuple):
    """How a cache was used: look-ups that found, that did not, entries and their bytes now."""

    hits: int
    misses: int
    entries: int
    size_bytes: int


class Cache(Generic[Key, Value]):
    """Keeps what was used last. A value that is larger than the complete cache is not kept."""

    def __init__(self, maximum_bytes: int) -> None:
        """Hold at most so many bytes."""
        self._kept: LRUCache[Key, tuple[Value, int]] = LRUCache(maximum_bytes, getsizeof=_size)
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    def get(self, key: Key) -> Value | None:
        """The value of a key; None where it is not at hand."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                self._misses += 1
                return None
            self._hits += 1
            return found[0]

    def put(self, key: Key, value: Value, size_bytes: int) -> None:
        """Keep a value of that size."""
        with self._lock:
            if size_bytes <= self._kept.maxsize:
                self._kept[key] = value, size_bytes

    def drop(self, is_it: Callable[[Key], bool]) -> None:
        """Drop the values of all keys of which `is_it` is true."""
        with self._lock:
            for key in [each for each in self._kept if is_it(each)]:
                del self._kept[key]

    def __contains__(self, key: Key) -> bool:
        """Whether a key is at hand; that counts as no look-up."""
        with self._lock:
            return key in self._kept

    def counts(self) -> CacheCounts:
        """How it was used so far."""
        with self._lock:
            return CacheCounts(self._hits, self._misses, len(self._kept), int(self._kept.currsize))


def _size(entry: tuple[object, int]) -> int:
    return entry[1]
