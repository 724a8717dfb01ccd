"""Typed answers -> the bytes of messages. The identity of docs/rule-language.md, section 6, is asserted once more.

The bytes are made once: they are sent, stored and hashed as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp

from camcover.api.sentences import worded_data
from camcover.api.wire import as_it_is, remembering, writer
from camcover.engine.causes import RangeCause
from camcover.engine.estimate import (
    AccountAfter,
    AccountPayment,
    AccumulatorAfter,
    Adjustment,
    Amounts,
    Citation,
    Estimate,
    ExplainedStep,
    LimitAfter,
    Line,
    Month,
    Prerequisite,
    UseAfter,
)
from camcover.engine.request import (
    NO_USE,
    AccountBalance,
    AccumulatorUse,
    BenefitVisits,
    CodeUse,
    FeeUse,
    LimitUse,
    PriorVisit,
    UseSoFar,
)
from camcover.engine.telling.cause_sentences import cause_message
from camcover.gen.camcover.v1 import estimate_pb2 as messages
from camcover.gen.camcover.v1 import request_pb2 as request_messages
from camcover.languages import Language, language
from camcover.messages import Label, Message, WordList
from camcover.workflow.notices import Notice
from camcover.workflow.pricing import PricedPlan

__all__ = ["estimate_bytes", "estimate_message"]

CURRENCY = "USD"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Values: TypeAlias = Any
"""What a writer takes: a tuple in the order of the names that it was made with, or the bytes of a message."""

_SECONDARY_USE = tuple(f"secondary_{name}" for name in UseSoFar._fields)
_USES = {
    "accumulators": writer(request_messages.AccumulatorUse, AccumulatorUse._fields),
    "limit_usage": remembering(writer(request_messages.LimitUse, LimitUse._fields)),
    "benefit_visits": writer(request_messages.BenefitVisits, BenefitVisits._fields),
    "prior_visits": writer(request_messages.PriorVisit, PriorVisit._fields),
    "fee_usage": writer(request_messages.FeeUse, FeeUse._fields),
    "code_usage": writer(request_messages.CodeUse, CodeUse._fields),
}
_BALANCE = writer(request_messages.AccountBalance, AccountBalance._fields)
_ADJUSTMENT = remembering(writer(messages.Adjustment, Adjustment._fields))
_AMOUNTS = writer(messages.Amounts, Amounts._fields)
_ACCUMULATOR_AFTER = writer(messages.AccumulatorAfter, AccumulatorAfter._fields)
_LIMIT_AFTER = writer(
    messages.LimitAfter,
    ("limit", "member_id", "used", "allowed", "used_cents", "allowed_cents", "episode", "condition"),
)
_MEMBER = writer(
    request_messages.Member,
    ("id", *UseSoFar._fields, *_SECONDARY_USE, "account_balances", "episodes"),
    without=("birth_date", "age", "state", "membership", "secondary_membership"),
    account_balances=_BALANCE,
    episodes=writer(request_messages.EpisodeStart, ("episode", "start_date")),
    **_USES,
    **dict(zip(_SECONDARY_USE, _USES.values(), strict=True)),
)
_LINE_PARTS = {
    "account_payments": writer(messages.AccountPayment, AccountPayment._fields),
    "adjustments": _ADJUSTMENT,
    "secondary_adjustments": _ADJUSTMENT,
    "steps": as_it_is,
}
_OF_SESSION = Line._fields.index("date") + 1
"""The fields of a line up to here tell one session of an item from the next; the others are mostly alike in all."""

_SESSION = writer(messages.Line, Line._fields[:_OF_SESSION], without=Line._fields[_OF_SESSION:])
_REST_OF_LINE = remembering(
    writer(messages.Line, Line._fields[_OF_SESSION:], without=Line._fields[:_OF_SESSION], **_LINE_PARTS)
)
_ESTIMATE = writer(
    messages.Estimate,
    (
        "name",
        "request_id",
        "rule_release",
        "currency_code",
        "created_at",
        "expires_on",
        "notices",
        "language",
        *Estimate._fields,
    ),
    created_at=writer(Timestamp, ("seconds", "nanos")),
    lines=lambda line: _SESSION(line[:_OF_SESSION]) + _REST_OF_LINE(line[_OF_SESSION:]),
    items=_AMOUNTS,
    totals=_AMOUNTS,
    accumulators_after=_ACCUMULATOR_AFTER,
    secondary_accumulators_after=_ACCUMULATOR_AFTER,
    limits_after=lambda after: _LIMIT_AFTER(_limit(after)),
    use_after=writer(
        messages.UseAfter,
        (
            "as_of",
            "members",
            "family_accumulators",
            "secondary_family_accumulators",
            "family_account_balances",
        ),
        members=_MEMBER,
        family_accumulators=_USES["accumulators"],
        secondary_family_accumulators=_USES["accumulators"],
        family_account_balances=_BALANCE,
    ),
    months=writer(messages.Month, Month._fields),
    range=writer(
        messages.Range,
        (
            "low_cents",
            "expected_cents",
            "high_cents",
            "assumptions",
            "assumption_sentences",
            "low_causes",
            "high_causes",
            "is_widened",
        ),
        assumption_sentences=as_it_is,
        low_causes=as_it_is,
        high_causes=as_it_is,
    ),
    prerequisites=as_it_is,
    notices=as_it_is,
    citations=remembering(writer(messages.Citation, Citation._fields)),
    accounts_after=writer(messages.AccountAfter, AccountAfter._fields),
)


def estimate_message(priced: PricedPlan, request_id: str, wanted_language: str = "") -> messages.Estimate:
    """The message of a priced plan; as `estimate_bytes`."""
    return messages.Estimate.FromString(estimate_bytes(priced, request_id, wanted_language))


def estimate_bytes(priced: PricedPlan, request_id: str, wanted_language: str = "") -> bytes:
    """The bytes of a priced plan's message, those of protobuf's deterministic serialisation.

    Its texts are in the language that is wanted if there is a catalog, else in English.
    """
    estimate, spoken = priced.estimate, language(wanted_language)
    totals = estimate.totals
    paid = totals.plan_paid_cents + totals.secondary_paid_cents + totals.account_paid_cents
    if totals.charge_cents != paid + totals.patient_cents + totals.written_off_cents:
        raise AssertionError(f"an estimate does not add up to its charge: {totals}")
    if totals.due_at_service_cents != totals.patient_cents + totals.reimbursed_cents:
        raise AssertionError(f"what is due at the time of service is not what is borne and comes back: {totals}")
    told = estimate._replace(
        lines=_lines(estimate.lines, spoken),
        use_after=_use_after(estimate.use_after),
        range=_range(estimate, spoken),
        prerequisites=_prerequisites(estimate.prerequisites, spoken),
    )
    return _ESTIMATE((
        priced.name,
        request_id,
        priced.rule_release,
        CURRENCY,
        _timestamp(priced.created_at),
        priced.expires_on,
        [_notice(each, spoken) for each in priced.notices],
        spoken.tag,
        *told,
    ))  # fmt: skip


def _timestamp(moment: datetime) -> tuple[int, int]:
    """A point in time, as google.protobuf.Timestamp counts it: seconds, and nanoseconds."""
    since = moment - _EPOCH
    return since.days * 86_400 + since.seconds, since.microseconds * 1_000


def _lines(lines: Sequence[Line], spoken: Language) -> Values:
    """Lines with the bytes of their steps."""
    return [each._replace(steps=_steps(each.steps, spoken)) if each.steps else each for each in lines]


def _steps(steps: Sequence[ExplainedStep], spoken: Language) -> Values:
    return tuple([_step(each, spoken) for each in steps])


@lru_cache(8_192)
def _step(step: ExplainedStep, spoken: Language) -> bytes:
    """A step in words and as data; the sessions of a plan share most of theirs."""
    return messages.Step(
        **worded_data(step.message, spoken), amount_cents=step.amount_cents, rule=step.rule, citation=step.citation
    ).SerializeToString(deterministic=True)


def _range(estimate: Estimate, spoken: Language) -> Values:
    """The range; its assumptions as texts, and as sentences; what leads to its ends, if that was asked for."""
    found = estimate.range
    told = [_sentence(each, spoken) for each in found.assumptions]
    bounds = (*found[:3], [text for text, _ in told], [content for _, content in told])
    if found.causes is None:
        return (*bounds, (), (), False)
    care = {line.item_index: Label(line.therapy or line.code) for line in estimate.lines}
    low, high = ([_cause(each, care, spoken) for each in end] for end in found.causes[:2])
    return (*bounds, low, high, not found.causes.is_reached)


def _cause(cause: RangeCause, care: Mapping[int, Label], spoken: Language) -> bytes:
    """What leads to an end, in words and as data; `care`: the therapy or code of each item."""
    said = cause_message(cause, WordList(tuple(dict.fromkeys(care[each] for each in cause.items))), Label(cause.word))
    return messages.RangeCause(
        **worded_data(said, spoken), item_indexes=cause.items, worth_cents=cause.worth_cents
    ).SerializeToString(deterministic=True)


def _prerequisites(needed: Sequence[Prerequisite], spoken: Language) -> Values:
    return [_prerequisite(each, spoken) for each in needed]


@lru_cache(4_096)
def _prerequisite(needed: Prerequisite, spoken: Language) -> bytes:
    """A prerequisite in words and as data."""
    return messages.Prerequisite(
        **worded_data(needed.message, spoken),
        attestation=needed.attestation,
        benefit=needed.benefit,
        item_index=needed.item_index,
        rule=needed.rule,
    ).SerializeToString(deterministic=True)


@lru_cache(64)
def _notice(notice: Notice, spoken: Language) -> bytes:
    """A disclosure in words; its message's id is its own."""
    text = spoken.text(notice.message)
    return messages.Notice(id=notice.id, text=text, citation=notice.citation).SerializeToString(deterministic=True)


@lru_cache(4_096)
def _sentence(message: Message, spoken: Language) -> tuple[str, bytes]:
    """A sentence in words, and in words and as data."""
    told = messages.Sentence(**worded_data(message, spoken))
    return told.text, told.SerializeToString(deterministic=True)


def _limit(after: LimitAfter) -> Values:
    """The count of a limit, in money or not."""
    counts = (0, 0, after.used, after.allowed) if after.money else (after.used, after.allowed, 0, 0)
    return (after.limit, after.member_id, *counts, after.episode, after.condition)


def _use_after(after: UseAfter) -> Values:
    """The state after the last line, as fields of a request."""
    nobody = [()] * len(after.member_ids)
    second = after.secondary_use or [NO_USE] * len(after.member_ids)
    members = [
        (member_id, *use, *secondary_use, balances, episodes)
        for member_id, use, secondary_use, balances, episodes in zip(
            after.member_ids, after.use, second, after.account_balances, after.episodes or nobody, strict=True
        )
    ]
    sums = after.family_accumulators, after.secondary_family_accumulators
    return (after.as_of, members, *sums, after.family_account_balances)
