"""`camcover letter`: a plan of care as a letter, or as a summary, in a PDF file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import OnePersonRequest, ProviderPrices, RuleFiles, SpokenLanguage

__all__ = ["letter"]


@done_by("letters:letter")
def letter(
    request: OnePersonRequest,
    rules: RuleFiles,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE.pdf", help="The PDF file to write. One that exists is replaced."),
    ],
    summary: Annotated[
        bool, typer.Option("--summary", help="Write one page for the primary-care provider in place of the letter.")
    ] = False,
    language: SpokenLanguage = "",
    prices: ProviderPrices = None,
) -> None:
    """Write a letter for the patient and the clinic: what care would cost, why, and what to ask for before.

    docs/pages.md says what it holds. Ends with status 1 if a rule file has an error or the PDF cannot be written, and
    with status 2 if the request or an option has an error.
    """
