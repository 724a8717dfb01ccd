"""The disclosures that go with an estimate (45 CFR 147.211(b)(1)(vii)), in our own plain words."""

from __future__ import annotations

from typing import NamedTuple

from camcover.engine.estimate import Estimate

__all__ = ["Notice", "notices"]

_LAW = "45 CFR 147.211(b)(1)(vii)"


class Notice(NamedTuple):
    """One disclosure: a name that stays the same, the words, and the law that asks for it."""

    id: str
    text: str
    citation: str


ALWAYS = (
    Notice(
        "not-a-guarantee",
        "This estimate is no guarantee that the services will be covered: the plan decides when the claim comes in.",
        _LAW,
    ),
    Notice(
        "actual-charges-may-differ",
        "What you are charged may differ from this estimate, depending on the services that are actually given.",
        _LAW,
    ),
    Notice(
        "third-party-payments",
        "Copayment assistance and other payments by third parties are not counted here toward your deductible or "
        "your out-of-pocket maximum; ask your plan whether it counts them.",
        _LAW,
    ),
)
OUT_OF_NETWORK = Notice(
    "balance-billing",
    "Providers outside the plan's network may bill you the difference between their charge and what the plan allows. "
    "The estimate holds such bills only as far as the charges are known.",
    _LAW,
)
ASSUMED = Notice(
    "assumptions",
    "Some facts are not known and are assumed; the range shows how far your cost may differ.",
    _LAW,
)


def notices(estimate: Estimate, *, may_balance_bill: bool) -> tuple[Notice, ...]:
    """The disclosures of an estimate.

    `may_balance_bill`: some line's tier lets the provider bill above the allowed amount.
    """
    chosen = list(ALWAYS)
    if may_balance_bill:
        chosen.append(OUT_OF_NETWORK)
    if estimate.range.assumptions or estimate.prerequisites:
        chosen.append(ASSUMED)
    return tuple(chosen)
