"""The contract of estimates: which fields an older answer had, so that it can be compared with one of today.

Each stored estimate keeps the number of the contract under which it was answered. Whoever adds a field to `Estimate`,
or to a message inside of it, names it in `SINCE` with the next number, and does nothing else: `CONTRACT` follows. An
estimate of before is then compared without the new field. A new message needs no entries for the fields that it comes
with; the field that holds it has one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from google.protobuf.message import Message

from camcover.gen.camcover.v1 import estimate_pb2

__all__ = ["CONTRACT", "SINCE", "answer_digest", "as_of_contract"]

SINCE: Mapping[str, int] = {
    "camcover.v1.Estimate.language": 7,
    "camcover.v1.Step.message_id": 7,
    "camcover.v1.Step.arguments": 7,
    "camcover.v1.Range.assumption_sentences": 7,
    "camcover.v1.Prerequisite.message_id": 7,
    "camcover.v1.Prerequisite.arguments": 7,
    "camcover.v1.Line.terms_assumed": 2,
    "camcover.v1.Estimate.use_after": 3,
    "camcover.v1.PriorVisit.coinsurance_paid_cents": 4,
    "camcover.v1.PriorVisit.percentage_cents": 4,
    "camcover.v1.Member.membership": 5,
    "camcover.v1.Member.secondary_membership": 5,
    "camcover.v1.Amounts.due_at_service_cents": 6,
    "camcover.v1.Amounts.reimbursed_cents": 6,
    "camcover.v1.Line.due_at_service_cents": 6,
    "camcover.v1.Line.reimbursed_cents": 6,
    "camcover.v1.PriorVisit.penalty_paid_cents": 7,
    "camcover.v1.Member.fee_usage": 8,
    "camcover.v1.Member.secondary_fee_usage": 8,
    "camcover.v1.FeeUse.practice_expense_cents": 9,
    "camcover.v1.Line.rest_benefit": 10,
    "camcover.v1.Member.code_usage": 11,
    "camcover.v1.Member.secondary_code_usage": 11,
    "camcover.v1.Amounts.account_paid_cents": 12,
    "camcover.v1.Line.account_paid_cents": 12,
    "camcover.v1.Line.account_payments": 12,
    "camcover.v1.Estimate.accounts_after": 12,
    "camcover.v1.UseAfter.family_account_balances": 12,
    "camcover.v1.Member.account_balances": 12,
    "camcover.v1.Member.episodes": 13,
    "camcover.v1.LimitUse.episode": 13,
    "camcover.v1.LimitUse.condition": 13,
    "camcover.v1.PriorVisit.episode": 13,
    "camcover.v1.PriorVisit.condition": 13,
    "camcover.v1.LimitAfter.episode": 13,
    "camcover.v1.LimitAfter.condition": 13,
    "camcover.v1.PriorVisit.facility": 14,
    "camcover.v1.AccountBalance.date": 15,
    "camcover.v1.Adjustment.remark_code": 16,
    "camcover.v1.Line.secondary_adjustments": 16,
    "camcover.v1.Range.low_causes": 17,
    "camcover.v1.Range.high_causes": 17,
    "camcover.v1.Range.is_widened": 17,
}
"""Fields that were added after the first contract, by full name, with the number of the contract that brought them."""

CONTRACT = max(SINCE.values(), default=1)
"""The number of the contract that this version answers by; the first is 1."""


def as_of_contract(message: estimate_pb2.Estimate, contract: int) -> estimate_pb2.Estimate:
    """The estimate with only the fields of a contract."""
    later = {name for name, number in SINCE.items() if number > contract}
    if not later:
        return message
    found = estimate_pb2.Estimate()
    found.CopyFrom(message)
    _clear(found, later)
    return found


def answer_digest(message: estimate_pb2.Estimate) -> bytes:
    """The SHA-256 of an answer's bytes."""
    return hashlib.sha256(message.SerializeToString(deterministic=True)).digest()


def _clear(message: Message, names: set[str]) -> None:
    """Clear fields of a message and of all messages inside it."""
    for field, value in message.ListFields():
        if field.full_name in names:
            message.ClearField(field.name)
        elif field.message_type is not None:
            for each in value if field.is_repeated else (value,):
                _clear(each, names)
