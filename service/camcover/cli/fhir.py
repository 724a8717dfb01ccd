"""`camcover fhir`: a request from a JSON file, priced under rule files, as a packet of FHIR R4."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import typer

from camcover.api.good_faith import id_of_packet, with_known_taxonomies
from camcover.api.json_request import message_of
from camcover.api.requests import estimate_request
from camcover.api.validation import validate
from camcover.cli.answers import refusals_told
from camcover.cli.commands.fhir import FhirSummary
from camcover.cli.compiling import compiled_rules
from camcover.cli.estimating import asked_under, check_language, read_json_text, read_request, write_output
from camcover.engine import EstimateRequest, Tables
from camcover.engine.request import FIRST_DATE, LAST_DATE
from camcover.exchange.fhir.care_summary import care_document, document_reference, summarised
from camcover.exchange.fhir.elements import ID, Resource, Stamp, as_json
from camcover.exchange.fhir.gfe import GoodFaith, read_good_faith
from camcover.exchange.fhir.packet import aeob_packet
from camcover.exchange.fhir.parties import NOBODY_NAMED, Parties
from camcover.exchange.fhir.stated import parties_of
from camcover.exchange.notes import UnreadableFile
from camcover.gen.camcover.v1 import request_pb2
from camcover.languages import Language
from camcover.languages import language as language_of
from camcover.showing.printing import PaperTooLong

Content = TypeVar("Content")


def fhir(
    request: Path,
    rules: list[Path],
    output: Path | None,
    parties: Path | None,
    plan: str,
    tier: str,
    only_request: bool,
    packet_id: str,
    made_at: str,
    language: str,
    summary: FhirSummary,
    prices: Path | None,
) -> None:
    """Price the request, and print or write the packet, or the summary."""
    check_language(language)
    if packet_id and not ID.fullmatch(packet_id):
        raise typer.BadParameter(f"found --id {packet_id!r}; expected 1 to 40 letters, digits, - and .")
    if not plan and (tier or only_request):
        raise typer.BadParameter("--tier and --request need --plan")
    if plan and parties is not None:
        raise typer.BadParameter("--parties cannot be given with --plan: a good-faith estimate names everybody")
    when = _time(made_at) if made_at else datetime.now(UTC)
    named = _named(parties) if parties else NOBODY_NAMED
    good_faith = _read(request, lambda text: read_good_faith(text, str(request), plan, tier)) if plan else None
    if good_faith is None:
        message = read_request(request)
    else:
        named = good_faith.parties
        with refusals_told():
            message = message_of(json.dumps(good_faith.fields), request_pb2.EstimatePlanRequest())
        if only_request:
            _tell(good_faith)
            with refusals_told():
                validate(message)
            return _write(f"{json.dumps(good_faith.fields, indent=2)}\n".encode(), output)
    tables = compiled_rules(rules)
    if good_faith is not None:
        good_faith, message = with_known_taxonomies(tables, good_faith, message)
        _tell(good_faith)
    with refusals_told():
        release, message = asked_under(tables, message, prices)
        stamp = Stamp(packet_id or id_of_packet(message, release.release), when)
        asked, spoken = estimate_request(message), language_of(language or message.language)
        if summary is FhirSummary.NONE:
            made = aeob_packet(release, asked, stamp, spoken, parties=named, good_faith=good_faith)
        else:
            made = _summary(release, asked, stamp, spoken, parties=named, form=summary)
    return _write(as_json(made), output)


def _tell(read: GoodFaith) -> None:
    """Say on standard error what of a bundle was not read."""
    for each in read.unread:
        typer.echo(str(each), err=True)


def _summary(
    tables: Tables, request: EstimateRequest, stamp: Stamp, language: Language, *, parties: Parties, form: FhirSummary
) -> Resource:
    """The summary as a document, or as a reference that holds it. Ends the program with status 2 if it is too long."""
    try:
        care = summarised(tables, request, stamp, language, parties=parties)
    except PaperTooLong as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    return care_document(care) if form is FhirSummary.DOCUMENT else document_reference(care)


def _time(text: str) -> datetime:
    """A time with its zone, in a year of services. Raises typer.BadParameter."""
    expected = "a time with its zone, such as 2026-03-01T12:00:00Z"
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"found --time {text!r}; expected {expected}") from error
    if when.utcoffset() is None or not FIRST_DATE < when.date() < LAST_DATE:
        raise typer.BadParameter(f"found --time {text!r}; expected {expected}")
    return when


def _named(file: Path) -> Parties:
    """Who is named in a file. Ends the program with status 2 when it cannot be read."""
    return _read(file, lambda text: parties_of(text, str(file)))


def _read(file: Path, reader: Callable[[str], Content]) -> Content:
    """What a reader makes of a file's text. Ends the program with status 2 when it cannot be read."""
    text = read_json_text(file)
    try:
        return reader(text)
    except UnreadableFile as error:
        for each in error.unread:
            typer.echo(str(each), err=True)
        raise typer.Exit(2) from error


def _write(content: bytes, output: Path | None) -> None:
    """To a file, or to standard output. Ends the program with status 1 when the file cannot be written."""
    if output is None:
        typer.echo(content.decode(), nl=False)
    else:
        write_output(output, content)
