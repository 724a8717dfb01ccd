"""RuleSet -> Tables: every plan edition cut into segments of days and laid out in flat arrays.

What comes in: checked rules. What goes out: `Tables`, immutable, with the records that each row came from, so that a
ledger can be put into words. Raises nothing: what cannot be compiled was refused by `rulebook`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from camcover.engine.compiling.diagnosis_groups import DiagnosisGroups
from camcover.engine.compiling.editions import billing_tiers, copay_scopes_of, counts_episodes, hands_on, most_rolling
from camcover.engine.compiling.plan_index import PlanIndex, numbered
from camcover.engine.compiling.plan_summary import PlanSummary, summary_of
from camcover.engine.compiling.segment_rows import SegmentRows
from camcover.engine.compiling.segmenting import segments_of
from camcover.engine.compiling.slots import slot_limits
from camcover.engine.compiling.table_builder import TableBuilder
from camcover.engine.compiling.vocabulary import Vocabulary, build_vocabulary, services_named
from camcover.engine.kernel.tables import RuleTables
from camcover.rulebook.loading import release_id
from camcover.rulebook.records import Benefit, Plan, RuleSet


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
    builder = TableBuilder(build_vocabulary(rules))
    plans = {plan_id: _compile_plan(builder, rules, plan_id, editions) for plan_id, editions in rules.plans.items()}
    directory = {plan_id: summary_of(index) for plan_id, index in plans.items()}
    return Tables(rules.digest, builder.arrays(), builder.vocabulary, plans, directory)


def _compile_plan(builder: TableBuilder, rules: RuleSet, plan_id: str, editions: tuple[Plan, ...]) -> PlanIndex:
    """Write the rows of one plan, segment by segment; gives its numbers. The plan's tests are left out."""
    editions = tuple(replace(plan, tests=()) for plan in editions)
    limits = slot_limits(editions)
    index = PlanIndex(
        id=plan_id,
        editions=editions,
        segments=segments_of(rules, builder.vocabulary, editions),
        first_segment=builder.count("segments"),
        tiers=numbered(tier for plan in editions for tier in plan.tiers),
        accumulators=numbered(name for plan in editions for name in plan.accumulators),
        slots={key: number for number, key in enumerate(limits)},
        slot_limits=tuple(limits.values()),
        benefits=numbered(name for plan in editions for name in plan.benefits),
        copay_scopes=numbered(copay_scopes_of(editions)),
        groups=DiagnosisGroups({}, {}),
        rolling_limits=most_rolling(editions),
        hands_on=hands_on(editions),
        counts_episodes=counts_episodes(editions),
        condition_masks={},
        sources=builder.begin_plan(),
        by_service=_benefits_by_service(builder.vocabulary, editions),
        billing_tiers=billing_tiers(editions),
    )
    for segment in index.segments:
        SegmentRows(builder, rules, index, segment).write()
    return index


def _benefits_by_service(vocabulary: Vocabulary, editions: tuple[Plan, ...]) -> dict[int, list[Benefit]]:
    """The benefits of all editions that name each service."""
    found: dict[int, list[Benefit]] = {}
    for benefit in (benefit for plan in editions for benefit in plan.benefits.values()):
        for service in services_named(vocabulary, benefit):
            found.setdefault(service, []).append(benefit)
    return found
