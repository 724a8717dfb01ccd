"""What leads to an end of a range, in words: one sentence for each kind of cause."""

from __future__ import annotations

from camcover.engine.causes import CauseKind, RangeCause
from camcover.messages import Argument, Dollars, Label, Message, WordList, sentence
from camcover.rulebook.records import Attestation
from camcover.rulebook.term_messages import allowed, attestation

_SENTENCES = {
    CauseKind.NETWORK: sentence("range-cause-network", "therapies", "tier"),
    CauseKind.SECOND_NETWORK: sentence("range-cause-second-network", "tier"),
    CauseKind.TERMS: sentence("range-cause-terms"),
    CauseKind.LOW_PRICES: sentence("range-cause-low-prices", "therapies"),
    CauseKind.HIGH_PRICES: sentence("range-cause-high-prices", "therapies"),
    CauseKind.DEDUCTIBLE_MET: sentence("range-cause-deductible-met"),
    CauseKind.MAXIMUM_MET: sentence("range-cause-maximum-met"),
    CauseKind.DEDUCTIBLE_LEFT: sentence("range-cause-deductible-left", "amount"),
    CauseKind.PRACTITIONER: sentence("range-cause-practitioner", "therapies", "practitioner"),
    CauseKind.STATE: sentence("range-cause-state", "therapies", "state"),
    CauseKind.AGE: sentence("range-cause-age", "therapies"),
    CauseKind.DIAGNOSIS: sentence("range-cause-diagnosis", "therapies"),
    CauseKind.MEMBERSHIP: sentence("range-cause-membership", "therapies"),
    CauseKind.FIRST_SERVICE: sentence("range-cause-first-service", "therapies"),
    CauseKind.WITHOUT: sentence("range-cause-without", "therapies", "approval"),
    CauseKind.LOWER_COST_SHARE: sentence("range-cause-lower-cost-share", "therapies"),
    CauseKind.USED: sentence("range-cause-used", "used", "name"),
    CauseKind.INCENTIVE: sentence("range-cause-incentive"),
    CauseKind.NO_BALANCE: sentence("range-cause-no-balance"),
    CauseKind.UNKNOWN_CODES: sentence("range-cause-unknown-codes"),
}


def cause_message(cause: RangeCause, care: WordList, named: Argument) -> Message:
    """What is so at an end. `care`: of the cause's items; `named`: the network or practitioner that it is about."""
    said = _SENTENCES[cause.kind]
    values: dict[str, Argument] = {"therapies": care, "tier": named, "practitioner": named, "state": cause.word}
    if cause.kind is CauseKind.DEDUCTIBLE_LEFT:
        values["amount"] = Dollars(cause.number)
    elif cause.kind is CauseKind.WITHOUT:
        values["approval"] = attestation(Attestation(cause.word))
    elif cause.limit is not None:
        values |= {"used": allowed(cause.limit, cause.number), "name": Label(cause.word)}
    return said(**{name: values[name] for name in said.names})
