"""Rows of `segments`: what a plan's accumulators, tiers, rules and discounts are over a run of days.

What comes in: a plan's index and one of its segments. What goes out: rows in a `TableBuilder`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camcover.engine.compiling.compile_rows import Row, accumulator_row, tier_row
from camcover.engine.compiling.editions import owed_in
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.rule_rows import RuleRows
from camcover.engine.compiling.segments import Segment
from camcover.engine.compiling.table_builder import TableBuilder
from camcover.engine.compiling.vocabulary import services_named
from camcover.engine.kernel.tables import NEVER
from camcover.rulebook.records import NotCoveredPays, RuleSet


class SegmentRows:
    """Writes everything of one segment."""

    def __init__(self, builder: TableBuilder, rules: RuleSet, index: PlanIndex, segment: Segment) -> None:
        """Write to `builder`; policies are those of `rules`, words are numbered by `index`."""
        self._builder = builder
        self._index = index
        self._segment = segment
        self._plan = segment.plan
        self._rule_rows = RuleRows(builder, rules, index, segment)

    def write(self) -> None:
        """Write accumulators, tiers, the segment itself, its rules, and its row of `matches`."""
        accumulators = self._write_accumulators()
        tiers = self._write_tiers()
        self._builder.rows["segments"].append(self._row(accumulators, tiers))
        self._builder.sources.segments.append(self._segment)
        self._write_matches(self._rule_rows.write())

    def _row(self, accumulators: int, tiers: int) -> Row:
        """The row of the segment; its first accumulator and tier are given."""
        segment = self._segment
        return (
            segment.first_day,
            segment.last_day,
            segment.last_assumed,
            segment.period.month,
            segment.period.day,
            segment.period.first,
            segment.period.last,
            accumulators,
            tiers,
            self._builder.count("matches"),
            self._builder.licensure.first_on(segment.first_day),
        )

    def _write_accumulators(self) -> int:
        """Write a row for each accumulator of the plan; gives the first."""
        first, defined = self._builder.count("accumulators"), self._plan.accumulators
        numbers = self._index.accumulators
        self._builder.rows["accumulators"] += [accumulator_row(defined.get(name), defined, numbers) for name in numbers]
        return first

    def _write_tiers(self) -> int:
        """Write a row for each tier of the plan; gives the first."""
        first = self._builder.count("tiers")
        listed = [self._index.tiers[name] for name in self._plan.tiers]
        for place, name in enumerate(self._index.tiers):
            in_place = listed[min(place, len(listed) - 1)]
            self._builder.rows["tiers"].append(self._tier(name, in_place))
        return first

    def _tier(self, name: str, in_place: int) -> Row:
        """The row of a tier, after its fees, discounts and code edits.

        `in_place`: the tier of the edition with the same place in its list (point 29).
        """
        plan, fees = self._plan, self._segment.fees
        table = fees.tiers.get(name) if fees and name in plan.tiers else None
        fee = self._builder.fees.row_of(fees, table) if fees and table else -1
        owed = int(owed_in(plan, name) is NotCoveredPays.ALLOWED), self._tier_discounts(name)
        return tier_row(
            plan.tiers.get(name),
            fee,
            in_place,
            owed,
            defined=plan.accumulators,
            numbers=self._index.accumulators,
            edits=self._builder.edits.row_of(plan, name, self._segment.first_day),
        )

    def _tier_discounts(self, tier: str) -> int:
        """The first cell of a tier's discounts; -1 = no discount of the plan is for certain tiers only.

        The discounts' rows follow those of earlier segments.
        """
        builder, discounts = self._builder, self._plan.discounts
        if not any(discount.tiers for discount in discounts):
            return -1
        first, row = len(builder.tier_discounts), builder.count("discounts")
        cells = [NEVER] * builder.vocabulary.count_services()
        for place, discount in enumerate(discounts):
            if not discount.tiers or tier in discount.tiers:
                for service in services_named(builder.vocabulary, discount):
                    cells[service] = min(cells[service], row + place)
        builder.tier_discounts += cells
        return first

    def _write_matches(self, by_service: Mapping[int, Sequence[int]]) -> None:
        """Write the segment's row of `matches`, a cell for each service, and the plan's discounts.

        `by_service`: the rows of the rules that name each service.
        """
        builder, discounts = self._builder, dict[int, int]()
        for discount in self._plan.discounts:
            for service in services_named(builder.vocabulary, discount):
                discounts.setdefault(service, builder.count("discounts"))
            builder.rows["discounts"].append((discount.percent,))
            builder.sources.discounts.append(discount)
        for service in range(builder.vocabulary.count_services()):
            rows = by_service.get(service, [])
            builder.rows["matches"].append((len(builder.candidates), len(rows), discounts.get(service, NEVER)))
            builder.candidates += rows
