"""The facts of a plan's accounts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from camcover.rulebook.facts.part import Fact, Part, fact, set_fact
from camcover.rulebook.facts.words import amount_or_none, amount_or_unlimited, plain
from camcover.rulebook.records import Account
from camcover.rulebook.words import amount, per_name

__all__ = ["account_part"]


def account_part(account: Account) -> Part:
    """An account; of several the order decides which pays first."""
    return Part(
        key=f"account {account.id}",
        label=account.id,
        at=account.at,
        record=account,
        facts=partial(_account_facts, account),
        noun="account",
        order="order of accounts",
    )


def _account_facts(account: Account) -> Iterator[Fact]:
    at = account.at
    yield fact("individual", amount(account.individual), at)
    yield fact("family", amount_or_none(account.family), at)
    yield fact("per", per_name(account.per), at)
    yield set_fact("pays", tuple(map(plain, account.pays)), at)
    yield set_fact("benefits", account.benefits, at)
    yield set_fact("therapies", account.therapies, at)
    yield set_fact("codes", account.codes, at)
    carried = account.carries_over
    yield fact("carried over", amount_or_unlimited(carried.at_most) if carried else None, at, "nothing")
    yield fact("payment to", plain(account.payment_to), at, "provider")
    yield fact("cite", account.cite, at)
