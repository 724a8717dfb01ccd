"""The least and the most that the patient may pay, over all values of the open facts (docs/rule-language.md, point 29).

What comes in: a question whose expected case is adjudicated. What goes out: low and high, cents. Each open fact is a
`Dimension` with a few values. A case is one choice for each, and is adjudicated like any other request. If the
patient's total can only fall or only rise with a fact (`plainness`), its two ends are its values. If there would be too
many cases, or a fact has too many values to list, the range is widened, line by line, to what is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from camcover.engine.asking.alternatives import AssumedFacts, TooMany
from camcover.engine.asking.layout import HIGH, LOW, TYPICAL
from camcover.engine.asking.open_accounts import may_pay_uncovered
from camcover.engine.asking.open_use import OpenUse, amounts_that_differ
from camcover.engine.asking.openness import Openness, tiers_of
from camcover.engine.asking.plainness import only_falls, prices_only_raise, use_only_raises
from camcover.engine.asking.question import PatientRange, Question
from camcover.engine.facts import OpenFact
from camcover.engine.kernel.tables import Array
from camcover.rulebook.records import CountedFor, Measure

MOST_CASES = 2_000
"""Cases of one request."""

MOST_CASES_OF_TWO = 400
"""The same where each is settled between two plans."""

MOST_CASE_LINES = 60_000
"""Lines of all cases of one request together."""


ENDLESS = -1
"""In place of what is left of a deductible: no end of it."""


class Way(NamedTuple):
    """One choice of values for the open facts: a case, before it is laid out.

    `tier`, `second_tier`: places of open tiers. `strict`: only terms in force hold. `price`: which typical charge;
    `stated`: an assumed charge is treated as if the request gave it. `at_most`: open sums have their greatest values.
    `critical`: this much is left of the one open deductible. `facts`, `attested`: by item. `used`: of limits, with the
    plan. `earned`: plans with the members who have earned the wellness incentive. `are_accounts_empty`: accounts whose
    balance is not given hold nothing; else they hold their amount.

    `is_expected`: what the other fields do not say is as the expected case has it. Only then: `lacking`, by item the
    attestations that are missing; `sums`: (plan, member, accumulator, cents) of open sums.
    """

    tier: int = 0
    second_tier: int = 0
    strict: bool = False
    price: int = TYPICAL
    stated: bool = False
    at_most: bool = False
    critical: int | None = None
    facts: tuple[tuple[int, AssumedFacts], ...] = ()
    attested: tuple[tuple[int, int], ...] = ()
    used: tuple[tuple[int, OpenUse, int], ...] = ()
    earned: tuple[tuple[int, int], ...] = ()
    are_accounts_empty: bool = False
    is_expected: bool = False
    lacking: tuple[tuple[int, int], ...] = ()
    sums: tuple[tuple[int, int, int, int], ...] = ()


Change: TypeAlias = Mapping[str, Any]
"""Fields of a `Way` that a choice sets, or adds to."""


class PricedCase(NamedTuple):
    """An adjudicated case: what the patient pays, and the primary's ledger."""

    patient: int
    rows: Array


Adjudicate: TypeAlias = Callable[[Sequence[Way]], list[PricedCase]]
"""Adjudicates ways as cases, in order."""


def bounds_of(question: Question, openness: Openness, expected: PricedCase, adjudicate: Adjudicate) -> PatientRange:
    """The range of a question in which something is open; `expected` is its expected case."""
    return bounds_and_cases(question, openness, expected, adjudicate)[0]


def bounds_and_cases(
    question: Question, openness: Openness, expected: PricedCase, adjudicate: Adjudicate
) -> tuple[PatientRange, list[tuple[Way, int]] | None]:
    """The same, and what the patient pays in each case, cents; None where cases cannot be listed."""
    try:
        cases = cases_of(question, openness, adjudicate)
    except TooMany:
        return _with_unknown_codes(question, _widened(question, openness, expected, adjudicate)), None
    totals = [(way, each.patient) for way, each in cases]
    low, high = (end((expected.patient, *(cents for _, cents in totals))) for end in (min, max))
    return _with_unknown_codes(question, PatientRange(low, high)), totals


def known(question: Question, patient: int) -> PatientRange:
    """The range of a question in which nothing is open."""
    return _with_unknown_codes(question, PatientRange(patient, patient))


def _with_unknown_codes(question: Question, bounds: PatientRange) -> PatientRange:
    """What a code that no catalog has may cost: its charge, as in every case, or nothing (point 2)."""
    services = question.asked.services
    if all(service.therapy for service in services):
        return bounds
    lines = question.primary.covered_lines
    unknown = sum(services[place].charge for _, place, _ in lines if not services[place].therapy)
    return bounds._replace(low=max(bounds.low - unknown, 0))


def cases_of(question: Question, openness: Openness, adjudicate: Adjudicate) -> list[tuple[Way, PricedCase]]:
    """Every case with its way; raises `TooMany` where they cannot be listed."""
    dimensions = [*_places(openness), *_facts(question, openness), *_incentives(openness), *_moving(question, openness)]
    ways = _combined(question, dimensions)
    found = adjudicate(ways)
    if openness.terms[0].waived and openness.sums[0]:
        critical = _critical_ways(question, ways, adjudicate)
        found += adjudicate(critical)
        ways = [*ways, *critical]
    return list(zip(ways, found, strict=True))


def _combined(question: Question, dimensions: Sequence[Sequence[Change]]) -> list[Way]:
    """One way for each combination of the values; raises `TooMany`."""
    count = 1
    for values in dimensions:
        count *= len(values)
    most = MOST_CASES if question.secondary is None else MOST_CASES_OF_TWO
    if count > most or count * len(question.asked.lines) > MOST_CASE_LINES:
        raise TooMany
    return [_way(changes) for changes in product(*dimensions)]


def _way(changes: Sequence[Change]) -> Way:
    """The way that choices come to; what is chosen by item or limit adds up."""
    chosen: dict[str, Any] = {}
    for change in changes:
        for name, value in change.items():
            chosen[name] = chosen.get(name, ()) + value if isinstance(value, tuple) else value
    return Way(**chosen)


def _places(openness: Openness) -> Iterator[list[Change]]:
    """Open tiers of both plans, and terms behind the last edition."""
    if openness.tiers > 1:
        yield [{"tier": place} for place in range(openness.tiers)]
    if openness.second_tiers > 1:
        yield [{"second_tier": place} for place in range(openness.second_tiers)]
    if openness.is_beyond:
        yield [{"strict": False}, {"strict": True}]


def _facts(question: Question, openness: Openness) -> Iterator[list[Change]]:
    """Each item's facts; raises `TooMany`, also where a diagnosis that is not given says which count a line is of."""
    if not openness.facts:
        return
    by_condition = (each.limit.counted_for is CountedFor.CONDITION for terms in openness.terms for each in terms.limits)
    if any(by_condition) and not all(row.diagnosed for _, row in question.primary.covered_rows):
        raise TooMany
    for item, ways in openness.facts:
        if ways is None:
            raise TooMany
        yield [{"facts": ((item, facts),)} for facts in ways]


def _incentives(openness: Openness) -> Iterator[list[Change]]:
    """Whether each member has earned the incentive of each plan."""
    for each in openness.incentives:
        yield [{"earned": ()}, {"earned": (each,)}]


def _moving(question: Question, openness: Openness) -> Iterator[list[Change]]:
    """Sums, charges, use of limits and attestations: their two ends together where that is enough, else each."""
    if use_only_raises(question, openness) and only_falls(question, openness):
        yield [_end(openness, best=True), _end(openness, best=False)]
        if openness.priced and (openness.tiers > 1 or openness.has_open_rates or _has_several_terms(question)):
            yield [{"stated": False}, {"stated": True}]
        return
    if openness.accounts:
        # More money in an account pays more of a line, or makes another account begin earlier.
        yield [{"are_accounts_empty": False}, {"are_accounts_empty": True}]
    yield from _sums(question, openness)
    yield from _prices(question, openness)
    yield from _uses(question, openness)
    for item, mask in openness.attestations:
        yield [{"attested": ((item, part),)} for part in _subsets(mask)]


def _end(openness: Openness, *, best: bool) -> Change:
    """The end at which the patient pays least, or most."""
    return {
        "at_most": best,
        "are_accounts_empty": not best,
        "price": LOW if best else HIGH,
        "attested": tuple((item, mask if best else 0) for item, mask in openness.attestations),
        "used": tuple((plan, use, 0 if best else use.most) for plan, use in openness.uses),
    }


def _has_several_terms(question: Question) -> bool:
    """Whether lines lie under different terms of the primary plan, by which a charge may be assumed or not."""
    plan = question.primary.plan
    return len({plan.place_on(day) for day in question.primary.days}) > 1


def _sums(question: Question, openness: Openness) -> Iterator[list[Change]]:
    """Open sums as they are expected and at their most; raises `TooMany` where others may cost less or more."""
    if any(openness.sums):
        if not only_falls(question, openness, waived=_has_one_deductible(question, openness)):
            raise TooMany
        yield [{"at_most": False}, {"at_most": True}]


def _prices(question: Question, openness: Openness) -> Iterator[list[Change]]:
    """Assumed charges at their ends; raises `TooMany` where others may cost less or more."""
    if openness.may_be_priced:
        if not (only_falls(question, openness, waived=True) and prices_only_raise(openness)):
            raise TooMany
        yield [{"price": price} for price in (LOW, HIGH)]
        if openness.priced:
            yield [{"stated": False}, {"stated": True}]


def _uses(question: Question, openness: Openness) -> Iterator[list[Change]]:
    """Every number of visits or units that makes a difference; raises `TooMany` for money and for windows."""
    for plan, use in openness.uses:
        if use.moves or use.limit.measure is Measure.MONEY:
            raise TooMany
        amounts = amounts_that_differ(use, openness.terms[plan], _demand(question, use))
        yield [{"used": ((plan, use, amount),)} for amount in amounts]


def _demand(question: Question, use: OpenUse) -> int:
    """The most that a member's lines may want of a limit: their units or minutes, or as many visits as lines."""
    services = question.asked.services

    def is_whose(place: int) -> bool:
        return use.limit.of_family or question.primary.services[place].member == use.member

    own = [place for _, place, _ in question.asked.lines if is_whose(place)]
    if use.limit.measure is Measure.MINUTES:
        minutes: dict[int, int] = {}
        for place, row in question.primary.rows:
            minutes[place] = max(minutes.get(place, 0), row.units * row.minutes)
        return sum(minutes[place] for place in own)
    return sum(services[place].units for place in own) if use.limit.measure is Measure.UNITS else len(own)


def _subsets(mask: int) -> Iterator[int]:
    """Every part of a mask, itself and none included."""
    part = mask
    while True:
        yield part
        if part == 0:
            return
        part = (part - 1) & mask


def _has_one_deductible(question: Question, openness: Openness) -> bool:
    """Whether the lines are one member's and ask for one deductible: then its critical values can be told."""
    terms, layout = openness.terms[0], question.primary
    deductibles = terms.consulted(tiers_of(layout)) & ~terms.maxima
    if deductibles & terms.reduced:
        return False
    return deductibles & (deductibles - 1) == 0 and len({service.member for service in layout.services}) == 1


def _critical_ways(question: Question, ways: Sequence[Way], adjudicate: Adjudicate) -> list[Way]:
    """The ways in which the open deductible ends with a line, or leaves one cent of it to the next.

    Between two of these, the same copays fall away with the deductible. So the total only falls as more of the
    deductible is used. What the lines take is read from cases in which the deductible has no end.
    """
    endless = adjudicate([way._replace(critical=ENDLESS) for way in ways])
    critical: list[Way] = []
    for way, case in zip(ways, endless, strict=True):
        taken = np.cumsum(case.rows["deductible"])
        lefts = dict.fromkeys(left for cents in taken.tolist() for left in (cents, cents + 1))
        critical += [way._replace(critical=left) for left in (1, *lefts)]
    if len(critical) > MOST_CASES or len(critical) * len(question.asked.lines) > MOST_CASE_LINES:
        raise TooMany
    return critical


def _widened(question: Question, openness: Openness, expected: PricedCase, adjudicate: Adjudicate) -> PatientRange:
    """Bounds that no way leaves, line by line: nothing where a plan may cover it, and its charge at the most."""
    found = [expected]
    if not _is_certain(question, openness):
        dimensions = [*_places(openness), *_whom(openness)]
        if openness.may_be_priced:
            dimensions.append([{"price": price} for price in (LOW, HIGH)])
            dimensions.append([{"stated": False}, {"stated": True}])
        found += adjudicate([_way(changes) for changes in product(*dimensions)])
    charges, patient = _columns(found, "charge"), _columns(found, "patient")
    named = _named_services(question, openness)
    covered = set(question.primary.covered_lines)
    if question.secondary is not None:
        covered |= set(question.secondary.covered_lines)
    uncovered = [
        min(cents)
        for line, cents in zip(question.asked.lines, patient, strict=True)
        if line[1] not in named or line not in covered
    ]
    # These ways do not tell the allowed amount of a line that shares a fee, or whose rate is open.
    is_unknown = openness.has_open_rates or any(each.shares_fees for each in openness.terms)
    certain = 0 if is_unknown or may_pay_uncovered(question) else sum(uncovered)
    return PatientRange(min(certain, *(each.patient for each in found)), sum(map(max, charges)), is_widened=True)


def _whom(openness: Openness) -> Iterator[list[Change]]:
    """Nobody, or one practitioner of each kind that rates tell apart, for all items that name none."""
    if not openness.has_open_rates:
        return
    masks = [mask for each in openness.terms for mask in each.rates]
    kinds: dict[tuple[int, ...], int] = {}
    for number in range(max(mask.bit_length() for mask in masks)):
        kinds.setdefault(tuple(mask >> number & 1 for mask in masks), number)
    items = [item for item, each in enumerate(openness.not_given) if OpenFact.PRACTITIONER in each]
    others = [AssumedFacts(practitioner=number) for kind, number in kinds.items() if any(kind)]
    yield [{}, *({"facts": tuple((item, facts) for item in items)} for facts in others)]


def _is_certain(question: Question, openness: Openness) -> bool:
    """Whether each line's charge, and what it costs where no benefit names it, are the same in every way."""
    has_places = openness.tiers > 1 or openness.second_tiers > 1 or openness.is_beyond
    has_charges = all(service.charge >= 0 for service in question.asked.services)
    return has_charges and not has_places and question.secondary is None


def _columns(found: Sequence[PricedCase], name: str) -> Iterator[tuple[int, ...]]:
    """Line by line what a column of the ledger holds in each case."""
    return zip(*(each.rows[name].tolist() for each in found), strict=True)


def _named_services(question: Question, openness: Openness) -> set[int]:
    """The places of services that some benefit of a plan names."""
    layouts = [question.primary] if question.secondary is None else [question.primary, question.secondary]
    named: set[int] = set()
    for layout, terms in zip(layouts, openness.terms, strict=True):
        covered = terms.attestations
        named |= {place for place, row in layout.rows if row.therapy in covered or row.code in covered}
    return named
