"""`camcover eligibility` and `camcover inquiry`: files to requests, requests to questions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from camcover.api.eligibility import eligibility_message, part_fields, plan_edition
from camcover.api.json_answer import as_data
from camcover.api.requests import estimate_request
from camcover.api.validation import validate
from camcover.cli.answers import refusals_told
from camcover.cli.commands.eligibility import AnswerPart
from camcover.cli.compiling import compiled_rules
from camcover.cli.estimating import read_request
from camcover.cli.options import listed_in
from camcover.cli.x12_files import x12_text
from camcover.engine import EstimateRequest
from camcover.engine.facts import member_of
from camcover.engine.request import Member
from camcover.exchange.eligibility.filling import filled
from camcover.exchange.eligibility.inquiry import Inquiry, WrongInquiry, written_inquiry
from camcover.exchange.eligibility.reading import member_of_file, read_eligibility
from camcover.exchange.eligibility.records import EligibilityNote, NoteKind
from camcover.exchange.notes import UnreadableFile
from camcover.gen.camcover.v1 import request_pb2
from camcover.workflow.catalog_entries import therapies

_WHOLE_PLAN = "30"


def eligibility(
    file: Path,
    plan: str,
    rules: list[Path],
    request: Path | None,
    number: int,
    member_id: str,
    output: AnswerPart,
) -> None:
    """Print the request that an answer states, or all its facts; tell on standard error what is not in it."""
    asked = None if request is None else read_request(request)
    if asked is not None and len(asked.members) > 1:
        raise typer.BadParameter(f"--request: {len(asked.members)} members; expected one, whom the answer is about")
    text = x12_text(file)
    try:
        told = member_of_file(read_eligibility(text, str(file)), number, str(file))
    except UnreadableFile as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    tables = compiled_rules(rules)
    with refusals_told():
        edition = plan_edition(tables, plan, told.as_of or datetime.now(UTC).date())
    part = filled(told, edition, therapies(tables), member_id)
    if output is AnswerPart.FACTS:
        answer = eligibility_message(plan, told, part, tables.release)
        typer.echo(json.dumps(as_data(answer), indent=2, ensure_ascii=False))
    else:
        message = request_pb2.EstimatePlanRequest(**part_fields(plan, part))
        typer.echo(
            json.dumps(_fields(message if asked is None else _joined(asked, message)), indent=2, ensure_ascii=False)
        )
    for note in part.notes:
        typer.echo(_line(file, note), err=True)
    if any(note.kind is NoteKind.REFUSED_BY_PAYER for note in part.notes):
        raise typer.Exit(1)


def inquiry(
    request: Path,
    payer_name: str,
    payer_id: str,
    provider_name: str,
    npi: str,
    last_name: str,
    first_name: str,
    member_identifier: str,
    sender: str,
    receiver: str,
    service_types: str,
    rules: list[Path] | None,
    birth_date: datetime | None,
    member: str,
    control: int,
) -> None:
    """Print an X12 270 about a member of a request."""
    message = read_request(request)
    with refusals_told():
        validate(message)
        asked = estimate_request(message)
    person = _person(asked, member)
    days = [day for item in asked.items if not member or member_of(asked, item).id == member for day in item.dates]
    if not days:
        raise typer.BadParameter(f"--member: the request has no visits of {member}")
    question = Inquiry(
        payer_name,
        payer_id,
        provider_name,
        npi,
        last_name,
        first_name,
        member_identifier,
        birth_date.date() if birth_date is not None else person.birth_date,
        listed_in(service_types) or _service_types(asked, rules),
        min(days),
        max(days),
        sender,
        receiver,
        control,
    )
    try:
        typer.echo(written_inquiry(question, datetime.now(UTC)), nl=False)
    except WrongInquiry as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _line(file: Path, note: EligibilityNote) -> str:
    """`answer.271:29,30: a limit ... [not_used]`."""
    places = ",".join(map(str, note.segments[:8])) + (",..." if len(note.segments) > 8 else "")
    where = f"{file}:{places}" if places else str(file)
    return f"{where}: {note.text} [{note.kind}]"


def _joined(
    asked: request_pb2.EstimatePlanRequest, part: request_pb2.EstimatePlanRequest
) -> request_pb2.EstimatePlanRequest:
    """A request with what an answer states in it, which replaces what the request said of the same."""
    joined = request_pb2.EstimatePlanRequest()
    joined.CopyFrom(asked)
    joined.plan_id = part.plan_id
    if part.as_of:
        joined.as_of = part.as_of
    if part.coverage:
        joined.coverage = part.coverage
    _replace(joined.family_accumulators, part.family_accumulators, "accumulator")
    member = joined.members[0] if joined.members else joined.members.add()
    told = part.members[0]
    _replace(member.accumulators, told.accumulators, "accumulator")
    _replace(member.limit_usage, told.limit_usage, "limit")
    if told.birth_date:
        member.ClearField("age")
        member.birth_date = told.birth_date
    if told.id != "1":
        member.id = told.id
    if told.HasField("membership"):
        member.membership.MergeFrom(told.membership)
    return joined


def _replace(before: Any, after: Iterable[Any], key: str) -> None:
    """Entries of a list with those of another in place of the ones with the same key."""
    names = {getattr(each, key) for each in after}
    kept = [each for each in before if getattr(each, key) not in names]
    del before[:]
    before.extend([*kept, *after])


def _fields(message: Message) -> dict[str, Any]:
    """The fields of a message that are set, by their names in the .proto."""
    return {field.name: _value(field, value) for field, value in message.ListFields()}


def _value(field: FieldDescriptor, value: Any) -> Any:
    if field.is_repeated:
        return [_single(field, each) for each in value]
    return _single(field, value)


def _single(field: FieldDescriptor, value: Any) -> Any:
    if field.message_type is not None:
        return _fields(value)
    return field.enum_type.values_by_number[value].name if field.enum_type is not None else value


def _person(asked: EstimateRequest, member: str) -> Member:
    """The member of a request who is asked about. Ends the program with status 2 when there is none."""
    found = [each for each in asked.members if member in ("", each.id)]
    if not found:
        names = ", ".join(each.id for each in asked.members)
        raise typer.BadParameter(f"--member: found {member!r}; expected one of {names}")
    return found[0]


def _service_types(asked: EstimateRequest, rules: list[Path] | None) -> tuple[str, ...]:
    """The service types of the request's therapies; without rule files that of the plan as a whole."""
    if not rules:
        return (_WHOLE_PLAN,)
    known = therapies(compiled_rules(rules))
    found = [known[item.therapy].service_type for item in asked.items if item.therapy in known]
    return tuple(dict.fromkeys(code for code in found if code)) or (_WHOLE_PLAN,)
