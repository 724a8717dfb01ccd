"""What of a limit is used: section 4 (limits), points 13, 14, 16, 17, 31 of docs/rule-language.md.

Nothing is kept but the list of what happened; every question scans it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .rules import Limit, limits_of
from .values import Json, fixed_period, in_window, is_rolling


@dataclass
class Event:
    """Use of one limit by one member: `amount` in visits, units or cents, as the limit counted it that day."""

    member_id: str
    signature: tuple[str, str, str]
    benefit: str
    day: date
    period: date
    amount: int


@dataclass(frozen=True)
class Visit:
    """A visit that had a covered line."""

    member_id: str
    benefit: str
    day: date
    period: date


class Usage:
    """Limits and visits under one plan: what the request says was used before, and what lines used since."""

    def __init__(
        self, members: list[Json], prefix: str, plan: Json, as_of: date, first_day: date, as_of_period: date
    ) -> None:
        """`prefix` is "" or "secondary_"; `plan` is the edition of `as_of`, `as_of_period` its benefit period."""
        self._members = {member["id"]: member for member in members}
        self._prefix = prefix
        self._plan = plan
        self._as_of = as_of
        self._as_of_period = as_of_period
        self._count_day = min(as_of, first_day)
        self._events: list[Event] = []
        self._visits: set[Visit] = set()

    def _given(self, member_id: str, key: str) -> list[Json]:
        """What the request says of a member's use before."""
        given: list[Json] = self._members[member_id].get(self._prefix + key) or []
        return given

    # Visits

    def has_visit(self, visit: Visit) -> bool:
        """Whether the visit had a covered line already."""
        return visit in self._visits

    def visit_number(self, visit: Visit) -> int:
        """The number of the visit in its benefit period (point 13)."""
        earlier = [
            each
            for each in self._visits
            if (each.member_id, each.benefit, each.period) == (visit.member_id, visit.benefit, visit.period)
            and each.day < visit.day
        ]
        before = 0
        if visit.period == self._as_of_period:
            given = self._given(visit.member_id, "benefit_visits")
            before = sum(each.get("visits") or 0 for each in given if each["benefit"] == visit.benefit)
        return len(earlier) + before + 1

    def add_visit(self, visit: Visit) -> None:
        """Note that the visit had a covered line."""
        self._visits.add(visit)

    # Limits

    def left(self, limit: Limit, visit: Visit) -> int:
        """What a limit has left for a line of `visit`; below 0 when a soft limit was passed."""
        done = sum(event.amount for event in self._events if self._counts(event, limit, visit))
        return limit.allow.amount - done - self._used_before(limit, visit)

    def _counts(self, event: Event, limit: Limit, visit: Visit) -> bool:
        """Whether an earlier use lies in the limit's period on the visit's date."""
        if (event.member_id, event.signature) != (visit.member_id, limit.signature):
            return False
        if is_rolling(limit.per):
            return in_window(limit.per, event.day, visit.day)
        if limit.per == "visit" and event.benefit != visit.benefit:
            return False
        then = fixed_period(limit.per, event.day, event.period)
        return then == fixed_period(limit.per, visit.day, visit.period)

    def _used_before(self, limit: Limit, visit: Visit) -> int:
        """The request's counts and dated visits, as far as they fall in the period of the visit's date."""
        if limit.signature not in self._signatures_of_as_of():
            return 0
        key = "used_cents" if limit.allow.measure == "money" else "used"
        given = self._given(visit.member_id, "limit_usage")
        used = sum(each.get(key) or 0 for each in given if each["limit"] == limit.id)
        if is_rolling(limit.per):
            counted = used if in_window(limit.per, self._count_day, visit.day) else 0
            return counted + self._dated_visits(limit, visit)
        then = fixed_period(limit.per, self._as_of, self._as_of_period)
        return used if then == fixed_period(limit.per, visit.day, visit.period) else 0

    def _dated_visits(self, limit: Limit, visit: Visit) -> int:
        """Prior visits under benefits that draw on a rolling limit: one visit and their units each (point 17)."""
        if limit.allow.measure == "money":
            return 0
        total = 0
        for each in self._given(visit.member_id, "prior_visits"):
            drawn = [own.signature for own in limits_of(self._plan, each["benefit"])]
            if limit.signature in drawn and in_window(limit.per, date.fromisoformat(each["date"]), visit.day):
                total += 1 if limit.allow.measure == "visits" else each.get("units") or 1
        return total

    def _signatures_of_as_of(self) -> set[tuple[str, str, str]]:
        """The limits of the edition that the request's counts belong to (point 31)."""
        return {
            limit.signature for benefit in self._plan.get("benefits", {}) for limit in limits_of(self._plan, benefit)
        }

    def add(self, limit: Limit, visit: Visit, *, units: int, eligible: int, plan_paid: int) -> None:
        """Count a covered line against a limit of its benefit.

        Reading: a limit on allowed amounts counts the eligible part, since the rest was not covered.
        """
        if limit.allow.measure == "units":
            amount = units
        elif limit.allow.measure == "money":
            amount = eligible if limit.counts == "allowed" else plan_paid
        else:
            is_counted = limit.counts != "plan_paid" or plan_paid > 0
            amount = 1 if is_counted and not self._is_counted(limit, visit) else 0
        if amount:
            event = Event(visit.member_id, limit.signature, visit.benefit, visit.day, visit.period, amount)
            self._events.append(event)

    def _is_counted(self, limit: Limit, visit: Visit) -> bool:
        """Whether the visit was counted against a visit limit already."""
        return any(
            (event.member_id, event.signature, event.benefit, event.day)
            == (visit.member_id, limit.signature, visit.benefit, visit.day)
            for event in self._events
        )
