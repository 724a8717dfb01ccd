"""`ReadEligibility`: a payer's answer as facts, and the part of a request that they state.

What comes in: the bytes of an X12 271 and a plan's id. What goes out: messages. Refusals repeat nothing of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from camcover.api.errors import invalid
from camcover.api.validation import validate
from camcover.calendar import ordinal_of
from camcover.engine import Tables, Violation
from camcover.engine.request import AccumulatorUse, Membership, UseSoFar
from camcover.exchange.eligibility.filling import MemberPart, filled
from camcover.exchange.eligibility.reading import member_of_file, read_eligibility
from camcover.exchange.eligibility.records import Eligibility, EligibilityFact
from camcover.exchange.notes import UnreadableFile
from camcover.exchange.x12.segments import text_of
from camcover.gen.camcover.v1 import eligibility_pb2 as messages
from camcover.gen.camcover.v1 import request_pb2
from camcover.refusals import Refusal
from camcover.rulebook.records import Plan
from camcover.workflow.catalog_entries import plan_index, therapies

__all__ = [
    "ELIGIBILITY_GROWTH",
    "eligibility_answer",
    "eligibility_message",
    "eligibility_told",
    "part_fields",
    "plan_edition",
]

ELIGIBILITY_GROWTH = 10
"""About how many bytes of an answer, and of what is held while it is made, a byte of a file gives."""

_FILE = "content"


def eligibility_told(request: messages.ReadEligibilityRequest) -> Eligibility:
    """What a file says of the member who is asked about. Raises `Refused`."""
    validate(request)
    try:
        return member_of_file(read_eligibility(text_of(request.content), _FILE), request.number, _FILE)
    except UnreadableFile as error:
        raise invalid(_violation(error)) from None


def eligibility_answer(
    tables: Tables, request: messages.ReadEligibilityRequest, told: Eligibility, today: Callable[[], date]
) -> messages.ReadEligibilityResponse:
    """The same under a plan; `today`: the day of an answer that does not say its own. Raises `UnknownPlan`."""
    plan = plan_edition(tables, request.plan_id, told.as_of or today())
    part = filled(told, plan, therapies(tables), request.member_id)
    return eligibility_message(request.plan_id, told, part, tables.release)


def eligibility_message(
    plan_id: str, told: Eligibility, part: MemberPart, release: str
) -> messages.ReadEligibilityResponse:
    """Facts and notes of an answer, and the part of a request that it states."""
    fields: dict[int, str] = {}
    for each in part.used:
        fields.setdefault(id(each.fact), each.field)
    return messages.ReadEligibilityResponse(
        request=messages.EligibilityPart(**part_fields(plan_id, part)),
        facts=[_fact(each, fields.get(id(each), "")) for each in told.facts],
        notes=[
            messages.EligibilityNote(
                kind=f"ELIGIBILITY_NOTE_KIND_{each.kind.name}", segments=each.segments, text=each.text
            )
            for each in part.notes
        ],
        rule_release=release,
    )


def plan_edition(tables: Tables, plan_id: str, day: date) -> Plan:
    """The edition of a plan on a day, else the nearest. Raises `UnknownPlan`."""
    return plan_index(tables, plan_id).nearest_to(ordinal_of(day)).plan


def part_fields(plan_id: str, part: MemberPart) -> dict[str, Any]:
    """The part of a request as fields of a message; it has no items."""
    person = part.member
    member: dict[str, Any] = {"id": person.id} | _used(person.use)
    if person.birth_date is not None:
        member["birth_date"] = person.birth_date.isoformat()
    membership = _membership(person.membership)
    if membership:
        member["membership"] = membership
    return {
        "plan_id": plan_id,
        "members": [member],
        "coverage": request_pb2.COVERAGE_FAMILY if part.is_family else request_pb2.COVERAGE_UNSPECIFIED,
        "family_accumulators": [
            {"accumulator": each.accumulator, "used_cents": each.used_cents} for each in part.family_accumulators
        ],
        "as_of": _iso(part.as_of),
    }


def _used(use: UseSoFar) -> dict[str, Any]:
    """What a member has used, as fields of a member."""
    return {name: list(map(_stated, uses)) for name, uses in use._asdict().items() if uses}


def _stated(use: Any) -> dict[str, Any]:
    """One statement about use; a zero that may be unknown is stated."""
    data = {name: _iso(value) if isinstance(value, date) else value for name, value in use._asdict().items() if value}
    return data | {"used_cents": use.used_cents} if isinstance(use, AccumulatorUse) else data


def _membership(membership: Membership) -> dict[str, str]:
    """The fields of a membership that are known."""
    days = {name: _iso(getattr(membership, name)) for name in ("covered_from", "covered_to", "enrolled_on")}
    return {name: text for name, text in (days | {"role": membership.role}).items() if text}


def _fact(fact: EligibilityFact, field: str) -> messages.EligibilityFact:
    return messages.EligibilityFact(
        kind=f"ELIGIBILITY_FACT_KIND_{fact.kind.name}",
        segments=fact.segments,
        confidence=f"ELIGIBILITY_CONFIDENCE_{fact.confidence.name}",
        confidence_reason=fact.because,
        field=field,
        level=_known(fact.level),
        network=_known(fact.network),
        service_types=fact.service_types,
        procedure=fact.procedure,
        insurance_type=fact.insurance_type,
        period=fact.period,
        unit=_known(fact.unit),
        total=fact.total,
        used=fact.used,
        remaining=fact.remaining,
        unlimited=fact.is_unlimited,
        amount=fact.amount,
        date=_iso(fact.day),
        word=fact.word,
        places_of_service=fact.places,
        texts=fact.texts,
        shared=fact.is_pool,
        first_date=_iso(fact.first_day),
        last_date=_iso(fact.last_day),
    )


def _known(word: str) -> str:
    return "" if word in {"unknown", "none"} else str(word)


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _violation(error: UnreadableFile) -> Violation:
    """What makes a file none, with the number of its segment."""
    first = error.unread[0]
    where = f" in segment {first.line}" if first.line else ""
    return Violation(_FILE, f"{first.found}{where}", first.expected, Refusal.UNREADABLE_FILE)
