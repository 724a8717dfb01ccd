"""Which facts of a request are open, the bounding cases that follow, and the assumptions in words.

The first case is the expected one (docs/rule-language.md, section 8 and points 18 and 29).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
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
    terms = terms_assumed(request, asked, primary) or (secondary and terms_assumed(request, asked, secondary))
    if not (has_open_tier or has_open_price or assumed or has_open_sums or terms or secondary):
        return [(Case(requirements_met=False, in_force_only=not request.assume_terms), None)]
    numbers = services_in_question(tables.vocabulary, asked)
    asks = _terms(primary, numbers)
    second_asks = _terms(secondary, numbers) if secondary else []
    tiers = range(primary.plan.longest_list if has_open_tier else 1)
    second_tiers = range(secondary.plan.longest_list if secondary and is_second_open(request, secondary) else 1)
    sums = _YES_AND_NO if open_sums(primary, asks) else _NO
    second_sums = _YES_AND_NO if secondary and open_sums(secondary, second_asks) else _NO
    prices = (TYPICAL, LOW, HIGH) if has_open_price else (TYPICAL,)
    met = [assumed]
    if assumed and any(each.asks_attestations for each in (*asks, *second_asks)):
        met.append(False)
    in_force_only = _YES_AND_NO if terms else (not request.assume_terms,)
    cases: list[tuple[Case, Case | None]] = []
    for tier, second_tier, used, second_used, price, granted, strict in product(
        tiers, second_tiers, sums, second_sums, prices, met, in_force_only
    ):
        behind = Case(second_tier, second_used, price, granted, strict) if secondary else None
        cases.append((Case(tier, used, price, granted, strict), behind))
    return cases


def terms_assumed(request: EstimateRequest, asked: Asked, layout: Layout) -> bool:
    """Whether some line lies behind the plan's last edition, where its terms are assumed to go on (point 37)."""
    last = layout.plan.segments[-1]
    return request.assume_terms and any(last.last_day < day <= last.last_assumed for day, _, _ in asked.lines)


def is_second_open(request: EstimateRequest, secondary: Layout) -> bool:
    """Whether the second plan's tier of some item may be any: neither named nor the primary's by its id (point 28)."""
    return any(
        not item.secondary_tier and not (item.tier and all(item.tier in plan.tiers for plan in secondary.plan.editions))
        for item in request.items
    )


def services_in_question(vocabulary: Vocabulary, asked: Asked) -> list[int]:
    """The numbers of the therapies and codes of a request, each once."""
    known = [service for service in asked.services if service.therapy]
    numbers = {vocabulary.services[service.therapy]: None for service in known}
    numbers |= {vocabulary.codes[service.code]: None for service in known if service.code}
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
        first = _first_tier(primary)
        yield f"The provider's network is not given: {first} is expected; the range holds every tier of the plan."
    yield from _terms_assumption(question, primary, "plan")
    yield from _sum_assumptions(question.request, primary, numbers, "")
    if secondary is not None:
        yield from _sum_assumptions(question.request, secondary, numbers, " of the secondary plan")
        yield from _terms_assumption(question, secondary, "secondary plan")
        if is_second_open(question.request, secondary):
            first = _first_tier(secondary)
            yield (
                f"The provider's network under the secondary plan is not given: {first} is expected where the primary "
                "plan's network has no equal there; the range holds every tier of the plan."
            )
    for therapy in assumed_prices:
        yield f"The charge for {therapy} is not known: its typical cash price stands in, from low to high in the range."
    yield from _usage_assumptions(question.request, primary, numbers)


def _first_tier(layout: Layout) -> str:
    """The first tier of the edition that the request is read by."""
    return str(next(iter(layout.plan.editions[layout.edition].tiers)))


def _terms_assumption(question: Question, layout: Layout, whose: str) -> Iterator[str]:
    """A sentence when lines lie behind the last edition of a plan, and its terms are assumed to go on."""
    if terms_assumed(question.request, question.asked, layout):
        last = date.fromordinal(layout.plan.segments[-1].last_day)
        yield (
            f"The terms of the {whose} are known up to {last}: for later services they are assumed to go on; the range "
            "holds these services as not covered, too."
        )


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
