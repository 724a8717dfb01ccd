"""Values that a service and a rule file know, and values at the edge of what they take."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

__all__ = ["NUMBERS", "TEXTS_OF_REQUESTS", "case_random", "some"]

_Thing = TypeVar("_Thing")

TEXTS_OF_REQUESTS = (
    *("share-plan", "copay-plan", "example", "ana", "acupuncture", "massage", "reiki", "needles", "97810", "97811"),
    *("acupuncturist", "in_network", "out_of_network", "M54.50", "M54.5", "R51", "deductible", "oop_max", "visits"),
    *("2026-03-02", "2026-02-29", "0001-01-01", "9999-12-31", "2026-3-2", "WA", "AT", "GA", "11", "es", "en", "office"),
    *(
        "active",
        "rules-0123456789abcdef",
        "estimates/0",
        "estimates/",
        "self",
        "referral",
        "calendar_year",
        "unlimited",
    ),
    *("", " ", "a\0b", "\u202e", "\x1b[31m", "漢", "\U0001f600", "%s{plan}", "../../etc/passwd", "x" * 70, "x" * 5_000),
)
"""Ids of the small rules, near misses, and texts that are harmful somewhere."""

NUMBERS = (
    *(0, 1, 2, 3, 7, 28, 40, 100, 4_800, 8_000, 10_000, 10_001, 999_999, 1_000_000),
    *(2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1, -1, -(2**31), -(2**63)),
)


def case_random(seed: str, number: int) -> Random:
    """The chance of one case, so that it can be drawn again without those before it."""
    return Random(f"{seed}:{number}")  # noqa: S311 - no secret is drawn


def some(random: Random, things: Sequence[_Thing], most: int) -> list[_Thing]:
    """At most so many of `things`, in any order."""
    return random.sample(things, min(random.randint(1, most), len(things)))
