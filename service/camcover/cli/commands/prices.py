"""`camcover prices`: prices that payers publish by provider, as a file that estimates look up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import InsideTier, OutsideTier, RateNetworks, RatePlan, WantedCatalog
from camcover.several import OfSeveral

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Prices that payers publish by provider, as a file for estimates (docs/fees.md)."
)


@app.command("import")
@done_by("prices:import_prices")
def import_prices(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The new file of prices.", show_default=False)
    ],
    fees_id: Annotated[
        str,
        typer.Option(
            "--id",
            metavar="ID",
            help="The id of the fee file that plans name as `fees:`; the prices go before its amounts.",
            show_default=False,
        ),
    ],
    in_network: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="JSON",
            help="A file of negotiated rates; .gz is read, too. Repeat the option for several.",
        ),
    ] = None,
    allowed_amounts: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="JSON",
            help="A file of amounts allowed out of the network; .gz, too. Repeat the option for several.",
        ),
    ] = None,
    network: RateNetworks = None,
    plan_id: RatePlan = "",
    of_several: Annotated[
        OfSeveral | None,
        typer.Option(
            help="Which of several prices of a provider and a code stands. Without it none does, and the fee file is "
            "used."
        ),
    ] = None,
    tier: InsideTier = "in_network",
    outside_tier: OutsideTier = "out_of_network",
    catalog: WantedCatalog = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file of prices that is there.")] = False,
) -> None:
    """Make a file of prices by provider of a payer's Transparency in Coverage files, of the schemas 1 and 2.

    Give --in-network, --allowed-amounts or both. The file is written whole or not at all. What could not be read is
    printed. Ends with status 1 if a part could not be read, and with status 2 if nothing is written.
    """


@app.command("show")
@done_by("prices:show_prices")
def show_prices(
    prices: Annotated[Path, typer.Argument(help="A file of prices that `prices import` wrote.")],
    npi: Annotated[str, typer.Option(metavar="NNNNNNNNNN", help="The prices of this provider.")] = "",
    tin: Annotated[str, typer.Option(metavar="NN-NNNNNNN", help="The prices of this tax number.")] = "",
) -> None:
    """Show which payers' files a file of prices holds, or all prices of a provider.

    Ends with status 1 if the provider has none, and with status 2 if the file holds no prices.
    """
