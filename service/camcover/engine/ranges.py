"""Which facts of a request are open, the bounding cases that follow, and the assumptions in words.

The first case is the expected one (docs/rule-language.md, section 8 and points 18 and 29).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from camcover.engine.asked import Asked
from camcover.engine.compile import Tables
from camcover.engine.given import OpenSum
from camcover.engine.layout import HIGH, LOW, OPEN_TIER, TYPICAL, Case, Layout
from camcover.engine.plan_index import ServiceTerms
from camcover.engine.question import Question
from camcover.engine.request import EstimateRequest
from camcover.engine.vocabulary import Vocabulary
from camcover.money import dollars
from camcover.rulebook.records import Benefit

_NO, _YES_AND_NO = (False,), (False, True)


def bounding_cases(
    tables: Tables, request: EstimateRequest, asked: Asked, primary: Layout, secondary: Layout | None
) -> list[tuple[Case, Case | None]]:
    """Every combination of what is open, as (primary's case, secondary's case); one pair when nothing is."""
    has_open_tier = any(service.tier == OPEN_TIER for service in primary.services)
    has_open_price = any(service.charge < 0 for service in asked.services)
    assumed = request.assume_requirements
    has_open_sums = bool(primary.given.open_sums or (secondary and secondary.given.open_sums))
    if not (has_open_tier or has_open_price or assumed or has_open_sums):
        return [_only_case(primary, secondary)]
    numbers = services_in_question(tables.vocabulary, asked)
    terms = _terms(primary, numbers)
    second_terms = _terms(secondary, numbers) if secondary else []
    tiers = [primary.first_tier]
    if has_open_tier:
        tiers += [number for number in primary.plan.tiers.values() if number != primary.first_tier]
    sums = _YES_AND_NO if open_sums(primary, terms) else _NO
    second_sums = _YES_AND_NO if secondary and open_sums(secondary, second_terms) else _NO
    prices = (TYPICAL, LOW, HIGH) if has_open_price else (TYPICAL,)
    met = [assumed]
    if assumed and any(each.asks_attestations for each in (*terms, *second_terms)):
        met.append(False)
    cases: list[tuple[Case, Case | None]] = []
    for tier, used, second_used, price, granted in product(tiers, sums, second_sums, prices, met):
        behind = Case(secondary.first_tier, second_used, price, granted) if secondary else None
        cases.append((Case(tier, used, price, granted), behind))
    return cases


def _only_case(primary: Layout, secondary: Layout | None) -> tuple[Case, Case | None]:
    """The one case where nothing is open."""
    behind = Case(secondary.first_tier, requirements_met=False) if secondary else None
    return Case(primary.first_tier, requirements_met=False), behind


def services_in_question(vocabulary: Vocabulary, asked: Asked) -> list[int]:
    """The numbers of the therapies and codes of a request, each once."""
    numbers = {vocabulary.services[service.therapy]: None for service in asked.services}
    numbers |= {vocabulary.codes[service.code]: None for service in asked.services if service.code}
    return list(numbers)


def _terms(layout: Layout, numbers: Sequence[int]) -> list[ServiceTerms]:
    """What the plan asks for each service in question."""
    return [layout.plan.terms(layout.edition, number) for number in numbers]


def open_sums(layout: Layout, terms: Sequence[ServiceTerms]) -> list[OpenSum]:
    """The sums the request leaves open that may bear on its lines, by their tiers and services."""
    if not layout.given.open_sums:
        return []
    tiers = {service.tier for service in layout.services}
    mask = 0
    for each in terms:
        for tier, accumulators in enumerate(each.accumulators):
            if tier in tiers or OPEN_TIER in tiers:
                mask |= accumulators
    return [each for each in layout.given.open_sums if mask >> each.accumulator & 1]


def assumptions(tables: Tables, question: Question, assumed_prices: Sequence[str]) -> Iterator[str]:
    """Each assumption in words; `assumed_prices` names the therapies priced by their typical charge."""
    primary, secondary = question.primary, question.secondary
    numbers = services_in_question(tables.vocabulary, question.asked)
    if any(service.tier == OPEN_TIER for service in primary.services):
        first = _name_of(primary.plan.tiers, primary.first_tier)
        yield f"The provider's network is not given: {first} is expected; the range holds every tier of the plan."
    yield from _sum_assumptions(question.request, primary, numbers, "")
    if secondary is not None:
        yield from _sum_assumptions(question.request, secondary, numbers, " of the secondary plan")
        yield from _secondary_tier_assumption(question.request, secondary)
    for therapy in assumed_prices:
        yield f"The charge for {therapy} is not known: its typical cash price stands in, from low to high in the range."
    yield from _usage_assumptions(question.request, primary, numbers)


def _name_of(numbers: dict[str, int], number: int) -> str:
    """The word of a number."""
    return next(name for name, each in numbers.items() if each == number)


def _sum_assumptions(request: EstimateRequest, layout: Layout, numbers: Sequence[int], whose: str) -> Iterator[str]:
    """One sentence for each open sum that may bear on the lines."""
    if not layout.given.open_sums:
        return
    names = list(layout.plan.accumulators)
    for each in open_sums(layout, _terms(layout, numbers)):
        owner = "of the family" if each.member < 0 else f"of member {request.members[each.member].id}"
        yield (
            f"How much {owner} is already applied to {names[each.accumulator]}{whose} is not known: "
            f"{dollars(each.expected)} is expected; the range goes up to {dollars(each.maximum)}."
        )


def _secondary_tier_assumption(request: EstimateRequest, secondary: Layout) -> Iterator[str]:
    """A sentence when the secondary plan's tier had to be taken as its first."""
    tiers = secondary.plan.tiers
    if any(item.secondary_tier not in tiers and item.tier not in tiers for item in request.items):
        first = _name_of(tiers, secondary.first_tier)
        yield f"The provider's network under the secondary plan is not given: {first} is assumed."


def _usage_assumptions(request: EstimateRequest, layout: Layout, numbers: Sequence[int]) -> Iterator[str]:
    """One sentence for each limit in question of which no earlier usage is given (point 18)."""
    given = {use.limit for member in request.members for use in member.use.limit_usage}
    dated = {visit.benefit for member in request.members for visit in member.use.prior_visits}
    for name in dict.fromkeys(_limits(benefits_in_question(layout, numbers), dated)):
        if name not in given:
            yield f"No earlier use of the limit {name} is given: none is assumed."


def benefits_in_question(layout: Layout, numbers: Sequence[int]) -> Iterator[Benefit]:
    """The benefits, of any edition, that name a service of the request."""
    for number in numbers:
        yield from layout.plan.by_service.get(number, ())


def _limits(benefits: Iterator[Benefit], dated: set[str]) -> Iterator[str]:
    """The limits of benefits without dated visits."""
    for benefit in benefits:
        if benefit.id not in dated:
            yield from (str(limit.id) for limit in benefit.limits)
