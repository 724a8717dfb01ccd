"""Accounts after the last line: the balances in an answer, and those that a later request states (point 42).

What comes in: a question and the answer to its expected case. What goes out: balances, by owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from camcover.calendar import OrdinalDay
from camcover.engine.asking.accounts import (
    FAMILY,
    Accounts,
    HeldBalance,
    Owned,
    Period,
    amount_of,
    owner_of,
    period_on,
    stated_balances,
)
from camcover.engine.asking.question import Answer, Question
from camcover.engine.estimate import AccountAfter
from camcover.engine.request import AccountBalance
from camcover.money import Cents
from camcover.rulebook.records import Account, Plan


class BalancesAfter(NamedTuple):
    """What a later request states: by member, and of accounts that the family shares."""

    members: tuple[tuple[AccountBalance, ...], ...]
    family: tuple[AccountBalance, ...]


def accounts_after(question: Question, answer: Answer, plan: Plan, day: OrdinalDay) -> Iterator[AccountAfter]:
    """Every account of an edition, as it stands on an ordinal day after the last line."""
    if answer.drawn is None:
        return
    accounts, members = Accounts(question), question.request.members
    for account, own in _owned(question, plan):
        held = accounts.balance(account, own, day, answer.drawn.held)
        member_id = "" if own[1] == FAMILY else members[own[1]].id
        yield AccountAfter(own[0], member_id, held.cents, amount_of(account, own[1]))


def balances_after(question: Question, answer: Answer, plan: Plan, day: OrdinalDay) -> BalancesAfter:
    """The balances that an edition's accounts are known to hold in the period of an ordinal day, after the last line.

    Of an account that the family shares also that its balance is not known, since that makes family coverage. Where the
    last line lies in another period, what an account holds in that one as well.
    """
    if answer.drawn is None:
        return BalancesAfter(((),) * question.primary.members, ())
    found: dict[int, list[AccountBalance]] = {}
    held, stated, last = answer.drawn.held, stated_balances(question.primary), question.asked.lines[-1][0]
    for account, own in _owned(question, plan):
        period, of_last = (period_on(question.primary, account, each) for each in (day, last))
        known = _known(own, period, held, stated)
        if known is not None or own[1] == FAMILY:
            found.setdefault(own[1], []).append(AccountBalance(own[0], known))
        left = None if of_last == period else _known(own, of_last, held, stated)
        if left is not None:
            found.setdefault(own[1], []).append(AccountBalance(own[0], left, date.fromordinal(last)))
    members = range(question.primary.members)
    return BalancesAfter(tuple(tuple(found.get(each, ())) for each in members), tuple(found.get(FAMILY, ())))


def _owned(question: Question, plan: Plan) -> Iterator[tuple[Account, Owned]]:
    """Every account of an edition with whose it is, each once, by member."""
    seen: set[Owned] = set()
    for member in range(question.primary.members):
        for account in plan.accounts.values():
            own = str(account.id), owner_of(account, member, family=question.primary.family)
            if own not in seen:
                seen.add(own)
                yield account, own


def _known(
    own: Owned, period: Period, held: Mapping[Owned, HeldBalance], stated: Mapping[tuple[Owned, Period], Cents]
) -> Cents | None:
    """What an account holds in a period after the last line, else what is stated, cents; None where nothing is."""
    left = held.get(own)
    return left.cents if left is not None and left.period == period else stated.get((own, period))
