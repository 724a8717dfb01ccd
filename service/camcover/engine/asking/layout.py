"""A request in the numbers of one payer plan: the rows that the kernel reads, for every bounding case.

What comes in: `Tables`, a typed request, its lines. What goes out: rows in a `Workspace`, and a `Layout` with their
positions. Raises `Unsound` or KeyError if the plan or the catalog lacks something that the request names; nothing is
guessed.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from camcover.calendar import OrdinalDay
from camcover.engine.asking.asked import Asked, AskedLine, AskedService, Unsound
from camcover.engine.asking.claim import attested
from camcover.engine.asking.given import Given, lay_out_given
from camcover.engine.asking.scope import Scope
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.compile_rows import MEMBER_NUMBERS, SETTING_INDEX
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.vocabulary import ICD10, STATE_INDEX, Vocabulary
from camcover.engine.kernel import tables as columns
from camcover.engine.kernel.workspace import Space, Workspace, assert_row
from camcover.engine.request import NO_MEMBERSHIP, Coverage, Membership, PlannedService
from camcover.request_bounds import MAX_LINES
from camcover.rulebook.records import Setting

OPEN_TIER = -1
"""The tier of a service that the request leaves open."""

_KNOWN_PRICE = (-1, -1, -1)
_NO_MEMBERSHIP = (0, columns.NEVER, -1, -1, 0, 0)
"""The cells of a member of whose membership nothing is said."""

LOW, TYPICAL, HIGH = 0, 1, 2
"""Which of the typical charges a case takes."""


class ServiceRow(NamedTuple):
    """A row of `SERVICE`."""

    member: int
    tier: int
    therapy: int
    code: int
    practitioner: int
    state: int
    setting: int
    born: int
    age: int
    covered_from: int
    covered_to: int
    role: int
    status: int
    enrolled: int
    incentive: int
    first_service: int
    units: int
    minutes: int
    episode: int
    began: int
    facility: int
    diagnosed: int
    diagnoses: int
    attestations: int
    lacking: int
    charge: int
    allowed: int
    low: int
    typical: int
    high: int


assert_row(ServiceRow, columns.SERVICE, typical=("low", "typical", "high"))


class Case(NamedTuple):
    """One choice of values for the open facts.

    `tier`: the place in the edition's list that lines without a tier take. Then: which of the typical charges; whether
    attestations that are not given are assumed (an advance notice has its own flag); whether only terms in force hold.
    Then the first rows of what the case has instead of the request's own, None = the request's own: its lines, sums,
    counts with the number of their events, visits, and the benefit period of its sums.
    """

    tier: int = 0
    price: int = TYPICAL
    requirements_met: bool = True
    in_force_only: bool = False
    notice_given: bool = True
    lines: int | None = None
    sums: int | None = None
    counts: int | None = None
    events: int = 0
    visits: int | None = None
    period: int | None = None


class LaidService(NamedTuple):
    """A service in the plan's numbers: its member, its tier, the masks of attestations that are there or missing."""

    member: int
    tier: int
    attested: int
    lacking: int


class Layout(NamedTuple):
    """A request laid out for one plan: where its rows are, and what is open.

    `edition`: the place of the one the request is read by; `given_period`, `first_period`: the first days of the
    benefit periods that hold `as_of` and the first line; `services` in the order of `Asked.services`; `rows`: the rows
    of `SERVICE` that lines refer to, from `first_row` on, each with the place of its service; `tier_map`: where, of a
    second plan, the primary's tiers stand in `tier_maps`. `covered_lines`: those inside their member's coverage, since
    for the others nothing is open (point 37); `covered_rows`: those of services of which some line is covered.
    """

    scope: Scope
    plan: PlanIndex
    edition: int
    as_of: OrdinalDay
    given_period: int
    first_period: int
    tier_map: int
    services: Sequence[LaidService]
    first_row: int
    rows: Sequence[tuple[int, ServiceRow]]
    lines: int
    line_count: int
    asked: Asked
    given: Given
    members: int
    family: bool
    covered_lines: Sequence[AskedLine]
    covered_rows: Sequence[tuple[int, ServiceRow]]

    @property
    def owners(self) -> int:
        """Who and what may have counts of limits of their own: members, then episodes."""
        return self.scope.episodes.owners

    @property
    def days(self) -> set[OrdinalDay]:
        """The dates of the lines inside coverage, ordinal."""
        return {day for day, _, _ in self.covered_lines}


def lay_out(
    workspace: Workspace, tables: Tables, scope: Scope, asked: Asked, *, primary: PlanIndex | None = None
) -> Layout:
    """Append a request's services, lines and what it gives, once for all cases; raises `Unsound` or KeyError.

    `primary`: the plan that pays first, where this is the second.
    """
    index, request = scope.plan, scope.request
    given_period, first_period = index.period_of(scope.as_of), index.period_of(scope.first_day)
    if given_period > first_period:
        raise Unsound
    members = {member.id: place for place, member in enumerate(request.members)}
    services = []
    for service in asked.services:
        item = request.items[service.item]
        named = item.secondary_tier if scope.secondary else item.tier
        tier = index.tiers[named] if named else OPEN_TIER
        member = members[item.member_id] if item.member_id else 0
        services.append(LaidService(member, tier, *attested(item, service.number, tables.vocabulary)))
    first_row = workspace.services.used
    rows: list[tuple[int, ServiceRow]] = []
    lines = array("i", _lines(workspace, tables.vocabulary, scope, asked, services=services, laid=rows)).tobytes()
    tier_map = 0
    if primary is not None:
        tiers = array("i", [index.tiers.get(name, OPEN_TIER) for name in primary.tiers])
        tier_map = workspace.tier_maps.append(tiers.tobytes())
    return Layout(
        scope,
        index,
        scope.edition,
        scope.as_of,
        given_period,
        first_period,
        tier_map,
        services,
        first_row,
        rows,
        workspace.lines.append(lines),
        len(asked.lines),
        asked,
        lay_out_given(workspace, scope, tables.vocabulary),
        len(members),
        request.coverage is Coverage.FAMILY,
        *_covered(asked.lines, rows),
    )


def _covered(
    lines: Sequence[AskedLine], rows: Sequence[tuple[int, ServiceRow]]
) -> tuple[Sequence[AskedLine], Sequence[tuple[int, ServiceRow]]]:
    """The lines inside coverage, and the rows of their services."""
    bounded = {place: row for place, row in rows if row.covered_from or row.covered_to != columns.NEVER}
    if not bounded:
        return lines, rows
    inside = [
        line
        for line in lines
        if line[1] not in bounded or bounded[line[1]].covered_from <= line[0] <= bounded[line[1]].covered_to
    ]
    places = {place for _, place, _ in inside}
    return inside, [each for each in rows if each[0] in places]


def _lines(
    workspace: Workspace,
    vocabulary: Vocabulary,
    scope: Scope,
    asked: Asked,
    *,
    services: Sequence[LaidService],
    laid: list[tuple[int, ServiceRow]],
) -> list[int]:
    """The lines as day, row of `services`, ...; appends the services, anew where the catalog's words change meaning.

    What is appended is also added to `laid`, each row with the place of its service.
    """
    breaks = vocabulary.breaks
    rows: dict[int, int] = {}
    numbers: list[int] = []
    for day, place, _ in asked.lines:
        key = place + bisect_right(breaks, day) * MAX_LINES if breaks else place
        row = rows.get(key)
        if row is None:
            cells = _service_row(vocabulary, scope, asked.services[place], services[place], day=day)
            laid.append((place, cells))
            row = rows[key] = workspace.append_service(cells)
        numbers += (day, row)
    return numbers


def _service_row(
    vocabulary: Vocabulary, scope: Scope, asked: AskedService, laid: LaidService, *, day: int
) -> ServiceRow:
    """A row of `SERVICE`, its words as they stand on an ordinal `day`."""
    item = scope.request.items[asked.item]
    member = scope.request.members[laid.member]
    born, age = 0, -1
    if member.birth_date is not None:
        born = member.birth_date.toordinal()
        if born > day:
            raise Unsound
    elif member.age is not None:
        age = member.age
    if item.first_service is not None and item.first_service.toordinal() > day:
        raise Unsound
    owner = scope.episodes.row(laid.member, item.episode) if scope.plan.counts_episodes else laid.member
    state = item.state or member.state
    typical = _KNOWN_PRICE if asked.charge >= 0 else _typical(vocabulary, asked, day)
    return ServiceRow(
        laid.member,
        laid.tier,
        vocabulary.services[asked.therapy] if asked.therapy else -1,
        vocabulary.codes[asked.code] if asked.code and asked.therapy else -1,
        vocabulary.practitioners[item.practitioner] if item.practitioner else -1,
        STATE_INDEX[state] if state else -1,
        SETTING_INDEX[item.setting or Setting.OFFICE],
        born,
        age,
        *_member_cells(scope.membership_of(laid.member)),
        0 if item.first_service is None else item.first_service.toordinal(),
        asked.units,
        vocabulary.minutes_of(asked.therapy, asked.code, day) if asked.therapy in vocabulary.timed else 0,
        owner,
        scope.episodes.starts[owner],
        scope.facilities.get(item.facility, 0) if scope.facilities else 0,
        bool(item.diagnoses or item.conditions),
        _diagnoses(vocabulary, scope.plan, item, day),
        laid.attested,
        laid.lacking,
        asked.charge,
        asked.allowed,
        *typical,
    )


def _member_cells(membership: Membership) -> tuple[int, int, int, int, int, int]:
    """How the plan covers a member: `covered_from` to `enrolled` and `incentive` of `SERVICE`."""
    if membership is NO_MEMBERSHIP:
        return _NO_MEMBERSHIP
    first, last, enrolled = membership.covered_from, membership.covered_to, membership.enrolled_on
    return (
        0 if first is None else first.toordinal(),
        columns.NEVER if last is None else last.toordinal(),
        MEMBER_NUMBERS["role"][membership.role] if membership.role else -1,
        MEMBER_NUMBERS["status"][membership.status] if membership.status else -1,
        0 if enrolled is None else enrolled.toordinal(),
        membership.wellness_incentive is True,
    )


def _diagnoses(vocabulary: Vocabulary, index: PlanIndex, item: PlannedService, day: int) -> int:
    """The groups of the plan that the item's diagnoses and conditions belong to."""
    mask = 0
    for diagnosis in item.diagnoses:
        if ICD10.fullmatch(diagnosis) is None:
            raise Unsound
        mask |= index.groups.mask(diagnosis)
    for condition in item.conditions:
        if condition not in vocabulary.conditions:
            raise Unsound
        for prefix in vocabulary.diagnoses_of(condition, date.fromordinal(day)):
            mask |= index.groups.mask(prefix)
    return mask


def _typical(vocabulary: Vocabulary, asked: AskedService, day: int) -> tuple[int, int, int]:
    """The line's share of the low, typical and high cash price of its session (point 5)."""
    charge = vocabulary.typical_charge(asked.therapy, date.fromordinal(day))
    if charge is None:
        raise Unsound
    low, typical, high = (
        amount // asked.unpriced + (asked.place < amount % asked.unpriced)
        for amount in (charge.low, charge.typical, charge.high)
    )
    return low, typical, high


class Placed(NamedTuple):
    """Where one bounding case stands: its row of `requests`, its first rows of the ledger and of the running state.

    `event_room`: the rows of `events` that are reserved for it.
    """

    request: int
    ledger: int
    sums: int
    slots: int
    visits: int
    events: int
    event_room: int
    rests: int


def place_case(
    workspace: Workspace,
    layout: Layout,
    case: Case,
    behind: int = -1,
    *,
    maintenance: bool = False,
    is_expected: bool = False,
) -> Placed:
    """Append one bounding case of a request that is laid out.

    `behind`: the first ledger row of the primary's case, for a secondary plan; with `maintenance` what it left is
    eligible. Visits and events after the last line are kept of the expected case only.
    """
    index, given, members, owners = layout.plan, layout.given, layout.members, layout.owners
    sums, slots, benefits = len(index.accumulators), len(index.slots), len(index.benefits)
    count = layout.line_count
    ledger = workspace.ledger.reserve(count)
    rests = workspace.rests.reserve(count) if index.hands_on else -1
    first_sum = workspace.sums.reserve((members + 1) * sums)
    first_slot = workspace.slots.reserve(owners * slots)
    dated = given.events if case.counts is None else case.events
    events = dated + count * index.rolling_limits
    # The kernel runs the cases one after the other: the next one may write where the last one has.
    take = Space.reserve if is_expected else Space.borrow
    first_visit = take(workspace.visits, members * benefits)
    first_event = take(workspace.events, events)
    request = workspace.append_request((
        layout.lines if case.lines is None else case.lines, count, ledger, behind, maintenance,
        index.first_segment, len(index.segments), layout.as_of,
        layout.given_period if case.period is None else case.period, layout.first_period,
        members, owners, layout.family,
        given.sums if case.sums is None else case.sums,
        given.counts if case.counts is None else case.counts,
        given.visits if case.visits is None else case.visits, given.fees, given.fee_count,
        given.codes, given.code_count,
        first_sum, sums, first_slot, slots, first_visit, benefits, first_event, events,
        layout.tier_map, case.tier, case.price, case.requirements_met, case.in_force_only, case.notice_given,
        rests,
    ))  # fmt: skip
    return Placed(request, ledger, first_sum, first_slot, first_visit, first_event, events, rests)
