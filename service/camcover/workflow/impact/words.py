"""An impact in words, the same for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterator

from camcover.money import ONE_PLAN_AMOUNTS, dollars
from camcover.workflow.impact.records import Bin, LineFigures

__all__ = ["bin_words", "changes_of", "line_words", "signed"]

_CALLED = {"plan_paid": "plan pays"}
"""What an amount is called, where that is not its name in plain letters."""

_AMOUNTS = {
    f"{name}_cents": _CALLED.get(name, name.replace("_", " "))
    for name in ONE_PLAN_AMOUNTS
    if name not in ("charge", "patient")
}
_WORDS = {"tier": "tier", "benefit": "benefit", "reason": "reason", "limit": "limit"}


def signed(cents: int) -> str:
    """A change: `+$1.00`, `-$1.00`, `$0.00`."""
    return f"+{dollars(cents)}" if cents > 0 else dollars(cents)


def bin_words(each: Bin) -> str:
    """By how much members of a bin change."""
    if each.low_cents is None:
        return f"{signed(each.high_cents or 0)} or less"
    if each.high_cents is None:
        return f"{signed(each.low_cents)} or more"
    if each.low_cents == each.high_cents:
        return "no change" if each.low_cents == 0 else signed(each.low_cents)
    return f"{signed(each.low_cents)} to {signed(each.high_cents)}"


def changes_of(before: LineFigures, after: LineFigures) -> Iterator[tuple[str, str, str]]:
    """(what, before, after) for everything of a line that changes, except what the patient pays.

    The amount due at the time of service is listed only if it differs from what the patient pays.
    """
    paid_at_once = all(each.due_at_service_cents == each.patient_cents for each in (before, after))
    if before.covered != after.covered:
        yield "covered", _yes(is_so=before.covered), _yes(is_so=after.covered)
    for name, word in _WORDS.items():
        one, other = getattr(before, name), getattr(after, name)
        if one != other:
            yield word, _plain(name, one), _plain(name, other)
    if before.covered_units != after.covered_units:
        yield "covered units", str(before.covered_units), str(after.covered_units)
    if before.charge_cents != after.charge_cents:
        yield "charge", dollars(before.charge_cents), dollars(after.charge_cents)
    for name, word in _AMOUNTS.items():
        one, other = getattr(before, name), getattr(after, name)
        if one != other and not (paid_at_once and name == "due_at_service_cents"):
            yield word, dollars(one), dollars(other)


def line_words(before: LineFigures, after: LineFigures) -> str:
    """The benefit of a line where it stays, then what changes."""
    kept = [f"benefit {before.benefit}"] if before.benefit and before.benefit == after.benefit else []
    return "; ".join([*kept, *(f"{what} {one} -> {other}" for what, one, other in changes_of(before, after))])


def _plain(name: str, word: str) -> str:
    """A word as it is shown; a reason in plain letters."""
    return (word.replace("_", " ").lower() if name == "reason" else word) or "none"


def _yes(*, is_so: bool) -> str:
    return "yes" if is_so else "no"
