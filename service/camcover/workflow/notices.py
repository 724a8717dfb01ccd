"""The disclosures that go with an estimate (45 CFR 147.211(b)(1)(vii)), in our own plain words."""

from __future__ import annotations

from typing import NamedTuple

from camcover.engine.estimate import Estimate
from camcover.messages import Message, sentence

__all__ = ["Notice", "notices"]

_LAW = "45 CFR 147.211(b)(1)(vii)"


class Notice(NamedTuple):
    """One disclosure: its permanent name, its text, and the law that requires it."""

    id: str
    message: Message
    citation: str


def _notice(notice_id: str) -> Notice:
    """A disclosure, whose message has the same id."""
    return Notice(notice_id, sentence(notice_id)(), _LAW)


ALWAYS = tuple(map(_notice, ("not-a-guarantee", "actual-charges-may-differ", "third-party-payments")))
OUT_OF_NETWORK = _notice("balance-billing")
ASSUMED = _notice("assumptions")


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
