"""What is wrong with what members are said to have used under a plan before the estimate.

What comes in: the `Scope` of a request that was found unsound. What goes out: `Violation`s for words the plan has not,
counts given twice, sums above their maximum, usage above a hard limit (docs/rule-language.md, point 30).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from camcover.engine.asked import MAX_CENTS, MAX_UNITS, Unsound
from camcover.engine.contradictions import contradictions
from camcover.engine.plan_index import ROLLING
from camcover.engine.prior_use import Scope, in_own_measure, limit_of, most_stated, most_used, prior_use
from camcover.engine.request import AccumulatorUse, BenefitVisits, Coverage, LimitUse, PriorVisit, Violation
from camcover.engine.words import unknown_word
from camcover.rulebook.records import Limit, Measure, PeriodKind


def use_violations(scope: Scope) -> Iterator[Violation]:
    """Everything that is wrong with sums, limits and visits so far."""
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
        yield from _conflict_violations(scope, place, path)
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
            yield unknown_word(f"{where}.accumulator", "accumulator", name, scope.plan.accumulators)
        elif name in seen:
            yield Violation(f"{where}.accumulator", f"{name} is given twice")
        elif use.used_cents is not None:
            maximum = maxima[scope.plan.accumulators[name]]
            top = MAX_CENTS if maximum < 0 else maximum
            used, late = use.used_cents, use.last_quarter_cents
            if not 0 <= used <= top:
                said = f"{used} cents used of {name}; expected 0 to {top}"
                yield Violation(f"{where}.used_cents", said, at_most=top if used > top else None)
            elif not 0 <= late <= used:
                said = f"{late} cents; expected 0 to the {used} used in all"
                yield Violation(f"{where}.last_quarter_cents", said)
        seen.add(name)


def _limit_violations(scope: Scope, path: str, uses: Sequence[LimitUse]) -> Iterator[Violation]:
    """Unknown and repeated limits, usage out of bounds or in another measure."""
    ids = list(dict.fromkeys(key.limit for key in scope.plan.slots))
    seen: set[tuple[str, date | None, str]] = set()
    for place, use in enumerate(uses):
        where = f"{path}[{place}]"
        limit = limit_of(scope, use.limit)
        if limit is None:
            yield unknown_word(f"{where}.limit", "limit", use.limit, ids)
            continue
        key = use.limit, use.date, use.benefit
        if key in seen or (use.benefit and (use.limit, None, "") in seen):
            yield Violation(f"{where}.limit", f"{use.limit} is given twice")
        seen.add(key)
        if use.date is not None and limit.per.kind not in ROLLING:
            yield Violation(f"{where}.date", f"limit {use.limit} counts over no window; expected no date")
        if use.benefit and limit.per.kind is not PeriodKind.VISIT:
            yield Violation(f"{where}.benefit", f"limit {use.limit} does not count by visit; expected no benefit")
        elif use.benefit and use.benefit not in scope.plan.benefits:
            yield unknown_word(f"{where}.benefit", "benefit", use.benefit, scope.plan.benefits)
        yield from _usage_violations(where, limit, use)


def _usage_violations(path: str, limit: Limit, use: LimitUse) -> Iterator[Violation]:
    """Usage above a hard limit, or stated in the measure of another."""
    money = limit.measure is Measure.MONEY
    used, other = in_own_measure(limit, use)
    most = most_used(limit) if use.date is None else most_stated(limit)
    if not 0 <= used <= most:
        field = "used_cents" if money else "used"
        said = f"{used} used of limit {limit.id}; expected 0 to {most}"
        yield Violation(f"{path}.{field}", said, at_most=most if used > most else None)
    elif other:
        right = "cents (used_cents)" if money else f"{limit.measure.value} (used)"
        yield Violation(path, f"limit {limit.id} counts {right}", kind="limit")


def _visit_violations(scope: Scope, path: str, uses: Sequence[BenefitVisits]) -> Iterator[Violation]:
    """Unknown and repeated benefits, and visits out of bounds."""
    seen: set[str] = set()
    for place, use in enumerate(uses):
        where = f"{path}[{place}]"
        if use.benefit not in scope.plan.benefits:
            yield unknown_word(f"{where}.benefit", "benefit", use.benefit, scope.plan.benefits)
        elif use.benefit in seen:
            yield Violation(f"{where}.benefit", f"{use.benefit} is given twice")
        elif not 0 <= use.visits <= MAX_UNITS:
            yield Violation(f"{where}.visits", f"{use.visits} visits; expected 0 to {MAX_UNITS}")
        seen.add(use.benefit)


def _prior_visit_violations(scope: Scope, path: str, visit: PriorVisit) -> Iterator[Violation]:
    """What is wrong with a dated visit, if anything."""
    if visit.benefit not in scope.plan.benefits:
        yield unknown_word(f"{path}.benefit", "benefit", visit.benefit, scope.plan.benefits)
    elif not 1 <= visit.units <= MAX_UNITS:
        yield Violation(f"{path}.units", f"{visit.units} units; expected 1 to {MAX_UNITS}")
    elif visit.date.toordinal() > scope.first_day:
        first = date.fromordinal(scope.first_day)
        yield Violation(f"{path}.date", f"{visit.date} lies after the first date of service, {first}")
    for name, cents in (("copay_paid_cents", visit.copay_paid_cents), ("plan_paid_cents", visit.plan_paid_cents or 0)):
        if not 0 <= cents <= MAX_CENTS:
            yield Violation(f"{path}.{name}", f"{cents} cents; expected 0 to {MAX_CENTS}")


def _conflict_violations(scope: Scope, member: int, path: str) -> Iterator[Violation]:
    """Counts and visits that contradict each other (point 39); none where something else is wrong with them."""
    try:
        found = prior_use(scope, member)
    except (Unsound, KeyError, StopIteration):
        return
    for conflict in found.conflicts:
        yield Violation(f"{path}{conflict.field}[{conflict.place}]", conflict.text)
