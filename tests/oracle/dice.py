"""Short words for hypothesis draws, so that the generators read like sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st

_Item = TypeVar("_Item")

PERCENTAGES = ["20%", "0%", "10%", "12.5%", "33.33%", "50%", "66.67%", "100%"]


@cache
def _whole(low: int, high: int) -> st.SearchStrategy[int]:
    """Whole numbers from `low` to `high`: a scenario draws hundreds, so each strategy is made once."""
    return st.integers(low, high)


class Dice:
    """Random choices out of one hypothesis draw function; each shrinks to its first or least choice."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        """`draw` is what a composite strategy gets."""
        self._draw = draw

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        drawn: int = self._draw(_whole(low, high))
        return drawn

    def chance(self, percent: int) -> bool:
        """True that often; shrinks to False."""
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
