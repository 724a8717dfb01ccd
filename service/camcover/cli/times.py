"""Times and ages of the command line: parsing what a person writes, and showing times in both zones.

A time without an offset is this machine's. Twice a year that says nothing, or two things: clocks set forward pass over
an hour, clocks set back have one twice. Neither is guessed. An age is 400d, 60w or 2y.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import typer

from camcover.workflow.errors import moment

__all__ = ["age", "future_time", "in_both_zones"]

_AGE = re.compile(r"([1-9][0-9]{0,4})(d|w|y)")
_DAYS = {"d": 1, "w": 7, "y": 365}


def age(text: str) -> timedelta | None:
    """An age in days, weeks or years of 365 days; None for a text that is none."""
    parts = _AGE.fullmatch(text)
    return None if parts is None else timedelta(days=int(parts[1]) * _DAYS[parts[2]])


def future_time(text: str, option: str, instead: str = "do it now") -> datetime:
    """The time that `option` gives, with the zone that it was given in, else this machine's.

    `instead`: what happens where the option is left out.

    Raises typer.BadParameter for what is no time, is past, or is no single instant on this machine's clock.
    """
    try:
        given = datetime.fromisoformat(text)
        when = given if given.utcoffset() is not None else _of_this_machine(text, given, option)
        is_past = when <= datetime.now(UTC)
        said = in_both_zones(when)
    except (ValueError, OverflowError, OSError) as error:
        raise typer.BadParameter(
            f"found {text!r}; expected a time such as 2026-12-31T18:00", param_hint=option
        ) from error
    if is_past:
        raise typer.BadParameter(f"{said} is in the past; leave {option} out to {instead}", param_hint=option)
    return when


def in_both_zones(when: datetime) -> str:
    """A time in UTC, followed by the time as it was given if its zone is another."""
    given = "" if not when.utcoffset() else f" ({when.isoformat(sep=' ', timespec='seconds')})"
    return f"{moment(when)}{given}"


def _of_this_machine(text: str, given: datetime, option: str) -> datetime:
    """A time without a zone as this machine's clock shows it, once."""
    first, second = (given.replace(fold=fold).astimezone(UTC).astimezone() for fold in (0, 1))
    # In the hour that clocks skip, converting a time to UTC and back gives another time.
    if first.replace(tzinfo=None, fold=0) != given.replace(fold=0):
        wanted = "expected a time that exists, or one with its offset from UTC"
        message = f"{text} does not exist in this time zone, because clocks are set forward; {wanted}"
        raise typer.BadParameter(message, param_hint=option)
    if first != second:
        ways = " or ".join(given.replace(fold=0, tzinfo=each.tzinfo).isoformat() for each in (first, second))
        message = f"{text} occurs twice in this time zone, because clocks are set back; expected {ways}"
        raise typer.BadParameter(message, param_hint=option)
    return first
