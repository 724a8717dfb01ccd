"""Accumulators of one plan: rooms, postings, new periods, carry-over (section 4, points 21 to 24, 29, 32)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from .rules import RuleBook
from .values import Json, add_months, counted_parts, money_or_unlimited

FAMILY = ""
"""Whose sum it is, when it is the family's."""


@dataclass(frozen=True)
class PlanEditions:
    """The editions of one plan."""

    rules: RuleBook
    id: str
    in_force_only: bool

    def edition(self, day: date) -> Json | None:
        """The edition whose terms hold on `day`."""
        return self.rules.plan_with_terms(self.id, day, in_force_only=self.in_force_only)

    def period(self, day: date) -> date:
        """First day of the benefit period that holds `day`."""
        return self.rules.period(self.id, day)


@dataclass(frozen=True)
class Addition:
    """What a line added to a sum."""

    who: str
    accumulator: str
    day: date
    cents: int


class Sums:
    """The running sums of the members and of the family in the current benefit period."""

    def __init__(
        self,
        editions: PlanEditions,
        as_of: date,
        given: dict[str, list[Json]],
        family: list[Json],
        is_family: bool,
        earned: set[str],
    ) -> None:
        """`given` holds the request's sums by member as of `as_of`, `family` the family's.

        `earned`: the members who have earned the wellness incentive.
        """
        self._editions, self._earned = editions, earned
        self._is_family = is_family
        self._members = list(given)
        self._start = _with_family(given, family, "used_cents")
        self._last_quarter = _with_family(given, family, "last_quarter_cents")
        plan = editions.rules.nearest_plan(editions.id, as_of)
        counted = counted_toward(editions.rules.editions("plan", editions.id))
        self._raise_maxima(counted, plan, {who: _stated(entries) for who, entries in given.items()}, _stated(family))
        self._start_period = editions.period(as_of)
        self._begin(self._start_period, dict(self._start))

    def _raise_maxima(
        self, counted: dict[str, list[str]], plan: Json, given: dict[str, set[str]], family: set[str]
    ) -> None:
        """A maximum that is not stated has at least what is stated of a deductible that counts toward it (point 29)."""
        pairs = [(name, each) for name, maxima in counted.items() for each in maxima]
        for deductible, maximum in pairs:
            for who, stated in given.items():
                if deductible in stated and maximum not in stated:
                    self._raise(who, maximum, self._start[who, deductible], plan)
        for deductible, maximum in pairs:
            if maximum not in family:
                self._raise(FAMILY, maximum, sum(self._start.get((who, maximum), 0) for who in given), plan)
                self._raise(FAMILY, maximum, self._start.get((FAMILY, deductible), 0), plan)
        for deductible, maximum in pairs:
            if maximum in family and deductible not in family:
                self._lower_deductible(deductible, maximum, plan)

    def _lower_deductible(self, deductible: str, maximum: str, plan: Json) -> None:
        """A family's deductible that is not stated is at most its maximum's stated sum, unless that is reached."""
        most = self._start[FAMILY, maximum]
        if most == money_or_unlimited(plan.get("accumulators", {}).get(maximum, {}).get("family")):
            return
        for sums in (self._start, self._last_quarter):
            if sums.get((FAMILY, deductible), 0) > most:
                sums[FAMILY, deductible] = most

    def _raise(self, who: str, accumulator: str, cents: int, plan: Json) -> None:
        """Bring a sum to `cents`, at most its maximum."""
        terms = plan.get("accumulators", {}).get(accumulator, {})
        family = money_or_unlimited(terms.get("family"))
        amounts = [own_amount(terms, is_family=self._is_family)]
        if who == FAMILY or (self._is_family and terms.get("family_mode", "embedded") == "aggregate"):
            amounts = [family]
        elif self._is_family:
            amounts.append(family)
        least = min([cents, *(each for each in amounts if each is not None)])
        self._start[who, accumulator] = max(self._start.get((who, accumulator), 0), least)

    def _begin(self, period: date, used: dict[tuple[str, str], int]) -> None:
        self._period = period
        self._used = used
        self._additions: list[Addition] = []

    def used(self, who: str, accumulator: str) -> int:
        """A sum, cents."""
        return self._used.get((who, accumulator), 0)

    def room(self, plan: Json, accumulator: str, member_id: str) -> int | None:
        """What is left of an accumulator for a member; None without end (point 22)."""
        terms = plan["accumulators"][accumulator]
        individual, family = own_amount(terms, is_family=self._is_family), money_or_unlimited(terms.get("family"))
        if individual is not None and member_id in self._earned:
            reduction = money_or_unlimited(terms.get("reduced_by", {}).get("wellness_incentive"))
            individual -= min(individual, reduction or 0)
        own = None if individual is None else max(0, individual - self.used(member_id, accumulator))
        if not self._is_family:
            return own
        whole = None if family is None else max(0, family - self.used(FAMILY, accumulator))
        if terms.get("family_mode", "embedded") == "aggregate":
            return whole
        return min((each for each in (own, whole) if each is not None), default=None)

    def add(self, plan: Json, accumulator: str, member_id: str, day: date, cents: int) -> None:
        """Add to the member's and the family's sum, cut to the room."""
        room = self.room(plan, accumulator, member_id)
        amount = cents if room is None else min(cents, room)
        for who in (member_id, FAMILY):
            self._used[who, accumulator] = self.used(who, accumulator) + amount
            self._additions.append(Addition(who, accumulator, day, amount))

    def enter(self, plan: Json, day: date) -> None:
        """Begin the benefit period of `day` unless it is the current one (point 24)."""
        period = self._editions.period(day)
        if period == self._period:
            return
        if period == self._start_period:
            self._begin(period, dict(self._start))
        elif self._editions.period(period - timedelta(days=1)) == self._period:
            self._begin(period, self._credits(plan, period))
        else:
            self._begin(period, {})

    def _credits(self, plan: Json, period: date) -> dict[tuple[str, str], int]:
        """What the old period's last quarter leaves to the new one; `plan` is the new period's edition (point 32)."""
        judge = self._editions.edition(period - timedelta(days=1))
        credited: dict[tuple[str, str], int] = {}
        for accumulator, terms in (judge or {}).get("accumulators", {}).items():
            mode = terms.get("carryover", "none")
            if judge is None or mode == "none" or terms["kind"] != "deductible":
                continue
            for who in (*self._members, FAMILY):
                if mode == "last_quarter" or self._is_unmet(judge, accumulator, who):
                    applied = self._applied_since(add_months(period, -3), who, accumulator)
                    credited[who, accumulator] = self._capped(plan, accumulator, who, applied)
        return credited

    def _is_unmet(self, judge: Json, accumulator: str, who: str) -> bool:
        """Whether that period's deductible was not met, for the member or for the family."""
        if who != FAMILY:
            room = self.room(judge, accumulator, who)
            return room is None or room > 0
        family = money_or_unlimited(judge["accumulators"][accumulator].get("family"))
        return family is None or self.used(FAMILY, accumulator) < family

    def _applied_since(self, first: date, who: str, accumulator: str) -> int:
        """What was added from `first` on, and what the request says was, if the period is its own."""
        added = sum(
            each.cents
            for each in self._additions
            if (each.who, each.accumulator) == (who, accumulator) and each.day >= first
        )
        given = self._last_quarter.get((who, accumulator), 0) if self._period == self._start_period else 0
        return added + given

    def _capped(self, plan: Json, accumulator: str, who: str, cents: int) -> int:
        """A credit, at most the new edition's maximum.

        Reading: in an aggregate accumulator the individual amount bounds nothing under family coverage.
        """
        terms = plan.get("accumulators", {}).get(accumulator)
        if terms is None:
            return cents
        is_aggregate = self._is_family and terms.get("family_mode", "embedded") == "aggregate"
        maximum = own_amount(terms, is_family=self._is_family)
        if who == FAMILY or is_aggregate:
            maximum = money_or_unlimited(terms.get("family"))
        return cents if maximum is None else min(cents, maximum)

    def rows(self, accumulators: Iterable[str]) -> list[Json]:
        """All sums, as `accumulators_after` has them; the family's only under family coverage."""
        people = [*self._members, FAMILY] if self._is_family else self._members
        return [
            {"member_id": who, "accumulator": each, "used_cents": self.used(who, each)}
            for each in accumulators
            for who in people
        ]


def own_amount(terms: Json, *, is_family: bool) -> int | None:
    """A member's own maximum: alone, or within a family (point 22); None without end."""
    given = terms.get("individual")
    return money_or_unlimited(given if is_family else terms.get("self_only", given))


def _with_family(given: dict[str, list[Json]], family: list[Json], key: str) -> dict[tuple[str, str], int]:
    """Sums by person and accumulator; the family's, where it is not given, is the sum over the members (point 29).

    Reading: the same holds of the part applied in the last quarter.
    """
    sums: dict[tuple[str, str], int] = {}
    for member_id, entries in given.items():
        for entry in entries:
            cents = int(entry.get(key) or 0)
            sums[member_id, entry["accumulator"]] = cents
            sums[FAMILY, entry["accumulator"]] = sums.get((FAMILY, entry["accumulator"]), 0) + cents
    for entry in family:
        if entry.get("used_cents") is not None:
            sums[FAMILY, entry["accumulator"]] = int(entry.get(key) or 0)
    return sums


def _stated(entries: list[Json]) -> set[str]:
    """The accumulators of which a list states the sum."""
    return {entry["accumulator"] for entry in entries if entry.get("used_cents") is not None}


def counted_toward(editions: list[Json]) -> dict[str, list[str]]:
    """Deductibles of which every cent counts toward out-of-pocket maxima, and those maxima (point 30)."""
    names = dict.fromkeys(name for plan in editions for name in plan.get("accumulators", {}))
    found = {}
    for name in names:
        maxima = [_maxima_of(plan, name) for plan in editions if name in plan.get("accumulators", {})]
        found[name] = sorted(set.intersection(*maxima))
    return found


def _maxima_of(plan: Json, deductible: str) -> set[str]:
    """The maxima that all tiers and benefits whose steps reach a deductible count toward; it gets nothing otherwise."""
    accumulators = plan["accumulators"]
    feeding = [each.get("feeds", []) for each in accumulators.values()]
    feeding += [tier.get("copay_feeds", []) for tier in plan["tiers"].values()]
    if accumulators[deductible].get("carryover", "none") != "none" or any(deductible in each for each in feeding):
        return set()
    maxima = []
    for benefit in plan["benefits"].values():
        for name, tier in plan["tiers"].items():
            block = benefit.get(name)
            if isinstance(block, dict) and deductible in _deductibles_of(block["member_pays"], tier):
                counts = "deductible" in counted_parts(benefit)
                named = {str(tier.get("out_of_pocket_maximum", "none")), *tier.get("counts_toward", [])}
                maxima.append(named - {"none"} if counts else set())
    common = set.intersection(*maxima) if maxima else set()
    return {name for name in common if "deductible" in accumulators[name].get("counts", ["deductible"])}


def _deductibles_of(member_pays: str | list[Json], tier: Json) -> set[str]:
    """The deductibles that a list of steps asks for, in all its parts."""
    found: set[str] = set()
    for entry in [member_pays] if isinstance(member_pays, str) else member_pays:
        for step in entry.get("steps", [entry]) if isinstance(entry, dict) else [entry]:
            if step == "deductible":
                found.add(str(tier.get("deductible", "none")))
            elif isinstance(step, dict) and "deductible" in step:
                found.add(str(step["deductible"] or tier.get("deductible", "none")))
    return found
