"""`camcover visits`: the visits of a plan of care as a table or a calendar."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import OnePersonRequest, ProviderPrices, RuleFiles, SpokenLanguage

__all__ = ["visits"]


@done_by("visits:visits")
def visits(
    request: OnePersonRequest,
    rules: RuleFiles,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.csv|FILE.ics",
            help="The file to write, a table (CSV) or a calendar (iCalendar). One that exists is replaced.",
        ),
    ],
    language: SpokenLanguage = "",
    prices: ProviderPrices = None,
) -> None:
    """Write the visits with what each costs and why, as a table for a spreadsheet or as events for a calendar.

    docs/pages.md says what both hold. Ends with status 1 if a rule file has an error or the file cannot be written, and
    with status 2 if the request or an option has an error.
    """
