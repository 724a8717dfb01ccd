"""`camcover estimate`: one request from a JSON file, priced here under rule files, or by a running service."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, cast

import grpc
import typer
from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from camcover.api.errors import Refused, bad_request, status_of
from camcover.api.estimates import estimate_message
from camcover.api.requests import estimate_request
from camcover.api.validation import validate
from camcover.cli.json_request import message_of
from camcover.cli.rules import compiled_rules
from camcover.cli.table import show_estimate
from camcover.engine import InvalidRequest, Tables
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.workflow.errors import CamcoverError
from camcover.workflow.pricing import price
from camcover.workflow.rules_in_force import RulesInForce

CALL_SECONDS = 30
"""How long `--server` waits for an answer."""


class EstimateFormat(StrEnum):
    """How an estimate is shown."""

    JSON = "json"
    TABLE = "table"


def estimate(
    request: Annotated[
        Path,
        typer.Argument(
            help="An EstimatePlanRequest as JSON, its fields named as in docs/api.md; - reads standard input.",
        ),
    ],
    rules: Annotated[
        list[Path] | None,
        typer.Option("--rules", exists=True, help="A rule file or folder; may be given several times."),
    ] = None,
    server: Annotated[
        str | None, typer.Option(help="HOST:PORT of a running service to ask instead; without --rules.")
    ] = None,
    token: Annotated[
        str, typer.Option(envvar="CAMCOVER_TOKEN", help="A bearer token, where the service asks for one.")
    ] = "",
    output: Annotated[
        EstimateFormat, typer.Option("--format", help="json for programs, table for people.")
    ] = EstimateFormat.JSON,
) -> None:
    """Price a well-being plan and print the estimate.

    Give either --rules or --server. Ends with status 1 when a rule file has an error or the service does not answer, 2
    when the request has an error; each is named with its place.
    """
    if (rules is None) == (server is None):
        raise typer.BadParameter("give either --rules or --server")
    message = read_request(request)
    answer = price_message(compiled_rules(rules), message) if rules else ask(str(server), message, token)
    if output is EstimateFormat.TABLE:
        show_estimate(answer)
    else:
        typer.echo(json.dumps(as_data(answer), indent=2, ensure_ascii=False))


def read_request(path: Path) -> request_pb2.EstimatePlanRequest:
    """The message of a JSON file. Ends the program with status 2 when it is none."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        return message_of(text, request_pb2.EstimatePlanRequest())
    except OSError as error:
        typer.echo(f"{path}: {error.strerror}", err=True)
    except UnicodeDecodeError as error:
        typer.echo(f"{path}: found no UTF-8 at byte {error.start}; expected JSON in UTF-8", err=True)
    except InvalidRequest as error:
        typer.echo(f"{path}: not an EstimatePlanRequest", err=True)
        complain(bad_request(error.violations))
    raise typer.Exit(2)


def price_message(tables: Tables, message: request_pb2.EstimatePlanRequest) -> estimate_pb2.Estimate:
    """Validate, price and translate, as the service does; nothing is stored, so the estimate has no name.

    Ends the program with status 2 when the request is refused.
    """
    try:
        validate(message)
        release = RulesInForce(tables).take(message.rule_release)
        answer = estimate_message(price(release, estimate_request(message)), message.request_id)
    except (Refused, InvalidRequest, CamcoverError) as error:
        complain(status_of(error))
        raise typer.Exit(2) from error
    answer.ClearField("name")
    return answer


def ask(server: str, message: request_pb2.EstimatePlanRequest, token: str = "") -> estimate_pb2.Estimate:
    """The answer of a running service. Ends the program with status 1 when there is none, 2 when it refuses."""
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    with grpc.insecure_channel(server) as channel:
        try:
            call = EstimateServiceStub(channel).EstimatePlan
            answer: estimate_pb2.Estimate = call(message, timeout=CALL_SECONDS, metadata=metadata)
        except grpc.RpcError as error:
            # What a call raises is the call itself, which the stubs' type does not say.
            status = rpc_status.from_call(cast("grpc.Call", error))
            if status is None:
                typer.echo(f"{server}: {error.code().name}: {error.details()}", err=True)
                raise typer.Exit(1) from error
            complain(status)
            raise typer.Exit(2) from error
    return answer


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


def as_data(message: Message) -> dict[str, Any]:
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
        return json_format.MessageToDict(value) if is_well_known else as_data(value)
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    return value
