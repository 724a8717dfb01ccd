"""Use before the estimate that the request does not give: sums, and use of limits (point 29).

What comes in: a request that is laid out for a plan, and the plan's terms. What goes out: the open sums and limits, and
rows in a workspace for other values of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from camcover.calendar import OrdinalDay
from camcover.engine.asking.count_periods import NONE_BEGUN, period_key
from camcover.engine.asking.given import OpenSum
from camcover.engine.asking.layout import Layout, ServiceRow
from camcover.engine.compiling.known_limits import known_limits, own_visit_limits
from camcover.engine.compiling.slots import KnownLimit, SlotKey
from camcover.engine.compiling.terms import Terms
from camcover.engine.kernel.tables import Array
from camcover.engine.kernel.workspace import Workspace
from camcover.engine.request import UseSoFar
from camcover.rulebook.records import FROM_FIRST_VISIT, MOVING, CountedFor, Counting, Limit, Measure, PeriodKind


class OpenUse(NamedTuple):
    """The use of a limit that the request leaves open: whose, and the limit's rows of `given_counts`.

    `benefit`: the one whose visits it states as well, as its own visit limit (point 39); else empty. `most`: the
    greatest amount that an edition allows, in the limit's own measure.
    """

    member: int
    rows: tuple[int, ...]
    limit: Limit
    benefit: str
    most: int

    @property
    def moves(self) -> bool:
        """Whether the limit counts over a time whose dates follow from the dates of visits."""
        return self.limit.per.kind in MOVING


def is_stale(layout: Layout) -> bool:
    """Whether what is given belongs to a benefit period before that of the first line: sums are open since."""
    return layout.given_period < layout.first_period


def open_sums(layout: Layout, terms: Terms, tiers: Sequence[int]) -> list[OpenSum]:
    """The sums that may bear on lines of these tiers, where the request leaves them open.

    Of a member at most what is given of the family; where `as_of` lies in an earlier period, all of them.
    """
    mask = terms.consulted(tiers)
    found = [each for each in _all_open(layout) if mask >> each.accumulator & 1]
    if is_stale(layout) or not layout.family:
        return found
    open_of_family = {each.accumulator for each in layout.given.open_sums if each.member < 0}
    width, rows = len(layout.plan.accumulators), layout.given.rows
    bounded = []
    for each in found:
        if each.member >= 0 and each.accumulator not in open_of_family and _has_family(layout, each.accumulator):
            family = rows[2 * (layout.members * width + each.accumulator)]
            bounded.append(each._replace(maximum=min(each.maximum, family)))
        else:
            bounded.append(each)
    return bounded


def _has_family(layout: Layout, accumulator: int) -> bool:
    """Whether the family's sum of an accumulator is stated by the request."""
    numbers, stated = layout.plan.accumulators, layout.scope.family_sums
    return any(numbers[use.accumulator] == accumulator and use.used_cents is not None for use in stated)


def _all_open(layout: Layout) -> Sequence[OpenSum]:
    """The open sums, whether they affect a line or not."""
    if not is_stale(layout):
        return layout.given.open_sums
    segment = layout.plan.terms_on(layout.scope.first_day)
    edition = layout.edition if segment is None else segment.edition
    maxima = layout.plan.maxima(edition, family=layout.family)
    members = [(member, maxima.member) for member in range(layout.members)]
    owners = [*members, (-1, maxima.family)] if layout.family else members
    return [
        OpenSum(number, owner, 0, maximum)
        for owner, each in owners
        for number, maximum in enumerate(each)
        if maximum >= 0
    ]


def lay_out_sums(workspace: Workspace, layout: Layout, used: Mapping[tuple[int, int], int]) -> int:
    """Append the sums with some of them as `used` says, by (member, accumulator), -1 = the family; gives the first row.

    What follows from others follows from these: a family's sum that is open is at least its members'.
    """
    width = len(layout.plan.accumulators)
    rows = [0] * len(layout.given.rows) if is_stale(layout) else list(layout.given.rows)
    for (member, accumulator), cents in used.items():
        owner = layout.members if member < 0 else member
        rows[2 * (owner * width + accumulator)] = cents
    return workspace.given_sums.append(array("q", rows).tobytes())


def open_uses(layout: Layout, terms: Terms, members: Sequence[int]) -> list[OpenUse]:
    """The limits in question whose use by these members is not given; a visit's own limit starts with the visit."""
    if not terms.limits:
        return []
    found: list[OpenUse] = []
    known = known_limits(layout.plan, layout.edition).by_id
    for member in members:
        use, first = layout.scope.use_of(member), member * len(layout.plan.slots)
        for name in terms.limit_ids:
            limit, slots, benefit, most, _ = known[name]
            if limit.counted_for in (CountedFor.EPISODE, CountedFor.CONDITION):
                found += _open_apart(layout, terms, member, known[name])
                continue
            if limit.per.kind is PeriodKind.VISIT or is_stated(use, name, terms):
                continue
            if limit.of_family:
                uses = map(layout.scope.use_of, range(layout.members))
                is_known = member != members[0] or any(is_stated(each, name, terms) for each in uses)
                if not is_known and _is_touched(layout, limit):
                    found.append(OpenUse(0, tuple(slots), limit, benefit, most))
                continue
            if _is_touched(layout, limit) and not _states_visits(layout, use, benefit):
                found.append(OpenUse(member, tuple(first + slot for slot in slots), limit, benefit, most))
    return found


def _open_apart(layout: Layout, terms: Terms, member: int, known: KnownLimit) -> Iterator[OpenUse]:
    """The counts of a limit that counts each episode or condition by itself which are open and may bear on a line."""
    limit, slots = known.limit, known.slots
    use, rows = layout.scope.use_of(member), [row for _, row in layout.covered_rows if row.member == member]
    stated = {(each.episode, each.condition) for each in use.limit_usage if each.limit == limit.id}
    users = {each.benefit for each in terms.limits if each.limit.id == limit.id}
    if users & {visit.benefit for visit in use.prior_visits}:
        return
    keys, width, episodes = list(layout.plan.slots), len(layout.plan.slots), layout.scope.episodes
    for episode, owner in episodes.names_of(member):
        own = [row for row in rows if row.episode == owner] if limit.counted_for is CountedFor.EPISODE else rows
        if not own or (episode and limit.counted_for is not CountedFor.EPISODE):
            continue
        for slot in slots:
            condition = keys[slot].condition
            may_meet = _may_meet(layout, own, condition) if limit.counted_for is CountedFor.CONDITION else True
            is_touched = _is_touched(layout, limit, episodes.starts[owner])
            if may_meet and is_touched and (episode, condition) not in stated:
                yield OpenUse(member, (owner * width + slot,), limit, "", known.most)


def _may_meet(layout: Layout, rows: Iterable[ServiceRow], condition: str) -> bool:
    """Whether a line of some rows may count for a condition; empty: for none that has a count of its own."""
    masks = layout.plan.condition_masks
    if condition:
        return any(row.diagnoses & masks[condition] or not row.diagnosed for row in rows)
    return any(any(not row.diagnoses & mask for mask in masks.values()) for row in rows)


def is_stated(use: UseSoFar, name: str, terms: Terms) -> bool:
    """Whether a request states the use of a limit: directly, or by the visits of a benefit that counts on it."""
    if use.limit_usage and any(each.limit == name for each in use.limit_usage):
        return True
    if not use.prior_visits and not use.benefit_visits:
        return False
    users = [each for each in terms.limits if each.limit.id == name]
    if {each.benefit for each in users} & {visit.benefit for visit in use.prior_visits}:
        return True
    own = {each.benefit for each in users if _is_own_count_of_visits(each.limit)}
    return bool(own & {visits.benefit for visits in use.benefit_visits})


def _states_visits(layout: Layout, use: UseSoFar, benefit: str) -> bool:
    """Whether the use of another own visit limit of a benefit states its visits (point 39)."""
    if not benefit or not use.limit_usage:
        return False
    own = {each.id for each in own_visit_limits(layout.plan, benefit) if each.counts is not Counting.PLAN_PAID}
    return any(each.limit in own for each in use.limit_usage)


def _is_own_count_of_visits(limit: Limit) -> bool:
    """Whether a limit counts the visits of its one benefit in a benefit period, as `benefit_visits` does (point 39)."""
    is_own = not limit.shared and not limit.leaves_out and limit.counted_for is None
    return is_own and limit.measure is Measure.VISITS and limit.per.kind is PeriodKind.BENEFIT_PERIOD


def _is_touched(layout: Layout, limit: Limit, began: OrdinalDay = NONE_BEGUN) -> bool:
    """Whether some line lies in the period, or behind the beginning of the window, in which use so far counts.

    `began`: the first day of the episode whose count it is.
    """
    if limit.per.kind in MOVING:
        return True
    key = period_key(layout.plan, limit.per, layout.as_of, began)
    return any(period_key(layout.plan, limit.per, day, began) == key for day in layout.days)


def amounts_that_differ(use: OpenUse, terms: Terms, demand: int) -> list[int]:
    """The numbers of visits or units used so far that make a difference for lines that want `demand`.

    They leave different numbers, or give visits other numbers where these decide something.
    """
    alike = [each.limit for each in terms.limits if each.limit.id == use.limit.id]
    allowed = {amount for each in alike for amount in (each.allow, *(at.amount for at in each.by_age))}
    most = min(use.most, max(allowed))
    if (use.benefit and terms.phased) or str(use.limit.id) in terms.numbering:
        return list(range(most + 1))
    found = {max(min(allow - left, most), 0) for allow in allowed for left in range(min(allow, demand) + 1)}
    return sorted(found | {0})


def lay_out_visits(workspace: Workspace, layout: Layout, used: Iterable[tuple[OpenUse, int]]) -> int | None:
    """Append the visits as uses of the benefits' own visit limits state them, too; None where nothing changes."""
    stated = [(use, amount) for use, amount in used if use.benefit]
    if not stated and not is_stale(layout):
        return None
    benefits = layout.plan.benefits
    rows = workspace.given_visits.array[
        layout.given.visits : layout.given.visits + layout.members * len(benefits)
    ].copy()
    if is_stale(layout):
        rows["used"] = 0
    for use, amount in stated:
        rows[use.member * len(benefits) + benefits[use.benefit]]["used"] = amount
    return workspace.given_visits.append(rows.tobytes())


def lay_out_counts(workspace: Workspace, layout: Layout, used: Mapping[int, tuple[int, OpenUse]]) -> tuple[int, int]:
    """Append the counts with some rows as `used` says; gives (the first row, how many dated uses there are)."""
    given = layout.given
    rows = workspace.given_counts.array[given.counts : given.counts + layout.owners * len(layout.plan.slots)].copy()
    if is_stale(layout):
        _forget(layout, rows, PeriodKind.BENEFIT_PERIOD)
    events = given.events
    for row, (amount, use) in used.items():
        day = min(layout.as_of, layout.scope.first_day)
        if use.limit.per.kind in FROM_FIRST_VISIT:
            rows[row] = (amount, day, 0, 0)
        elif use.moves:
            first = workspace.given_events.append(array("i", (day, amount)).tobytes())
            rows[row] = (0, 0, first, 1)
            events += 1
        else:
            rows[row]["used"] = amount
    return workspace.given_counts.append(rows.tobytes()), events


def _forget(layout: Layout, rows: Array, kind: PeriodKind) -> None:
    """Set the counts over one kind of period to zero: they belong to a period that has ended."""
    slots: Mapping[SlotKey, int] = layout.plan.slots
    for key, number in slots.items():
        if key.per.kind is kind:
            for owner in range(layout.owners):
                rows[owner * len(slots) + number]["used"] = 0
