"""What would change the cost of a plan of care: each change by itself, priced like the plan itself.

What comes in: a request and its estimate. What goes out: what the patient would pay without each approval that was
assumed or given, in each other network, and with the deductible met. All are priced in one call.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from camcover.calendar import ordinal_of
from camcover.engine import Estimate, EstimateRequest, InvalidRequest, Tables
from camcover.engine.evaluate import expect_many
from camcover.engine.request import AccumulatorUse, Member
from camcover.money import Cents
from camcover.rulebook.records import AccumulatorKind, Attestation

__all__ = ["WhatIf", "WhatIfKind", "approvals_of", "what_ifs"]

_MOST_TIERS = 12
"""Changes of a network that are priced at most."""


class WhatIfKind(Enum):
    """What is otherwise."""

    WITHOUT = "without"
    """An approval is missing."""

    TIER = "tier"
    """The provider is in another network."""

    DEDUCTIBLE_MET = "deductible"
    """The deductible is met already."""


class WhatIf(NamedTuple):
    """One change: of an item (-1 = of all), the approval or tier, and what the patient then pays more or less, cents.

    None: that cannot be told apart from what else is not known.
    """

    change: WhatIfKind
    item_index: int
    word: str
    difference_cents: Cents | None


def approvals_of(request: EstimateRequest, estimate: Estimate) -> tuple[tuple[int, str], ...]:
    """The items with the approvals that they need, assumed or given, each once."""
    needed = dict.fromkeys((each.item_index, each.attestation) for each in estimate.prerequisites)
    given = ((place, str(each)) for place, item in enumerate(request.items) for each in item.attestations)
    return tuple(sorted(needed | dict.fromkeys(given)))


def what_ifs(tables: Tables, request: EstimateRequest, estimate: Estimate) -> tuple[WhatIf, ...]:
    """Each change with its price, in the order of approvals, networks, deductible; those that change nothing, too."""
    plain = request._replace(explain=False, explain_range=False)
    needed = approvals_of(request, estimate)
    attested = _attested(plain, needed)
    asked: list[tuple[WhatIf | None, EstimateRequest]] = [(None, attested)]
    for each in needed:
        missing = _attested(plain, tuple(other for other in needed if other != each))
        asked.append((WhatIf(WhatIfKind.WITHOUT, *each, None), missing))
    asked += list(_in_other_tiers(tables, plain))[:_MOST_TIERS]
    asked += list(_with_deductible_met(tables, plain))
    base, *others = expect_many(tables, [each for _, each in asked])
    expected = estimate.totals.patient_cents
    # If approvals are assumed, missing facts are taken to fit; if they are stated, missing facts do not fit.
    is_alike = not isinstance(base, InvalidRequest) and base.patient_cents == expected
    found = []
    for (change, _), result in zip(asked[1:], others, strict=True):
        if change is None or isinstance(result, InvalidRequest):
            continue
        is_known = change.change is not WhatIfKind.WITHOUT or is_alike
        difference = Cents(result.patient_cents - expected)
        found.append(change._replace(difference_cents=difference if is_known else None))
    return tuple(found)


def _attested(request: EstimateRequest, needed: tuple[tuple[int, str], ...]) -> EstimateRequest:
    """The request with exactly those approvals, and none assumed."""
    items = tuple(
        item._replace(attestations=tuple(Attestation(word) for at, word in needed if at == place))
        for place, item in enumerate(request.items)
    )
    return request._replace(items=items, assume_requirements=False)


def _in_other_tiers(tables: Tables, request: EstimateRequest) -> Iterator[tuple[WhatIf, EstimateRequest]]:
    """Each item in each network but its own; where none is given, the plan's first one is expected."""
    index = tables.plans[request.plan_id]
    for place, item in enumerate(request.items):
        tiers = list(index.nearest_to(ordinal_of(min(item.dates))).plan.tiers)
        for tier in tiers:
            if tier != (item.tier or tiers[0]):
                items = (*request.items[:place], item._replace(tier=tier), *request.items[place + 1 :])
                yield WhatIf(WhatIfKind.TIER, place, tier, None), request._replace(items=items)


def _with_deductible_met(tables: Tables, request: EstimateRequest) -> Iterator[tuple[WhatIf, EstimateRequest]]:
    """The deductibles of the networks in question met; the sums toward maxima grow by as much."""
    day = min(date for item in request.items for date in item.dates)
    plan = tables.plans[request.plan_id].nearest_to(ordinal_of(day)).plan
    tiers = {item.tier or next(iter(plan.tiers)) for item in request.items}
    names = {plan.tiers[tier].deductible for tier in tiers if tier in plan.tiers} - {None}
    person: Member = request.members[0]
    used = {each.accumulator: each.used_cents or Cents(0) for each in person.use.accumulators}
    added = 0
    for name in sorted(str(each) for each in names):
        most = plan.accumulators[name].alone
        if most is not None and used.get(name, 0) < most:
            added += most - used.get(name, 0)
            used[name] = most
    if not added:
        return
    for name, each in plan.accumulators.items():
        if each.kind is AccumulatorKind.OUT_OF_POCKET_MAXIMUM and name in used:
            used[name] = Cents(min(used[name] + added, each.alone or used[name] + added))
    sums = tuple(AccumulatorUse(name, cents) for name, cents in used.items())
    member = person._replace(use=person.use._replace(accumulators=sums))
    changed = request._replace(members=(member, *request.members[1:]))
    yield WhatIf(WhatIfKind.DEDUCTIBLE_MET, -1, "", None), changed
