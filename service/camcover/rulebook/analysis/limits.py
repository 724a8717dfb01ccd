"""Limits that can never refuse or cut anything, each with a proof in words.

What comes in: a plan's editions, the edition in question, and for each edition the benefits that never apply. What goes
out: `Finding`s.

A proof about a benefit's own limit assumes that its count starts from nothing, or from what the plan itself counted
before. A request may state more use than the plan's other limits allow; such a request can still reach the limit. A
pool of the plan can be used by services that the file does not name, and a limit for the family by members whom the
request does not name. So no limit of its benefits keeps a pool or a family limit from being used up.

The proofs rest on docs/rule-language.md, points 10 to 17: limits are judged in the order of the benefit; a visit
belongs to one benefit and one date, and has at least one unit; a plan never pays more than it allows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from camcover.rulebook.analysis.findings import Finding, FindingKind
from camcover.rulebook.analysis.periods import count_to_hold, days_of, holds, is_open_on
from camcover.rulebook.checks.limits import is_in_no_tier, leaves_all_out, limits_of
from camcover.rulebook.checks.scope import listed, required_of
from camcover.rulebook.records import MEASURES, Benefit, CountedFor, Limit, LimitPeriod, Measure, PeriodKind, Plan
from camcover.rulebook.words import listed_tiers, quantity, written

__all__ = ["idle_limits"]

Dead = Mapping[int, Collection[str]]
"""The ids of the benefits that never apply, by the place of the plan's edition."""


class _Slot(NamedTuple):
    """The running count that limits of one id share (point 31)."""

    limit: str
    measure: Measure
    per: LimitPeriod


class _Use(NamedTuple):
    """A live benefit of some edition that draws on a count."""

    edition: int
    benefit: Benefit
    limit: Limit


class _Bound(NamedTuple):
    """The most that can be counted, the reason, and whether what bounds it is judged before the limit."""

    most: int
    why: str
    comes_first: bool


@dataclass(frozen=True, slots=True)
class _Case:
    """A limit of an edition, the benefits that draw on it, and those that did since its period began (`uses`)."""

    plan: Plan
    slot: _Slot
    limit: Limit
    own: tuple[Benefit, ...]
    uses: tuple[_Use, ...]


def idle_limits(editions: Sequence[Plan], place: int, dead: Dead) -> Iterator[Finding]:
    """The limits of the edition at `place` that never refuse, cut or pass on a line."""
    plan = editions[place]
    numbering = set(_numbering(plan))
    for limit in limits_of(plan):
        if str(limit.id) in numbering:
            continue
        case = _case(editions, place, dead, limit)
        why = _why_idle(case)
        if why is not None:
            message = f"limit '{limit.id}' has no effect: {why}"
            yield Finding(FindingKind.LIMITS, plan, limit.at, str(limit.id), message)


def _numbering(plan: Plan) -> Iterator[str]:
    """The limits whose visits number something; they have an effect even if they never refuse (point 13)."""
    for benefit in plan.benefits.values():
        yield from (each.visits_of for each in benefit.numbered if each.visits_of is not None)


def _case(editions: Sequence[Plan], place: int, dead: Dead, limit: Limit) -> _Case:
    """Who draws on a limit's count; an earlier edition counts where the period may have begun in it."""
    plan, slot = editions[place], _slot(limit)
    uses = []
    for number, edition in enumerate(editions[: place + 1]):
        end = edition.heading.effective.end
        counts = end is None or is_open_on(limit.per, end, plan.heading.effective.start, plan.benefit_period)
        if number == place or counts:
            live = [each for name, each in edition.benefits.items() if str(name) not in dead.get(number, ())]
            uses += [_Use(number, each, own) for each in live for own in each.limits if _slot(own) == slot]
    return _Case(plan, slot, limit, tuple(use.benefit for use in uses if use.edition == place), tuple(uses))


def _slot(limit: Limit) -> _Slot:
    return _Slot(str(limit.id), limit.measure, limit.per)


def _why_idle(case: _Case) -> str | None:
    """The proof, in words, that a limit never refuses or cuts; None if none. For a pool it holds at any use."""
    if not case.own:
        is_drawn_on = any(_slot(limit) == case.slot for each in case.plan.benefits.values() for limit in each.limits)
        return "its benefit never applies" if is_drawn_on else "no benefit uses it"
    if all(leaves_all_out(benefit, case.limit) for benefit in case.own):
        if any(is_in_no_tier(benefit, case.limit) for benefit in case.own):
            return f"its benefits cover nothing in {listed_tiers(case.limit.tiers)}"
        return f"its benefits require {listed(sorted(case.limit.excepts))}, which `except` leaves out"
    if _is_attested_anyway(case):
        return f"lines with {case.limit.beyond} pass it, and the benefit covers nothing without that"
    if case.limit.shared or case.limit.of_family:
        return None
    for bound in _bounds(case):
        if case.limit.least > bound.most or (case.limit.least == bound.most and bound.comes_first):
            return bound.why
    return _softer_twin(case)


def _is_attested_anyway(case: _Case) -> bool:
    """Whether every benefit that draws on a soft limit asks for its attestation first (point 10)."""
    return case.limit.beyond is not None and all(
        not benefit.continues_when_exhausted and case.limit.beyond in required_of(benefit) for benefit in case.own
    )


def _bounds(case: _Case) -> Iterator[_Bound]:
    """Upper bounds of what the limit counts in its period: by limits that all its benefits have, and by their sum."""
    by_benefit: dict[str, list[_Use]] = {}
    for use in case.uses:
        by_benefit.setdefault(str(use.benefit.id), []).append(use)
    yield from _shared_bounds(case, case.uses)
    parts: list[_Bound] = []
    for uses in by_benefit.values():
        choices = [*_shared_bounds(case, uses), *_day_bounds(case)]
        if not choices:
            return
        parts.append(min(choices, key=lambda bound: (bound.most, not bound.comes_first)))
    reasons = list(dict.fromkeys(part.why for part in parts))
    counts_apart = case.limit.per.kind is PeriodKind.VISIT
    most = (max if counts_apart else sum)([part.most for part in parts])
    yield _Bound(most, " and ".join(reasons), all(part.comes_first for part in parts))


def _day_bounds(case: _Case) -> Iterator[_Bound]:
    """One visit of a benefit a day: before a visit is judged, fewer were counted than its period has days."""
    days = days_of(case.limit.per)
    if case.limit.measure is Measure.VISITS and days is not None:
        held = "one day has at most one visit" if days[1] == 1 else f"{days[1]} days have at most {days[1]} visits"
        yield _Bound(days[1], f"{held} of a benefit", comes_first=True)


def _shared_bounds(case: _Case, uses: Sequence[_Use]) -> Iterator[_Bound]:
    """The bounds by other hard limits that each of `uses` draws on."""
    for other in uses[-1].benefit.limits:
        if _slot(other) == case.slot or not _is_bounded(case.limit, other):
            continue
        twins = [_own(use.benefit, _slot(other)) for use in uses]
        times = count_to_hold(case.limit.per, other.per, case.plan.benefit_period)
        if times is None or any(twin is None or twin.beyond is not None or twin.leaves_out for twin in twins):
            continue
        most = times * max(twin.most for twin in twins if twin is not None)
        words = f"limit '{other.id}' allows at most {_amount(other, most)} of a benefit in that time"
        yield _Bound(most, words, _comes_first(case, _slot(other), uses))


def _is_bounded(limit: Limit, other: Limit) -> bool:
    """Whether `limit` never counts more of a line than `other` does."""
    counted = {limit.counted_for, other.counted_for} & {CountedFor.EPISODE, CountedFor.CONDITION}
    is_counted_alike = not counted or limit.counted_for is other.counted_for
    return is_counted_alike and (other.measure, other.counts) in MEASURES[limit.measure, limit.counts].bounded_by


def _own(benefit: Benefit, slot: _Slot) -> Limit | None:
    """The limit of a benefit that counts in a slot."""
    return next((limit for limit in benefit.limits if _slot(limit) == slot), None)


def _comes_first(case: _Case, other: _Slot, uses: Sequence[_Use]) -> bool:
    """Whether each benefit looks at the other limit before the one in question."""
    orders = [[_slot(limit) for limit in use.benefit.limits] for use in uses]
    return all(order.index(other) < order.index(case.slot) for order in orders)


def _softer_twin(case: _Case) -> str | None:
    """A soft limit before the one in question that is reached no later and is passed by the same attestation."""
    for other in case.own[0].limits:
        slot = _slot(other)
        is_before = all(_own(use.benefit, slot) for use in case.uses) and _comes_first(case, slot, case.uses)
        if (
            slot != case.slot
            and other.beyond is not None
            and other.beyond is case.limit.beyond
            and not other.leaves_out
            and _is_bounded(case.limit, other)
            and is_before
            and other.most <= case.limit.least
            and holds(other.per, case.limit.per, case.plan.benefit_period)
        ):
            return f"limit '{other.id}' is used up no later, and {listed([str(other.beyond)])} lifts both"
    return None


def _amount(limit: Limit, number: int) -> str:
    """`12 visits`, `$500`."""
    return quantity(limit.measure, number, written)
