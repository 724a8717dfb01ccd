"""`camcover import fees`: published amounts as fee files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import InsideTier, OutsideTier, RateNetworks, RatePlan, ReplaceFolder, WantedCatalog
from camcover.several import OfSeveral

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Make fee files of amounts that others publish (docs/fees.md).")

Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="The new folder of fee files.", show_default=False)
]
Retrieved = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The day on which the files were fetched; the fee files cite it."),
]
FeesId = Annotated[str, typer.Option("--id", metavar="ID", help="The id of the fee file, which plans name as `fees:`.")]


@app.command("medicare")
@done_by("importing_fees:medicare")
def medicare(
    output: Output,
    rvu: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="CSV",
            help="CMS's relative value file, PPRRVU...csv; .gz is read, too.",
        ),
    ],
    gpci: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, metavar="CSV", help="CMS's geographic indices of the same year."),
    ],
    locality: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATE-NN",
            help="A locality, such as WA-02. Repeat it for several. Without it and --zip: every locality.",
        ),
    ] = None,
    zip_code: Annotated[
        str, typer.Option("--zip", metavar="NNNNN", help="The locality of a ZIP code, by --zips.")
    ] = "",
    zips: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, metavar="FILE", help="CMS's ZIP codes by locality, ZIP5...txt."),
    ] = None,
    localities: Annotated[
        int, typer.Option(min=1, max=999, help="How many localities the year has; other tables are refused.")
    ] = 109,
    tier: Annotated[
        str,
        typer.Option(
            metavar="TIER",
            help="The tier that is paid so, such as in_network. Without it: participating, and 95% of it for "
            "non_participating.",
        ),
    ] = "",
    fees_id: FeesId = "",
    catalog: WantedCatalog = None,
    retrieved: Retrieved = None,
    replace: ReplaceFolder = False,
) -> None:
    """Make fee files of the Medicare physician fee schedule, one for each locality.

    An amount is relative values times indices times the conversion factor. The id is medicare-fees- and the locality,
    if --id gives no other. What could not be read is printed, and listed in FOLDER/imported.jsonl. The folder is
    written whole or not at all. Ends with status 1 if a part could not be read, and with status 2 if nothing is
    written.
    """


@app.command("transparency")
@done_by("importing_fees:transparency")
def transparency(
    output: Output,
    year: Annotated[int, typer.Option(min=2020, max=2100, help="The plan year.", show_default=False)],
    fees_id: Annotated[
        str,
        typer.Option(
            "--id", metavar="ID", help="The id of the fee file, which plans name as `fees:`.", show_default=False
        ),
    ],
    in_network: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, metavar="JSON", help="A file of negotiated rates; .gz is read, too."),
    ] = None,
    allowed_amounts: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, metavar="JSON", help="A file of amounts allowed out of the network; .gz, too."
        ),
    ] = None,
    npi: Annotated[
        list[str] | None, typer.Option(metavar="NNNNNNNNNN", help="Only rates of this provider. Repeat it for several.")
    ] = None,
    tin: Annotated[
        list[str] | None,
        typer.Option(metavar="NN-NNNNNNN", help="Only rates of this tax number. Repeat it for several."),
    ] = None,
    network: RateNetworks = None,
    plan_id: RatePlan = "",
    of_several: Annotated[
        OfSeveral | None,
        typer.Option(help="Which of several amounts of a code stands. Without it such a code has none, and is listed."),
    ] = None,
    tier: InsideTier = "in_network",
    outside_tier: OutsideTier = "out_of_network",
    catalog: WantedCatalog = None,
    retrieved: Retrieved = None,
    replace: ReplaceFolder = False,
) -> None:
    """Make a fee file of a payer's Transparency in Coverage files, of the schemas 1 and 2.

    Give --in-network, --allowed-amounts or both. A fee file knows tiers, not providers: choose providers by --npi,
    --tin or --network, and write a file for each choice. Amounts in dollars are read; percentages, derived and
    per-diem amounts are listed. For what could not be read, and for the status, see `camcover import fees medicare`.
    """
