"""The cache: bounded by size, the last used stay, every look-up is counted, also from many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from camcover.workflow.caching import Cache


def test_the_last_used_stay_within_the_bound() -> None:
    """Room for 10: a (4) and b (4); a is used; c (4) takes the place of b."""
    cache: Cache[str, str] = Cache(10)
    cache.put("a", "A", 4)
    cache.put("b", "B", 4)
    assert cache.get("a") == "A"
    cache.put("c", "C", 4)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == ("A", None, "C")
    assert cache.counts() == (3, 1, 2, 8)
    assert "b" not in cache
    assert cache.counts() == (3, 1, 2, 8)


def test_what_is_larger_than_the_cache_is_not_kept() -> None:
    cache: Cache[str, str] = Cache(10)
    cache.put("a", "A", 4)
    cache.put("b", "B", 11)
    assert (cache.get("a"), cache.get("b")) == ("A", None)


def test_the_cache_is_safe_for_many_threads() -> None:
    """Eight threads, 2,000 look-ups each over 50 keys in a cache of 20: no value is another's, no look-up is lost."""
    cache: Cache[int, int] = Cache(20)

    def work(thread: int) -> int:
        wrong = 0
        for number in range(2_000):
            key = (number * 7 + thread * 13) % 50
            found = cache.get(key)
            if found is None:
                cache.put(key, key * 1_000, 1)
            elif found != key * 1_000:
                wrong += 1
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 0
    counts = cache.counts()
    assert counts.hits + counts.misses == 16_000
    assert counts.entries == counts.size_bytes <= 20
