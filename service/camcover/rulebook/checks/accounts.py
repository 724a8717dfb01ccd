"""Accounts that pay the member's share: amounts that contradict each other, and a health savings account beside one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.messages import sentence
from camcover.rulebook.checks.accumulators import ABOVE_FAMILY, CHECK_BOTH, INDIVIDUAL_ABOVE_FAMILY
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.phrases import INDIVIDUAL_AMOUNT
from camcover.rulebook.records import OwedPart, PeriodKind, RuleSet
from camcover.rulebook.words import written

HSA_ACCOUNT = declare_fault(
    "hsa-account-pays-deductible",
    Severity.WARNING,
    "An account of a plan marked hsa_qualified pays the deductible. A member may not pay into an HSA while a health "
    "reimbursement arrangement pays before the deductible is met (26 U.S.C. 223(c)(1)(A); IRS Rev. Rul. 2004-45).",
    "If the account pays only after the deductible, remove `deductible` from `pays`. Otherwise set `hsa_qualified: "
    "no`.",
)
CARRYOVER_WITHOUT_NEXT = declare_fault(
    "carryover-without-next-period",
    Severity.ERROR,
    "`carries_over` on an account whose period is a lifetime: there is no next period into which anything could go "
    "(docs/rule-language.md, section 4, accounts).",
    "Remove `carries_over`, or give the account a period that ends.",
)

_PAYS_DEDUCTIBLE = sentence("hsa-account-pays-deductible-pays-deductible", "account")
_REMOVE_DEDUCTIBLE = sentence("hsa-account-pays-deductible-remove-deductible")
_ONE_PERIOD = sentence("carryover-without-next-period-one-period", "account")
_REMOVE_CARRIES_OVER = sentence("carryover-without-next-period-remove-carries-over")


def check_carried_over(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """What is left of an account goes into a next period, if there is one (docs/rule-language.md, accounts)."""
    for plan in plans(rules):
        for account in plan.accounts.values():
            if account.carries_over is not None and account.per.kind is PeriodKind.LIFETIME:
                yield CARRYOVER_WITHOUT_NEXT.at(account.at, _ONE_PERIOD(account=account.id), _REMOVE_CARRIES_OVER())


def check_account_amounts(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """An account that a family shares holds no less than one person's (docs/rule-language.md, accounts)."""
    for plan in plans(rules):
        for account in plan.accounts.values():
            if account.family is not None and account.individual > account.family:
                yield INDIVIDUAL_ABOVE_FAMILY.at(
                    account.at,
                    ABOVE_FAMILY(
                        amount=INDIVIDUAL_AMOUNT(amount=written(account.individual)),
                        sum=account.id,
                        family=written(account.family),
                    ),
                    CHECK_BOTH(),
                )


def check_hsa_accounts(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Accounts of HSA-qualified plans that pay a deductible (26 U.S.C. 223(c)(1)(A); IRS Rev. Rul. 2004-45)."""
    for plan in plans(rules):
        for account in plan.accounts.values() if plan.hsa_qualified else ():
            if OwedPart.DEDUCTIBLE in account.pays:
                message = _PAYS_DEDUCTIBLE(account=account.id)
                hint = _REMOVE_DEDUCTIBLE()
                yield HSA_ACCOUNT.at(account.at, message, hint)
