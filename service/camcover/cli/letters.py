"""`camcover letter`: a request from a JSON file, priced under rule files, as PDF."""

from __future__ import annotations

from pathlib import Path

import typer

from camcover.api.requests import estimate_request
from camcover.cli.answers import refusals_told
from camcover.cli.compiling import compiled_rules
from camcover.cli.estimating import asked_under, check_language, read_request, write_output
from camcover.languages import language as language_of
from camcover.showing.printing import Paper, PaperTooLong, paper


def letter(request: Path, rules: list[Path], output: Path, summary: bool, language: str, prices: Path | None) -> None:
    """Price the request, and write the paper."""
    check_language(language)
    message = read_request(request)
    tables = compiled_rules(rules)
    kind = Paper.SUMMARY if summary else Paper.LETTER
    try:
        with refusals_told():
            release, asked = asked_under(tables, message, prices)
            pdf = paper(kind, release, estimate_request(asked), language_of(language or asked.language))
    except PaperTooLong as error:
        typer.echo(f"{request}: {error}", err=True)
        raise typer.Exit(2) from error
    write_output(output, pdf)
