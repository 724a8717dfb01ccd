"""Finds the open facts of a request, and the values that each may have.

What comes in: a question whose expected case is adjudicated. What goes out: an `Openness`. `ranges` builds cases from
it, and `engine/telling/assumed.py` makes sentences (docs/rule-language.md, points 28, 29, 37, 40, 41).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from camcover.calendar import OrdinalDay
from camcover.engine.asking.accounts import Owned
from camcover.engine.asking.alternatives import (
    AssumedFacts,
    DecidingRules,
    TooMany,
    facts_asked,
    values_apart,
    ways_to_complete,
)
from camcover.engine.asking.given import OpenSum
from camcover.engine.asking.layout import OPEN_TIER, Layout, ServiceRow
from camcover.engine.asking.open_accounts import open_accounts
from camcover.engine.asking.open_use import OpenUse, open_sums, open_uses
from camcover.engine.asking.question import Question
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.terms import Candidate, Terms, terms_of
from camcover.engine.facts import OpenFact, facts_not_given, membership_not_given
from camcover.engine.kernel.workspace import LedgerRow
from camcover.engine.request import EstimateRequest
from camcover.rulebook.records import Account


class Openness(NamedTuple):
    """The open facts of a request. Lists are empty where nothing is open.

    `tiers`, `second_tiers`: how many places of an edition's list open lines may take. `is_beyond`: terms behind the
    last edition are assumed. `priced`: services whose charge is assumed on some line, by place. `may_be_priced`:
    whether some charge may be assumed in some case. `sums`: open sums, by plan. `uses`: open use of limits, with the
    plan. `not_given`: facts that each item lacks, even if no criterion asks for them. `facts`: the ways to complete an
    item whose missing facts criteria ask for, None = too many ways to list. `attestations`: by item, the mask of those
    that are asked for, not given, and assumed. `incentives`: plans with the members whose incentive is unknown.
    `accounts`: accounts whose balance is not given, with their owners.
    """

    terms: tuple[Terms, ...]
    tiers: int
    second_tiers: int
    is_beyond: bool
    priced: frozenset[int]
    may_be_priced: bool
    sums: tuple[tuple[OpenSum, ...], ...]
    uses: tuple[tuple[int, OpenUse], ...]
    not_given: tuple[tuple[OpenFact, ...], ...]
    facts: tuple[tuple[int, tuple[AssumedFacts, ...] | None], ...]
    attestations: tuple[tuple[int, int], ...]
    incentives: tuple[tuple[int, int], ...]
    accounts: tuple[tuple[Account, Owned], ...]

    @property
    def has_open_rates(self) -> bool:
        """Whether a practitioner is not given by whom a fee table may have another rate (point 46)."""
        is_open = any(OpenFact.PRACTITIONER in each for each in self.not_given)
        return is_open and any(each.rates for each in self.terms)

    @property
    def is_nothing(self) -> bool:
        """Whether there is only one case."""
        has_places = self.tiers > 1 or self.second_tiers > 1
        return not (
            has_places
            or self.is_beyond
            or self.may_be_priced
            or any(self.sums)
            or self.uses
            or self.facts
            or self.attestations
            or self.incentives
            or self.accounts
        )


def openness_of(tables: Tables, question: Question, ledger: Sequence[LedgerRow]) -> Openness:
    """What is open; `ledger`: the primary plan's expected case."""
    request, primary, secondary = question.request, question.primary, question.secondary
    layouts = [primary] if secondary is None else [primary, secondary]
    terms = tuple([terms_of(tables.arrays, layout.plan, services_of(layout)) for layout in layouts])
    covered = [primary.services[place] for place, _ in primary.covered_rows]
    has_open_tier = any(service.tier == OPEN_TIER for service in covered)
    is_beyond = any(terms_assumed(layout) for layout in layouts)
    unpriced = {place for place, service in enumerate(question.asked.services) if service.charge < 0}
    rows = zip(question.asked.lines, ledger, strict=True) if unpriced else ()
    priced = {place for (_, place, _), row in rows if row.assumed}
    members = sorted({service.member for service in covered})
    places = list(zip(layouts, terms, strict=True))
    not_given = tuple([facts_not_given(request, item) for item in request.items])
    if any(each.asks_member for each in terms):
        more = (membership_not_given(request, item) for item in request.items)
        not_given = tuple([(*known, *others) for known, others in zip(not_given, more, strict=True)])
    return Openness(
        terms,
        primary.plan.longest_list if has_open_tier else 1,
        secondary.plan.longest_list if secondary is not None and is_second_open(request, secondary) else 1,
        is_beyond,
        frozenset(priced),
        bool(priced or (unpriced and (has_open_tier or is_beyond))),
        tuple([tuple(open_sums(layout, each, tiers_of(layout))) for layout, each in places]),
        tuple([(plan, use) for plan, (layout, each) in enumerate(places) for use in open_uses(layout, each, members)]),
        not_given,
        tuple(_facts(tables, question, not_given, layouts, terms=terms)) if any(not_given) else (),
        tuple(_attestations(question, layouts, terms)),
        tuple(_incentives(layouts, terms)),
        open_accounts(question),
    )


def services_of(layout: Layout) -> tuple[int, ...]:
    """The numbers of the therapies and codes that catalogs know of lines inside coverage, each once."""
    return tuple({number: None for _, row in layout.covered_rows for number in (row.therapy, row.code) if number >= 0})


def tiers_of(layout: Layout) -> list[int]:
    """The tiers that lines may be in."""
    named = {service.tier for service in layout.services}
    return list(layout.plan.tiers.values()) if OPEN_TIER in named else sorted(named)


def terms_assumed(layout: Layout) -> bool:
    """Whether some line lies behind the plan's last edition, where its terms are assumed to go on (point 37)."""
    last = layout.plan.segments[-1]
    if not layout.scope.request.assume_terms or layout.asked.lines[-1][0] <= last.last_day:
        return False
    return any(last.last_day < day <= last.last_assumed for day in layout.days)


def is_second_open(request: EstimateRequest, secondary: Layout) -> bool:
    """Whether the second plan's tier of some item may be any: neither named nor the primary's by its id (point 28)."""
    return any(
        not item.secondary_tier and not (item.tier and all(item.tier in plan.tiers for plan in secondary.plan.editions))
        for item in request.items
    )


def _incentives(layouts: Sequence[Layout], terms: Sequence[Terms]) -> Iterator[tuple[int, int]]:
    """The plans with the members of whom it is not known whether they have less of a deductible to meet (point 22)."""
    for plan, (layout, each) in enumerate(zip(layouts, terms, strict=True)):
        if each.reduced & each.consulted(tiers_of(layout)):
            for member in sorted({row.member for _, row in layout.covered_rows}):
                if layout.scope.membership_of(member).wellness_incentive is None:
                    yield plan, member


def _attestations(question: Question, layouts: Sequence[Layout], terms: Sequence[Terms]) -> Iterator[tuple[int, int]]:
    """For each item what is asked for, not given, and assumed; only items where that is anything."""
    if not question.request.assume_requirements:
        return
    asked: dict[int, int] = {}
    for layout, each in zip(layouts, terms, strict=True):
        for place, row in layout.covered_rows:
            mask = each.attestations.get(row.therapy, 0) | each.attestations.get(row.code, 0)
            item = question.asked.services[place].item
            asked[item] = asked.get(item, 0) | (mask & ~row.attestations & ~row.lacking)
    yield from ((item, mask) for item, mask in asked.items() if mask)


def _facts(
    tables: Tables,
    question: Question,
    not_given: Sequence[Sequence[OpenFact]],
    layouts: Sequence[Layout],
    *,
    terms: Sequence[Terms],
) -> Iterator[tuple[int, tuple[AssumedFacts, ...] | None]]:
    """For each item the ways to complete what it does not give; only items where criteria ask for it."""
    groups = [layout.plan.groups for layout in layouts]
    for place, missing in enumerate(not_given):
        if not missing or not _may_be_asked(missing, question, place, layouts, terms=terms):
            continue
        contexts = list(_contexts(tables, question, layouts, terms, item=place))
        try:
            ways = tuple(ways_to_complete(contexts, values_apart(missing, contexts, groups)))
        except TooMany:
            yield place, None
        else:
            if ways:
                yield place, ways


def facts_apart(tables: Tables, question: Question, openness: Openness) -> Iterator[tuple[int, AssumedFacts]]:
    """Of each open item whose ways can be listed, the values that one fact alone may have."""
    layouts = [question.primary] if question.secondary is None else [question.primary, question.secondary]
    groups = [layout.plan.groups for layout in layouts]
    for item, ways in openness.facts:
        if ways is None:
            continue
        contexts = list(_contexts(tables, question, layouts, openness.terms, item=item))
        found: dict[AssumedFacts, None] = {}
        for values in values_apart(openness.not_given[item], contexts, groups):
            for facts in values:
                found |= dict.fromkeys(each_alone(facts))
        yield from ((item, each) for each in found)


def each_alone(facts: AssumedFacts) -> Iterator[AssumedFacts]:
    """Each fact of a set by itself."""
    given = facts._asdict().items()
    yield from (AssumedFacts(**{name: value}) for name, value in given if value is not None)


def _may_be_asked(
    missing: Sequence[OpenFact], question: Question, item: int, layouts: Sequence[Layout], *, terms: Sequence[Terms]
) -> bool:
    """Whether a rule that names a service of an item, on whatever day, asks for one of the facts."""
    services = question.asked.services
    for layout, each in zip(layouts, terms, strict=True):
        rows = (row for place, row in layout.covered_rows if services[place].item == item)
        numbers = {number for row in rows for number in (row.therapy, row.code)}
        for number in numbers:
            asked = _facts_asked(layout.plan, each, number) if number >= 0 else ()
            if any(fact in asked for fact in missing):
                return True
    return False


def _facts_asked(index: PlanIndex, terms: Terms, number: int) -> tuple[OpenFact, ...]:
    """The facts that the rules for a service ask for, on whatever day; worked out once for a plan."""
    found = index.facts_asked.get(number)
    if found is None:
        rules = [each for (_, service), named in terms.candidates.items() if service == number for each in named]
        found = index.facts_asked[number] = facts_asked([each for rule in rules for each in rule.asked])
    return found


def _contexts(
    tables: Tables, question: Question, layouts: Sequence[Layout], terms: Sequence[Terms], *, item: int
) -> Iterator[DecidingRules]:
    """What decides the lines of an item, under each plan and on each date."""
    in_force_only = not question.request.assume_terms
    for plan, (layout, each) in enumerate(zip(layouts, terms, strict=True)):
        lines = [(day, place) for day, place, _ in layout.covered_lines if question.asked.services[place].item == item]
        rows = dict(layout.rows)
        rules: dict[tuple[int, int], tuple[Candidate, ...]] = {}
        seen: set[tuple[int, int, int]] = set()
        for day, place in lines:
            segment = layout.plan.place_on(day, in_force_only=in_force_only)
            if segment < 0 or rows[place].therapy < 0:
                continue
            number = layout.plan.first_segment + segment
            candidates = rules.get((number, place))
            if candidates is None:
                candidates = rules[number, place] = _candidates(tables, each, number, rows[place])
            asks_day = any(map(_asks_day, candidates))
            key = number, place, day if asks_day else 0
            if key not in seen:
                seen.add(key)
                period = layout.plan.period_of(OrdinalDay(key[2])) if key[2] else 0
                yield _context(tables, plan, candidates, rows[place], key=key, liable=each.liable, period=period)


def _candidates(tables: Tables, terms: Terms, segment: int, row: ServiceRow) -> tuple[Candidate, ...]:
    """The rules that match a line's therapy or code in a segment, in order."""
    found = {
        each.row: each for number in (row.therapy, row.code) for each in terms.candidates.get((segment, number), ())
    }
    return tuple(found[place] for place in sorted(found) if place < 0 or not _goes_without(tables, place, row.code))


def _asks_day(rule: Candidate) -> bool:
    """Whether a rule may apply on one day and not on another."""
    return any(each.asks_age or each.waits or each.wait_periods for each in rule.asked)


def _goes_without(tables: Tables, rule: int, code: int) -> bool:
    """Whether a rule is not for a code (point 7)."""
    first, count = tables.arrays.rules[rule]["without"], tables.arrays.rules[rule]["without_count"]
    return bool(count) and code in tables.arrays.listed_codes[first : first + count]


def _context(
    tables: Tables,
    plan: int,
    candidates: tuple[Candidate, ...],
    row: ServiceRow,
    *,
    key: tuple[int, int, int],
    liable: bool,
    period: int,
) -> DecidingRules:
    """What decides a line of a service; `key`: its segment, its place, its day; `period`: of which benefit period."""
    segment, _, day = key
    licensure: Sequence[int] = ()
    if any(criterion.licensed for each in candidates for criterion in each.criteria):
        first = int(tables.arrays.segments[segment]["licensure"])
        licensure = tables.arrays.licensure[first : first + len(tables.vocabulary.practitioners)].tolist()
    given = row.practitioner, row.state, row.born, row.age, row.diagnoses, row.role, row.status, row.enrolled
    practitioners = len(tables.vocabulary.practitioners)
    return DecidingRules(
        plan, liable, candidates, practitioners, tuple(licensure), day, period, *given, row.first_service
    )
