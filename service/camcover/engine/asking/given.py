"""What members used before the estimate, in the numbers of one plan: the kernel starts from it.

What comes in: the `UseSoFar` of each member and the family's sums. What goes out: rows of `given_sums`, `given_counts`,
`given_events`, `given_visits` (limits and visits: `prior_use`). Raises `Unsound` or KeyError for words that the plan
does not have, counts given twice, sums above their maximum, and statements that contradict each other
(docs/rule-language.md, points 30 and 39); `violations` then finds the faults.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from itertools import chain, starmap
from struct import Struct
from typing import NamedTuple

from camcover.engine.asking.asked import Unsound
from camcover.engine.asking.code_use import code_rows
from camcover.engine.asking.contradictions import counted_toward, do_sums_contradict
from camcover.engine.asking.fee_use import fee_rows
from camcover.engine.asking.prior_use import prior_use
from camcover.engine.asking.scope import Scope
from camcover.engine.asking.use_before import PriorUse
from camcover.engine.compiling.plan_index import Maxima
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.engine.kernel import tables as columns
from camcover.engine.kernel.workspace import Workspace, row_format
from camcover.engine.request import AccumulatorUse, Coverage, UseSoFar
from camcover.request_bounds import MAX_CENTS

_COUNT_ROW = Struct(row_format(columns.GIVEN_COUNT))
_VISIT_ROW = Struct(row_format(columns.GIVEN_VISIT))
_FEE_ROW = Struct(row_format(columns.GIVEN_FEE))
_CODE_ROW = Struct(row_format(columns.GIVEN_CODE))
_OPEN = (0, 0)
_NO_FAMILY = [0, 0]


class OpenSum(NamedTuple):
    """A sum so far that the request leaves open: its owner (-1: the family), its expected value, its most."""

    accumulator: int
    member: int
    expected: int
    maximum: int


class Given(NamedTuple):
    """The first row of each array, how many dated events there are, and what is open.

    `rows`: the sums themselves as used, last quarter, ..., members first. `prior`: what each member used of limits and
    visits, empty where nothing is stated of them. `fee_count`: the rows of `given_fees`;
    `code_count`: those of `given_codes`.
    """

    sums: int
    rows: Sequence[int]
    counts: int
    visits: int
    events: int
    fees: int
    fee_count: int
    codes: int
    code_count: int
    prior: Sequence[PriorUse]
    open_sums: Sequence[OpenSum]


def lay_out_given(workspace: Workspace, scope: Scope, vocabulary: Vocabulary) -> Given:
    """Append what a request gives; raises `Unsound` or KeyError."""
    index = scope.plan
    uses = [scope.use_of(member) for member in range(len(scope.request.members))]
    open_sums: list[OpenSum] = []
    maxima = index.maxima(scope.edition, family=scope.request.coverage is Coverage.FAMILY)
    sums = _sums(scope, uses, maxima, open_sums)
    counts = bytearray(scope.episodes.owners * len(index.slots) * _COUNT_ROW.size)
    visits = bytearray(len(uses) * len(index.benefits) * _VISIT_ROW.size)
    prior: list[PriorUse] = []
    events = 0
    if [use for use in uses if use.limit_usage or use.prior_visits or use.benefit_visits]:
        prior = [prior_use(scope, member) for member in range(len(uses))]
        events = _use(workspace, scope, prior, counts, visits=visits)
    if do_sums_contradict(scope, maxima, uses):
        raise Unsound
    fees = list(fee_rows(scope, vocabulary.services)) if [use for use in uses if use.fee_usage] else []
    codes = list(code_rows(scope, vocabulary.codes)) if [use for use in uses if use.code_usage] else []
    return Given(
        workspace.given_sums.append(array("q", sums).tobytes()),
        sums,
        workspace.given_counts.append(counts),
        workspace.given_visits.append(visits),
        events,
        workspace.given_fees.append(b"".join(starmap(_FEE_ROW.pack, fees))) if fees else 0,
        len(fees),
        workspace.given_codes.append(b"".join(starmap(_CODE_ROW.pack, codes))) if codes else 0,
        len(codes),
        prior,
        open_sums,
    )


def _sums(scope: Scope, uses: Sequence[UseSoFar], maxima: Maxima, open_sums: list[OpenSum]) -> list[int]:
    """`GIVEN_SUM` rows of members and family, flat; adds what is open."""
    accumulators, toward = scope.plan.accumulators, counted_toward(scope.plan)
    numbers: list[int] = []
    for member, use in enumerate(uses):
        given = _given(accumulators, use.accumulators)
        cents = {number: each.used_cents for number, each in given.items() if each.used_cents is not None}
        for number, maximum in enumerate(maxima.member):
            expected = _OPEN if number in cents else _at_least(toward, cents, number, _OPEN, maximum=maximum)
            numbers += _sum(given.get(number), number, member, expected, maximum=maximum, open_sums=open_sums)
    if scope.request.coverage is not Coverage.FAMILY:
        return numbers + _NO_FAMILY * len(maxima.family)
    return numbers + _family_sums(scope, numbers, maxima, open_sums)


def _family_sums(scope: Scope, members: Sequence[int], maxima: Maxima, open_sums: list[OpenSum]) -> list[int]:
    """The family's rows: what it is not given is the sum over the members, at most the maximum (point 29)."""
    given, toward = _given(scope.plan.accumulators, scope.family_sums), counted_toward(scope.plan)
    width = 2 * len(maxima.family)
    sums: list[tuple[int, int]] = []
    for number, maximum in enumerate(maxima.family):
        used, late = sum(members[2 * number :: width]), sum(members[2 * number + 1 :: width])
        sums.append((used, late) if maximum < 0 else (min(used, maximum), min(late, maximum)))
    stated = {number: each.used_cents for number, each in given.items() if each.used_cents is not None}
    cents = {number: stated.get(number, used) for number, (used, _) in enumerate(sums)}
    numbers: list[int] = []
    for number, maximum in enumerate(maxima.family):
        expected = _at_least(toward, cents, number, sums[number], maximum=maximum)
        expected = _at_most(toward[number], stated, expected, maxima.family)
        numbers += _sum(given.get(number), number, -1, expected, maximum=maximum, open_sums=open_sums)
    return numbers


def _at_least(
    toward: Sequence[Sequence[int]], cents: Mapping[int, int], number: int, expected: tuple[int, int], *, maximum: int
) -> tuple[int, int]:
    """What is expected of a maximum that is not given: no less than a deductible that counts toward it to the cent.

    `toward`: `counted_toward` of the plan; `cents`: the sums of the same owner that are known.
    """
    for deductible, used in cents.items():
        if number in toward[deductible]:
            expected = (max(expected[0], used if maximum < 0 else min(used, maximum)), expected[1])
    return expected


def _at_most(
    maxima: Sequence[int], stated: Mapping[int, int], expected: tuple[int, int], tops: Sequence[int]
) -> tuple[int, int]:
    """What is expected of a family's deductible: at most a stated maximum that counts it all and is not reached.

    `maxima`: those that count all of it; `stated`: the family's sums, cents; `tops`: the most that each may hold.
    """
    for maximum in maxima:
        most = stated.get(maximum)
        if most is not None and most != tops[maximum]:
            expected = min(expected[0], most), min(expected[1], most)
    return expected


def _given(accumulators: Mapping[str, int], uses: Sequence[AccumulatorUse]) -> dict[int, AccumulatorUse]:
    """The sums that a list states, by the accumulator's number."""
    given = {accumulators[use.accumulator]: use for use in uses}
    if len(given) != len(uses):
        raise Unsound
    return given


def _sum(
    use: AccumulatorUse | None,
    number: int,
    member: int,
    expected: tuple[int, int],
    *,
    maximum: int,
    open_sums: list[OpenSum],
) -> tuple[int, int]:
    """One `GIVEN_SUM` row; adds it to `open_sums` where it is not given and has a maximum."""
    if use is None or use.used_cents is None:
        if use is not None and use.last_quarter_cents:
            raise Unsound
        if maximum >= 0:
            open_sums.append(OpenSum(number, member, expected[0], maximum))
        return expected
    used, late = use.used_cents, use.last_quarter_cents
    if not 0 <= late <= used <= (maximum if maximum >= 0 else MAX_CENTS):
        raise Unsound
    return used, late


def _use(workspace: Workspace, scope: Scope, prior: Sequence[PriorUse], counts: bytearray, *, visits: bytearray) -> int:
    """Fill `GIVEN_COUNT` and `GIVEN_VISIT` rows, after the dated events they point to; gives how many events."""
    slots, benefits, events = len(scope.plan.slots), len(scope.plan.benefits), 0
    for member, found in enumerate(prior):
        if found.conflicts:
            raise Unsound
        for place, count in found.counts.items():
            row = scope.row_of(place, member) * slots + place % slots
            _COUNT_ROW.pack_into(counts, row * _COUNT_ROW.size, *count, 0, 0)
        for place, dated in found.events.items():
            if not dated:
                continue
            first = workspace.given_events.append(array("i", chain.from_iterable(dated)).tobytes())
            row = scope.row_of(place, member) * slots + place % slots
            _COUNT_ROW.pack_into(counts, row * _COUNT_ROW.size, 0, 0, first, len(dated))
            events += len(dated)
        for benefit, each in found.visits.items():
            _VISIT_ROW.pack_into(visits, (member * benefits + benefit) * _VISIT_ROW.size, *each)
    return events
