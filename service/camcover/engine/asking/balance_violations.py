"""What is wrong with the balances of accounts that a request states (docs/rule-language.md, accounts)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from camcover.calendar import ordinal_of
from camcover.engine.asking.count_periods import period_key
from camcover.engine.asking.scope import Scope
from camcover.engine.asking.words import out_of_range, repeated, unknown_word
from camcover.engine.request import AccountBalance, Coverage, EstimateRequest, Violation
from camcover.refusals import Refusal
from camcover.request_bounds import CENTS
from camcover.rulebook.records import Account

_OWN, _SHARED = "account_balances", "family_account_balances"


def states_balances(request: EstimateRequest) -> bool:
    """Whether a request states the balance of some account; without one there is nothing to be wrong."""
    for member in request.members:
        if member.account_balances:
            return True
    return bool(request.family_account_balances)


def balance_violations(scope: Scope) -> Iterator[Violation]:
    """Unknown and repeated accounts, balances out of bounds, and those of accounts that the owner does not have.

    Of the primary plan, by the edition by which the request is read.
    """
    request, accounts = scope.request, scope.plan.editions[scope.edition].accounts
    family = request.coverage is Coverage.FAMILY
    shared = {name for name, each in accounts.items() if family and each.family is not None}
    for place, member in enumerate(request.members):
        path = f"members[{place}].{_OWN}"
        stated = member.account_balances
        yield from _violations(path, stated, accounts, shared, expected=f"the balance in {_SHARED}")
        yield from _date_violations(scope, path, stated, accounts)
    others = accounts.keys() - shared
    if family:
        stated = request.family_account_balances
        expected = f"the balance in {_OWN} of each member"
        yield from _violations(_SHARED, stated, accounts, others, expected=expected)
        yield from _date_violations(scope, _SHARED, stated, accounts)


def _violations(
    path: str,
    balances: Sequence[AccountBalance],
    accounts: Mapping[str, Account],
    elsewhere: set[str],
    *,
    expected: str,
) -> Iterator[Violation]:
    """What is wrong with one list; balances of accounts in `elsewhere` belong into another, as `expected` says."""
    seen: set[tuple[str, bool]] = set()
    for place, each in enumerate(balances):
        where = f"{path}[{place}]"
        if each.account not in accounts:
            yield unknown_word(f"{where}.account", Refusal.UNKNOWN_ACCOUNT, each.account, accounts)
        elif each.account in elsewhere:
            owner = "a member's" if path != _SHARED else "the family's"
            what = "which the family shares" if path != _SHARED else "but each member has a separate one"
            found = f"{owner} balance of {each.account}, {what}"
            yield Violation(f"{where}.account", found, expected, Refusal.UNUSED_STATEMENT)
        elif (each.account, each.date is None) in seen:
            yield repeated(f"{where}.account", each.account)
        elif each.balance_cents is not None and CENTS.is_outside(each.balance_cents):
            yield out_of_range(f"{where}.balance_cents", each.balance_cents, CENTS)
        seen.add((each.account, each.date is None))


def _date_violations(
    scope: Scope, path: str, balances: Sequence[AccountBalance], accounts: Mapping[str, Account]
) -> Iterator[Violation]:
    """Balances of a period behind the first date of service, or with a date in the period that holds `as_of`."""
    for place, each in enumerate(balances):
        if each.date is None or each.account not in accounts:
            continue
        where, day, per = f"{path}[{place}].date", ordinal_of(each.date), accounts[each.account].per
        own, stated = (period_key(scope.plan, per, of) for of in (scope.as_of, day))
        if day > scope.first_day:
            expected = f"a date on or before {date.fromordinal(scope.first_day)}, the first date of service"
            yield Violation(where, f"{each.date}", expected, Refusal.CONTRADICTORY_USE)
        elif own == stated:
            as_of = date.fromordinal(scope.as_of)
            found = f"date {each.date} of account {each.account}, in the period that holds as_of ({as_of})"
            yield Violation(where, found, "no date, or a date in another period", Refusal.CONTRADICTORY_USE)
