"""How accumulators bear on the lines of a tier: whose room they ask for, and what receives each part of a cost share.

What comes in: a `PlanIndex` and benefits by edition. What goes out: a `Sharing` of a tier, in masks of accumulators.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import dropwhile
from typing import NamedTuple

from camcover.engine.compiling.compile_rows import cappers, receivers
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.rulebook.records import (
    BandedCopayStep,
    Benefit,
    ComparedStep,
    CopayStep,
    DeductibleStep,
    Phase,
    SharePart,
    Tier,
)


class Parts(NamedTuple):
    """A mask of accumulators for each part of the cost share."""

    deductible: int
    copay: int
    coinsurance: int

    @property
    def any(self) -> int:
        """The accumulators of any part."""
        return self.deductible | self.copay | self.coinsurance


class Sharing(NamedTuple):
    """How accumulators affect a tier's lines: masks of accumulators, over all its benefits and editions.

    `consulted`: those whose room a line asks for. `counted`: those that receive deductible, copay and coinsurance as
    parts of the cost share (point 23, step c), once for each different set in the editions. `copay_feeds`: those that
    copays are added to. `caps_uncounted`: some maximum caps a part that it does not receive. `copay_behind`: some copay
    stands behind a deductible, and so is no more than what that leaves of the allowed amount.
    """

    consulted: int
    counted: frozenset[Parts]
    copay_feeds: int
    caps_uncounted: bool
    copay_behind: bool


def sharing_of(index: PlanIndex, name: str, found: Sequence[tuple[int, Benefit]]) -> Sharing:
    """How accumulators bear on a tier's lines, over all editions that have the tier; `found`: benefits by edition."""
    consulted = copays = 0
    counted: set[Parts] = set()
    caps_uncounted = copay_behind = False
    for place, plan in enumerate(index.editions):
        tier = plan.tiers.get(name)
        if tier is None:
            continue
        parts = _parts(index, (receivers(tier, part, plan.accumulators) for part in SharePart))
        capped = _parts(index, (cappers(tier, part, plan.accumulators) for part in SharePart))
        for each in tier.copay_feeds:
            copays |= 1 << index.accumulators[each]
        for benefit in (benefit for edition, benefit in found if edition == place and tier.id in benefit.tiers):
            if benefit.counted_parts:
                own = _only(parts, benefit.counted_parts)
                counted.add(own)
                caps = _only(capped, benefit.counted_parts)
                caps_uncounted |= any(cap & ~counts for cap, counts in zip(caps, own, strict=True))
            for each in _accumulators_of(benefit, tier):
                consulted |= 1 << index.accumulators[each]
            copay_behind |= any(map(_has_copay_behind, benefit.tiers[tier.id].member_pays))
    return Sharing(consulted, frozenset(counted), copays, caps_uncounted, copay_behind)


def _has_copay_behind(phase: Phase) -> bool:
    """Whether a copay stands behind a deductible in the steps of a phase."""
    steps = dropwhile(lambda step: not isinstance(step, DeductibleStep), phase.steps)
    return any(isinstance(step, CopayStep | BandedCopayStep | ComparedStep) for step in steps)


def _only(masks: Parts, counted: Collection[SharePart]) -> Parts:
    """The masks of the parts that a benefit counts; 0 for the others."""
    return Parts(*(mask if part in counted else 0 for part, mask in zip(SharePart, masks, strict=True)))


def _parts(index: PlanIndex, names: Iterable[Iterable[str]]) -> Parts:
    """For each part of the cost share the accumulators that are named for it, as masks."""
    return Parts._make(sum(1 << index.accumulators[each] for each in set(of_part)) for of_part in names)


def _accumulators_of(benefit: Benefit, tier: Tier) -> Iterator[str]:
    """The accumulators that may affect a line of a benefit in a tier: those that cap, and deductibles of its steps."""
    block = benefit.tiers.get(tier.id)
    if block is None:
        return
    if benefit.counted_parts:
        yield from tier.capping
    for step in (step for phase in block.member_pays for step in phase.steps):
        if isinstance(step, DeductibleStep) and (name := step.accumulator or tier.deductible):
            yield name
