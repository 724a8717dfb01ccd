"""`camcover optimize`: cheaper ways to the same care."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import TableFormat

__all__ = ["optimize"]

_DAY = ["%Y-%m-%d"]


@done_by("optimizing:optimize")
def optimize(
    request: Annotated[
        Path,
        typer.Argument(
            help="An EstimatePlanRequest as JSON, its fields named as in docs/api.md; - reads standard input.",
        ),
    ],
    rules: Annotated[
        list[Path], typer.Option("--rules", exists=True, help="A rule file or folder; may be given several times.")
    ],
    tiers: Annotated[str, typer.Option(help="Networks that there are for the patient, by id: a,b.")] = "",
    practitioners: Annotated[str, typer.Option(help="Practitioners that there are, by id: a,b.")] = "",
    settings: Annotated[str, typer.Option(help="Settings that there are, such as office,telehealth.")] = "",
    earliest: Annotated[
        datetime | None,
        typer.Option("--from", formats=_DAY, help="Visits may move to this day or later.", show_default=False),
    ] = None,
    latest: Annotated[
        datetime | None,
        typer.Option("--to", formats=_DAY, help="Visits may move to this day or earlier.", show_default=False),
    ] = None,
    order: Annotated[
        bool, typer.Option("--order", help="Services may trade places, and go before or after each other.")
    ] = False,
    self_pay: Annotated[
        list[str] | None,
        typer.Option(
            "--self-pay",
            help="ITEM=CENTS: what a visit of an item, by its place from 0, costs if the patient pays it without the "
            "plan, such as 0=9000; may be given several times.",
            show_default=False,
        ),
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=200_000, help="Plans of care that are priced at most.")] = 20_000,
    output: Annotated[
        TableFormat, typer.Option("--format", help="text for people, json for programs.")
    ] = TableFormat.TEXT,
) -> None:
    """Find the cheapest ways to the same care: networks, practitioners, settings, dates, self-pay.

    Only what the options name may change. docs/optimizing.md says what is searched. Ends with status 1 when a rule file
    has an error, 2 when the request or an option has one.
    """
