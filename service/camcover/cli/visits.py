"""`camcover visits`: a request from a JSON file, priced under rule files, as a table or a calendar of its visits."""

from __future__ import annotations

from pathlib import Path

import typer

from camcover.api.requests import estimate_request
from camcover.cli.answers import refusals_told
from camcover.cli.compiling import compiled_rules
from camcover.cli.estimating import asked_under, check_language, read_request, write_output
from camcover.languages import language as language_of
from camcover.showing.visits import VISITS, priced_visits
from camcover.workflow.pricing import price


def visits(request: Path, rules: list[Path], output: Path, language: str, prices: Path | None) -> None:
    """Price the request, and write the file."""
    make = VISITS.get(output.suffix)
    if make is None:
        raise typer.BadParameter(f"found --output {str(output)!r}; expected a name that ends in {' or '.join(VISITS)}")
    check_language(language)
    message = read_request(request)
    if len(message.members) > 1:
        raise typer.BadParameter(
            f"{request}: found {len(message.members)} members; expected one, whose visits they are"
        )
    tables = compiled_rules(rules)
    with refusals_told():
        release, message = asked_under(tables, message, prices)
        asked = estimate_request(message)._replace(explain=True)
        priced = price(release, asked)
    write_output(output, make(priced_visits(release, asked, priced, language_of(language or message.language))))
