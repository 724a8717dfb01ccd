"""Random use before the estimate: dated visits, counts of limits, visits by benefit, none contradicting another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from .dice import Dice
from .lines import episode_starts
from .random_shared import ALL_CODES, EPISODES, FACILITIES, THERAPIES, Document
from .rules import Limit, PlanDays, RuleBook, limits_of
from .usage import Usage, Visit
from .values import begins_with, fixed_period, in_window, is_rolling, time_end


def add_use(
    dice: Dice,
    member: Document,
    editions: list[Document],
    prefix: str,
    *,
    first: date,
    as_of: date,
    asked: Document,
) -> None:
    """Add to a member of `asked` what was used under a plan; `first`: the first date of service."""
    plan = RuleBook(editions).days_of(editions[0]["id"])
    named = sorted({name for limit, _ in _limits(editions) for name in plan.conditions_of(limit)})
    visits = _visits(dice, editions, first, named) if dice.chance(30) else []
    if visits:
        member[f"{prefix}prior_visits"] = visits
    usage = Usage([member], prefix, plan, as_of, first)
    usage.starts = episode_starts(asked)
    counts = _stated_counts(dice, editions, usage, (member["id"], first, as_of))
    before = _Before(plan, usage, member["id"], as_of, first)
    for benefit in editions[0]["benefits"]:
        own = [limit for limit in plan.own_visit_limits(benefit, as_of) if limit.counts != "plan_paid"]
        known = [counts[limit.id][0]["used"] for limit in own if limit.id in counts]
        number = known[0] if known else before.visits(benefit) + dice.number(0, 4)
        if (known or dice.chance(15)) and number >= before.visits(benefit):
            if not known or dice.chance(50):
                member.setdefault(f"{prefix}benefit_visits", []).append({"benefit": benefit, "visits": number})
            for limit in own:
                if limit.id in counts:
                    is_soft = any(each.beyond for each in counted_alike(editions, limit))
                    used = number if is_soft else min(number, most_allowed(editions, limit))
                    counts[limit.id] = [{"limit": limit.id, "used": used}]
        else:
            counts = {name: entries for name, entries in counts.items() if name not in {limit.id for limit in own}}
    if counts:
        member[f"{prefix}limit_usage"] = [each for entries in counts.values() for each in entries]


def _stated_counts(
    dice: Dice, editions: list[Document], usage: Usage, whose: tuple[str, date, date]
) -> dict[str, list[Document]]:
    """What is stated of limits that are not the family's; `whose`: the member, the first date of service, `as_of`."""
    member_id, first, as_of = whose
    plan = RuleBook(editions).days_of(editions[0]["id"])
    counts: dict[str, list[Document]] = {}
    for limit, most in ((each, most) for each, most in _limits(editions) if not each.family):
        episode = dice.pick(["", *EPISODES]) if limit.owner == "episode" else ""
        condition = dice.pick(["", *sorted(plan.conditions_of(limit))]) if limit.owner == "condition" else ""
        before = _Before(plan, usage, member_id, as_of, first, episode, condition)
        began = first - timedelta(days=dice.number(0, 25)) if dice.chance(50) else None
        included = before.used(limit, began)
        if dice.chance(35) and included <= most:
            named = {key: word for key, word in (("episode", episode), ("condition", condition)) if word}
            entries = _counts(dice, limit, included, most, min(as_of, first))
            if begins_with(limit.per) == "first_visit" and began is not None:
                entries[0]["date"] = began.isoformat()
            counts[limit.id] = [entry | named for entry in entries]
    return counts


def add_fee_usage(dice: Dice, member: Document, editions: list[Document], prefix: str, first: date) -> None:
    """Add what earlier lines of the first date of service took of fees that lines share; now and then of other days."""
    uses: list[Document] = []
    for _ in range(dice.number(1, 3)):
        day = first if dice.chance(85) else first - timedelta(days=1)
        use: Document = {"date": day.isoformat(), "tier": dice.pick(list(editions[0]["tiers"]))}
        use["used_cents"] = dice.number(0, 6_000)
        if dice.chance(60):
            use["therapy"] = dice.pick(THERAPIES)
        elif dice.chance(50):
            use["practice_expense_cents"] = dice.number(300, 1_600)
        uses.append(use)
    member[f"{prefix}fee_usage"] = uses


def add_codes(dice: Dice, member: Document, prefix: str, first: date) -> None:
    """Add units of codes that the plan covered, most of them on the first date of service."""
    if dice.chance(15):
        days = [first, first, first - timedelta(days=1)]
        member[f"{prefix}code_usage"] = [
            {"code": code, "date": dice.pick(days).isoformat(), "units": dice.number(1, 3)}
            for code in dice.some(ALL_CODES, 1, 3)
        ]


def add_family_use(
    dice: Dice, members: list[Document], editions: list[Document], prefix: str, first: date, as_of: date
) -> None:
    """Add to some members what all of them used of limits of the family."""
    plan = RuleBook(editions).days_of(editions[0]["id"])
    before = _Before(plan, Usage(members, prefix, plan, as_of, first), members[0]["id"], as_of, first)
    for limit, most in _limits(editions):
        included = before.used(limit)
        if not limit.family or included > most or not dice.chance(45):
            continue
        entries = _counts(dice, limit, included, most, min(as_of, first))
        members[0].setdefault(f"{prefix}limit_usage", []).extend(entries)
        key = "used_cents" if limit.allow.measure == "money" else "used"
        if len(members) > 1 and len(entries) == 1 and "date" not in entries[0] and dice.chance(50):
            part = dice.number(0, entries[0][key])
            entries[0][key] -= part
            members[1].setdefault(f"{prefix}limit_usage", []).append({"limit": limit.id, key: part})


def add_dated_counts(
    dice: Dice, asked: Document, editions: list[Document], prefix: str, *, first: date, as_of: date
) -> None:
    """Add counts of limits in the periods that hold the first date of service, where these are not those of `as_of`."""
    plan = RuleBook(editions).days_of(editions[0]["id"])
    for member in asked["members"]:
        usage = Usage([member], prefix, plan, as_of, first)
        usage.starts = episode_starts(asked)
        for limit, most in _limits(editions):
            if limit.family or not (limit.per in _DATED or begins_with(limit.per) == "episode"):
                continue
            before = _Before(plan, usage, member["id"], first, first)
            own, then = (before.key(limit, day) for day in (as_of, first))
            included = before.used(limit)
            if own != then and included <= most and dice.chance(60):
                key = "used_cents" if limit.allow.measure == "money" else "used"
                amount = dice.number(included, most)
                entry = {"limit": limit.id, key: amount, "date": first.isoformat()}
                member.setdefault(f"{prefix}limit_usage", []).append(entry)


_DATED = ("day", "week", "month", "quarter", "calendar_year")
"""The periods of limits of which a count may give a date."""


def _visits(dice: Dice, editions: list[Document], first: date, conditions: list[str]) -> list[Document]:
    """Dated visits, often on the first date of service, sometimes two entries of one visit."""
    visits: list[Document] = []
    for _ in range(dice.number(1, 4)):
        day = first if dice.chance(35) else dice.day(first - timedelta(days=80), first)
        visit: Document = {"benefit": dice.pick(list(editions[0]["benefits"])), "date": day.isoformat()}
        if dice.chance(50):
            visit["units"] = dice.number(1, 3)
        if dice.chance(40):
            visit["copay_paid_cents"] = dice.number(0, 3_000)
        if dice.chance(30):
            visit |= {"coinsurance_paid_cents": dice.number(0, 3_000), "percentage_cents": dice.number(0, 3_000)}
        if dice.chance(30):
            visit["penalty_paid_cents"] = dice.number(0, 6_000)
        if dice.chance(40):
            visit["plan_paid_cents"] = dice.pick([0, 2_000])
        if dice.chance(40):
            visit["episode"] = dice.pick(EPISODES)
        if dice.chance(40):
            visit["facility"] = dice.pick(FACILITIES)
        if conditions and dice.chance(60):
            visit["condition"] = dice.pick(conditions)
        visits.append(visit)
    return visits


def counted_alike(editions: list[Document], limit: Limit) -> list[Limit]:
    """A limit as each edition that goes on with its count has it."""
    own = (each for plan in editions for benefit in plan["benefits"] for each in limits_of(plan, benefit))
    return [each for each in own if each.signature == limit.signature]


def most_allowed(editions: list[Document], limit: Limit) -> int:
    """The greatest amount that an edition allows of a limit."""
    return max(each.most for each in counted_alike(editions, limit))


def _limits(editions: list[Document]) -> Iterator[tuple[Limit, int]]:
    """The limits of which a request may say what was used, each with the most that an edition allows."""
    found: dict[str, list[Limit]] = {}
    for plan in editions:
        for benefit in plan["benefits"]:
            for limit in limits_of(plan, benefit):
                found.setdefault(limit.id, []).append(limit)
    for same in found.values():
        if len({limit.signature for limit in same}) == 1 and same[0].per != "visit":
            yield same[0], max(limit.most for limit in same)


def _counts(dice: Dice, limit: Limit, included: int, most: int, latest: date) -> list[Document]:
    """What is stated of a limit: in one count, or of a rolling limit by dates."""
    key = "used_cents" if limit.allow.measure == "money" else "used"
    total = dice.number(included, max(included, most if dice.chance(30) else most // 2))
    if not is_rolling(limit.per) or included or dice.chance(60):
        return [{"limit": limit.id, key: total}]
    part = dice.number(0, total)
    days = dice.some([0, 1, 5, 20], 1, 2)
    amounts = [total] if len(days) == 1 else [part, total - part]
    return [
        {"limit": limit.id, key: amount, "date": (latest - timedelta(days=day)).isoformat()}
        for day, amount in zip(days, amounts, strict=True)
    ]


@dataclass(frozen=True)
class _Before:
    """What dated visits come to by `as_of`."""

    plan: PlanDays
    usage: Usage
    member_id: str
    as_of: date
    first: date
    episode: str = ""
    condition: str = ""

    def used(self, limit: Limit, began: date | None = None) -> int:
        """What they use of a limit in the period or window that holds `as_of`, up to it.

        `began`: what is stated of the first day of a time from the first visit on.
        """
        period = self.plan.period(self.first)
        visit = Visit(self.member_id, "", self.first, period, self.episode, self.condition)
        dated = [each for each in self.usage.dated(limit, visit) if each[0] <= self.as_of]
        if begins_with(limit.per) == "first_visit":
            start = self.usage.time_begun(limit, visit, began)
            return sum(amount for day, amount in dated if start <= day < time_end(limit.per, start))
        return sum(amount for day, amount in dated if self._is_with(limit, day))

    def _is_with(self, limit: Limit, day: date) -> bool:
        """Whether a day lies in the period or window of a limit that holds `as_of`."""
        if is_rolling(limit.per):
            return in_window(limit.per, day, self.as_of)
        return self.key(limit, day) == self.key(limit, self.as_of)

    def key(self, limit: Limit, day: date) -> tuple[object, ...]:
        """The period of a limit on fixed dates that holds a day."""
        start = self.usage.starts.get((self.member_id, self.episode), self.first)
        return fixed_period(limit.per, day, self.plan.period(day), start)

    def visits(self, benefit: str) -> int:
        """How many there were under a benefit in the benefit period of `as_of`, up to it."""
        days = {each.day for each in self.usage.before(self.member_id) if each.benefit == benefit}
        own = self.plan.period(self.as_of)
        return sum(day <= self.as_of and self.plan.period(day) == own for day in days)
