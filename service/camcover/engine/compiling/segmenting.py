"""Plan editions cut into segments: a new one begins where an edition that the plan refers to begins or ends.

What comes in: checked rules, and the editions of one plan. What goes out: the plan's segments, in order of date.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from camcover.calendar import LAST_DAY, OrdinalDay, add_months
from camcover.engine.compiling.editions import days_of, edition_on, period_runs
from camcover.engine.compiling.segments import PeriodRun, Segment
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.rulebook.records import Catalog, Fees, Plan, Policy, RuleSet

MONTHS_ASSUMED = 12
"""How long behind a plan's last edition its terms are assumed to go on (docs/rule-language.md, point 37)."""


def segments_of(rules: RuleSet, vocabulary: Vocabulary, editions: Sequence[Plan]) -> tuple[Segment, ...]:
    """The segments of every edition, in order of date; the last one's terms may be assumed to go on."""
    runs = period_runs(editions)
    segments = [
        each
        for place, plan in enumerate(editions)
        for each in _edition_segments(rules, vocabulary, plan, place=place, period=runs[place])
    ]
    last = segments[-1]
    if last.last_day < LAST_DAY:
        segments[-1] = replace(last, last_assumed=OrdinalDay(add_months(last.last_day, MONTHS_ASSUMED)))
    return tuple(segments)


def _edition_segments(
    rules: RuleSet, vocabulary: Vocabulary, plan: Plan, *, place: int, period: PeriodRun
) -> Iterator[Segment]:
    """The segments of one edition; `place`: the edition's among the plan's editions."""
    fees = rules.fees[plan.fees] if plan.fees else ()
    first, last = days_of(plan.heading.effective)
    cuts = {first}
    for edition in _referred(rules, vocabulary, plan):
        start, end = days_of(edition.heading.effective)
        cuts.update(OrdinalDay(day) for day in (start, end + 1) if first < day <= last)
    bounds = [*sorted(cuts), OrdinalDay(last + 1)]
    for start, following in pairwise(bounds):
        last_day = OrdinalDay(following - 1)
        yield Segment(plan, place, edition_on(fees, start) if fees else None, start, last_day, last_day, period)


def _referred(rules: RuleSet, vocabulary: Vocabulary, plan: Plan) -> Iterator[Catalog | Policy | Fees]:
    """The editions of everything that a plan edition refers to: catalogs, policies, fees."""
    yield from vocabulary.catalogs
    for name in sorted({str(benefit.policy) for benefit in plan.benefits.values() if benefit.policy}):
        yield from rules.policies[name]
    if plan.fees:
        yield from rules.fees[plan.fees]
