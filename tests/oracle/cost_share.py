"""What the member pays on a covered line: the steps, the cap, the posting (section 4, points 19 to 23)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .sums import Sums
from .usage import Visit
from .values import PARTS, Json, copay_amount, count, counted_parts, is_yes, money, percent, percent_of


@dataclass
class Share:
    """A line's cost share, cents; `deductibles` holds each deductible step's accumulator and amount, in order.

    `is_bounded`: the coinsurance has a least or a most, or is compared; `percentage`: what it alone came to (point 44).
    """

    deductibles: list[tuple[str, int]] = field(default_factory=list)
    copay: int = 0
    copay_is_remembered: bool = False
    coinsurance: int = 0
    is_bounded: bool = False
    percentage: int = 0

    @property
    def deductible(self) -> int:
        """All deductible steps together."""
        return sum(cents for _, cents in self.deductibles)

    @property
    def total(self) -> int:
        """Deductible, copay and coinsurance."""
        return self.deductible + self.copay + self.coinsurance


def steps_of(member_pays: Any, visit_number: Callable[[str], int]) -> list[Any]:
    """The list of steps for a visit; parts by visit number are taken up to their `through`.

    `visit_number`: the visit's by `N visits` or `N visits of LIMIT`.
    """
    items: list[Any] = [member_pays] if isinstance(member_pays, str) else member_pays
    if not (isinstance(items[0], dict) and "steps" in items[0]):
        return list(items)
    for part in items:
        if "through" not in part or visit_number(part["through"]) <= count(part["through"]):
            return list(part["steps"])
    raise LookupError("no steps for the visit")


@dataclass
class Situation:
    """Where a covered line stands: the plan's edition, tier, benefit, visit, and the copays of visits so far.

    `coinsurances`: of those with a least or a most what was paid, and what their percentages alone came to.
    """

    plan: Json
    tier: str
    benefit: str
    visit: Visit
    units: int
    sums: Sums
    copays: dict[Visit, int]
    coinsurances: dict[Visit, tuple[int, int]]
    facilities: dict[Visit, str]

    @property
    def tier_terms(self) -> Json:
        """The tier's block in the plan."""
        terms: Json = self.plan["tiers"][self.tier]
        return terms

    def named(self, key: str) -> str | None:
        """The tier's `deductible` or `out_of_pocket_maximum`; None for none."""
        name = self.tier_terms.get(key, "none")
        return None if name == "none" else str(name)

    @property
    def accumulators(self) -> Json:
        """The plan's accumulators."""
        terms: Json = self.plan.get("accumulators", {})
        return terms

    def maxima(self, key: str) -> list[str]:
        """The tier's `out_of_pocket_maximum`, and those under `counts_toward` or `capped_by`."""
        own = self.named("out_of_pocket_maximum")
        return [*([own] if own else []), *self.tier_terms.get(key, [])]

    def counts(self, accumulator: str) -> list[str]:
        """The parts of the cost share that an accumulator counts."""
        return list(self.accumulators[accumulator].get("counts", PARTS))

    def is_maximum(self, accumulator: str) -> bool:
        """Whether an accumulator is an out-of-pocket maximum."""
        return bool(self.accumulators[accumulator]["kind"] == "out_of_pocket_maximum")

    def feeds(self, accumulator: str) -> list[str]:
        """The accumulators that one feeds."""
        return list(self.accumulators[accumulator].get("feeds", []))

    @property
    def counted_parts(self) -> tuple[str, ...]:
        """The parts of the benefit's cost share that out-of-pocket maxima cap and count."""
        return counted_parts(self.plan["benefits"][self.benefit])

    @property
    def paid_of_the_day(self) -> int:
        """What the member's visits of the day under benefits of one scope paid of their copays per day (point 20)."""
        shared = self._shared(self.visit)
        same = [each for each in self.copays if (each.member_id, each.day) == (self.visit.member_id, self.visit.day)]
        return sum(self.copays[each] for each in same if self._shared(each) == shared)

    def _shared(self, visit: Visit) -> tuple[str | None, str, str]:
        """What visits of a day share that share a copay: scope and unit, and where it is per facility, that."""
        scope, per = _scope_of_day(self.plan, visit.benefit)
        return scope, per, self.facilities.get(visit, "") if per == "facility" else ""

    def room(self, accumulator: str) -> int | None:
        """What is left of an accumulator for the visit's member."""
        return self.sums.room(self.plan, accumulator, self.visit.member_id)


def _scope_of_day(plan: Json, benefit: str) -> tuple[str | None, str]:
    """The scope of a benefit's copays per day, "" where it names none, and their unit; None: it has no such copay."""
    terms = plan["benefits"].get(benefit, {})
    blocks = [terms[tier]["member_pays"] for tier in plan["tiers"] if isinstance(terms.get(tier), dict)]
    for per in ("day", "facility"):
        if any(is_per_day(block, per) for block in blocks):
            return str(terms.get("copay_scope", "")), per
    return None, ""


def is_per_day(member_pays: Any, per: str = "day") -> bool:
    """Whether some step is a copay per day, or per facility."""
    parts = member_pays if isinstance(member_pays, list) else []
    steps = [step for part in parts if isinstance(part, dict) for step in part.get("steps", [part])]
    return any(copay_amount(step["copay"])[1] == per for step in steps if "copay" in step)


def take_steps(steps: list[Any], eligible: int, at: Situation) -> Share:
    """Apply the steps, in order, to what is left of the eligible amount."""
    share = Share()
    for step in steps:
        rest = eligible - share.total
        terms: Json = {step: None} if isinstance(step, str) else step
        if "deductible" in terms:
            _deductible(terms["deductible"] or at.named("deductible"), rest, share, at)
        elif "copay_by_allowed" in terms:
            share.copay = min(rest, _banded(terms["copay_by_allowed"], eligible))
        elif "copay" in terms:
            share.copay = _copay(terms, rest, share, at)
        elif "coinsurance" in terms:
            share.coinsurance = _coinsurance(terms, rest, eligible, share, at)
        elif "lesser_of" in terms or "greater_of" in terms:
            _compare(terms, rest, eligible, share, at)
    return share


def _percentage(terms: Json, rest: int, eligible: int, share: Share) -> int:
    """The percentage of its base, at most what is left."""
    bases = {"remaining": rest, "after_deductible": eligible - share.deductible, "allowed": eligible}
    return min(rest, percent_of(percent(terms["coinsurance"]), bases[terms.get("of", "remaining")]))


def _coinsurance(terms: Json, rest: int, eligible: int, share: Share, at: Situation) -> int:
    """The percentage, raised to its least and then cut to its most (point 44)."""
    part = _percentage(terms, rest, eligible, share)
    if "at_least" not in terms and "at_most" not in terms:
        return part
    share.is_bounded, share.percentage = True, part
    paid, percentages = at.coinsurances.get(at.visit, (0, 0))
    if "at_least" in terms:
        part = max(_credited(terms["at_least"], part, paid, percentages), _left(terms["at_least"], paid, at))
    if "at_most" in terms:
        part = min(part, _left(terms["at_most"], paid, at))
    return min(rest, part)


def _compare(terms: Json, rest: int, eligible: int, share: Share, at: Situation) -> None:
    """One copay and one coinsurance, the lesser or the greater; where they are alike it is the coinsurance."""
    ((word, both),) = terms.items()
    copay = next(each["copay"] for each in both if "copay" in each)
    part = _percentage(next(each for each in both if "coinsurance" in each), rest, eligible, share)
    share.is_bounded, share.percentage = True, part
    share.copay_is_remembered = copay_amount(copay)[1] == "visit"
    paid, percentages = at.coinsurances.get(at.visit, (0, 0))
    paid += at.copays.get(at.visit, 0)
    fixed = _left(copay, paid, at)
    if word == "lesser_of":
        is_copay = fixed < part
    else:
        part = _credited(copay, part, paid, percentages)
        is_copay = fixed > part
    if is_copay:
        share.copay = min(rest, fixed)
    else:
        share.coinsurance = part


def _left(bound: str, paid: int, at: Situation) -> int:
    """What a least or a most comes to on the line; of one per visit what earlier lines left of it."""
    amount, per = copay_amount(bound)
    if per == "visit":
        return max(0, amount - paid)
    return amount * at.units if per == "unit" else amount


def _credited(least: str, part: int, paid: int, percentages: int) -> int:
    """A line's percentage less what earlier lines paid above theirs, for a least per visit."""
    return max(0, part - max(0, paid - percentages)) if copay_amount(least)[1] == "visit" else part


def _deductible(accumulator: str | None, rest: int, share: Share, at: Situation) -> None:
    """Take what is left of a deductible, less what an earlier step of the line took of the same one."""
    if accumulator is None:
        return
    room = at.room(accumulator)
    taken = sum(cents for name, cents in share.deductibles if name == accumulator)
    share.deductibles.append((accumulator, rest if room is None else min(rest, max(0, room - taken))))


def _banded(bands: list[Json], eligible: int) -> int:
    """The copay of the first band that holds the eligible amount."""
    return next(money(each["copay"]) for each in bands if "up_to" not in each or eligible <= money(each["up_to"]))


def _copay(terms: Json, rest: int, share: Share, at: Situation) -> int:
    """The copay due on the line. Reading: `per unit` is per covered unit."""
    if is_yes(terms.get("waived_with_deductible")) and share.deductible > 0:
        return 0
    amount, per = copay_amount(terms["copay"])
    if per == "unit":
        return min(rest, amount * at.units)
    if per == "visit":
        share.copay_is_remembered = True
        amount = max(0, amount - at.copays.get(at.visit, 0))
    if per in ("day", "facility"):
        share.copay_is_remembered = True
        amount = max(0, amount - at.paid_of_the_day)
    return min(rest, amount)


def cap(share: Share, at: Situation) -> None:
    """Cut each part to what the maxima that cap it leave: deductibles from the first, copay, coinsurance (point 21)."""
    kept = dict.fromkeys(at.maxima("capped_by"), 0)

    def cut(part: str, cents: int) -> int:
        capping = [name for name in kept if part in at.counts(name) and part in at.counted_parts]
        rooms = [(at.room(name), kept[name]) for name in capping]
        amount = max(0, min([cents, *(room - taken for room, taken in rooms if room is not None)]))
        for name in capping:
            kept[name] += amount
        return amount

    share.deductibles = [(name, cut("deductible", cents)) for name, cents in share.deductibles]
    share.copay = cut("copay", share.copay)
    share.coinsurance = cut("coinsurance", share.coinsurance)


def post(share: Share, at: Situation) -> None:
    """Add the share to the accumulators, in the order of point 23.

    A part that the benefit does not count toward the maxima is not in (c), and no maximum receives anything of it.
    """
    in_c = _receivers_of_maxima(at)
    by_step = [
        ("deductible", receiver, cents)
        for name, cents in share.deductibles
        for receiver in (name, *at.feeds(name))
        if (receiver, "deductible") not in in_c
    ]
    by_step += [
        ("copay", receiver, share.copay)
        for receiver in at.tier_terms.get("copay_feeds", [])
        if (receiver, "copay") not in in_c
    ]
    parts = {"deductible": share.deductible, "copay": share.copay, "coinsurance": share.coinsurance}
    posted = [*by_step, *((part, receiver, parts[part]) for receiver, part in in_c)]
    for part, receiver, cents in posted:
        if part in at.counts(receiver) and (part in at.counted_parts or not at.is_maximum(receiver)):
            at.sums.add(at.plan, receiver, at.visit.member_id, at.visit.day, cents)
    if share.copay_is_remembered:
        at.copays[at.visit] = at.copays.get(at.visit, 0) + share.copay
    if share.is_bounded:
        paid, percentages = at.coinsurances.get(at.visit, (0, 0))
        at.coinsurances[at.visit] = paid + share.coinsurance, percentages + share.percentage


def _receivers_of_maxima(at: Situation) -> set[tuple[str, str]]:
    """Each accumulator with each part that it receives in (c), once however many maxima lead to it."""
    return {
        (receiver, part)
        for name in at.maxima("counts_toward")
        for receiver in (name, *at.feeds(name))
        for part in at.counted_parts
        if part in at.counts(name) and part in at.counts(receiver)
    }
