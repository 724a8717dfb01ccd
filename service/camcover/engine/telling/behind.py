"""The steps after the primary plan, as messages to a patient: second plan, contract, accounts, reimbursement.

What comes in: a line's amounts after the plan. What goes out: `ExplainedStep`s, in the order of settling.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from camcover.engine.asking.question import Payment
from camcover.engine.estimate import ExplainedStep
from camcover.engine.telling.citing import citation_text, rule_place
from camcover.messages import Dollars, Label, sentence
from camcover.money import Cents
from camcover.rulebook.records import Heading, Payee, Tier

_SECONDARY_PAYS = sentence("step-secondary-pays", "amount")
_CONTRACT_WRITES_OFF = sentence("step-contract-writes-off", "amount")
_REIMBURSED = sentence("step-reimbursed", "due", "returned", "cost")
_ALL_REIMBURSED = sentence("step-all-reimbursed", "due")
_ACCOUNT = sentence("step-account", "account", "amount")
_IN_CASH = sentence("step-in-cash", "amount")


class Behind(NamedTuple):
    """The amounts after the primary plan, cents: the secondary's payment, and what a contract then writes off.

    `reimbursed` comes back to the member, who bears `patient` after the `payments` of accounts.
    """

    secondary_paid: Cents = Cents(0)
    written_off: Cents = Cents(0)
    reimbursed: Cents = Cents(0)
    patient: Cents = Cents(0)
    payments: Sequence[Payment] = ()

    def steps(self) -> Iterator[ExplainedStep]:
        """A step each for the second plan and the contract, where it is not zero."""
        if self.secondary_paid:
            yield ExplainedStep(_SECONDARY_PAYS(amount=Dollars(self.secondary_paid)), self.secondary_paid, "", "")
        if self.written_off:
            yield ExplainedStep(_CONTRACT_WRITES_OFF(amount=Dollars(self.written_off)), self.written_off, "", "")

    def from_accounts(self, heading: Heading) -> Iterator[ExplainedStep]:
        """What each account pays, then what is left in cash; `heading`: of the plan file."""
        for account, cents in self.payments:
            message = _ACCOUNT(account=Label(account.id), amount=Dollars(cents))
            yield ExplainedStep(message, cents, rule_place(account.at), citation_text(account.cite, heading))
        if self.payments:
            place = rule_place(self.payments[-1].account.at)
            yield ExplainedStep(_IN_CASH(amount=Dollars(self.patient)), self.patient, place, "")

    def returned(self, tier: Tier | None) -> Iterator[ExplainedStep]:
        """What is due at the time of service where part of it comes back, at the tier that says so."""
        if not self.reimbursed:
            return
        due, returned, cost = (
            Dollars(each) for each in (self.patient + self.reimbursed, self.reimbursed, self.patient)
        )
        message = _REIMBURSED(due=due, returned=returned, cost=cost) if self.patient else _ALL_REIMBURSED(due=due)
        is_own = tier is not None and tier.payment_to is Payee.MEMBER
        place = rule_place(tier.at) if tier is not None and is_own else ""
        yield ExplainedStep(message, self.reimbursed, place, "")
