"""`camcover import`: plans and fees of other formats as rule files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.commands.importing_fees import app as fees_app
from camcover.cli.declaring import done_by
from camcover.cli.options import ReplaceFolder

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Make rule files of plans and fees that others publish (docs/data.md).")
app.add_typer(fees_app, name="fees")

Output = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FOLDER", help="The new folder, a file for each plan.", show_default=False),
]
Year = Annotated[int, typer.Option(min=2020, max=2100, help="The plan year.", show_default=False)]
Retrieved = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The day on which the files were fetched; the rule files cite it."),
]
Chosen = Annotated[
    list[str] | None,
    typer.Option("--plan", metavar="ID", help="Only the plan with this id of rule files. Repeat it for several."),
]
Fees = Annotated[
    str, typer.Option(metavar="ID", help="The fee file that the plans name. Without one, charges stand in.")
]


@app.command("medicare-advantage")
@done_by("importing:medicare_advantage")
def medicare_advantage(
    output: Output,
    year: Year,
    pbp: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, metavar="FOLDER", help="CMS's plan benefit package, unzipped: pbp_*.txt."
        ),
    ] = None,
    plans: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, metavar="CSV", help="The plan finder's table of plans; .gz is read, too."
        ),
    ] = None,
    benefits: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, metavar="CSV", help="The table of benefits that belongs to --plans."),
    ] = None,
    plan: Chosen = None,
    retrieved: Retrieved = None,
    fees: Fees = "",
    replace: ReplaceFolder = False,
) -> None:
    """Make rule files of Medicare Advantage plans, from --pbp or from --plans with --benefits.

    The files refer to policies and a catalog that are shipped: name both folders of `camcover shipped rules`, as in
    `rules check rules/catalog rules/payers/original-medicare FOLDER`. What could not be read is printed, and listed in
    FOLDER/imported.jsonl; a plan is imported whole or not at all. The folder is written whole or not at all. Ends with
    status 1 if a part could not be read, and with status 2 if nothing is written.
    """


@app.command("exchange-puf")
@done_by("importing:exchange_puf")
def exchange_puf(
    output: Output,
    year: Year,
    plans: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, metavar="CSV", help="Plan attributes PUF; .gz is read, too."),
    ],
    benefits: Annotated[
        Path,
        typer.Option(
            exists=True, dir_okay=False, metavar="CSV", help="Benefits and cost sharing PUF; .gz is read, too."
        ),
    ],
    variant: Annotated[
        list[str] | None,
        typer.Option(metavar="NN", help="Only plans of this variant, such as 01 (standard). Repeat it for several."),
    ] = None,
    plan: Chosen = None,
    retrieved: Retrieved = None,
    fees: Fees = "",
    replace: ReplaceFolder = False,
) -> None:
    """Make rule files of plans of the federal exchanges, from CMS's public use files.

    The files refer to the shipped catalog: `rules check rules/catalog FOLDER`. Dental plans, and plans without a
    covered benefit of our files, are left out. For the rest see `camcover import medicare-advantage`.
    """
