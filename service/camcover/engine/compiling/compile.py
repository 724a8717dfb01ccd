"""RuleSet -> Tables: every plan edition cut into segments of days and laid out in flat arrays.

What comes in: checked rules. What goes out: `Tables`, immutable, with the records that each row came from, so that a
ledger can be put into words. Raises nothing: what cannot be compiled was refused by `rulebook`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camcover.calendar import LAST_DAY, OrdinalDay, add_months
from camcover.engine.compiling.code_edits import CodeEditRows
from camcover.engine.compiling.compile_rows import (
    accumulator_row,
    age_row,
    criteria_row,
    limit_row,
    requirement_row,
    step_rows,
    tier_row,
)
from camcover.engine.compiling.diagnosis_groups import DiagnosisGroups
from camcover.engine.compiling.editions import (
    billing_tiers,
    copay_scopes_of,
    days_of,
    edition_on,
    hands_on,
    most_rolling,
    owed_in,
    period_runs,
)
from camcover.engine.compiling.fee_rows import FeeRows
from camcover.engine.compiling.plan_index import PlanIndex, numbered
from camcover.engine.compiling.plan_summary import PlanSummary, summary_of
from camcover.engine.compiling.segments import PeriodRun, Segment
from camcover.engine.compiling.slots import counted_limits, slot_key, slot_limits
from camcover.engine.compiling.sources import CriteriaSource, Rows, Sources
from camcover.engine.compiling.vocabulary import Vocabulary, build_vocabulary, licensing_states
from camcover.engine.kernel.codes import RuleKind
from camcover.engine.kernel.tables import MAX_STEPS, NEVER, RULE_DTYPES, RuleTables
from camcover.rulebook.loading import release_id
from camcover.rulebook.records import (
    Benefit,
    Catalog,
    Criteria,
    Discount,
    Exclusion,
    Fees,
    Limit,
    NotCoveredPays,
    Plan,
    Policy,
    RuleSet,
)

Row = tuple[int, ...]

MONTHS_ASSUMED = 12
"""How long behind a plan's last edition its terms are assumed to go on (docs/rule-language.md, point 37)."""

_MOST_LIMITS = 64
"""Limits of a benefit whose visits the kernel marks as counted, a bit each."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The compiled rules: one immutable object that any number of threads may read."""

    digest: str
    arrays: RuleTables
    vocabulary: Vocabulary
    plans: Mapping[str, PlanIndex]
    directory: Mapping[str, PlanSummary]

    @property
    def release(self) -> str:
        """The id of the release that these rules are."""
        return release_id(self.digest)


def compile_rules(rules: RuleSet) -> Tables:
    """Compile checked rules; the same rules give the same tables."""
    return _Compiler(rules).run()


class _Compiler:
    """Collects rows as tuples, table by table, and turns them into arrays at the end."""

    def __init__(self, rules: RuleSet) -> None:
        """Begin with the vocabulary of `rules` and empty tables."""
        self.rules = rules
        self.vocabulary = build_vocabulary(rules)
        self.rows: dict[str, list[Row]] = {name: [] for name in RuleTables._fields}
        self.sources = self._new_sources()
        self.candidates: list[int] = []
        self.tier_discounts: list[int] = []
        self.licensure: list[int] = []
        self.listed_codes: list[int] = []
        self.fees = FeeRows(self.vocabulary)
        self.licensure_rows: dict[tuple[int, ...], int] = {}
        self.edits = CodeEditRows(self.vocabulary, self.rows["code_edits"], self.listed_codes)

    def run(self) -> Tables:
        """Compile every plan."""
        plans = {plan_id: self._plan(plan_id, editions) for plan_id, editions in self.rules.plans.items()}
        directory = {plan_id: summary_of(index) for plan_id, index in plans.items()}
        return Tables(self.rules.digest, self._arrays(), self.vocabulary, plans, directory)

    def _arrays(self) -> RuleTables:
        """The collected rows as arrays; no table is empty, so that the kernel's types never change."""
        made: dict[str, Any] = self.rows | {
            "fee_tables": self.fees.tables,
            "fee_rates": self.fees.rates,
            "fee_cents": self.fees.cents,
            "candidates": self.candidates,
            "tier_discounts": self.tier_discounts,
            "licensure": self.licensure,
            "listed_codes": self.listed_codes,
        }
        return RuleTables(**{name: _array(made[name], dtype) for name, dtype in RULE_DTYPES.items()})

    def _new_sources(self) -> Sources:
        """No records yet, beginning at the next row of each table."""
        return Sources(*(Rows(len(self.rows[each.name])) for each in fields(Sources)))

    def _plan(self, plan_id: str, editions: tuple[Plan, ...]) -> PlanIndex:
        """Compile the editions of one plan, segment by segment; their tests stay in the files."""
        editions = tuple(replace(plan, tests=()) for plan in editions)
        self.sources = self._new_sources()
        by_service: dict[int, list[Benefit]] = {}
        for benefit in (benefit for plan in editions for benefit in plan.benefits.values()):
            for service in self._services(benefit):
                by_service.setdefault(service, []).append(benefit)
        limits = slot_limits(editions)
        index = PlanIndex(
            id=plan_id,
            editions=editions,
            segments=self._all_segments(editions),
            first_segment=len(self.rows["segments"]),
            tiers=numbered(tier for plan in editions for tier in plan.tiers),
            accumulators=numbered(name for plan in editions for name in plan.accumulators),
            slots={key: number for number, key in enumerate(limits)},
            slot_limits=tuple(limits.values()),
            benefits=numbered(name for plan in editions for name in plan.benefits),
            copay_scopes=numbered(copay_scopes_of(editions)),
            groups=DiagnosisGroups({}, {}),
            rolling_limits=most_rolling(editions),
            hands_on=hands_on(editions),
            sources=self.sources,
            by_service=by_service,
            billing_tiers=billing_tiers(editions),
        )
        for segment in index.segments:
            self._segment(index, segment)
        return index

    def _all_segments(self, editions: tuple[Plan, ...]) -> tuple[Segment, ...]:
        """The segments of every edition, in order of date; the last one's terms may be assumed to go on."""
        runs = period_runs(editions)
        segments = [each for place, plan in enumerate(editions) for each in self._segments(plan, place, runs[place])]
        last = segments[-1]
        if last.last_day < LAST_DAY:
            segments[-1] = replace(last, last_assumed=OrdinalDay(add_months(last.last_day, MONTHS_ASSUMED)))
        return tuple(segments)

    def _segments(self, plan: Plan, place: int, period: PeriodRun) -> Iterator[Segment]:
        """Cut a plan edition where an edition of something it refers to begins or ends."""
        policies = {str(benefit.policy) for benefit in plan.benefits.values() if benefit.policy}
        editions: list[Catalog | Policy | Fees] = list(self.vocabulary.catalogs)
        editions += [edition for name in sorted(policies) for edition in self.rules.policies[name]]
        editions += self.rules.fees[plan.fees] if plan.fees else ()
        first, last = days_of(plan.heading.effective)
        cuts = {first}
        for edition in editions:
            start, end = days_of(edition.heading.effective)
            cuts.update(OrdinalDay(day) for day in (start, end + 1) if first < day <= last)
        bounds = [*sorted(cuts), OrdinalDay(last + 1)]
        for start, following in pairwise(bounds):
            fees = edition_on(self.rules.fees[plan.fees], start) if plan.fees else None
            last_day = OrdinalDay(following - 1)
            yield Segment(plan, place, fees, start, last_day, last_day, period)

    def _segment(self, index: PlanIndex, segment: Segment) -> None:
        """Write every row of one segment."""
        plan = segment.plan
        accumulators, tiers = len(self.rows["accumulators"]), len(self.rows["tiers"])
        for name in index.accumulators:
            row = accumulator_row(plan.accumulators.get(name), plan.accumulators, index.accumulators)
            self.rows["accumulators"].append(row)
        listed = [index.tiers[name] for name in plan.tiers]
        for place, name in enumerate(index.tiers):
            fees = segment.fees.tiers.get(name) if segment.fees and name in plan.tiers else None
            fee = self.fees.row_of(segment.fees, fees) if segment.fees and fees else -1
            in_place = listed[min(place, len(listed) - 1)]
            owed = int(owed_in(plan, name) is NotCoveredPays.ALLOWED), self._tier_discounts(plan, name)
            tier = tier_row(
                plan.tiers.get(name),
                fee,
                in_place,
                owed,
                defined=plan.accumulators,
                numbers=index.accumulators,
                edits=self.edits.row_of(plan, name, segment.first_day),
            )
            self.rows["tiers"].append(tier)
        self.rows["segments"].append(
            (
                segment.first_day,
                segment.last_day,
                segment.last_assumed,
                segment.period.month,
                segment.period.day,
                segment.period.first,
                segment.period.last,
                accumulators,
                tiers,
                len(self.rows["matches"]),
                self._licensure_row(segment.first_day),
            )
        )
        self.sources.segments.append(segment)
        by_service = self._rules(index, segment)
        self._matches(plan, by_service)

    def _rules(self, index: PlanIndex, segment: Segment) -> dict[int, list[int]]:
        """Write exclusions, then benefits; give for each service the rows that name it, ascending."""
        by_service: dict[int, list[int]] = {}
        ordered: list[Benefit | Exclusion] = [*segment.plan.exclusions, *segment.plan.benefits.values()]
        for rule in ordered:
            row = len(self.rows["rules"])
            if isinstance(rule, Exclusion):
                criteria = self._criteria(index, rule.when, None, segment.first_day)
                self.rows["rules"].append((int(RuleKind.EXCLUSION), -1, criteria, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1))
            else:
                self.rows["rules"].append(self._benefit(index, segment, rule))
            self.sources.rules.append(rule)
            for service in self._services(rule):
                by_service.setdefault(service, []).append(row)
        return by_service

    def _services(self, named: Benefit | Exclusion | Discount) -> list[int]:
        """The services that a benefit, exclusion or discount names, each once."""
        numbers = [self.vocabulary.services[therapy] for therapy in named.therapies]
        numbers += [self.vocabulary.codes[code] for code in named.codes]
        return list(dict.fromkeys(numbers))

    def _matches(self, plan: Plan, by_service: dict[int, list[int]]) -> None:
        """Write the segment's row of `matches`, a cell for each service, and the plan's discounts."""
        discounts: dict[int, int] = {}
        for discount in plan.discounts:
            for service in self._services(discount):
                discounts.setdefault(service, len(self.rows["discounts"]))
            self.rows["discounts"].append((discount.percent,))
            self.sources.discounts.append(discount)
        for service in range(len(self.vocabulary.services) + len(self.vocabulary.codes)):
            rows = by_service.get(service, [])
            self.rows["matches"].append((len(self.candidates), len(rows), discounts.get(service, NEVER)))
            self.candidates += rows

    def _tier_discounts(self, plan: Plan, tier: str) -> int:
        """The first cell of a tier's discounts, written where some discount is for some tiers alone; -1 = none is.

        The discounts' rows follow those of earlier segments.
        """
        if not any(discount.tiers for discount in plan.discounts):
            return -1
        first, row = len(self.tier_discounts), len(self.rows["discounts"])
        cells = [NEVER] * (len(self.vocabulary.services) + len(self.vocabulary.codes))
        for place, discount in enumerate(plan.discounts):
            for service in self._services(discount) if not discount.tiers or tier in discount.tiers else ():
                cells[service] = min(cells[service], row + place)
        self.tier_discounts += cells
        return first

    def _benefit(self, index: PlanIndex, segment: Segment, benefit: Benefit) -> Row:
        """The row of a benefit, after its requirements, limits and phases."""
        policy = self._policy(index, benefit, segment.first_day)
        criteria = self._criteria(index, benefit.when, None, segment.first_day)
        limits, counted = len(self.rows["limits"]), counted_limits(benefit)
        _assert_holds(len(counted), _MOST_LIMITS, f"limits on benefit {benefit.id!r}")
        places = {str(limit.id): place for place, limit in enumerate(counted)}
        requirements = len(self.rows["requirements"])
        for requirement in benefit.requires:
            self.rows["requirements"].append(requirement_row(requirement, places))
            self.sources.requirements.append(requirement)
        for limit in counted:
            self.rows["limits"].append(self._limit(index, limit, index.slots[slot_key(benefit.id, limit)]))
            self.sources.limits.append(limit)
        ranges = [self._phases(index, segment.plan, benefit, tier, limits=places) for tier in index.tiers]
        tiers = len(self.rows["rule_tiers"])
        self.rows["rule_tiers"] += ranges
        without = len(self.listed_codes)
        self.listed_codes += [self.vocabulary.codes[code] for code in benefit.without_codes]
        return (
            int(RuleKind.BENEFIT),
            policy,
            criteria,
            requirements,
            len(benefit.requires),
            limits,
            len(counted),
            tiers,
            index.benefits[benefit.id],
            int(benefit.continues_when_exhausted),
            int(benefit.counts_toward_out_of_pocket_maximum),
            without,
            len(benefit.without_codes),
            index.copay_scope_of(benefit),
        )

    def _limit(self, index: PlanIndex, limit: Limit, slot: int) -> Row:
        """The row of a limit, after what it allows by age."""
        first = len(self.rows["age_allowances"])
        self.rows["age_allowances"] += [age_row(each) for each in limit.by_age]
        return limit_row(limit, slot, index.tiers, first)

    def _phases(self, index: PlanIndex, plan: Plan, benefit: Benefit, tier: str, *, limits: Mapping[str, int]) -> Row:
        """(first, count) of what a benefit makes the member pay in a tier; count 0 where it does not cover it.

        `limits`: the places of the benefit's limits.
        """
        block = benefit.tiers.get(tier)
        first = len(self.rows["phases"])
        for phase in block.member_pays if block else ():
            kept = [
                (step, row)
                for step in phase.steps
                for row in step_rows(step, plan.tiers[tier], index.accumulators, self.rows["copay_bands"])
            ]
            _assert_holds(len(kept), MAX_STEPS, f"steps of benefit {benefit.id!r}")
            through = NEVER if phase.through is None else phase.through
            counting = -1 if phase.visits_of is None else limits[phase.visits_of]
            self.rows["phases"].append((through, len(self.rows["steps"]), len(kept), counting))
            self.sources.phases.append(phase)
            self.rows["steps"] += [row for _, row in kept]
            for step, _ in kept:
                self.sources.steps.append(step)
        return first, len(self.rows["phases"]) - first

    def _policy(self, index: PlanIndex, benefit: Benefit, day: OrdinalDay) -> int:
        """The row of criteria of the benefit's policy edition in force on `day`; -1 = it names none."""
        if benefit.policy is None:
            return -1
        policy = edition_on(self.rules.policies[benefit.policy], day)
        return self._criteria(index, policy.when, policy, day)

    def _criteria(self, index: PlanIndex, criteria: Criteria | None, policy: Policy | None, day: int) -> int:
        """The row of a `when` block as its words stand on an ordinal `day`; -1 = none."""
        if criteria is None:
            return -1
        self.rows["criteria"].append(criteria_row(criteria, self.vocabulary, index.groups, date.fromordinal(day)))
        self.sources.criteria.append(CriteriaSource(criteria, policy))
        return len(self.rows["criteria"]) - 1

    def _licensure_row(self, day: int) -> int:
        """The first cell of the states that license each practitioner under the catalogs in force on `day`."""
        catalogs = [c for c in self.vocabulary.catalogs if c.heading.effective.holds(date.fromordinal(day))]
        key = tuple(map(id, catalogs))
        if key not in self.licensure_rows:
            entries = {name: entry for catalog in catalogs for name, entry in catalog.licensure.items()}
            self.licensure_rows[key] = len(self.licensure)
            self.licensure += [licensing_states(entries.get(name)) for name in self.vocabulary.practitioners]
        return self.licensure_rows[key]


def _assert_holds(found: int, most: int, what: str) -> None:
    """Raise AssertionError where the kernel would write past the end of a row; `rulebook` refuses such rules before."""
    if found > most:
        raise AssertionError(f"{found} {what}: the kernel holds at most {most}")


def _array(rows: Sequence[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Rows as an array of at least one row."""
    return np.array(rows, dtype=dtype) if rows else np.zeros(1, dtype=dtype)
