"""Statements of a request that cannot all be true of one plan (docs/rule-language.md, point 30).

What comes in: the `Scope` of a request whose sums are each within bounds. What goes out: violations with the field's
path, what was found and what was expected. Limits and visits that contradict each other: `engine/prior_use.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from camcover.engine.plan_index import PlanIndex
from camcover.engine.prior_use import Scope
from camcover.engine.request import AccumulatorUse, Coverage, Violation
from camcover.refusals import Refusal
from camcover.rulebook.records import Carryover, DeductibleStep, Plan

_A_PAIR = 2


def contradictions(scope: Scope) -> Iterator[Violation]:
    """Everything in a request's sums and dates that contradicts something else in it."""
    yield from _later_as_of(scope)
    yield from contradicting_sums(scope)


def contradicting_sums(scope: Scope) -> Iterator[Violation]:
    """Sums that contradict each other."""
    prefix = "secondary_" if scope.secondary else ""
    of_family = f"{prefix}family_accumulators"
    paths = [f"members[{place}].{prefix}accumulators" for place in range(len(scope.request.members))]
    family = scope.request.coverage is Coverage.FAMILY
    maxima = scope.plan.maxima(scope.edition, family=family)
    owners = [(path, scope.use_of(place).accumulators, maxima.member) for place, path in enumerate(paths)]
    if family:
        yield from _below_a_members(scope, of_family, [uses for _, uses, _ in owners], maxima.member)
        owners.append((of_family, scope.family_sums, maxima.family))
    for path, uses, tops in owners:
        yield from _beyond_a_maximum(scope.plan, path, uses, tops)


def _later_as_of(scope: Scope) -> Iterator[Violation]:
    """Sums of a benefit period that begins behind the first line."""
    period = scope.plan.period_of(scope.as_of)
    if period > scope.plan.period_of(scope.first_day):
        as_of, first, start = (date.fromordinal(day) for day in (scope.as_of, scope.first_day, period))
        found = f"{as_of}, in a later benefit period of plan {scope.plan.id} than the first date of service, {first}"
        yield Violation("as_of", found, f"a day before {start}", Refusal.CONTRADICTORY_USE)


def _below_a_members(
    scope: Scope, path: str, members: Sequence[Sequence[AccumulatorUse]], tops: Sequence[int]
) -> Iterator[Violation]:
    """Family's sums below what one member has of the same accumulator, by its own sum or by that of a deductible."""
    for place, use in enumerate(scope.family_sums):
        if use.accumulator not in scope.plan.accumulators:
            continue  # An unknown word, of which `violations` tells.
        own = (each for uses in members for each in _stated_of(scope.plan, use.accumulator, uses, tops))
        most = max(own, default=0)
        if use.used_cents is not None and use.used_cents < most:
            found = f"{use.used_cents} cents used of {use.accumulator} by the family, but {most} by a member"
            yield Violation(f"{path}[{place}].used_cents", found, f"{most} or more", Refusal.CONTRADICTORY_USE)


def _stated_of(index: PlanIndex, name: str, uses: Sequence[AccumulatorUse], tops: Sequence[int]) -> Iterator[int]:
    """Cents of an accumulator that a member's sums state: its own, and those of deductibles that count toward it."""
    if name not in index.accumulators:
        return  # refused by itself
    counted = counted_toward(index)
    top = tops[index.accumulators[name]]
    for use in uses:
        cents = use.used_cents or 0
        if use.accumulator == name:
            yield cents
        elif counted.get(use.accumulator) == name:
            yield cents if top < 0 else min(cents, top)


def _beyond_a_maximum(
    index: PlanIndex, path: str, uses: Sequence[AccumulatorUse], tops: Sequence[int]
) -> Iterator[Violation]:
    """Deductibles beyond the sum of a maximum toward which every cent of them counts, unless that is reached."""
    if len(uses) < _A_PAIR:
        return
    counted = counted_toward(index)
    given = {use.accumulator: use.used_cents for use in uses if use.used_cents is not None}
    for place, use in enumerate(uses):
        maximum = counted.get(use.accumulator)
        most = given.get(maximum or "")
        if use.used_cents is None or most is None or maximum is None:
            continue
        if use.used_cents > most and most != tops[index.accumulators[maximum]]:
            found = f"{use.used_cents} cents used of {use.accumulator}, but {most} of {maximum}, to which it all counts"
            where = f"{path}[{place}].used_cents"
            yield Violation(where, found, f"0 to {most}", Refusal.CONTRADICTORY_USE, at_most=most)


def counted_toward(index: PlanIndex) -> dict[str, str]:
    """The deductibles of which every cent counts toward one out-of-pocket maximum in every edition, and that maximum.

    Worked out once for a plan.
    """
    found = index.counted_toward
    if not found:
        found[""] = ""  # worked out, even if there is no other
        found.update(counted_in(index.editions))
    return found


def counted_in(editions: Sequence[Plan]) -> Iterator[tuple[str, str]]:
    """The same of the editions of a plan."""
    for name in dict.fromkeys(name for plan in editions for name in plan.accumulators):
        maxima = {_maximum_of_all(plan, name) for plan in editions if name in plan.accumulators}
        if len(maxima) == 1 and "" not in maxima:
            yield name, maxima.pop()


def _maximum_of_all(plan: Plan, name: str) -> str:
    """The maximum toward which every cent of an edition's deductible counts; empty where there is none.

    Every tier whose steps reach the deductible has it, no benefit is left out of it, nothing feeds the deductible from
    elsewhere, and nothing is carried over.
    """
    deductible = plan.accumulators[name]
    is_fed = any(name in each.feeds for each in plan.accumulators.values()) or any(
        name in tier.copay_feeds for tier in plan.tiers.values()
    )
    if is_fed or deductible.carryover is not Carryover.NONE:
        return ""
    maxima = set(_maxima_of(plan, name))
    return maxima.pop() if len(maxima) == 1 else ""


def _maxima_of(plan: Plan, name: str) -> Iterator[str]:
    """The maximum of each tier of each benefit whose steps reach a deductible; empty where it does not count."""
    for benefit in plan.benefits.values():
        for tier in plan.tiers.values():
            block = benefit.tiers.get(tier.id)
            steps = [step for phase in block.member_pays for step in phase.steps] if block else []
            reached = {step.accumulator or tier.deductible for step in steps if isinstance(step, DeductibleStep)}
            if name in reached:
                counts = benefit.counts_toward_out_of_pocket_maximum
                yield (tier.out_of_pocket_maximum or "") if counts else ""
