"""Workers that end by themselves: started again later and later, and no more when it happens again and again."""

from __future__ import annotations

import pytest

from camcover.cli.restarts import Restarts


def test_each_start_waits_twice_as_long_as_the_last() -> None:
    """0.1 s, 0.2, 0.4, 0.8, 1.6, 3.2, then 5."""
    restarts = Restarts(workers=2)
    for number, wait in enumerate([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]):
        assert restarts.note(number, 10.0)
        assert not restarts.is_due(number, 9.99 + wait)
        assert restarts.is_due(number, 10.01 + wait)


def test_an_end_is_noted_once_until_it_is_made_good() -> None:
    restarts = Restarts(workers=1)
    assert restarts.note(7, 0.0)
    assert not restarts.note(7, 0.05)
    assert restarts.count == 1
    assert restarts.is_due(7, 0.2)
    # The system may give the same id again.
    assert restarts.note(7, 0.3)
    assert restarts.count == 2


@pytest.mark.parametrize("workers", [1, 4])
def test_more_than_five_ends_of_each_worker_in_a_minute_are_too_many(workers: int) -> None:
    restarts = Restarts(workers)
    for number in range(5 * workers):
        restarts.note(number, number / 10)
        assert not restarts.are_too_many
    restarts.note(-1, 59.0)
    assert restarts.are_too_many


def test_rare_ends_never_add_up() -> None:
    """A thousand, one every 13 seconds: five lie in any minute, so that each waits as long as the fifth does."""
    restarts = Restarts(workers=1)
    for number in range(1_000):
        restarts.note(number, 13.0 * number)
        assert not restarts.are_too_many
        assert restarts.is_due(number, 13.0 * number + 1.7)
