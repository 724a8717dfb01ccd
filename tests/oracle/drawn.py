"""Properties of drawn scenarios: which examples a run tries.

`make test` tries the examples of fixed seeds, so that it passes or fails the same way each time. `make test-all` lets
Hypothesis draw new ones, and shrink what fails. `make nightly` tries 20,000 seeds of the day.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any, TypeVar

import hypothesis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extent import EXTENT

from .dice import Dice

__all__ = ["assume", "drawn"]

_Example = TypeVar("_Example")
_Property = Callable[..., None]

FIRST_SEED = int(
    os.environ.get("CAMCOVER_SEED") or (datetime.now(UTC).toordinal() * 10**6 if EXTENT == "nightly" else 0)
)
PART = 250
"""Examples that one test tries, so that the processes of a run share a property."""
MOST_TRIED = 20
"""How many seeds are tried at most for an example that holds what the property assumes."""


def drawn(make: Callable[[Dice], _Example], examples: int | None = None) -> Callable[[_Property], _Property]:
    """Make a test of a property, a function whose last parameter is an example as `make` draws it.

    `examples`: how many are tried; by default as many as the profile of Hypothesis says (tests/conftest.py).
    """
    wanted = settings().max_examples if examples is None else examples

    def as_test(check: _Property) -> _Property:
        return _of_hypothesis(check, make, wanted) if EXTENT == "all" else _of_seeds(check, make, wanted)

    return as_test


class _NotAboutIt(Exception):
    """An example that does not hold what the property assumes."""


def assume(holds: bool) -> None:
    """Say what a property is about: another example is taken in place of one that does not hold it."""
    if EXTENT == "all":
        hypothesis.assume(holds)
    elif not holds:
        raise _NotAboutIt


def _of_hypothesis(check: _Property, make: Callable[[Dice], _Example], wanted: int) -> _Property:
    whole_number = cache(st.integers)  # an example draws hundreds
    example = st.composite(lambda draw: make(Dice(lambda low, high: draw(whole_number(low, high)))))
    last = list(inspect.signature(check).parameters)[-1]
    return settings(max_examples=wanted)(given(**{last: example()})(check))


def _of_seeds(check: _Property, make: Callable[[Dice], _Example], wanted: int) -> _Property:
    """A test for each part of the seeds; an error names the seed that fails."""
    signature = inspect.signature(check)
    *fixtures, last = signature.parameters

    def over_seeds(part: range, **given_fixtures: Any) -> None:
        seeds = count(FIRST_SEED + part.start * MOST_TRIED)
        for _ in part:
            _try_one(lambda example: check(**given_fixtures, **{last: example}), make, seeds)

    test: Any = over_seeds
    test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
    parameters = [signature.parameters[name] for name in fixtures]
    part = inspect.Parameter("part", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    test.__signature__ = signature.replace(parameters=[*parameters, part])
    parts = [range(first, min(first + PART, wanted)) for first in range(0, wanted, PART)]
    made: _Property = pytest.mark.parametrize("part", parts, ids=lambda each: f"{each.start}-{each.stop - 1}")(test)
    return made


def _try_one(check: Callable[[_Example], None], make: Callable[[Dice], _Example], seeds: count[int]) -> None:
    """Check the example of the first of the next seeds that is what the property assumes."""
    for _ in range(MOST_TRIED):
        seed = next(seeds)
        try:
            check(make(Dice.of_seed(seed)))
        except _NotAboutIt:
            continue
        except Exception as error:
            error.add_note(f"The example is that of seed {seed}: CAMCOVER_SEED={seed} begins with it.")
            raise
        return
    raise AssertionError(f"none of {MOST_TRIED} seeds gives an example that the property is about")
