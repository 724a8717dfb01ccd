"""What the exchange's files say of a plan, and do not say, in words for rule files."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from camcover.exchange.exchange_puf.records import ExchangeBenefit, ExchangePlan

__all__ = ["notes_of"]


def notes_of(plan: ExchangePlan, limited: Collection[str], *, has_fees: bool) -> str:
    """The notes of a file; `limited`: the benefits whose limit stands in the file."""
    return " ".join(_sentences(plan, limited, has_fees=has_fees))


def _sentences(plan: ExchangePlan, limited: Collection[str], *, has_fees: bool) -> Iterator[str]:
    """The notes, sentence by sentence."""
    words = ", ".join(each for each in (plan.kind, plan.metal, plan.variation) if each)
    yield f"Imported. Plan {plan.id} of {plan.state} ({words})."
    for name, benefit in sorted(plan.benefits.items()):
        yield from _of_benefit(name, benefit, is_limited=name in limited)
    if not has_fees:
        yield "Allowed amounts are not in the files: without a fee file the charge stands in."
    yield "Prior authorization, referrals and criteria are not in the files; ask the plan."
    yield "Out of the network, 100% coinsurance and a cost share that is not stated are taken as not covered."
    if plan.deductible.combined.is_stated and plan.deductible.first.is_stated:
        yield "The deductible of both networks together is left out beside those of each."


def _of_benefit(name: str, benefit: ExchangeBenefit, *, is_limited: bool) -> Iterator[str]:
    """What concerns one benefit."""
    if benefit.first is None:
        yield f"{name}: the cost share is not stated, so it may be nothing or all."
    if _is_of_stay(benefit.printed):
        yield f"{name}: a copay per day or per stay is taken per visit."
    if benefit.limit is not None and not is_limited:
        yield f"{name}: the limit of {benefit.limit.words} is not counted here; past it the member pays."
    if benefit.counts_inside != benefit.counts_outside:
        yield f"{name}: whether the maximum counts it differs between the networks; the network's word is taken."
    if benefit.explanation:
        yield f'{name}, explanation of the file: "{benefit.explanation}"'


def _is_of_stay(printed: str) -> bool:
    """Whether a copay is of a day or of a stay."""
    return "per Day" in printed or "per Stay" in printed
