"""`camcover claim`: a provider's claim, X12 837P, in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by

__all__ = ["claim"]


@done_by("claims:claim")
def claim(
    file: Annotated[Path, typer.Argument(help="An X12 837P file, or - for standard input.")],
    plan: Annotated[str, typer.Option(help="The payer plan's id.")],
    tier: Annotated[str, typer.Option(help="The provider's network. By default unknown.", show_default=False)] = "",
    number: Annotated[int, typer.Option(min=0, help="Which claim of the file, from 1. 0: the only one.")] = 0,
) -> None:
    """Read a provider's professional claim, and print the request for its estimate.

    It has codes, modifiers, units, charges, diagnoses, days, places, the practitioner and the patient's birth date; its
    id is the claim's number. What was not read goes to standard error, with its segment. Ends with status 1 if the file
    cannot be read, and with status 2 if the claim is no request, such as one without a day.
    """
