"""Cost-share cliffs: the next visit after a limit or a phase costs the patient more than the last one within it.

What comes in: compiled rules and an analysed plan edition. What goes out: a `Cliff` for each visit after which the next
one costs the patient more. The engine prices both on a request that states the use before the last visit: all
deductibles are met, the out-of-pocket maximum holds only what follows from that, and sessions cost the catalog's
typical charge. Amounts in cents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from camcover.engine import EstimateRequest, InvalidRequest, Tables, evaluate_many
from camcover.engine.estimate import Line, Reason
from camcover.engine.request import AccumulatorUse, BenefitVisits, LimitUse, UseSoFar
from camcover.money import Cents, dollars
from camcover.rulebook.analysis.cells import CellLine
from camcover.rulebook.analysis.decisions import Decided
from camcover.rulebook.analysis.findings import Finding, FindingKind
from camcover.rulebook.analysis.periods import holds, is_open_on
from camcover.rulebook.analysis.plans import Analysed
from camcover.rulebook.records import (
    FIXED_PERIODS,
    WITHIN_A_DAY,
    AccumulatorKind,
    Benefit,
    Counting,
    Limit,
    LimitPeriod,
    Measure,
    PeriodKind,
    Phase,
    Plan,
    RuleSet,
)
from camcover.workflow.witnesses import attested, first_day, passing, request_of, usual_charge

__all__ = ["Cliff", "CliffStep", "cliffs"]

_DAYS_TO_TRY = 62
_YEAR = LimitPeriod(PeriodKind.BENEFIT_PERIOD, 0)
_ON_DATES = tuple(LimitPeriod(kind, 0) for kind in FIXED_PERIODS if kind not in WITHIN_A_DAY)
"""The periods that begin and end on fixed dates and are longer than a day."""


class CliffStep(NamedTuple):
    """Where a cliff is: in a tier after a visit or unit (`noun`) with that number, and why.

    `is_met`: the plan has a deductible, which is taken to be met.
    """

    tier: str
    noun: str
    number: int
    why: str
    is_met: bool


@dataclass(frozen=True, slots=True)
class Cliff:
    """A cliff as a finding, with the request that shows it and what the patient pays on either side, cents."""

    finding: Finding
    step: CliffStep
    request: EstimateRequest
    before_cents: int
    after_cents: int


@dataclass(frozen=True, slots=True)
class _Place:
    """A benefit in a tier, a cell where it is the first that applies, and a line of that cell."""

    benefit: Benefit
    tier: str
    cell: Decided
    line: CellLine


def cliffs(tables: Tables, rules: RuleSet, analysed: Analysed) -> Iterator[Cliff]:
    """The cliffs of a plan edition, benefit by benefit and tier by tier."""
    for place in _places(analysed):
        for limit in place.benefit.limits:
            if str(limit.id) not in analysed.idle_ids:
                yield from _at_limit(tables, rules, analysed.plan, place, limit=limit)
        for phase in place.benefit.tiers[place.tier].member_pays:
            if phase.through:
                yield from _at_phase(tables, rules, analysed.plan, place, phase=phase)


def _places(analysed: Analysed) -> list[_Place]:
    """Each benefit in each tier where it applies, if possible in a cell where no other benefit follows."""
    found: dict[tuple[str, str], _Place] = {}
    for cell in (cell for cell in analysed.cells if cell.chain):
        first = cell.chain[0]
        alike = next(each for each in cell.grid.axes[0] if cell.line.tier in each.values)
        for tier in map(str, alike.values):
            known = found.get((str(first.id), tier))
            if known is None or len(cell.chain) < len(known.cell.chain):
                found[str(first.id), tier] = _Place(first, tier, cell, cell.line._replace(tier=tier))
    return list(found.values())


def _at_limit(tables: Tables, rules: RuleSet, plan: Plan, place: _Place, *, limit: Limit) -> Iterator[Cliff]:
    """The cliff at a limit: at its last visit or unit, or at the last visit that its money holds."""
    if limit.measure is Measure.MONEY:
        yield from _at_money_limit(tables, rules, plan, place, limit=limit)
        return
    if limit.measure is Measure.MINUTES:
        # The last unit depends on how long a unit takes, and no patient plans by that.
        return
    is_visits = limit.measure is Measure.VISITS
    dates = _two_days(plan, place, limit.per, on_one_day=not is_visits)
    allow = limit.allow_at(place.line.age)
    if allow and dates is not None:
        before = LimitUse(str(limit.id), used=allow - 1)
        request = _request(rules, plan, place, dates, limit=limit, before=before, visits=allow - 1 if is_visits else 0)
        yield from _cliff(
            tables, plan, place, request, limit=limit, number=allow, noun="visit" if is_visits else "unit"
        )


def _at_money_limit(tables: Tables, rules: RuleSet, plan: Plan, place: _Place, *, limit: Limit) -> Iterator[Cliff]:
    """The cliff at a limit in money, from what it counts of one visit."""
    dates = _two_days(plan, place, limit.per, on_one_day=False)
    if dates is None:
        return
    first = _priced(
        tables, _request(rules, plan, place, dates[:1], limit=limit, before=LimitUse(str(limit.id)), visits=0)
    )
    if first is None or not _is_whole(first[0]):
        return
    counted = first[0].allowed_cents if limit.counts is Counting.ALLOWED else first[0].plan_paid_cents
    visits = limit.allow_at(place.line.age) // counted if counted else 0
    if visits:
        before = LimitUse(str(limit.id), used_cents=Cents((visits - 1) * counted))
        request = _request(rules, plan, place, dates, limit=limit, before=before, visits=visits - 1)
        yield from _cliff(tables, plan, place, request, limit=limit, number=visits, noun="visit")


def _at_phase(tables: Tables, rules: RuleSet, plan: Plan, place: _Place, *, phase: Phase) -> Iterator[Cliff]:
    """The cliff where the steps change with the number of the visit."""
    through = phase.through or 0
    counting = next((limit for limit in place.benefit.limits if limit.id == phase.visits_of), None)
    dates = _two_days(plan, place, counting.per if counting else _YEAR, on_one_day=False)
    if dates is None:
        return
    before = LimitUse(str(counting.id), used=through - 1) if counting else None
    request = _request(rules, plan, place, dates, limit=counting, before=before, visits=0 if counting else through - 1)
    lines = _priced(tables, request)
    if lines is None or any(line.benefit != place.benefit.id or not line.covered for line in lines):
        return
    if any(_ends_by(limit, phase, plan) for limit in place.benefit.limits):
        return
    if _owed(lines[1]) > _owed(lines[0]):
        yield _found(plan, place, request, lines, number=through, noun="visit", why="its steps change")


def _ends_by(limit: Limit, phase: Phase, plan: Plan) -> bool:
    """Whether a limit lets no visit come after the last one of a phase."""
    is_hard = limit.measure is Measure.VISITS and limit.counts is Counting.COVERED and limit.beyond is None
    if phase.visits_of is not None:
        return is_hard and limit.id == phase.visits_of and limit.most <= (phase.through or 0)
    is_whole = is_hard and not limit.leaves_out and holds(limit.per, _YEAR, plan.benefit_period)
    return is_whole and limit.most <= (phase.through or 0)


def _cliff(
    tables: Tables, plan: Plan, place: _Place, request: EstimateRequest, *, limit: Limit, number: int, noun: str
) -> Iterator[Cliff]:
    """The cliff between the two lines of a request, if the limit makes one."""
    lines = _priced(tables, request)
    if lines is None or lines[0].benefit != place.benefit.id or not _is_whole(lines[0]):
        return
    bites = lines[1].limit == limit.id or lines[1].benefit != place.benefit.id
    if bites and _owed(lines[1]) > _owed(lines[0]):
        yield _found(plan, place, request, lines, number=number, noun=noun, why=f"limit '{limit.id}'", limit=limit)


def _found(
    plan: Plan,
    place: _Place,
    request: EstimateRequest,
    lines: Sequence[Line],
    *,
    number: int,
    noun: str,
    why: str,
    limit: Limit | None = None,
) -> Cliff:
    """The cliff between two priced lines."""
    before, after = _owed(lines[0]), _owed(lines[1])
    is_met = any(each.used_cents for each in request.members[0].use.accumulators)
    told = f"{noun} {number}: {dollars(before)}, {noun} {number + 1}: {dollars(after)}"
    met = " with the deductible met" if is_met else ""
    message = f"benefit '{place.benefit.id}' in tier '{place.tier}'{met}: {told} ({why})"
    at = limit.at if limit is not None else place.benefit.tiers[place.tier].at
    subject = str(limit.id) if limit is not None else str(place.benefit.id)
    step = CliffStep(place.tier, noun, number, why, is_met)
    return Cliff(Finding(FindingKind.CLIFFS, plan, at, subject, message), step, request, before, after)


def _request(
    rules: RuleSet,
    plan: Plan,
    place: _Place,
    dates: tuple[date, ...],
    *,
    limit: Limit | None,
    before: LimitUse | None,
    visits: int,
) -> EstimateRequest:
    """Sessions on `dates` after `visits` others; past a soft limit without its attestation."""
    service = place.cell.grid.service
    use = UseSoFar(
        accumulators=tuple(_met(plan)),
        limit_usage=(before,) if before is not None else (),
        benefit_visits=(BenefitVisits(str(place.benefit.id), visits),) if visits else (),
    )
    charge = usual_charge(rules, service.therapy, dates[0])
    request = request_of(str(plan.heading.id), service, place.line, dates, charge_cents=charge, use=use)
    return attested(request, passing(limit)) if limit is not None else request


def _met(plan: Plan) -> Iterator[AccumulatorUse]:
    """Every deductible met that can be; of all else nothing is stated, so that no more is expected than follows."""
    for accumulator in plan.accumulators.values():
        if accumulator.kind is AccumulatorKind.DEDUCTIBLE:
            yield AccumulatorUse(str(accumulator.id), accumulator.alone or Cents(0))


def _two_days(plan: Plan, place: _Place, per: LimitPeriod, *, on_one_day: bool) -> tuple[date, ...] | None:
    """Two days, one after the other, in one period of every kind; one day twice where the period is no longer.

    None where the stretch has no such days, or visits cannot follow each other in the period.
    """
    stretch = place.cell.grid.stretch
    day = first_day(stretch)
    if per.kind in WITHIN_A_DAY or (per.kind is PeriodKind.ROLLING_DAYS and per.length == 1):
        return (day, day) if on_one_day else None
    for _ in range(_DAYS_TO_TRY):
        following = day + timedelta(days=1)
        kinds = (per, *_ON_DATES)
        if stretch.holds(following) and all(is_open_on(each, day, following, plan.benefit_period) for each in kinds):
            return day, following
        day = following
    return None


def _is_whole(line: Line) -> bool:
    """Whether a line is covered and no limit cuts it."""
    return line.covered and line.reason is Reason.NONE


def _owed(line: Line) -> int:
    """What the member owes for a line, cents, with what accounts pay: balances are no terms of a benefit."""
    return line.patient_cents + line.account_paid_cents


def _priced(tables: Tables, request: EstimateRequest) -> tuple[Line, ...] | None:
    """The lines of a request in order of date; None when it cannot be asked."""
    (found,) = evaluate_many(tables, [request])
    return None if isinstance(found, InvalidRequest) else found.lines
