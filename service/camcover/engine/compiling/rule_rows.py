"""Rows of `rules`: the exclusions and benefits of a segment, with their criteria, requirements, limits and phases.

What comes in: a plan's index and one of its segments. What goes out: rows in a `TableBuilder`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from camcover.calendar import OrdinalDay
from camcover.engine.compiling.compile_rows import (
    Row,
    age_row,
    criteria_row,
    limit_row,
    parts_mask,
    requirement_row,
    step_rows,
)
from camcover.engine.compiling.editions import edition_on
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.segments import Segment
from camcover.engine.compiling.slots import counted_limits, slot_key
from camcover.engine.compiling.sources import CriteriaSource
from camcover.engine.compiling.table_builder import TableBuilder
from camcover.engine.compiling.vocabulary import services_named
from camcover.engine.kernel.codes import RuleKind
from camcover.engine.kernel.tables import MAX_STEPS, NEVER
from camcover.rulebook.records import Benefit, CountedFor, Criteria, Exclusion, Limit, Policy, RuleSet

_MOST_LIMITS = 64
"""Limits of a benefit whose visits the kernel marks as counted, a bit each."""


class RuleRows:
    """Writes the rules of one segment."""

    def __init__(self, builder: TableBuilder, rules: RuleSet, index: PlanIndex, segment: Segment) -> None:
        """Write to `builder`; policies are those of `rules`, words are numbered by `index`."""
        self._builder = builder
        self._rules = rules
        self._index = index
        self._segment = segment

    def write(self) -> dict[int, list[int]]:
        """Write exclusions, then benefits; give for each service the rows that name it, ascending."""
        by_service: dict[int, list[int]] = {}
        plan, rows = self._segment.plan, self._builder.rows["rules"]
        ordered: list[Benefit | Exclusion] = [*plan.exclusions, *plan.benefits.values()]
        for rule in ordered:
            number = len(rows)
            rows.append(self._exclusion(rule) if isinstance(rule, Exclusion) else self._benefit(rule))
            self._builder.sources.rules.append(rule)
            for service in services_named(self._builder.vocabulary, rule):
                by_service.setdefault(service, []).append(number)
        return by_service

    def _exclusion(self, exclusion: Exclusion) -> Row:
        """The row of an exclusion, after its criteria."""
        criteria = self._criteria(exclusion.when, None)
        return int(RuleKind.EXCLUSION), -1, criteria, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1

    def _benefit(self, benefit: Benefit) -> Row:
        """The row of a benefit, after its criteria, requirements, limits and phases."""
        builder = self._builder
        policy = self._policy(benefit)
        criteria = self._criteria(benefit.when, None)
        limits, counted = builder.count("limits"), counted_limits(benefit)
        _assert_holds(len(counted), _MOST_LIMITS, f"limits on benefit {benefit.id!r}")
        places = {str(limit.id): place for place, limit in enumerate(counted)}
        requirements = builder.count("requirements")
        for requirement in benefit.requires:
            builder.rows["requirements"].append(requirement_row(requirement, places))
            builder.sources.requirements.append(requirement)
        for limit in counted:
            builder.rows["limits"].append(self._limit(benefit, limit))
            builder.sources.limits.append(limit)
        ranges = [self._phases(benefit, tier, places) for tier in self._index.tiers]
        tiers = builder.count("rule_tiers")
        builder.rows["rule_tiers"] += ranges
        without = len(builder.listed_codes)
        builder.listed_codes += [builder.vocabulary.codes[code] for code in benefit.without_codes]
        return (
            int(RuleKind.BENEFIT),
            policy,
            criteria,
            requirements,
            len(benefit.requires),
            limits,
            len(counted),
            tiers,
            self._index.benefits[benefit.id],
            int(benefit.continues_when_exhausted),
            parts_mask(benefit.counted_parts),
            without,
            len(benefit.without_codes),
            self._index.copay_scope_of(benefit),
        )

    def _limit(self, benefit: Benefit, limit: Limit) -> Row:
        """The row of a limit, after what it allows by age, and the conditions that have a count of their own."""
        builder, index = self._builder, self._index
        first, conditions = builder.count("age_allowances"), builder.count("limit_conditions")
        builder.rows["age_allowances"] += [age_row(each) for each in limit.by_age]
        for name in benefit.conditions if limit.counted_for is CountedFor.CONDITION else ():
            diagnoses = builder.vocabulary.diagnoses_of(name, date.fromordinal(self._segment.first_day))
            mask = index.groups.bit(diagnoses)
            index.condition_masks[str(name)] = index.condition_masks.get(str(name), 0) | mask
            builder.rows["limit_conditions"].append((mask, index.slots[slot_key(benefit.id, limit, name)]))
        counted = conditions, builder.count("limit_conditions") - conditions
        return limit_row(limit, index.slots[slot_key(benefit.id, limit)], index.tiers, first, conditions=counted)

    def _phases(self, benefit: Benefit, tier: str, limits: Mapping[str, int]) -> Row:
        """(first, count) of what a benefit makes the member pay in a tier; count 0 where it does not cover it.

        `limits`: the places of the benefit's limits.
        """
        builder, plan = self._builder, self._segment.plan
        block = benefit.tiers.get(tier)
        first = builder.count("phases")
        for phase in block.member_pays if block else ():
            kept = [
                (step, row)
                for step in phase.steps
                for row in step_rows(step, plan.tiers[tier], self._index.accumulators, builder.rows["copay_bands"])
            ]
            _assert_holds(len(kept), MAX_STEPS, f"steps of benefit {benefit.id!r}")
            through = NEVER if phase.through is None else phase.through
            counting = -1 if phase.visits_of is None else limits[phase.visits_of]
            builder.rows["phases"].append((through, builder.count("steps"), len(kept), counting))
            builder.sources.phases.append(phase)
            for step, row in kept:
                builder.rows["steps"].append(row)
                builder.sources.steps.append(step)
        return first, builder.count("phases") - first

    def _policy(self, benefit: Benefit) -> int:
        """The row of criteria of the benefit's policy, in its edition of the segment; -1 = the benefit names none."""
        if benefit.policy is None:
            return -1
        policy = edition_on(self._rules.policies[benefit.policy], self._day)
        return self._criteria(policy.when, policy)

    def _criteria(self, criteria: Criteria | None, policy: Policy | None) -> int:
        """The row of a `when` block, by the meaning of its words in the segment; -1 = there is none."""
        if criteria is None:
            return -1
        builder, on = self._builder, date.fromordinal(self._day)
        builder.rows["criteria"].append(criteria_row(criteria, builder.vocabulary, self._index.groups, on))
        builder.sources.criteria.append(CriteriaSource(criteria, policy))
        return builder.count("criteria") - 1

    @property
    def _day(self) -> OrdinalDay:
        """A day of the segment: all its days have the same catalogs and policies."""
        return self._segment.first_day


def _assert_holds(found: int, most: int, what: str) -> None:
    """Raise AssertionError where the kernel would write past the end of a row; `rulebook` refuses such rules before."""
    if found > most:
        raise AssertionError(f"{found} {what}: the kernel holds at most {most}")
