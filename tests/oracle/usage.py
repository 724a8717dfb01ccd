"""What of a limit is used: section 4 (limits), points 13, 14, 16, 17, 31, 39 of docs/rule-language.md.

Nothing is kept but the list of what happened; every question scans it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from .rules import Limit, PlanDays
from .values import Json, begins_with, fixed_period, in_window, is_rolling, time_end


@dataclass
class Event:
    """Use of one limit by one member: `amount` in visits, units or cents, as the limit counted it that day."""

    member_id: str
    signature: tuple[str, str, str]
    benefit: str
    day: date
    period: date
    amount: int
    episode: str
    condition: str


@dataclass(frozen=True)
class Visit:
    """A visit that had a covered line; `episode`, `condition`: of the line in hand."""

    member_id: str
    benefit: str
    day: date
    period: date
    episode: str = field(default="", compare=False)
    condition: str = field(default="", compare=False)


@dataclass
class Before:
    """A visit before the estimate: entries of one benefit and date added up; `plan_paid` None = not given."""

    benefit: str
    day: date
    units: int = 0
    copay: int = 0
    coinsurance: int = 0
    percentage: int = 0
    penalty: int = 0
    plan_paid: int | None = None
    episode: str = ""
    condition: str = ""
    facility: str = ""


class Usage:
    """Limits and visits under one plan: what the request says was used before, and what lines used since."""

    def __init__(self, members: list[Json], prefix: str, plan: PlanDays, as_of: date, first_day: date) -> None:
        """`prefix` is "" or "secondary_"."""
        self._members = {member["id"]: member for member in members}
        self._prefix = prefix
        self._plan = plan
        self._as_of = as_of
        self._first_day = first_day
        self._events: list[Event] = []
        self._visits: set[Visit] = set()
        self.starts: dict[tuple[str, str], date] = {}

    def _given(self, member_id: str, key: str) -> list[Json]:
        """What the request says of a member's use before."""
        given: list[Json] = self._members[member_id].get(self._prefix + key) or []
        return given

    def before(self, member_id: str) -> list[Before]:
        """The dated visits before the estimate (point 39)."""
        found: dict[tuple[str, date], Before] = {}
        for entry in self._given(member_id, "prior_visits"):
            key = entry["benefit"], date.fromisoformat(entry["date"])
            own = {name: entry.get(name, "") for name in ("episode", "condition", "facility")}
            visit = found.setdefault(key, Before(*key, **own))
            visit.units += entry.get("units") or 1
            visit.copay += entry.get("copay_paid_cents") or 0
            visit.coinsurance += entry.get("coinsurance_paid_cents") or 0
            visit.percentage += entry.get("percentage_cents") or 0
            visit.penalty += entry.get("penalty_paid_cents") or 0
            if entry.get("plan_paid_cents") is not None:
                visit.plan_paid = (visit.plan_paid or 0) + entry["plan_paid_cents"]
        return list(found.values())

    # Visits

    def has_visit(self, visit: Visit) -> bool:
        """Whether the visit had a covered line already, in the estimate or before it."""
        return visit in self._visits or self._begun(visit) is not None

    def _begun(self, visit: Visit) -> Before | None:
        """The visit, where it began before the estimate on the first date of service."""
        same = (each for each in self.before(visit.member_id) if (each.benefit, each.day) == (visit.benefit, visit.day))
        return next(same, None) if visit.day == self._first_day else None

    def visits_begun(self, visit: Visit) -> list[Visit]:
        """The member's visits, under any benefit, that began before the estimate on the visit's own date."""
        found = (replace(visit, benefit=each.benefit) for each in self.before(visit.member_id))
        return [each for each in found if self._begun(each) is not None]

    def copay_before(self, visit: Visit) -> int:
        """What was paid of the visit's copay before the estimate, cents."""
        begun = self._begun(visit)
        return begun.copay if begun else 0

    def facility_before(self, visit: Visit) -> str | None:
        """Where a visit was that began before the estimate; None where it begins with a line."""
        begun = self._begun(visit)
        return begun.facility if begun else None

    def penalty_before(self, visit: Visit) -> int:
        """What was taken of the visit's penalty in dollars before the estimate, cents."""
        begun = self._begun(visit)
        return begun.penalty if begun else 0

    def coinsurance_before(self, visit: Visit) -> tuple[int, int]:
        """Of a coinsurance with a least or a most: what was paid, and what its percentage came to, cents."""
        begun = self._begun(visit)
        return (begun.coinsurance, begun.percentage) if begun else (0, 0)

    def visit_number(self, visit: Visit) -> int:
        """The number of the visit in its benefit period (points 13 and 39)."""
        days = {
            each.day
            for each in self._visits
            if (each.member_id, each.benefit, each.period) == (visit.member_id, visit.benefit, visit.period)
        }
        own = {each.day for each in self.before(visit.member_id) if each.benefit == visit.benefit}
        dated = {day for day in own if self._plan.period(day) == visit.period}
        total, others = 0, dated | days
        stated = self._stated_visits(visit.member_id, visit.benefit)
        if stated is not None and visit.period == self._plan.period(self._as_of):
            total = stated
            # A dated visit is part of what is stated, also where it goes on with lines of the first date of service.
            included = {day for day in dated if day <= self._as_of}
            others -= included
            if visit.day in included:
                return total + len(others)
        return total + sum(day < visit.day for day in others) + 1

    def _stated_visits(self, member_id: str, benefit: str) -> int | None:
        """The visits under a benefit by `as_of`: as stated, else as a count of its own visit limit states them."""
        for each in self._given(member_id, "benefit_visits"):
            if each["benefit"] == benefit:
                return int(each.get("visits") or 0)
        for limit in self._plan.own_visit_limits(benefit, self._as_of):
            for each in self._given(member_id, "limit_usage"):
                if each["limit"] == limit.id and limit.counts != "plan_paid":
                    return int(each.get("used") or 0)
        return None

    def add_visit(self, visit: Visit) -> None:
        """Note that the visit had a covered line."""
        self._visits.add(visit)

    # Limits

    def used(self, limit: Limit, visit: Visit) -> int:
        """What is used of a limit before a line of `visit`."""
        if begins_with(limit.per) == "first_visit":
            return self._used_since_first(limit, visit)
        done = sum(event.amount for event in self._events if self._counts(event, limit, visit))
        return done + self._used_before(limit, visit)

    def _counts(self, event: Event, limit: Limit, visit: Visit) -> bool:
        """Whether an earlier use lies in the limit's period on the visit's date."""
        if event.signature != limit.signature or (event.member_id != visit.member_id and not limit.family):
            return False
        if self._whose(limit, event.episode, event.condition) != self._whose(limit, visit.episode, visit.condition):
            return False
        if is_rolling(limit.per):
            return in_window(limit.per, event.day, visit.day)
        if limit.per == "visit" and event.benefit != visit.benefit:
            return False
        if begins_with(limit.per) == "first_visit":
            return True
        began = self._began(visit)
        then = fixed_period(limit.per, event.day, event.period, began)
        return then == fixed_period(limit.per, visit.day, visit.period, began)

    def _whose(self, limit: Limit, episode: str, condition: str) -> str:
        """The episode or the condition that has a count of its own under a limit (point 49)."""
        if limit.owner == "episode":
            return episode
        return condition if limit.owner == "condition" and condition in self._plan.conditions_of(limit) else ""

    def _began(self, visit: Visit) -> date:
        """When the episode of a visit began."""
        return self.starts.get((visit.member_id, visit.episode), self._first_day)

    def _used_since_first(self, limit: Limit, visit: Visit) -> int:
        """What is used of the time from the first counted visit on that holds the visit's date."""
        stated, dated = self._stated(limit, visit), sorted(self.dated(limit, visit))
        first: date | None = None
        used = 0
        if stated:
            [(day, total)] = stated
            first, used = (self.time_begun(limit, visit, day), total) if total else (None, 0)
            dated = [each for each in dated if each[0] > self._known_until(limit, day)]
        lines = [(event.day, event.amount) for event in self._events if self._counts(event, limit, visit)]
        first, used = _go_on(limit.per, first, used, [*dated, *(each for each in lines if each[1])])
        return 0 if first is None or visit.day >= time_end(limit.per, first) else used

    def _known_until(self, limit: Limit, first: date | None) -> date:
        """The last day of which a statement with a time's first day tells the use: none behind the time's end."""
        if first is None or self._plan.leaves_out(limit):
            return self._as_of
        return min(self._as_of, time_end(limit.per, first) - timedelta(days=1))

    def time_begun(self, limit: Limit, visit: Visit, stated: date | None) -> date:
        """When the time began whose use is stated: on the day that is given, else by the dated visits."""
        before = [each for each in sorted(self.dated(limit, visit)) if each[0] <= self._as_of]
        first, _ = _go_on(limit.per, None, 0, before)
        if first is not None and self._as_of >= time_end(limit.per, first):
            first = None
        return stated or first or min(self._as_of, self._first_day)

    def _used_before(self, limit: Limit, visit: Visit) -> int:
        """What the request states of a limit, and its dated visits, as far as they count on the visit's date."""
        dated = self.dated(limit, visit)
        stated = self._stated(limit, visit)
        if not stated:
            return sum(amount for day, amount in dated if self._is_in(limit, day, visit))
        behind = [each for each in dated if each[0] > self._as_of]
        may_be_left_out = self._plan.leaves_out(limit)
        if not is_rolling(limit.per):
            then = self._key(limit, visit.day, visit)
            said = [(day or self._as_of, amount) for day, amount in stated]
            said = [(day, amount) for day, amount in said if self._key(limit, day, visit) == then]
            # Those up to the day of what is stated of the period are part of it.
            until = max((day for day, _ in said), default=date.min)
            others = [each for each in dated if each[0] > until and self._key(limit, each[0], visit) == then]
            return sum(amount for _, amount in [*said, *others])
        included = [each for each in dated if each[0] <= self._as_of and in_window(limit.per, each[0], self._as_of)]
        if may_be_left_out:
            included = []  # point 43: what is stated is the whole use, whatever the dated visits come to
        start = min(self._as_of, self._first_day)
        if any(day for day, _ in stated):
            uses = [(day or start, amount) for day, amount in stated]
        else:
            total = sum(amount for _, amount in stated)
            uses = [*included, (start, max(0, total - sum(amount for _, amount in included)))]
        return sum(amount for day, amount in [*uses, *behind] if in_window(limit.per, day, visit.day))

    def _key(self, limit: Limit, day: date, visit: Visit) -> tuple[object, ...]:
        """The fixed period of a limit that holds a day, of the visit's episode."""
        return fixed_period(limit.per, day, self._plan.period(day), self._began(visit))

    def _is_in(self, limit: Limit, day: date, visit: Visit) -> bool:
        """Whether a dated use counts on the visit's date."""
        if is_rolling(limit.per):
            return in_window(limit.per, day, visit.day)
        return self._key(limit, day, visit) == self._key(limit, visit.day, visit)

    def _stated(self, limit: Limit, visit: Visit) -> list[tuple[date | None, int]]:
        """What is stated of the limit, with its date where it has one: `limit_usage`, else the benefit's visits."""
        if limit.signature not in self._plan.signatures(self._as_of):
            return []
        key = "used_cents" if limit.allow.measure == "money" else "used"
        entries = [
            each
            for member_id in self._owners(limit, visit)
            for each in self._given(member_id, "limit_usage")
            if each["limit"] == limit.id
            and each.get("benefit", visit.benefit) == visit.benefit
            and (each.get("episode", ""), each.get("condition", "")) == self._named(limit, visit)
        ]
        if entries:
            return [
                (date.fromisoformat(each["date"]) if each.get("date") else None, each.get(key) or 0) for each in entries
            ]
        for each in self._given(visit.member_id, "benefit_visits"):
            if self._plan.is_own_visit_limit(limit, each["benefit"]):
                return [(None, each.get("visits") or 0)]
        return []

    def _named(self, limit: Limit, visit: Visit) -> tuple[str, str]:
        """The episode and the condition that a statement about the visit's count names."""
        whose = self._whose(limit, visit.episode, visit.condition)
        return (whose, "") if limit.owner == "episode" else ("", whose)

    def _owners(self, limit: Limit, visit: Visit) -> list[str]:
        """The members whose use counts toward a limit."""
        return list(self._members) if limit.family else [visit.member_id]

    def dated(self, limit: Limit, visit: Visit) -> list[tuple[date, int]]:
        """What the dated visits count toward the limit, as the edition of each visit's own date has it."""
        found: list[tuple[date, int]] = []
        for each in (entry for member_id in self._owners(limit, visit) for entry in self.before(member_id)):
            if limit.per == "visit" and each.benefit != visit.benefit:
                continue
            for own in self._plan.limits_on(each.benefit, each.day):
                if own.signature != limit.signature or own.allow.measure in ("money", "minutes"):
                    continue
                if self._whose(own, each.episode, each.condition) != self._whose(limit, visit.episode, visit.condition):
                    continue
                if own.allow.measure == "units":
                    found.append((each.day, each.units))
                elif own.counts != "plan_paid" or each.plan_paid is None or each.plan_paid > 0:
                    found.append((each.day, 1))
        return found

    def leave_out(self, limit: Limit, visit: Visit) -> None:
        """Note that the limit leaves out a covered line: of a visit limit it leaves out the visit (point 43).

        Reading: the first covered line decides, so that nothing changes where a line of the visit was counted already.
        """
        if limit.allow.measure == "visits" and not self.is_counted(limit, visit):
            self._events.append(_event(limit, visit, 0))

    def add(self, limit: Limit, visit: Visit, *, units: int, minutes: int, eligible: int, plan_paid: int) -> None:
        """Count a covered line against a limit of its benefit.

        Reading: a limit on allowed amounts counts the eligible part, since the rest was not covered.
        """
        if limit.allow.measure == "units":
            amount = units
        elif limit.allow.measure == "minutes":
            amount = minutes
        elif limit.allow.measure == "money":
            amount = eligible if limit.counts == "allowed" else plan_paid
        else:
            is_counted = limit.counts != "plan_paid" or plan_paid > 0
            amount = 1 if is_counted and not self.is_counted(limit, visit) else 0
        if amount:
            self._events.append(_event(limit, visit, amount))

    def is_counted(self, limit: Limit, visit: Visit) -> bool:
        """Whether the visit was counted against a visit limit already, in the estimate or before it."""
        begun = self._begun(visit)
        if begun and (limit.counts != "plan_paid" or begun.plan_paid is None or begun.plan_paid > 0):
            return True
        return any(
            (event.member_id, event.signature, event.benefit, event.day)
            == (visit.member_id, limit.signature, visit.benefit, visit.day)
            for event in self._events
        )


def _event(limit: Limit, visit: Visit, amount: int) -> Event:
    """Use of a limit by a line of a visit."""
    own = visit.member_id, limit.signature, visit.benefit, visit.day, visit.period
    return Event(*own, amount, visit.episode, visit.condition)


def _go_on(per: str, first: date | None, used: int, uses: Iterable[tuple[date, int]]) -> tuple[date | None, int]:
    """The time after uses in order of date: the first one behind its end begins another (point 49)."""
    for day, amount in uses:
        if first is None or day >= time_end(per, first):
            first, used = day, 0
        used += amount
    return first, used
