"""What a Medicare Advantage plan prints, and what it does not say, in words for rule files."""

from __future__ import annotations

from collections.abc import Iterator

from camcover.exchange.medicare_advantage.records import AdvantagePlan, Network, Printed, PrintedService
from camcover.money import BasisPoints, percent
from camcover.rulebook.words import written

__all__ = ["notes_of", "printed_text"]

_WORDS = {
    PrintedService.PRIMARY_CARE: "primary care",
    PrintedService.ALTERNATIVE_THERAPIES: "alternative therapies",
    PrintedService.MENTAL_HEALTH_INDIVIDUAL: "mental health, individual",
    PrintedService.MENTAL_HEALTH_GROUP: "mental health, group",
    PrintedService.MEDICARE_CHIROPRACTIC: "Medicare-covered chiropractic",
    PrintedService.PHYSICAL_THERAPY: "physical therapy",
    PrintedService.HEALTH_EDUCATION: "health education",
    PrintedService.OVER_THE_COUNTER: "over-the-counter products",
}


def printed_text(plan: AdvantagePlan, service: PrintedService) -> str:
    """`specialist, $40 copay, out of network 50% coinsurance`."""
    inside = plan.services.get((service, Network.IN))
    outside = plan.services.get((service, Network.OUT))
    parts = [_words(service)]
    if inside is not None:
        parts.append(_amounts(inside))
    if outside is not None:
        parts.append(f"out of network {_amounts(outside)}")
    return ", ".join(parts)


def _words(service: PrintedService) -> str:
    return _WORDS.get(service, str(service))


def _amounts(printed: Printed) -> str:
    """The amounts as the source writes them, else in its manner."""
    if printed.text:
        return printed.text.removesuffix(".")
    if not printed.is_covered:
        return "not covered"
    found = []
    if printed.copay_low is not None and printed.copay_high is not None:
        found.append(f"{_ends(written(printed.copay_low), written(printed.copay_high))} copay")
    if printed.points_low is not None and printed.points_high is not None:
        points = BasisPoints(printed.points_low), BasisPoints(printed.points_high)
        found.append(f"{_ends(*map(percent, points))} coinsurance")
    return ", ".join(found)


def _ends(low: str, high: str) -> str:
    return low if low == high else f"{low}-{high}"


def notes_of(plan: AdvantagePlan, *, has_fees: bool) -> str:
    """The notes of the file: what it rests on, and what the source does not say."""
    return " ".join(_sentences(plan, has_fees=has_fees))


def _sentences(plan: AdvantagePlan, *, has_fees: bool) -> Iterator[str]:
    """The notes, sentence by sentence."""
    kind = f" ({plan.kind})" if plan.kind else ""
    snp = f", a special needs plan ({plan.snp})" if plan.snp else ""
    states = f" of {', '.join(plan.states)}" if plan.states else ""
    yield f"Imported. Medicare Advantage plan {plan.number}{kind}{snp}{states}."
    yield (
        "Medicare's own acupuncture is at the cost share of primary care or of specialists; which of the two holds is "
        "not said, so it is a range."
    )
    if (PrintedService.MEDICARE_CHIROPRACTIC, Network.IN) in plan.services:
        yield "Medicare's chiropractic is at the printed cost share (7b)."
    else:
        yield "So is Medicare's chiropractic, whose own cost share is not printed."
    yield from _of_sums(plan)
    unnamed = [each for (each, network), printed in plan.services.items() if _hides(each, network, printed)]
    if unnamed:
        words = ", ".join(map(_words, unnamed))
        yield f"There may be limits that the source does not name, past which the member pays: {words}."
    if any(_is_double(each) for each in plan.services.values()):
        yield "Where a copay and a percentage are both printed, the range has the lesser of the two and the greater."
    if (PrintedService.ALTERNATIVE_THERAPIES, Network.IN) in plan.services:
        yield "Alternative therapies are taken to be naturopathic visits; which ones they are is not said."
    yield "Supplemental cost shares are left outside the maximum, which binds for services of Medicare's Parts A and B."
    if not has_fees:
        yield "Allowed amounts are not public: without a fee file the charge stands in, which matters for percentages."
    if not any(network is Network.OUT for _, network in plan.services) and "HMO" not in plan.kind:
        yield "Cost shares outside the network are not read: nothing is covered there in this file."
    yield "Nutrition therapy is free in the network as a preventive service; outside of it nothing is printed."
    if any(network is Network.OUT for _, network in plan.services):
        yield "Out of the network the charge above the allowed amount is taken to be the member's."


def _of_sums(plan: AdvantagePlan) -> Iterator[str]:
    """What is not said of the deductible and of the maxima."""
    if plan.deductible_high is not None:
        both = f"{written(plan.deductible)} or {written(plan.deductible_high)}"
        yield f"The deductible is {both}, by the member's eligibility for Medicaid; the higher one stands here."
    if max(plan.deductible, plan.deductible_high or 0):
        yield (
            "Which services the deductible is for is not said: the most that a service of Medicare's costs has it, "
            "the least has not."
        )
    if plan.moop_in is None and plan.moop_out is None and plan.moop_combined is None:
        yield "No out-of-pocket maximum is printed."


def _hides(service: PrintedService, network: Network, printed: Printed) -> bool:
    """Whether a benefit of the file has limits that are not named."""
    used = (
        PrintedService.ACUPUNCTURE,
        PrintedService.CHIROPRACTIC,
        PrintedService.MASSAGE,
        PrintedService.ALTERNATIVE_THERAPIES,
        PrintedService.FITNESS,
    )
    is_hidden = printed.is_covered and printed.has_unnamed_limits and printed.limit is None
    return network is Network.IN and service in used and is_hidden


def _is_double(printed: Printed) -> bool:
    """Whether a copay and a percentage are printed, and neither is nothing."""
    return bool(printed.copay_high and printed.points_high)
