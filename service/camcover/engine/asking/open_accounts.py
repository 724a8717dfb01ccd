"""Balances that a request does not give, and when accounts leave the total monotone (docs/rule-language.md, point 29).

What comes in: a question. What goes out: the open accounts, and what `plainness` and `ranges` ask about all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from camcover.calendar import OrdinalDay
from camcover.engine.asking.accounts import Accounts, Owned, Period, owner_of, period_on
from camcover.engine.asking.question import Question
from camcover.rulebook.records import Account, OwedPart, Plan

_SHARE = {OwedPart.DEDUCTIBLE, OwedPart.COPAY, OwedPart.COINSURANCE}


class _AccountReach(NamedTuple):
    """An account that may pay a line: its owner, its period, and whether it pays under every benefit."""

    account: Account
    own: Owned
    day: OrdinalDay
    period: Period
    is_certain: bool


def open_accounts(question: Question) -> tuple[tuple[Account, Owned], ...]:
    """The accounts that may pay some line in the period of `as_of` and whose balance is not given, each once."""
    if not question.primary.plan.has_accounts:
        return ()
    accounts = Accounts(question)
    found: dict[Owned, Account] = {}
    for reach in _reaches(question):
        if accounts.is_open(reach.account, reach.own, reach.day):
            found.setdefault(reach.own, reach.account)
    return tuple((account, own) for own, account in found.items())


def are_drawn_evenly(question: Question) -> bool:
    """Whether the patient's total after accounts falls and rises with the cost share of all lines together.

    It does if one balance pays the complete cost share of every line: money that is saved on one line and lost on
    another is then the same money. If an account pays only a part, or only some lines, or has another period, a cent
    may move from a line that it pays to a line that it does not pay.
    """
    if not question.primary.plan.has_accounts:
        return True
    reaches = list(_reaches(question))
    if not reaches:
        return True
    balances = {(each.own, each.period) for each in reaches}
    parts = {each.account.parts for each in reaches}
    if len(balances) > 1 or len(parts) > 1 or not all(each.is_certain for each in reaches):
        return False
    return set(next(iter(parts))) >= _SHARE and len(reaches) == sum(1 for _ in _lines(question))


def may_favour_uncovered(question: Question) -> bool:
    """Whether an account may pay what is not covered, and not what is billed above the allowed amount.

    Then a line may cost less in cash where it is not covered.
    """
    return question.primary.plan.has_accounts and any(
        OwedPart.NOT_COVERED in each.account.pays and OwedPart.BALANCE_BILL not in each.account.pays
        for each in _reaches(question)
    )


def may_pay_uncovered(question: Question) -> bool:
    """Whether an account may pay what is not covered of some line."""
    has_accounts = question.primary.plan.has_accounts
    return has_accounts and any(OwedPart.NOT_COVERED in each.account.pays for each in _reaches(question))


def _lines(question: Question) -> Iterator[tuple[OrdinalDay, int, Plan]]:
    """(Ordinal day, place of the service, edition) of the lines that accounts may pay, the code known."""
    layout = question.primary
    for day, place, _ in layout.covered_lines:
        segment = layout.plan.terms_on(day, in_force_only=not question.request.assume_terms)
        if segment is not None and question.asked.services[place].therapy:
            yield day, place, segment.plan


def _reaches(question: Question) -> Iterator[_AccountReach]:
    """Every account that may pay each line, whatever is open."""
    layout = question.primary
    for day, place, plan in _lines(question):
        service, member = question.asked.services[place], layout.services[place].member
        for account in plan.accounts.values():
            is_certain = account.is_for("", service.therapy, service.code)
            if is_certain or any(_names(plan, name, service.therapy, service.code) for name in account.benefits):
                own = str(account.id), owner_of(account, member, family=layout.family)
                yield _AccountReach(account, own, day, period_on(layout, account, day), is_certain)


def _names(plan: Plan, name: str, therapy: str, code: str) -> bool:
    """Whether a benefit of a plan may decide lines of a therapy and code."""
    benefit = plan.benefits.get(name)
    return benefit is not None and (therapy in benefit.therapies or code in benefit.codes)
