"""What leads to each end of a range, and what each cause is worth by itself (docs/rule-language.md, point 29).

What comes in: a question whose expected case is adjudicated. What goes out: for the least and for the most the open
facts and approvals that lead there. A cause changes the expected case alone; its worth is that difference. It belongs
to an end if it moves the patient's total toward it and is true of a case that reaches it, or if that end is not reached
without it. Where the range is widened, no case reaches its ends: then all that moves the total is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import or_
from typing import Any, NamedTuple, TypeAlias

from camcover.engine.asking.alternatives import AssumedFacts
from camcover.engine.asking.contradictions import counted_toward
from camcover.engine.asking.layout import HIGH, LOW, OPEN_TIER, TYPICAL, Layout
from camcover.engine.asking.open_use import OpenUse
from camcover.engine.asking.openness import Openness, each_alone
from camcover.engine.asking.question import PatientRange, Question
from camcover.engine.asking.ranges import Adjudicate, Change, PricedCase, Way, bounds_and_cases
from camcover.engine.causes import CauseKind, RangeCause, RangeCauses
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.compile_rows import ATTESTATION_BITS
from camcover.money import Cents
from camcover.rulebook.records import STATES, Attestation

_LOWER = ATTESTATION_BITS[Attestation.LOWER_COST_SHARE]


_OF_FACT = {
    "practitioner": CauseKind.PRACTITIONER,
    "state": CauseKind.STATE,
    "born": CauseKind.AGE,
    "age": CauseKind.AGE,
    "diagnoses": CauseKind.DIAGNOSIS,
    "standing": CauseKind.MEMBERSHIP,
    "enrolled": CauseKind.MEMBERSHIP,
    "first_service": CauseKind.FIRST_SERVICE,
}


class _OpenPart(NamedTuple):
    """A cause, and what it changes of the expected case."""

    cause: RangeCause
    change: Change

    @property
    def place(self) -> tuple[object, ...]:
        """Two parts of one place cannot both be true."""
        word = self.cause.word if self.cause.kind in _BESIDE_EACH_OTHER else ""
        return _PLACES.get(self.cause.kind, self.cause.kind), self.cause.items, word, self.cause.limit


_BESIDE_EACH_OTHER = (CauseKind.WITHOUT, CauseKind.INCENTIVE)
_PLACES = {CauseKind.HIGH_PRICES: CauseKind.LOW_PRICES, CauseKind.DEDUCTIBLE_LEFT: CauseKind.DEDUCTIBLE_MET}

Facts: TypeAlias = Sequence[tuple[int, AssumedFacts]]
"""By item the values that one fact alone may have."""

Worth: TypeAlias = Sequence[tuple[_OpenPart, int]]
"""Parts with what each is worth alone, cents."""


def bounds_and_causes(
    question: Question,
    openness: Openness,
    expected: PricedCase,
    adjudicate: Adjudicate,
    *,
    tables: Tables,
    facts: Facts,
) -> tuple[PatientRange, RangeCauses]:
    """The range of a question, and what leads to each of its ends; `expected` is its expected case.

    Each case is adjudicated once for both. Where the range is one amount, causes are not looked for.
    """
    bounds, cases = bounds_and_cases(question, openness, expected, adjudicate)
    if bounds.low == bounds.high:
        return bounds, RangeCauses()
    parts = _PartFinder(tables, question, openness)
    alone = list(parts.each(facts))
    worth = [total - expected.patient for total in _totals(adjudicate, [[each] for each in alone])]
    moving = {
        sign: [(part, cents) for part, cents in zip(alone, worth, strict=True) if sign * cents > 0] for sign in (-1, 1)
    }
    unknown = unknown_codes(question)
    if cases is None:
        low, high = (_by_worth(_one_a_place(moving[sign])) for sign in (-1, 1))
        return bounds, RangeCauses((*low, *unknown), high, is_reached=False)
    ends: dict[int, tuple[RangeCause, ...]] = {-1: (), 1: ()}
    for sign in ends:
        way, total = max(cases, key=lambda each: sign * each[1])
        if sign * (total - expected.patient) > 0:
            ends[sign] = _to_end(adjudicate, list(parts.of_way(way)), moving[sign], sign)
    return bounds, RangeCauses((*ends[-1], *unknown), ends[1])


def _to_end(adjudicate: Adjudicate, reaching: Sequence[_OpenPart], moving: Worth, sign: int) -> tuple[RangeCause, ...]:
    """The causes of one end. `reaching`: parts that together reach it; `moving`: those that alone move toward it."""
    tried = [[*_without(reaching, part), part] for part, _ in moving]
    rest = [_without(reaching, part) for part in reaching]
    end, *totals = _totals(adjudicate, [reaching, *tried, *rest])
    found = _one_a_place([each for each, total in zip(moving, totals, strict=False) if total == end])
    for part, total in zip(reaching, totals[len(moving) :], strict=True):
        if part.place not in found and sign * (end - total) > 0:
            found[part.place] = part.cause
    return _by_worth(found)


def _one_a_place(moving: Worth) -> dict[tuple[object, ...], RangeCause]:
    """Of what cannot be true together the cause that is worth most; by their places."""
    found: dict[tuple[object, ...], RangeCause] = {}
    for part, cents in sorted(moving, key=lambda each: abs(each[1])):
        found[part.place] = part.cause._replace(worth_cents=Cents(cents))
    return found


def _by_worth(found: Mapping[tuple[object, ...], RangeCause]) -> tuple[RangeCause, ...]:
    """Causes, the greatest worth first."""
    return tuple(sorted(found.values(), key=lambda each: -abs(each.worth_cents or 0)))


def _without(parts: Iterable[_OpenPart], other: _OpenPart) -> list[_OpenPart]:
    """The parts but those that stand where another one does."""
    return [each for each in parts if each.place != other.place]


def _totals(adjudicate: Adjudicate, cases: Sequence[Sequence[_OpenPart]]) -> list[int]:
    """What the patient pays in the expected case with parts of it changed, cents; case by case."""
    return [each.patient for each in adjudicate([_way(parts) for parts in cases])] if cases else []


def _way(parts: Iterable[_OpenPart]) -> Way:
    """The expected case with parts of it changed."""
    fields: dict[str, Any] = {"is_expected": True}
    for part in parts:
        for name, value in part.change.items():
            known = fields.get(name)
            if not isinstance(value, tuple) or known is None:
                fields[name] = value
            elif name in _BY_KEY:
                merged = dict(known)
                for key, each in value:
                    merged[key] = _BY_KEY[name](merged[key], each) if key in merged else each
                fields[name] = tuple(merged.items())
            else:
                fields[name] = known + value
    sums = fields.pop("sums", ())
    return Way(**fields, sums=tuple((*owned, cents) for owned, cents in sums))


def _both_facts(one: AssumedFacts, other: AssumedFacts) -> AssumedFacts:
    """Facts of two sets as one; what both have is as the second has it."""
    return one._replace(**{name: value for name, value in other._asdict().items() if value is not None})


_BY_KEY: Mapping[str, Callable[[Any, Any], Any]] = {
    "facts": _both_facts,
    "attested": or_,
    "lacking": or_,
    "sums": max,
}
"""How two changes of one thing, such as an item, come together."""


class _PartFinder:
    """Finds the parts of which the cases of a question consist."""

    def __init__(self, tables: Tables, question: Question, openness: Openness) -> None:
        """Look names up in `tables`."""
        self._tables, self._question, self._openness = tables, question, openness
        second = question.secondary
        self._layouts = (question.primary,) if second is None else (question.primary, second)

    def each(self, facts: Facts) -> Iterator[_OpenPart]:
        """Every single thing that may be otherwise than expected."""
        openness = self._openness
        for place in range(1, openness.tiers):
            yield self._network(place)
        for place in range(1, openness.second_tiers):
            yield self._second_network(place)
        if openness.is_beyond:
            yield _BEYOND
        if openness.may_be_priced:
            for is_stated in (False, True) if openness.priced else (False,):
                yield from (self._prices(price, is_stated=is_stated) for price in (LOW, HIGH))
        yield from self._sums()
        yield from (_fact(self._tables, item, each) for item, each in facts)
        for item, mask in openness.attestations:
            yield from (_attestation(item, each) for each in ATTESTATION_BITS if mask & ATTESTATION_BITS[each])
        yield from (_used(plan, use, use.most) for plan, use in openness.uses)
        yield from (_earned(each) for each in openness.incentives)
        if openness.accounts:
            yield _EMPTY

    def of_way(self, way: Way) -> Iterator[_OpenPart]:
        """What a case has otherwise than expected."""
        if way.tier:
            yield self._network(way.tier)
        if way.second_tier:
            yield self._second_network(way.second_tier)
        if way.strict:
            yield _BEYOND
        if self._openness.may_be_priced and way.price != TYPICAL:
            yield self._prices(way.price, is_stated=way.stated)
        if way.critical is not None:
            yield _OpenPart(RangeCause(CauseKind.DEDUCTIBLE_LEFT, number=way.critical), {"critical": way.critical})
        if way.at_most:
            is_left = way.critical is not None
            yield from (each for each in self._sums() if not (is_left and each.cause.kind is CauseKind.DEDUCTIBLE_MET))
        for item, facts in way.facts:
            yield from (_fact(self._tables, item, each) for each in each_alone(facts))
        yield from self._attested(dict(way.attested))
        yield from (_used(plan, use, amount) for plan, use, amount in way.used if amount)
        yield from (_earned(each) for each in way.earned)
        if way.are_accounts_empty and self._openness.accounts:
            yield _EMPTY

    def _attested(self, attested: dict[int, int]) -> Iterator[_OpenPart]:
        """Attestations that are missing where they are expected, or there where they are not."""
        for item, mask in self._openness.attestations:
            for attestation, bit in ATTESTATION_BITS.items():
                is_given, is_expected = bool(attested.get(item, 0) & bit), bit != _LOWER
                if mask & bit and is_given != is_expected:
                    yield _attestation(item, attestation)

    def _network(self, place: int) -> _OpenPart:
        rows = self._question.primary.covered_rows
        items = self._items(at for at, row in rows if row.tier == OPEN_TIER)
        return _OpenPart(RangeCause(CauseKind.NETWORK, items, _tier(self._layouts[0], place)), {"tier": place})

    def _second_network(self, place: int) -> _OpenPart:
        word = _tier(self._layouts[-1], place)
        return _OpenPart(RangeCause(CauseKind.SECOND_NETWORK, word=word), {"second_tier": place})

    def _prices(self, price: int, *, is_stated: bool) -> _OpenPart:
        services = self._question.asked.services
        places = self._openness.priced or {at for at, each in enumerate(services) if each.charge < 0}
        kind = CauseKind.LOW_PRICES if price == LOW else CauseKind.HIGH_PRICES
        return _OpenPart(RangeCause(kind, self._items(places)), {"price": price, "stated": is_stated})

    def _items(self, places: Iterable[int]) -> tuple[int, ...]:
        """The items of services."""
        return tuple(sorted({self._question.asked.services[place].item for place in places}))

    def _sums(self) -> Iterator[_OpenPart]:
        """The deductibles at their most, and what of them counts toward maxima; the maxima at their most."""
        met: dict[tuple[int, int, int], int] = {}
        reached: dict[tuple[int, int, int], int] = {}
        for plan, (layout, terms) in enumerate(zip(self._layouts, self._openness.terms, strict=True)):
            sums = {(each.member, each.accumulator): each for each in self._openness.sums[plan]}
            for (member, number), each in sums.items():
                if terms.maxima >> number & 1:
                    reached[plan, member, number] = each.maximum
                    continue
                met[plan, member, number] = each.maximum
                for other in counted_toward(layout.plan)[number]:
                    if (member, other) in sums:
                        most = min(max(each.maximum, sums[member, other].expected), sums[member, other].maximum)
                        met[plan, member, other] = max(met.get((plan, member, other), 0), most)
        for kind, found in ((CauseKind.DEDUCTIBLE_MET, met), (CauseKind.MAXIMUM_MET, reached)):
            if found:
                yield _OpenPart(RangeCause(kind), {"sums": tuple(found.items())})


_BEYOND = _OpenPart(RangeCause(CauseKind.TERMS), {"strict": True})
_EMPTY = _OpenPart(RangeCause(CauseKind.NO_BALANCE), {"are_accounts_empty": True})


def _tier(layout: Layout, place: int) -> str:
    """The tier at a place of the list of the edition that the request is read by, or at its last place."""
    tiers = list(layout.plan.editions[layout.edition].tiers)
    return str(tiers[min(place, len(tiers) - 1)])


def _fact(tables: Tables, item: int, facts: AssumedFacts) -> _OpenPart:
    """One fact of an item."""
    ((name, value),) = ((name, value) for name, value in facts._asdict().items() if value is not None)
    word, number = "", 0
    if name == "practitioner" and value >= 0:
        word = list(tables.vocabulary.practitioners)[value]
    elif name == "state" and value >= 0:
        word = STATES[value]
    elif name == "age":
        number = value
    return _OpenPart(RangeCause(_OF_FACT[name], (item,), word, number), {"facts": ((item, facts),)})


def _attestation(item: int, attestation: Attestation) -> _OpenPart:
    """An attestation that is missing; of a lower cost share, that it holds."""
    bit = ATTESTATION_BITS[attestation]
    if bit == _LOWER:
        return _OpenPart(RangeCause(CauseKind.LOWER_COST_SHARE, (item,)), {"attested": ((item, bit),)})
    return _OpenPart(RangeCause(CauseKind.WITHOUT, (item,), str(attestation)), {"lacking": ((item, bit),)})


def _used(plan: int, use: OpenUse, amount: int) -> _OpenPart:
    """Use of a limit."""
    cause = RangeCause(CauseKind.USED, word=str(use.limit.id), number=amount, limit=use.limit)
    return _OpenPart(cause, {"used": ((plan, use, amount),)})


def _earned(member: tuple[int, int]) -> _OpenPart:
    """A wellness incentive that is earned under a plan."""
    return _OpenPart(RangeCause(CauseKind.INCENTIVE, word=str(member)), {"earned": (member,)})


def unknown_codes(question: Question) -> tuple[RangeCause, ...]:
    """Codes that no catalog has, which may cost nothing (point 2)."""
    services = question.asked.services
    lines = question.primary.covered_lines
    cents = sum(services[place].charge for _, place, _ in lines if not services[place].therapy)
    return (RangeCause(CauseKind.UNKNOWN_CODES, worth_cents=Cents(-cents)),) if cents else ()
