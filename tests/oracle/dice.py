"""Short words for random choices, so that the generators read like sentences."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TypeVar

_Item = TypeVar("_Item")

PERCENTAGES = ["20%", "0%", "10%", "12.5%", "33.33%", "50%", "66.67%", "100%"]


class Dice:
    """Random choices, all of them whole numbers of one source; each is the simpler, the less its number is."""

    def __init__(self, number: Callable[[int, int], int]) -> None:
        """`number` gives a whole number between two, both ends included."""
        self.number = number

    @classmethod
    def of_seed(cls, seed: int) -> Dice:
        """The same choices for the same seed."""
        return cls(random.Random(seed).randint)  # noqa: S311 - no secret is drawn

    def chance(self, percent: int) -> bool:
        """True that often; the least number means False."""
        return self.number(0, 99) >= 100 - percent

    def pick(self, choices: Sequence[_Item]) -> _Item:
        """One of the choices."""
        return choices[self.number(0, len(choices) - 1)]

    def some(self, choices: Sequence[_Item], low: int, high: int) -> list[_Item]:
        """From `low` to `high` different choices, in their order."""
        wanted = self.number(low, min(high, len(choices)))
        rest = list(choices)
        chosen = [rest.pop(self.number(0, len(rest) - 1)) for _ in range(wanted)]
        return [each for each in choices if each in chosen]

    def cents(self, low_dollars: int, high_dollars: int) -> int:
        """An amount, often of whole dollars."""
        whole = self.number(low_dollars, high_dollars) * 100
        return whole + (self.number(0, 99) if self.chance(35) else 0)

    def money(self, low_dollars: int, high_dollars: int) -> str:
        """The same as a rule file writes it."""
        return dollars(self.cents(low_dollars, high_dollars))

    def percentage(self) -> str:
        """A percentage as a rule file writes it."""
        return self.pick(PERCENTAGES)

    def day(self, first: date, last: date) -> date:
        """A day, both ends included."""
        return first + timedelta(days=self.number(0, (last - first).days))


def dollars(cents: int) -> str:
    """3050 as `$30.50`, 3000 as `$30`."""
    return f"${cents // 100}.{cents % 100:02}" if cents % 100 else f"${cents // 100}"
