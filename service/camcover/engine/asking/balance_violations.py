"""What is wrong with the balances of accounts that a request states (docs/rule-language.md, accounts)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

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
        yield from _violations(path, member.account_balances, accounts, shared, expected=f"the balance in {_SHARED}")
    others = accounts.keys() - shared
    if family:
        stated = request.family_account_balances
        expected = f"the balance in {_OWN} of each member"
        yield from _violations(_SHARED, stated, accounts, others, expected=expected)


def _violations(
    path: str,
    balances: Sequence[AccountBalance],
    accounts: Mapping[str, Account],
    elsewhere: set[str],
    *,
    expected: str,
) -> Iterator[Violation]:
    """What is wrong with one list; balances of accounts in `elsewhere` belong into another, as `expected` says."""
    seen: set[str] = set()
    for place, each in enumerate(balances):
        where = f"{path}[{place}]"
        if each.account not in accounts:
            yield unknown_word(f"{where}.account", Refusal.UNKNOWN_ACCOUNT, each.account, accounts)
        elif each.account in elsewhere:
            owner = "a member's" if path != _SHARED else "the family's"
            what = "which the family shares" if path != _SHARED else "but each member has a separate one"
            found = f"{owner} balance of {each.account}, {what}"
            yield Violation(f"{where}.account", found, expected, Refusal.UNUSED_STATEMENT)
        elif each.account in seen:
            yield repeated(f"{where}.account", each.account)
        elif each.balance_cents is not None and CENTS.is_outside(each.balance_cents):
            yield out_of_range(f"{where}.balance_cents", each.balance_cents, CENTS)
        seen.add(each.account)
