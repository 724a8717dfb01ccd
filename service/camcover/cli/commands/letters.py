"""`camcover letter`: a plan of care as a letter, or as a summary, in a PDF file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by

__all__ = ["letter"]


@done_by("letters:letter")
def letter(
    request: Annotated[
        Path,
        typer.Argument(
            help="An EstimatePlanRequest for one person as JSON, its fields named as in docs/api.md; - reads stdin.",
        ),
    ],
    rules: Annotated[
        list[Path], typer.Option("--rules", exists=True, help="A rule file or folder; may be given several times.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE.pdf", help="Gets the PDF. A file that is there is replaced.")
    ],
    summary: Annotated[
        bool, typer.Option("--summary", help="One page for the primary-care provider in place of the letter.")
    ] = False,
    language: Annotated[
        str, typer.Option(help="The language, such as en or es. By default the request's, else English.")
    ] = "",
) -> None:
    """Write a letter for the patient and the clinic: what care would cost, why, and what to ask for before.

    docs/pages.md says what it holds. Ends with status 1 when a rule file has an error or the PDF cannot be written, 2
    when the request or an option has an error.
    """
