"""What follows behind the primary plan on a line, and the sentences that say it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from camcover.engine.estimate import ExplainedStep
from camcover.messages import Dollars, sentence

_SECONDARY_PAYS = sentence("step-secondary-pays", "amount")
_CONTRACT_WRITES_OFF = sentence("step-contract-writes-off", "amount")


class Behind(NamedTuple):
    """What follows behind the primary plan, cents: the secondary's payment, and what a contract then writes off.

    `reimbursed` comes back to the member, who bears `patient`.
    """

    secondary_paid: int = 0
    written_off: int = 0
    reimbursed: int = 0
    patient: int = 0

    def steps(self) -> Iterator[ExplainedStep]:
        """A step for each that is not zero."""
        if self.secondary_paid:
            yield ExplainedStep(_SECONDARY_PAYS(amount=Dollars(self.secondary_paid)), self.secondary_paid, "", "")
        if self.written_off:
            yield ExplainedStep(_CONTRACT_WRITES_OFF(amount=Dollars(self.written_off)), self.written_off, "", "")
