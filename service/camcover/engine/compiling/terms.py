"""The terms of a plan for the services of a request, over all its editions. The range of an estimate needs them.

`Terms` are worked out once for each set of services: criteria, attestations, limits, accumulators that may affect a
line, and whether the patient always pays less (or the same) when more of the accumulators is used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from camcover.engine.compiling.compile_rows import ATTESTATION_BITS, attestations_mask
from camcover.engine.compiling.fee_terms import rates_asked, shares_fees
from camcover.engine.compiling.known_limits import counts_paid
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.segments import Segment
from camcover.engine.compiling.sharing import Parts, Sharing, sharing_of
from camcover.engine.kernel.codes import RuleKind
from camcover.engine.kernel.tables import NEVER, RuleTables
from camcover.rulebook.records import (
    Accumulator,
    AccumulatorKind,
    BandedCopayStep,
    Benefit,
    Carryover,
    CopayStep,
    Limit,
    NotCoveredPays,
    Plan,
)

_A_PAIR = 2
MOST_KNOWN = 256
_EXCLUSION = int(RuleKind.EXCLUSION)


class Criterion(NamedTuple):
    """A row of `criteria` as integers, without its settings, which are always given."""

    diagnoses: int
    not_diagnoses: int
    practitioners: int
    states: int
    age_min: int
    age_max: int
    asks_practitioner: int
    asks_state: int
    asks_age: int
    licensed: int
    attested: int
    not_attested: int
    roles: int = 0
    statuses: int = 0
    wait_days: int = 0
    wait_months: int = 0
    wait_periods: int = 0
    asks_member: int = 0

    @property
    def waits(self) -> bool:
        """Whether it asks for a waiting period after the enrollment."""
        return self.wait_days + self.wait_months > 0


_ANY_AGE = Criterion(0, 0, 0, 0, 0, NEVER, 0, 0, asks_age=1, licensed=0, attested=0, not_attested=0)


class Candidate(NamedTuple):
    """A rule that names a service: its row of `rules`, and the criteria that must hold for it to apply.

    `allowances`: the ages at which its limits allow another amount, as criteria that ask for the age alone.
    Below 0: a rate of a fee table, -1 that of row 0, which applies to its practitioners (point 46).
    """

    row: int
    criteria: tuple[Criterion, ...]
    allowances: tuple[Criterion, ...]

    @property
    def asked(self) -> tuple[Criterion, ...]:
        """Everything that asks for a fact."""
        return self.criteria + self.allowances


class LimitUsed(NamedTuple):
    """A limit as one benefit of an edition uses it."""

    benefit: str
    limit: Limit


class Terms(NamedTuple):
    """The terms of a plan for some services.

    `candidates`: by (row of `segments`, service). `attestations`: those asked for, by service, as masks. `tiers`: by
    number. `feeds`: by accumulator. `waived`: some copay falls away with the deductible. `liable`: some tier leaves
    denials to the provider. `penalised`: a missing attestation costs a share of what the plan pays. `counts_paid`: a
    limit counts what the plan pays. `continues`: an exhausted benefit is passed over. `phased`: something depends on a
    visit number; `numbering`: the limits that number these visits. `chosen`: an attestation decides which benefit
    applies, or some limit leaves lines out. `discounted`: a line that is not covered may cost less than its charge.
    `shares_fees`: the allowed amount of a line may depend on other lines of its day. `rates`: the practitioners that
    rates of fee tables ask for, as masks. `carried`: accumulators that are carried over. `asks_member`: some criterion
    asks for a fact of the membership. `reduced`: accumulators that a member may have reduced. `banded`: some copay
    depends on the allowed amount; `has_falling_bands`: some is less for a higher amount.
    """

    candidates: Mapping[tuple[int, int], tuple[Candidate, ...]]
    attestations: Mapping[int, int]
    limits: tuple[LimitUsed, ...]
    limit_ids: tuple[str, ...]
    tiers: tuple[Sharing, ...]
    feeds: tuple[int, ...]
    maxima: int
    carried: int
    waived: bool
    penalised: bool
    counts_paid: bool
    liable: bool
    continues: bool
    phased: bool
    chosen: bool
    discounted: bool
    numbering: frozenset[str]
    shares_fees: bool
    rates: tuple[int, ...]
    asks_member: bool
    reduced: int
    banded: bool
    has_falling_bands: bool
    falls: dict[tuple[int, ...], bool]

    def consulted(self, tiers: Iterable[int]) -> int:
        """The accumulators whose room is asked for by lines of these tiers, as a mask."""
        mask = 0
        for tier in tiers:
            mask |= self.tiers[tier].consulted
        return mask

    def only_fall(self, tiers: Sequence[int]) -> bool:
        """Whether no accumulator that lines of these tiers ask for gains by what another one receives; worked out once.

        A request has few tiers, so that few of their combinations come.
        """
        key = tuple(tiers)
        found = self.falls.get(key)
        if found is None:
            found = self.falls[key] = self._only_fall(key)
        return found

    def _only_fall(self, tiers: Sequence[int]) -> bool:
        """The same, from how each tier's lines feed accumulators."""
        consulted = self.consulted(tiers)
        sharings = [self.tiers[tier] for tier in tiers]
        ways = {Parts(*(mask & consulted for mask in way)) for each in sharings for way in each.counted}
        if any(each.caps_uncounted for each in sharings) or not self._move_together(ways):
            return False
        # Such a maximum cuts a deductible, and not the copay behind it, which is more, the less the deductible takes.
        if any(each.copay_behind for each in sharings) and any(way.deductible & ~way.copay for way in ways):
            return False
        # A deductible or a copay counts once toward a maximum that counts it as cost share anyway.
        deductibles = copays = consulted & self.maxima
        for way in ways:
            deductibles, copays = deductibles & way.deductible, copays & way.copay
        if any(each.copay_feeds & consulted & ~copays for each in sharings):
            return False
        for number, targets in enumerate(self.feeds):
            bit = 1 << number
            if consulted & bit & ~self.maxima and targets & consulted & ~bit & ~deductibles:
                return False
        return True

    def _move_together(self, ways: Collection[Parts]) -> bool:
        """Whether maxima receive what lines pay so that what one has more of, another never loses twice.

        Where several receive the same dollars, they do so on every line, and only one of two may leave parts out. No
        deductible receives what a maximum does, and none of the maxima cuts a deductible without the coinsurance
        behind it, which was worked out from it.
        """
        for way in ways:
            partial = way.any & ~(way.deductible & way.copay & way.coinsurance)
            is_several = bool(way.any & (way.any - 1))
            if way.any & ~self.maxima or way.deductible & ~way.coinsurance:
                return False
            if is_several and (len(ways) > 1 or (partial and (way.any.bit_count() > _A_PAIR or partial == way.any))):
                return False
        return True


def terms_of(rules: RuleTables, index: PlanIndex, services: tuple[int, ...]) -> Terms:
    """The terms of a plan for services; worked out once."""
    found = index.terms.get(services)
    if not isinstance(found, Terms):
        if len(index.terms) > MOST_KNOWN:
            index.terms.clear()
        found = index.terms[services] = _read(rules, index, services)
    return found


def _read(rules: RuleTables, index: PlanIndex, services: tuple[int, ...]) -> Terms:
    """The terms, read from the tables and the records behind them."""
    candidates = {
        (row, service): tuple(_candidates(rules, row, service, len(index.tiers)))
        for row in range(index.first_segment, index.first_segment + len(index.segments))
        for service in services
    }
    benefits = list(_benefits(index, candidates))
    attestations: dict[int, int] = {}
    liable = [tier.provider_liable for plan in index.editions for tier in plan.tiers.values() if tier.provider_liable]
    notices = 0
    for each in liable:
        notices |= ATTESTATION_BITS[each.unless] if each.unless else 0
    for _, service, benefit in benefits:
        attestations[service] = attestations.get(service, 0) | _asked(benefit) | notices
    criteria = _attestations_of_criteria(candidates)
    for service in attestations:
        attestations[service] |= criteria.get(service, 0)
    found = [(segment.edition, benefit) for segment, _, benefit in benefits]
    limits = dict.fromkeys(LimitUsed(benefit.id, limit) for _, benefit in found for limit in benefit.limits)
    blocks = [block for _, benefit in found for block in benefit.tiers.values()]
    steps = [step for block in blocks for phase in block.member_pays for step in phase.steps]
    bands = [[band.cents for band in step.bands] for step in steps if isinstance(step, BandedCopayStep)]
    requirements = [each for _, benefit in found for each in benefit.requires]
    return Terms(
        candidates,
        attestations,
        tuple(limits),
        tuple(dict.fromkeys(each.limit.id for each in limits)),
        tuple(sharing_of(index, name, found) for name in index.tiers),
        tuple(_feeds(index, name) for name in index.accumulators),
        _mask(index, lambda each: each.kind is AccumulatorKind.OUT_OF_POCKET_MAXIMUM),
        _mask(index, lambda each: each.carryover is not Carryover.NONE),
        waived=any(isinstance(step, CopayStep) and step.waived_with_deductible for step in steps),
        penalised=any(not each.is_bare for each in requirements),
        counts_paid=any(counts_paid(each.limit) for each in limits),
        continues=any(benefit.continues_when_exhausted for _, benefit in found),
        liable=bool(liable),
        phased=any(each.after for each in requirements) or any(len(block.member_pays) > 1 for block in blocks),
        chosen=any(map(criteria.get, attestations)) or any(each.limit.leaves_out for each in limits),
        discounted=any(NotCoveredPays.ALLOWED in _owed(plan) for plan in index.editions)
        or any(_has_discount(rules, *key) for key in candidates),
        numbering=frozenset(
            each.visits_of for _, benefit in found for each in benefit.numbered if each.visits_of is not None
        ),
        shares_fees=any(map(shares_fees, index.segments)),
        rates=tuple(_rates(candidates)),
        reduced=_mask(index, lambda each: each.wellness_incentive is not None),
        asks_member=any(each.asks_member for found in candidates.values() for rule in found for each in rule.criteria),
        banded=any(len(set(copays)) > 1 for copays in bands),
        has_falling_bands=any(copays != sorted(copays) for copays in bands),
        falls={},
    )


def _owed(plan: Plan) -> Iterator[NotCoveredPays | None]:
    """What members owe where they are not covered, in all tiers."""
    yield plan.not_covered_pays
    yield from (tier.not_covered_pays for tier in plan.tiers.values())


def _rates(candidates: Mapping[tuple[int, int], Iterable[Candidate]]) -> dict[int, None]:
    """The practitioners of each rate by which a service may be priced, as masks, each once."""
    rates = (each for found in candidates.values() for each in found if each.row < 0)
    return dict.fromkeys(each.criteria[0].practitioners for each in rates)


_OF_PRACTITIONERS = Criterion(0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0)
"""A criterion that asks for the practitioner alone."""


def _candidates(rules: RuleTables, segment: int, service: int, tiers: int) -> Iterator[Candidate]:
    """The rules that name a service in a segment, in file order, exclusions first; then rates of its `tiers` tiers."""
    match = rules.matches[int(rules.segments[segment]["matches"]) + service]
    first = int(match["first"])
    for row in rules.candidates[first : first + int(match["count"])].tolist():
        places = [int(rules.rules[row]["policy"]), int(rules.rules[row]["criteria"])]
        if int(rules.rules[row]["kind"]) == _EXCLUSION:
            places = places[1:]
        criteria = tuple(_criterion(rules, place) for place in places if place >= 0)
        yield Candidate(row, criteria, tuple(_allowances(rules, row)))
    for row in rates_asked(rules, segment, service, tiers):
        practitioners = int(rules.fee_rates[row]["practitioners"])
        yield Candidate(-1 - row, (_OF_PRACTITIONERS._replace(practitioners=practitioners),), ())


def _criterion(rules: RuleTables, row: int) -> Criterion:
    """A row of `criteria`."""
    cells = rules.criteria[row]
    return Criterion._make(int(cells[name]) for name in Criterion._fields)


def _allowances(rules: RuleTables, row: int) -> Iterator[Criterion]:
    """The ages at which the limits of a rule allow another amount."""
    first = int(rules.rules[row]["limits"])
    for limit in rules.limits[first : first + int(rules.rules[row]["limit_count"])]:
        for entry in rules.age_allowances[int(limit["ages"]) :][: int(limit["age_count"])]:
            yield _ANY_AGE._replace(age_min=int(entry["age_min"]), age_max=int(entry["age_max"]))


def _attestations_of_criteria(candidates: Mapping[tuple[int, int], Iterable[Candidate]]) -> dict[int, int]:
    """The attestations that criteria of rules, exclusions too, look at, by service, as masks."""
    masks: dict[int, int] = {}
    for (_, service), found in candidates.items():
        for each in (criterion for rule in found for criterion in rule.criteria):
            masks[service] = masks.get(service, 0) | each.attested | each.not_attested
    return masks


def _has_discount(rules: RuleTables, segment: int, service: int) -> bool:
    """Whether a discount names a service in a segment."""
    return int(rules.matches[int(rules.segments[segment]["matches"]) + service]["discount"]) != NEVER


def _benefits(
    index: PlanIndex, candidates: Mapping[tuple[int, int], Iterable[Candidate]]
) -> Iterator[tuple[Segment, int, Benefit]]:
    """Every benefit that names a service, with the segment and the service."""
    for (row, service), found in candidates.items():
        for each in found:
            rule = index.sources.rules[each.row] if each.row >= 0 else None
            if isinstance(rule, Benefit):
                yield index.segments[row - index.first_segment], service, rule


def _asked(benefit: Benefit) -> int:
    """The attestations that a benefit asks for, as a mask."""
    mask = 0
    for requirement in benefit.requires:
        mask |= ATTESTATION_BITS[requirement.attestation]
    for limit in benefit.limits:
        mask |= ATTESTATION_BITS[limit.beyond] if limit.beyond else 0
        mask |= attestations_mask(limit.excepts)
    return mask


def _feeds(index: PlanIndex, name: str) -> int:
    """What an accumulator feeds in any edition, as a mask."""
    mask = 0
    for plan in index.editions:
        definition = plan.accumulators.get(name)
        for each in definition.feeds if definition else ():
            mask |= 1 << index.accumulators[each]
    return mask


def _mask(index: PlanIndex, belongs: Callable[[Accumulator], bool]) -> int:
    """The accumulators that belong, in any edition, to some kind, as a mask."""
    names = {name for plan in index.editions for name, each in plan.accumulators.items() if belongs(each)}
    return sum(1 << index.accumulators[name] for name in names)
