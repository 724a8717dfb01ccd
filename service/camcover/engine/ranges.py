"""Which facts of a request are open, the bounding cases that follow, and the assumptions in words.

The first case is the expected one (docs/rule-language.md, section 8 and points 18 and 29).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from camcover.engine.cases import HIGH, LOW, TYPICAL, Case
from camcover.engine.compile import Tables
from camcover.engine.prepare import OPEN_TIER, Prepared
from camcover.engine.request import EstimateRequest
from camcover.engine.starting_state import UnknownSum
from camcover.engine.tables import RuleKind
from camcover.money import dollars
from camcover.rulebook.records import Benefit, DeductibleStep


def bounding_cases(
    tables: Tables, request: EstimateRequest, primary: Prepared, secondary: Prepared | None
) -> list[tuple[Case, Case | None]]:
    """Every combination of what is open, as (primary's case, secondary's case); one pair when nothing is."""
    benefits = benefits_in_question(tables, primary)
    second_benefits = benefits_in_question(tables, secondary) if secondary else []
    tier_is_open = bool((primary.rows["tier"] == OPEN_TIER).any())
    other_tiers = [index for index in primary.index.tiers.values() if index != primary.first_tier]
    tiers = [primary.first_tier, *(other_tiers if tier_is_open else ())]
    sums = [False, True] if open_sums(primary, benefits) else [False]
    second_sums = [False, True] if secondary and open_sums(secondary, second_benefits) else [False]
    prices = [TYPICAL, LOW, HIGH] if price_is_open(primary) else [TYPICAL]
    met = [request.assume_requirements]
    if request.assume_requirements and asks_attestations([*benefits, *second_benefits]):
        met.append(False)
    cases = []
    for tier, used, second_used, price, granted in product(tiers, sums, second_sums, prices, met):
        behind = Case(secondary.first_tier, second_used, price, granted) if secondary else None
        cases.append((Case(tier, used, price, granted), behind))
    return cases


def benefits_in_question(tables: Tables, prepared: Prepared) -> list[Benefit]:
    """The benefits, of any edition, that name a service of the request."""
    index = prepared.index
    services = {int(number) for column in ("therapy", "code") for number in prepared.rows[column] if number >= 0}
    rows: dict[int, None] = {}
    for segment in range(index.first_segment, index.first_segment + len(index.segments)):
        for service in services:
            match = tables.arrays.matches[segment, service]
            first = int(match["first"])
            rows.update(dict.fromkeys(map(int, tables.arrays.candidates[first : first + int(match["count"])])))
    found = (tables.sources.rules[row] for row in rows if tables.arrays.rules[row]["kind"] == RuleKind.BENEFIT)
    return [rule for rule in found if isinstance(rule, Benefit)]


def price_is_open(prepared: Prepared) -> bool:
    """Whether the charge of some line is unknown."""
    return bool((prepared.rows["charge"] < 0).any())


def asks_attestations(benefits: Sequence[Benefit]) -> bool:
    """Whether some benefit asks for an attestation, as a requirement or to go past a limit."""
    return any(benefit.requires or any(limit.beyond for limit in benefit.limits) for benefit in benefits)


def open_sums(prepared: Prepared, benefits: Sequence[Benefit]) -> list[UnknownSum]:
    """The sums the request leaves open that may bear on its lines: their tiers' caps and the deductibles asked for."""
    numbers = {int(tier) for tier in prepared.rows["tier"]}
    plan = prepared.reference
    tiers = [tier for name, tier in plan.tiers.items() if OPEN_TIER in numbers or prepared.index.tiers[name] in numbers]
    relevant: set[str] = set()
    for benefit in benefits:
        for tier in tiers:
            block = benefit.tiers.get(tier.id)
            if block is None:
                continue
            if tier.out_of_pocket_maximum and benefit.counts_toward_out_of_pocket_maximum:
                relevant.add(tier.out_of_pocket_maximum)
            for step in (step for phase in block.member_pays for step in phase.steps):
                if isinstance(step, DeductibleStep):
                    relevant.add(step.accumulator or tier.deductible or "")
    return [unknown for unknown in prepared.state.unknown_sums if unknown.accumulator in relevant]


def assumptions(
    tables: Tables,
    request: EstimateRequest,
    primary: Prepared,
    secondary: Prepared | None,
    assumed_prices: Sequence[str],
) -> Iterator[str]:
    """Each assumption in words; `assumed_prices` names the therapies priced by their typical charge."""
    if (primary.rows["tier"] == OPEN_TIER).any():
        first = next(name for name, number in primary.index.tiers.items() if number == primary.first_tier)
        yield f"The provider's network is not given: {first} is expected; the range holds every tier of the plan."
    yield from _sum_assumptions(primary, benefits_in_question(tables, primary), "")
    if secondary is not None:
        yield from _sum_assumptions(secondary, benefits_in_question(tables, secondary), " of the secondary plan")
        yield from _secondary_tier_assumption(request, secondary)
    for therapy in assumed_prices:
        yield f"The charge for {therapy} is not known: its typical cash price stands in, from low to high in the range."
    yield from _usage_assumptions(tables, request, primary)


def _sum_assumptions(prepared: Prepared, benefits: Sequence[Benefit], whose: str) -> Iterator[str]:
    """One sentence for each open sum that may bear on the lines."""
    for unknown in open_sums(prepared, benefits):
        taken = dollars(int(prepared.state.sums[unknown.row]["initial"]))
        owner = f"of member {unknown.member_id}" if unknown.member_id else "of the family"
        top = dollars(unknown.maximum)
        yield (
            f"How much {owner} is already applied to {unknown.accumulator}{whose} is not known: "
            f"{taken} is expected; the range goes up to {top}."
        )


def _secondary_tier_assumption(request: EstimateRequest, secondary: Prepared) -> Iterator[str]:
    """A sentence when the secondary plan's tier had to be taken as its first."""
    tiers = secondary.index.tiers
    if any(item.secondary_tier not in tiers and item.tier not in tiers for item in request.items):
        first = next(name for name, number in tiers.items() if number == secondary.first_tier)
        yield f"The provider's network under the secondary plan is not given: {first} is assumed."


def _usage_assumptions(tables: Tables, request: EstimateRequest, primary: Prepared) -> Iterator[str]:
    """One sentence for each limit in question of which no earlier usage is given (point 18)."""
    benefits = benefits_in_question(tables, primary)
    given = {use.limit for member in request.members for use in member.use.limit_usage}
    dated = {visit.benefit for member in request.members for visit in member.use.prior_visits}
    for name in dict.fromkeys(
        str(limit.id) for benefit in benefits if benefit.id not in dated for limit in benefit.limits
    ):
        if name not in given:
            yield f"No earlier use of the limit {name} is given: none is assumed."
