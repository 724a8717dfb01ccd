"""`camcover optimize`: cheaper ways to the same care."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import ProviderPrices, RuleFiles, TableFormat

__all__ = ["optimize"]

_DAY = ["%Y-%m-%d"]


@done_by("optimizing:optimize")
def optimize(
    request: Annotated[
        Path,
        typer.Argument(
            help="A JSON file with an EstimatePlanRequest (docs/api.md names its fields), or - for standard input.",
        ),
    ],
    rules: RuleFiles,
    tiers: Annotated[str, typer.Option(help="The ids of networks that the patient may use: a,b.")] = "",
    practitioners: Annotated[str, typer.Option(help="The ids of practitioners whom the patient may see: a,b.")] = "",
    settings: Annotated[
        str, typer.Option(help="Settings in which the patient may be treated, such as office,telehealth.")
    ] = "",
    earliest: Annotated[
        datetime | None,
        typer.Option("--from", formats=_DAY, help="The first day to which visits may move.", show_default=False),
    ] = None,
    latest: Annotated[
        datetime | None,
        typer.Option("--to", formats=_DAY, help="The last day to which visits may move.", show_default=False),
    ] = None,
    order: Annotated[
        bool, typer.Option("--order", help="Services may trade places, and go before or after each other.")
    ] = False,
    self_pay: Annotated[
        list[str] | None,
        typer.Option(
            "--self-pay",
            help="ITEM=CENTS: what a visit of an item costs if the patient pays it without the plan. ITEM is the place "
            "of the item, from 0, such as 0=9000. Repeat the option for several.",
            show_default=False,
        ),
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=200_000, help="How many plans of care are priced at most.")] = 20_000,
    output: Annotated[
        TableFormat, typer.Option("--format", help="text for people, json for programs.")
    ] = TableFormat.TEXT,
    prices: ProviderPrices = None,
) -> None:
    """Find the cheapest ways to the same care: other networks, practitioners, settings or days, or self-pay.

    Only what the options name may change. docs/optimizing.md says what is searched. Ends with status 1 if a rule file
    has an error, and with status 2 if the request or an option has one.
    """
