"""Statements of a request that contradict each other under one plan (docs/rule-language.md, point 30).

What comes in: the `Scope` of a request whose sums are each within bounds. What goes out: violations with the field's
path, what was found and what was expected. Limits and visits that contradict each other: `engine/asking/prior_use.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from camcover.engine.asking.scope import Scope
from camcover.engine.compiling.plan_index import Maxima, PlanIndex
from camcover.engine.request import AccumulatorUse, Coverage, UseSoFar, Violation
from camcover.refusals import Refusal
from camcover.rulebook.records import Carryover, DeductibleStep, Plan, SharePart

_A_PAIR = 2


def contradictions(scope: Scope) -> Iterator[Violation]:
    """Everything in a request's sums and dates that contradicts something else in it."""
    yield from _later_as_of(scope)
    yield from _contradicting_sums(scope)


def do_sums_contradict(scope: Scope, maxima: Maxima, members: Sequence[UseSoFar]) -> bool:
    """Whether some sums contradict each other; it does not say which, because every request is checked.

    `maxima`: those of the edition; `members`: what each of them used under the plan.
    """
    plan = scope.plan
    of_family: Sequence[AccumulatorUse] = ()
    pairs = [use.accumulators for use in members if len(use.accumulators) >= _A_PAIR]
    is_family = scope.request.coverage is Coverage.FAMILY
    if not (pairs or is_family):
        return False
    reached = plan.least_maxima(family=is_family)
    if is_family:
        of_family = scope.family_sums
        uses = [use.accumulators for use in members]
        if any(True for _ in _below_a_members(plan, of_family, uses, maxima.member)):
            return True
        if any(True for _ in _beyond_a_familys_maximum(plan, of_family, reached)):
            return True
    return any(True for uses in pairs for _ in _beyond_a_maximum(plan, uses, of_family, reached))


def _contradicting_sums(scope: Scope) -> Iterator[Violation]:
    """Sums that contradict each other, in words."""
    prefix = "secondary_" if scope.secondary else ""
    family = scope.request.coverage is Coverage.FAMILY
    maxima = scope.plan.maxima(scope.edition, family=family)
    members = [scope.use_of(place).accumulators for place in range(len(scope.request.members))]
    names = list(scope.plan.accumulators)
    of_family, reached = scope.family_sums if family else (), scope.plan.least_maxima(family=family)
    owners = [
        (f"members[{place}].{prefix}accumulators", uses, _beyond_a_maximum(scope.plan, uses, of_family, reached))
        for place, uses in enumerate(members)
    ]
    if family:
        path, uses = f"{prefix}family_accumulators", scope.family_sums
        owners.append((path, uses, _beyond_a_familys_maximum(scope.plan, uses, reached)))
        for place, most in _below_a_members(scope.plan, uses, members, maxima.member):
            name, used = uses[place].accumulator, uses[place].used_cents
            found = f"{used} cents of {name} used by the family, but {most} by one member"
            yield Violation(f"{path}[{place}].used_cents", found, f"{most} or more", Refusal.CONTRADICTORY_USE)
    for path, uses, beyond in owners:
        for place, maximum, most in beyond:
            name, used = uses[place].accumulator, uses[place].used_cents
            found = f"{used} cents of {name} used, but only {most} of {names[maximum]}, toward which all of it counts"
            where = f"{path}[{place}].used_cents"
            yield Violation(where, found, f"0 to {most}", Refusal.CONTRADICTORY_USE, at_most=most)


def _later_as_of(scope: Scope) -> Iterator[Violation]:
    """Sums of a benefit period that begins behind the first line."""
    period = scope.plan.period_of(scope.as_of)
    if period > scope.plan.period_of(scope.first_day):
        as_of, first, start = (date.fromordinal(day) for day in (scope.as_of, scope.first_day, period))
        period_words = f"in a later benefit period of plan {scope.plan.id} than the first date of service"
        found = f"{as_of}, which is {period_words}, {first}"
        yield Violation("as_of", found, f"a date before {start}", Refusal.CONTRADICTORY_USE)


def _below_a_members(
    index: PlanIndex,
    family: Sequence[AccumulatorUse],
    members: Sequence[Sequence[AccumulatorUse]],
    tops: Sequence[int],
) -> Iterator[tuple[int, int]]:
    """Family's sums below what one member has of the same accumulator, by its own sum or by that of a deductible.

    Each with its place in the list and the cents of that member.
    """
    for place, number, cents in _stated(index, family):
        most = max((each for uses in members for each in _stated_of(index, number, uses, tops[number])), default=0)
        if cents < most:
            yield place, most


def _stated(index: PlanIndex, uses: Sequence[AccumulatorUse]) -> Iterator[tuple[int, int, int]]:
    """The sums that are stated: place in the list, number of the accumulator, cents. Unknown words are passed over."""
    for place, use in enumerate(uses):
        number = index.accumulators.get(use.accumulator)
        if number is not None and use.used_cents is not None:
            yield place, number, use.used_cents


def _stated_of(index: PlanIndex, number: int, uses: Sequence[AccumulatorUse], top: int) -> Iterator[int]:
    """Cents of an accumulator that a member's sums state: its own, and those of deductibles that count toward it."""
    toward = counted_toward(index)
    for _, own, cents in _stated(index, uses):
        if own == number:
            yield cents
        elif number in toward[own]:
            yield cents if top < 0 else min(cents, top)


def _beyond_a_maximum(
    index: PlanIndex, uses: Sequence[AccumulatorUse], of_family: Sequence[AccumulatorUse], reached: Maxima
) -> Iterator[tuple[int, int, int]]:
    """A member's deductibles beyond the sum of a maximum toward which every cent of them counts, unless it is reached.

    Each with its place in the list, and of the maxima the one of which least is stated, with those cents.
    `of_family`: the family's sums. Once the family has reached a maximum, no member's sum of it grows. `reached`: the
    sums at which maxima are reached under some edition.
    """
    if len(uses) < _A_PAIR:
        return
    full = {number for _, number, cents in _stated(index, of_family) if 0 <= reached.family[number] <= cents}
    stated = {number: cents for _, number, cents in _stated(index, uses)}
    own = {number for number, cents in stated.items() if 0 <= reached.member[number] <= cents}
    binding = {number: cents for number, cents in stated.items() if number not in full | own}
    yield from _beyond(index, uses, binding)


def _beyond_a_familys_maximum(
    index: PlanIndex, uses: Sequence[AccumulatorUse], reached: Maxima
) -> Iterator[tuple[int, int, int]]:
    """The same of a family's sums.

    What a member pays beyond the own maximum counts toward none, so that a family's sum as high as one member's maximum
    says nothing of its deductible.
    """
    if len(uses) < _A_PAIR:
        return
    stated = {number: cents for _, number, cents in _stated(index, uses)}
    binding = {
        number: cents
        for number, cents in stated.items()
        if not (0 <= reached.family[number] <= cents or 0 <= reached.member[number] <= cents)
    }
    yield from _beyond(index, uses, binding)


def _beyond(
    index: PlanIndex, uses: Sequence[AccumulatorUse], binding: Mapping[int, int]
) -> Iterator[tuple[int, int, int]]:
    """Sums beyond those of the maxima toward which all of them counts; `binding`: cents of those not reached."""
    toward = counted_toward(index)
    for place, number, cents in _stated(index, uses):
        bounds = [(binding[each], each) for each in toward[number] if each in binding]
        most, maximum = min(bounds, default=(cents, -1))
        if cents > most:
            yield place, maximum, most


def counted_toward(index: PlanIndex) -> Sequence[Sequence[int]]:
    """Of each accumulator of a plan the out-of-pocket maxima toward which every cent of it counts, by number.

    Only those that are the same in every edition. Worked out once for a plan.
    """
    found = index.counted_toward
    if len(found) < len(index.accumulators):
        counted = dict(counted_in(index.editions))
        found[:] = [tuple(index.accumulators[each] for each in counted.get(name, ())) for name in index.accumulators]
    return found


def counted_in(editions: Sequence[Plan]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The same of the editions of a plan, by name; only accumulators that have such a maximum."""
    for name in dict.fromkeys(name for plan in editions for name in plan.accumulators):
        common = _common([_maxima_of_all(plan, name) for plan in editions if name in plan.accumulators])
        if common:
            yield name, common


def _common(lists: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The words that every list holds, in the order of the first."""
    return tuple(word for word in (lists[0] if lists else ()) if all(word in each for each in lists))


def _maxima_of_all(plan: Plan, name: str) -> Sequence[str]:
    """The maxima toward which every cent of an edition's deductible counts.

    Every tier whose steps reach the deductible counts toward them, no benefit is left out, nothing else feeds the
    deductible, and nothing is carried over.
    """
    deductible = plan.accumulators[name]
    is_fed = any(name in each.feeds for each in plan.accumulators.values()) or any(
        name in tier.copay_feeds for tier in plan.tiers.values()
    )
    if is_fed or deductible.carryover is not Carryover.NONE:
        return ()
    return _common(list(_maxima_of(plan, name)))


def _maxima_of(plan: Plan, name: str) -> Iterator[Sequence[str]]:
    """For each tier of each benefit whose steps reach a deductible the maxima that it counts toward."""
    for benefit in plan.benefits.values():
        for tier in plan.tiers.values():
            block = benefit.tiers.get(tier.id)
            steps = [step for phase in block.member_pays for step in phase.steps] if block else []
            reached = {step.accumulator or tier.deductible for step in steps if isinstance(step, DeductibleStep)}
            if name in reached:
                counted = tier.counted if SharePart.DEDUCTIBLE in benefit.counted_parts else ()
                yield [each for each in counted if SharePart.DEDUCTIBLE in plan.accumulators[each].parts]
