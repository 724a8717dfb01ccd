"""`camcover estimate`: one request from a JSON file, priced here under rule files, or by a running service."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from camcover.api.errors import bad_request
from camcover.api.estimates import estimate_message
from camcover.api.json_request import message_of
from camcover.api.requests import estimate_request
from camcover.api.validation import validate
from camcover.cli.answers import complain, print_answer, refusals_told
from camcover.cli.compiling import compiled_rules
from camcover.cli.options import EstimateFormat
from camcover.cli.price_files import priced_by
from camcover.engine import InvalidRequest, Tables
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.languages import known_tag, languages
from camcover.workflow.pricing import price
from camcover.workflow.rules_in_force import RulesInForce


def estimate(
    request: Path,
    rules: list[Path] | None,
    server: str | None,
    token: str,
    tls: bool,
    tls_ca: Path | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    output: EstimateFormat,
    prices: Path | None,
) -> None:
    """Price a well-being plan and print the estimate."""
    if (rules is None) == (server is None):
        raise typer.BadParameter("give either --rules or --server")
    if prices is not None and not rules:
        raise typer.BadParameter("--prices needs --rules; a service has prices of its own (`serve --prices`)")
    message = read_request(request)
    if rules:
        answer = price_message(compiled_rules(rules), message, prices)
    else:
        from camcover.cli.asking import ask, channel_to  # noqa: PLC0415 - gRPC, which pricing here does not need

        with channel_to(str(server), tls_ca, tls_certificate, tls_key, is_encrypted=tls) as channel:
            answer = ask(str(server), channel, message, token)
    print_answer(answer, output)


def read_request(path: Path) -> request_pb2.EstimatePlanRequest:
    """The message of a JSON file. Ends the program with status 2 when it is none."""
    text = read_json_text(path)
    try:
        return message_of(text, request_pb2.EstimatePlanRequest())
    except InvalidRequest as error:
        typer.echo(f"{path}: not an EstimatePlanRequest", err=True)
        complain(bad_request(error.violations))
        raise typer.Exit(2) from error


def asked_under(
    tables: Tables, message: request_pb2.EstimatePlanRequest, prices: Path | None
) -> tuple[Tables, request_pb2.EstimatePlanRequest]:
    """The rules that a message pins, and the message with the prices that its providers have in the file `prices`.

    Raises what the service refuses: `Refused`, `InvalidRequest`, `UseCaseError`. Ends the program with status 2 where
    the file is no file of prices, or cannot be read.
    """
    validate(message)
    release = RulesInForce(tables).take(message.rule_release)
    return release, priced_by(prices, release, message)


def read_json_text(path: Path) -> str:
    """The text of a JSON file, or of standard input for `-`. Ends the program with status 2 when it cannot be read."""
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except OSError as error:
        typer.echo(f"{path}: {error.strerror}", err=True)
        raise typer.Exit(2) from error
    except UnicodeDecodeError as error:
        typer.echo(f"{path}: byte {error.start} is not UTF-8; expected JSON in UTF-8", err=True)
        raise typer.Exit(2) from error


def write_output(output: Path, content: bytes) -> None:
    """Write what a request gave to a file. Ends the program with status 1 when it cannot be written."""
    try:
        output.write_bytes(content)
    except OSError as error:
        typer.echo(f"{output}: {error.strerror}", err=True)
        raise typer.Exit(1) from error


def check_language(language: str) -> None:
    """Raise typer.BadParameter for a language that there is not; an empty one stands for that of the request."""
    if language and known_tag(language) is None:
        raise typer.BadParameter(f"found language {language!r}; expected one of {', '.join(languages())}")


def price_message(
    tables: Tables, message: request_pb2.EstimatePlanRequest, prices: Path | None = None
) -> estimate_pb2.Estimate:
    """Validate, price and translate, as the service does; nothing is stored, so the estimate has no name.

    `prices`: a file of those of providers. Ends the program with status 2 when the request is refused.
    """
    with refusals_told():
        release, asked = asked_under(tables, message, prices)
        answer = estimate_message(price(release, estimate_request(asked)), asked.request_id, asked.language)
    answer.ClearField("name")
    return answer
