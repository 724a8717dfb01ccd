"""The violations in what members used under a plan before the estimate.

What comes in: the `Scope` of a request that was found unsound. What goes out: `Violation`s for words that the plan does
not have, counts given twice, sums above their maximum, and use above a hard limit (docs/rule-language.md, point 30).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from camcover.engine.asking.asked import Unsound
from camcover.engine.asking.code_use import code_violations
from camcover.engine.asking.contradictions import contradictions
from camcover.engine.asking.fee_use import fee_violations
from camcover.engine.asking.limit_amounts import in_own_measure, limit_of, most_in_use
from camcover.engine.asking.prior_use import prior_use
from camcover.engine.asking.scope import Scope
from camcover.engine.asking.words import counted, out_of_range, repeated, shown, unknown_word
from camcover.engine.compiling.slots import KnownLimit
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.engine.request import AccumulatorUse, BenefitVisits, Coverage, LimitUse, PriorVisit, Violation
from camcover.refusals import Refusal
from camcover.request_bounds import CENTS, UNITS, USED, VISITS
from camcover.rulebook.records import (
    DATED_PERIODS,
    FROM_FIRST_VISIT,
    MOVING,
    ROLLING,
    CountedFor,
    Limit,
    Measure,
    PeriodKind,
)

_PAID = ("copay_paid_cents", "coinsurance_paid_cents", "percentage_cents", "penalty_paid_cents", "plan_paid_cents")
"""What a dated visit may say in cents."""


def use_violations(scope: Scope, vocabulary: Vocabulary) -> Iterator[Violation]:
    """Everything that is wrong with sums, limits, visits and what a day's lines share so far."""
    prefix = "secondary_" if scope.secondary else ""
    family = scope.request.coverage is Coverage.FAMILY
    maxima = scope.plan.maxima(scope.edition, family=family)
    for place in range(len(scope.request.members)):
        use, path = scope.use_of(place), f"members[{place}].{prefix}"
        yield from _sum_violations(scope, f"{path}accumulators", use.accumulators, maxima.member)
        yield from _limit_violations(scope, f"{path}limit_usage", use.limit_usage)
        yield from _visit_violations(scope, f"{path}benefit_visits", use.benefit_visits)
        for number, visit in enumerate(use.prior_visits):
            yield from _prior_visit_violations(scope, f"{path}prior_visits[{number}]", visit)
        for number, fee in enumerate(use.fee_usage):
            yield from fee_violations(scope, f"{path}fee_usage[{number}]", fee, vocabulary.services)
        for number, code in enumerate(use.code_usage):
            yield from code_violations(scope, f"{path}code_usage[{number}]", code, vocabulary.codes)
        yield from _conflict_violations(scope, place, prefix)
    if family:
        yield from _sum_violations(scope, f"{prefix}family_accumulators", scope.family_sums, maxima.family)
    yield from contradictions(scope)


def _sum_violations(
    scope: Scope, path: str, uses: Sequence[AccumulatorUse], maxima: Sequence[int]
) -> Iterator[Violation]:
    """Unknown and repeated accumulators, and sums out of bounds."""
    seen: set[str] = set()
    for place, use in enumerate(uses):
        name, where = use.accumulator, f"{path}[{place}]"
        if name not in scope.plan.accumulators:
            yield unknown_word(f"{where}.accumulator", Refusal.UNKNOWN_ACCUMULATOR, name, scope.plan.accumulators)
        elif name in seen:
            yield repeated(f"{where}.accumulator", name)
        elif use.used_cents is None and use.last_quarter_cents:
            where, found = f"{where}.last_quarter_cents", "last_quarter_cents without used_cents"
            yield Violation(where, found, "used_cents as well, or this field left out", Refusal.UNUSED_STATEMENT)
        elif use.used_cents is not None:
            yield from _used_violations(where, use, use.used_cents, maxima[scope.plan.accumulators[name]])
        seen.add(name)


def _used_violations(path: str, use: AccumulatorUse, used: int, maximum: int) -> Iterator[Violation]:
    """A sum above its maximum (-1 = none), below zero, or smaller than a part of it."""
    top, late = CENTS.most if maximum < 0 else maximum, use.last_quarter_cents
    if used > top:
        found = f"{counted('used_cents', used)} used of {use.accumulator}"
        yield Violation(f"{path}.used_cents", found, f"0 to {top}", Refusal.CONTRADICTORY_USE, at_most=top)
    elif used < 0:
        yield out_of_range(f"{path}.used_cents", used, CENTS)
    elif not 0 <= late <= used:
        found, expected = counted("last_quarter_cents", late), f"0 to {used}, which is used_cents"
        yield Violation(f"{path}.last_quarter_cents", found, expected, Refusal.CONTRADICTORY_USE)


def _limit_violations(scope: Scope, path: str, uses: Sequence[LimitUse]) -> Iterator[Violation]:
    """Unknown and repeated limits, usage out of bounds or in another measure."""
    ids = list(dict.fromkeys(key.limit for key in scope.plan.slots))
    seen: set[tuple[str, date | None, str, str, str]] = set()
    for place, use in enumerate(uses):
        where = f"{path}[{place}]"
        known = limit_of(scope, use.limit)
        if known is None:
            yield unknown_word(f"{where}.limit", Refusal.UNKNOWN_LIMIT, use.limit, ids)
            continue
        limit = known.limit
        # A limit that counts from the first visit has one period, so its day does not tell entries apart. One on fixed
        # dates has one count of the period of `as_of`, and one that gives a date.
        when = None if limit.per.kind in FROM_FIRST_VISIT else use.date
        if when is not None and limit.per.kind in DATED_PERIODS:
            when = date.min
        key = use.limit, when, use.benefit, use.episode, use.condition
        if key in seen or (use.benefit and (use.limit, None, "", "", "") in seen):
            yield repeated(f"{where}.limit", use.limit)
        seen.add(key)
        yield from _addressed_violations(scope, where, limit, use)
        yield from _usage_violations(where, known, use)


def _addressed_violations(scope: Scope, path: str, limit: Limit, use: LimitUse) -> Iterator[Violation]:
    """A date of what counts over no window, a benefit of what does not count by visit."""
    if use.date is not None and limit.per.kind not in (*MOVING, *DATED_PERIODS):
        found = f"date {use.date} for limit {use.limit}, of which only the count of one period may be stated"
        yield Violation(f"{path}.date", found, "no date", Refusal.UNUSED_STATEMENT)
    elif use.date is not None and limit.per.kind not in ROLLING and use.date.toordinal() > scope.first_day:
        what = "the first visit" if limit.per.kind in FROM_FIRST_VISIT else "the period"
        found = f"date {use.date} of {what} that limit {use.limit} counts"
        expected = f"a date on or before {date.fromordinal(scope.first_day)}, the first date of service"
        yield Violation(f"{path}.date", found, expected, Refusal.CONTRADICTORY_USE)
    for name in ("episode", "condition"):
        word = getattr(use, name)
        if word and limit.counted_for != name:
            found = f"{name} {shown(word)} for limit {use.limit}, which does not count each {name}"
            yield Violation(f"{path}.{name}", found, f"no {name}", Refusal.UNUSED_STATEMENT)
    if use.condition and limit.counted_for is CountedFor.CONDITION:
        yield from _condition_violations(scope, f"{path}.condition", use.limit, use.condition)
    if use.benefit and limit.per.kind is not PeriodKind.VISIT:
        found = f"benefit {shown(use.benefit)} for limit {use.limit}, which does not count per visit"
        yield Violation(f"{path}.benefit", found, "no benefit", Refusal.UNUSED_STATEMENT)
    elif use.benefit and use.benefit not in scope.plan.benefits:
        yield unknown_word(f"{path}.benefit", Refusal.UNKNOWN_BENEFIT, use.benefit, scope.plan.benefits)


def _condition_violations(scope: Scope, path: str, limit: str, condition: str) -> Iterator[Violation]:
    """A condition that has no count of its own; `limit`: under one limit, empty = under any."""
    known = dict.fromkeys(key.condition for key in scope.plan.slots if key.condition and limit in ("", key.limit))
    if condition not in known:
        yield unknown_word(path, Refusal.UNKNOWN_CONDITION, condition, known)


def _usage_violations(path: str, known: KnownLimit, use: LimitUse) -> Iterator[Violation]:
    """Usage above a hard limit, or stated in the measure of another."""
    limit = known.limit
    money = limit.measure is Measure.MONEY
    used, other = in_own_measure(limit, use)
    field, wrong = ("used_cents", "used") if money else ("used", "used_cents")
    most = most_in_use(known, use)
    if used > most:
        found = f"{counted(field, used)} used of limit {limit.id}"
        yield Violation(f"{path}.{field}", found, f"0 to {most}", Refusal.CONTRADICTORY_USE, at_most=most)
    elif used < 0:
        yield out_of_range(f"{path}.{field}", used, CENTS if money else USED)
    elif other:
        measure = "cents" if money else limit.measure.value
        expected = f"{field}, because limit {limit.id} counts {measure}"
        yield Violation(path, f"{wrong} with {other}", expected, Refusal.WRONG_MEASURE)


def _visit_violations(scope: Scope, path: str, uses: Sequence[BenefitVisits]) -> Iterator[Violation]:
    """Unknown and repeated benefits, and visits out of bounds."""
    seen: set[str] = set()
    for place, use in enumerate(uses):
        where = f"{path}[{place}]"
        if use.benefit not in scope.plan.benefits:
            yield unknown_word(f"{where}.benefit", Refusal.UNKNOWN_BENEFIT, use.benefit, scope.plan.benefits)
        elif use.benefit in seen:
            yield repeated(f"{where}.benefit", use.benefit)
        elif VISITS.is_outside(use.visits):
            yield out_of_range(f"{where}.visits", use.visits, VISITS)
        seen.add(use.benefit)


def _prior_visit_violations(scope: Scope, path: str, visit: PriorVisit) -> Iterator[Violation]:
    """What is wrong with a dated visit, if anything."""
    if visit.benefit not in scope.plan.benefits:
        yield unknown_word(f"{path}.benefit", Refusal.UNKNOWN_BENEFIT, visit.benefit, scope.plan.benefits)
    elif UNITS.is_outside(visit.units):
        yield out_of_range(f"{path}.units", visit.units, UNITS)
    elif visit.date.toordinal() > scope.first_day:
        expected = f"a date on or before {date.fromordinal(scope.first_day)}, the first date of service"
        yield Violation(f"{path}.date", f"{visit.date}", expected, Refusal.CONTRADICTORY_USE)
    if visit.condition:
        yield from _condition_violations(scope, f"{path}.condition", "", visit.condition)
    for name in _PAID:
        cents = getattr(visit, name) or 0
        if CENTS.is_outside(cents):
            yield out_of_range(f"{path}.{name}", cents, CENTS)


def _conflict_violations(scope: Scope, member: int, prefix: str) -> Iterator[Violation]:
    """Counts and visits that contradict each other (point 39); none where something else is wrong with them."""
    try:
        found = prior_use(scope, member)
    except (Unsound, KeyError, StopIteration):
        return
    for each in found.conflicts:
        where = f"members[{each.member}].{prefix}{each.field}[{each.place}]"
        yield Violation(where, each.found, each.expected, Refusal.CONTRADICTORY_USE)
