"""An answer or a refusal of the service as it is printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from camcover.api.errors import Refused, status_of
from camcover.api.json_answer import as_data
from camcover.cli.options import EstimateFormat
from camcover.engine import InvalidRequest
from camcover.gen.camcover.v1 import estimate_pb2
from camcover.workflow.errors import UseCaseError

__all__ = ["complain", "print_answer", "refusals_told"]


def print_answer(answer: estimate_pb2.Estimate, output: EstimateFormat) -> None:
    """Print an estimate."""
    if output is EstimateFormat.TABLE:
        from camcover.cli.table import show_estimate  # noqa: PLC0415 - programs need no tables

        show_estimate(answer)
    else:
        typer.echo(json.dumps(as_data(answer), indent=2, ensure_ascii=False))


@contextmanager
def refusals_told() -> Iterator[None]:
    """Print a refusal that is raised within, as `complain` does, and end the program with status 2."""
    try:
        yield
    except (Refused, InvalidRequest, UseCaseError) as error:
        status = status_of(error)
        if status is None:
            raise
        complain(status)
        raise typer.Exit(2) from error


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
