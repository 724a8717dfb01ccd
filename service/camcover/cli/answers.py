"""An answer or a refusal of the service as it is printed."""

from __future__ import annotations

import json
from typing import Any

import typer
from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from camcover.cli.options import EstimateFormat
from camcover.gen.camcover.v1 import estimate_pb2

__all__ = ["complain", "print_answer"]


def print_answer(answer: estimate_pb2.Estimate, output: EstimateFormat) -> None:
    """Print an estimate."""
    if output is EstimateFormat.TABLE:
        from camcover.cli.table import show_estimate  # noqa: PLC0415 - programs need no tables

        show_estimate(answer)
    else:
        typer.echo(json.dumps(_as_data(answer), indent=2, ensure_ascii=False))


def complain(status: Status) -> None:
    """Every violation of a refusal on a line of its own, with its kind; without any, its message."""
    fields, info = BadRequest(), ErrorInfo()
    for detail in status.details:
        for message in (fields, info):
            if detail.Is(message.DESCRIPTOR):
                detail.Unpack(message)
    for each in fields.field_violations:
        place = f"{each.field}: " if each.field else ""
        typer.echo(f"{place}{each.description} [{each.reason}]", err=True)
    if not fields.field_violations:
        typer.echo(f"{status.message} [{info.reason}]" if info.reason else status.message, err=True)


def _as_data(message: Message) -> dict[str, Any]:
    """A message as JSON data: the .proto's field names, every field that may be zero printed, cents as numbers.

    Protobuf's own JSON writes 64-bit numbers as text, for the sake of JavaScript; ours stay far below 2**53.
    """
    data: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.is_repeated:
            data[field.name] = [_value(field, item) for item in value]
        elif not field.has_presence or message.HasField(field.name):
            data[field.name] = _value(field, value)
    return data


def _value(field: Any, value: Any) -> Any:
    """One value as JSON data; `field` is its descriptor, of which protobuf has two classes."""
    if field.message_type is not None:
        is_well_known = field.message_type.full_name.startswith("google.protobuf.")
        return json_format.MessageToDict(value) if is_well_known else _as_data(value)
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    return value
