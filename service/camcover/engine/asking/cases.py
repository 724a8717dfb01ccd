"""Lays out cases: rows of services, sums and counts that replace the request's own.

What comes in: ways of a question. What goes out: a case for each plan. Rows that several ways share are laid out once.
"""

from __future__ import annotations

from collections.abc import Mapping

from camcover.engine.asking.alternatives import AssumedFacts
from camcover.engine.asking.layout import LOW, Case, ServiceRow
from camcover.engine.asking.open_use import OpenUse, is_stale, lay_out_counts, lay_out_sums, lay_out_visits
from camcover.engine.asking.openness import Openness
from camcover.engine.asking.question import Question
from camcover.engine.asking.ranges import ENDLESS, Way
from camcover.engine.kernel.workspace import Workspace
from camcover.request_bounds import MAX_CENTS

_FAMILY = -1


class Cases:
    """Lays out the cases of one question for one of its plans."""

    def __init__(self, workspace: Workspace, question: Question, openness: Openness, plan: int) -> None:
        """`plan`: 0 the primary, 1 the second."""
        layout = question.secondary if plan else question.primary
        if layout is None:
            raise ValueError("the question has no second plan")
        self._workspace, self._layout, self._question = workspace, layout, question
        self._openness, self._plan = openness, plan
        self._items = [question.asked.services[place].item for place, _ in layout.rows]
        self._lines: dict[object, int] = {}
        self._sums: dict[object, int] = {}
        self._counts: dict[object, tuple[int, int]] = {}
        self._is_stale = is_stale(layout)
        self._visits: dict[object, int | None] = {}

    def case(self, way: Way) -> Case:
        """The case of a way."""
        counts, events = self._first_count(way)
        is_assumed = way.is_expected and self._question.request.assume_requirements
        return Case(
            tier=way.second_tier if self._plan else way.tier,
            price=way.price,
            requirements_met=is_assumed,
            notice_given=is_assumed,
            in_force_only=way.strict or not self._question.request.assume_terms,
            lines=self._first_line(way),
            sums=self._first_sum(way),
            counts=counts,
            events=events,
            visits=self._first_visit(way),
            period=self._layout.first_period if self._is_stale else None,
        )

    # Lines

    def _first_line(self, way: Way) -> int:
        """The lines with the facts, attestations and charges of a way."""
        key = way.facts, way.attested, way.lacking, way.earned, way.stated and way.price
        found = self._lines.get(key)
        if found is None:
            found = self._lines[key] = self._append_lines(way)
        return found

    def _append_lines(self, way: Way) -> int:
        """Append the services anew, and the lines that refer to them."""
        workspace, layout = self._workspace, self._layout
        facts, attested, lacking = dict(way.facts), dict(way.attested), dict(way.lacking)
        first = workspace.services.used
        for (place, row), item in zip(layout.rows, self._items, strict=True):
            changed = row._replace(attestations=row.attestations | (attested.get(item, 0) & ~row.lacking))
            if item in lacking:
                changed = changed._replace(lacking=changed.lacking | lacking[item])
            if way.stated and place in self._openness.priced:
                changed = changed._replace(charge=row.low if way.price == LOW else row.high)
            if (self._plan, row.member) in way.earned:
                changed = changed._replace(incentive=1)
            if item in facts:
                changed = self._completed(changed, facts[item])
            workspace.append_service(changed)
        lines = workspace.lines.array[layout.lines : layout.lines + layout.line_count].copy()
        lines["service"] += first - layout.first_row
        return workspace.lines.append(lines.tobytes())

    def _completed(self, row: ServiceRow, facts: AssumedFacts) -> ServiceRow:
        """A service with facts in place of those that are not given."""
        changes = {name: value for name, value in facts._asdict().items() if value is not None}
        if facts.standing is not None:
            del changes["standing"]
            changes |= dict(zip(("role", "status"), facts.standing[self._plan], strict=True))
        if facts.enrolled is not None:
            changes["enrolled"] = facts.enrolled[self._plan]
        if facts.diagnoses is not None:
            changes |= {"diagnosed": 1, "diagnoses": facts.diagnoses[self._plan]}
        return row._replace(**changes)

    # Sums

    def _first_sum(self, way: Way) -> int:
        """The sums of a way."""
        key = way.at_most, way.critical, way.sums
        found = self._sums.get(key)
        if found is None:
            found = self._sums[key] = lay_out_sums(self._workspace, self._layout, self._used(way))
        return found

    def _used(self, way: Way) -> Mapping[tuple[int, int], int]:
        """The open sums of a way, by (member, accumulator)."""
        sums = self._openness.sums[self._plan]
        used = {(each.member, each.accumulator): each.maximum for each in sums} if way.at_most else {}
        used |= {(member, number): cents for plan, member, number, cents in way.sums if plan == self._plan}
        if way.critical is not None:
            used |= self._with_left(way.critical)
        return used

    def _with_left(self, left: int) -> dict[tuple[int, int], int]:
        """The open sums of the one deductible so that `left` cents are left of it for the member of the lines."""
        terms, layout = self._openness.terms[self._plan], self._layout
        (member,) = {service.member for service in layout.services}
        tops = {
            (each.member, each.accumulator): each.maximum
            for each in self._openness.sums[self._plan]
            if not terms.maxima >> each.accumulator & 1 and each.member in (member, _FAMILY)
        }
        if left == ENDLESS:
            return dict.fromkeys(tops, -MAX_CENTS)
        used: dict[tuple[int, int], int] = {}
        for (owner, accumulator), top in tops.items():
            others = self._used_by_others(member, accumulator) if owner == member else 0
            family_top = tops.get((_FAMILY, accumulator))
            most = top
            if owner == member and family_top is not None:
                most = min(top, family_top - others) if family_top >= others else 0
            used[owner, accumulator] = max(most - left, 0)
        if layout.family:
            self._raise_family(member, tops, used)
        return used

    def _used_by_others(self, member: int, accumulator: int) -> int:
        """What the other members are expected to have used."""
        layout = self._layout
        width = len(layout.plan.accumulators)
        rows = [0] * len(layout.given.rows) if self._is_stale else layout.given.rows
        return sum(rows[2 * (each * width + accumulator)] for each in range(layout.members) if each != member)

    def _raise_family(self, member: int, tops: Mapping[tuple[int, int], int], used: dict[tuple[int, int], int]) -> None:
        """Set a family's open sum to at least what its members have, unless it is the only bound."""
        for owner, accumulator in tops:
            if owner == member and (_FAMILY, accumulator) in tops:
                total = used[member, accumulator] + self._used_by_others(member, accumulator)
                used[_FAMILY, accumulator] = min(total, tops[_FAMILY, accumulator])

    # Use of limits

    def _first_count(self, way: Way) -> tuple[int, int]:
        """The counts of a way, and how many of them are dated."""
        own = tuple((use, amount) for plan, use, amount in way.used if plan == self._plan)
        found = self._counts.get(own)
        if found is None:
            rows: dict[int, tuple[int, OpenUse]] = {row: (amount, use) for use, amount in own for row in use.rows}
            found = self._counts[own] = lay_out_counts(self._workspace, self._layout, rows)
        return found

    def _first_visit(self, way: Way) -> int | None:
        """The visits of a way; None = the request's own."""
        own = tuple((use, amount) for plan, use, amount in way.used if plan == self._plan)
        if own not in self._visits:
            self._visits[own] = lay_out_visits(self._workspace, self._layout, own)
        return self._visits[own]
