"""Times of the command line: what a person writes, read as the one instant that it means, and shown again with both.

A time without an offset is this machine's. Twice a year that says nothing, or two things: clocks set forward pass over
an hour, clocks set back have one twice. Neither is guessed.
"""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from camcover.workflow.errors import moment

__all__ = ["future_time", "in_both_zones"]


def future_time(text: str, option: str) -> datetime:
    """The time that `option` gives, with the zone that it was given in, else this machine's.

    Raises typer.BadParameter for what is no time, is past, or is no single instant on this machine's clock.
    """
    try:
        given = datetime.fromisoformat(text)
        when = given if given.utcoffset() is not None else _of_this_machine(text, given, option)
        is_past = when <= datetime.now(UTC)
        said = in_both_zones(when)
    except (ValueError, OverflowError, OSError) as error:
        raise typer.BadParameter(f"{text!r}; expected a time such as 2026-12-31T18:00", param_hint=option) from error
    if is_past:
        raise typer.BadParameter(f"{said} is past; leave {option} out to do it now", param_hint=option)
    return when


def in_both_zones(when: datetime) -> str:
    """A time in UTC, and behind it as it was given where that is another zone."""
    given = "" if not when.utcoffset() else f" ({when.isoformat(sep=' ', timespec='seconds')})"
    return f"{moment(when)}{given}"


def _of_this_machine(text: str, given: datetime, option: str) -> datetime:
    """A time without a zone as this machine's clock shows it, once."""
    first, second = (given.replace(fold=fold).astimezone(UTC).astimezone() for fold in (0, 1))
    # Where an hour is passed over, the clock shows another time at the instant that is made of this one.
    if first.replace(tzinfo=None, fold=0) != given.replace(fold=0):
        wanted = "expected a time that there is, or one with its offset from UTC"
        message = f"{text} does not exist here: clocks are set forward over it; {wanted}"
        raise typer.BadParameter(message, param_hint=option)
    if first != second:
        ways = " or ".join(given.replace(fold=0, tzinfo=each.tzinfo).isoformat() for each in (first, second))
        message = f"{text} is there twice here, since clocks are set back; expected {ways}"
        raise typer.BadParameter(message, param_hint=option)
    return first
