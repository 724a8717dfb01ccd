"""Options and arguments that several commands share."""

from __future__ import annotations

import getpass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "DEFAULT_DATABASE",
    "DEFAULT_RULES",
    "SHOWN_RULES",
    "ActingAs",
    "ActiveFrom",
    "DatabaseUrl",
    "EstimateFormat",
    "Format",
    "ImpactFormat",
    "InsideTier",
    "OnePersonRequest",
    "OutputFormat",
    "OutsideTier",
    "Paths",
    "Plans",
    "ProviderPrices",
    "RateNetworks",
    "RatePlan",
    "ReadingFormat",
    "ReplaceFolder",
    "RuleFiles",
    "SpokenLanguage",
    "Switch",
    "TableFormat",
    "WantedCatalog",
    "Watch",
    "listed_in",
]

DEFAULT_DATABASE = "sqlite:///camcover.sqlite"

DEFAULT_RULES = ""
"""The default source of rules: the folder `rules` in the working directory, else the rules of the package."""

SHOWN_RULES = "the folder rules here, else the shipped rules"
"""How help tells of `DEFAULT_RULES`."""


class OutputFormat(StrEnum):
    """How findings are shown."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


class TableFormat(StrEnum):
    """How what is only read is shown."""

    TEXT = "text"
    JSON = "json"


class EstimateFormat(StrEnum):
    """How an estimate is shown."""

    JSON = "json"
    TABLE = "table"


class ImpactFormat(StrEnum):
    """How an impact is shown."""

    TABLE = "table"
    JSON = "json"


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


def listed_in(text: str) -> tuple[str, ...]:
    """The words of a list with commas; what is empty is left out."""
    return tuple(word for word in map(str.strip, text.split(",")) if word)


def _user() -> str:
    """The user of this machine. Raises typer.BadParameter where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise typer.BadParameter("cannot determine your user name; give it with --as NAME") from error


Paths = Annotated[
    list[Path],
    typer.Argument(
        exists=True,
        help="Rule files, and folders of them at any depth. Include the folder of the catalog.",
        show_default=False,
    ),
]

Format = Annotated[
    OutputFormat,
    typer.Option("--format", help="text for people, json for programs, github to annotate a pull request."),
]

ReadingFormat = Annotated[TableFormat, typer.Option("--format", help="text for people, json for programs.")]

Plans = Annotated[list[str] | None, typer.Option("--plan", help="Only this plan. Repeat the option for several.")]

Watch = Annotated[
    bool, typer.Option("--watch", help="Run again whenever a rule file is saved, until you interrupt it.")
]

DatabaseUrl = Annotated[
    str,
    typer.Option(
        envvar="CAMCOVER_DATABASE_URL",
        help="The database, as an SQLAlchemy URL: sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME.",
    ),
]

ActingAs = Annotated[
    str,
    typer.Option(
        "--as",
        envvar="CAMCOVER_USER",
        default_factory=_user,
        help="Who does this, as the audit log names you.",
        show_default="the user of this machine",
    ),
]

ActiveFrom = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="When it becomes active: 2026-12-31T18:00 (this machine's time zone) or 2026-12-31T18:00-08:00.",
    ),
]

RuleFiles = Annotated[
    list[Path], typer.Option("--rules", exists=True, help="A rule file or folder. Repeat the option for several.")
]

OnePersonRequest = Annotated[
    Path,
    typer.Argument(
        help="A JSON file with an EstimatePlanRequest for one person (docs/api.md names its fields), or - for "
        "standard input.",
    ),
]

ProviderPrices = Annotated[
    Path | None,
    typer.Option(
        "--prices",
        exists=True,
        dir_okay=False,
        help="Prices that payers publish by provider, a file of `camcover prices import`.",
    ),
]

SpokenLanguage = Annotated[
    str, typer.Option(help="The language, such as en or es. By default that of the request, else English.")
]

WantedCatalog = Annotated[
    list[Path] | None,
    typer.Option(
        exists=True,
        help="The catalog whose codes are wanted; without it the folder rules/catalog here, else the shipped one. "
        "Repeat the option for several files or folders.",
    ),
]
RateNetworks = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Only rates of this network; files of schema 2 name networks."),
]
RatePlan = Annotated[str, typer.Option(metavar="ID", help="Refuse files that do not have this plan_id.")]
InsideTier = Annotated[str, typer.Option(metavar="TIER", help="The tier of --in-network.")]
OutsideTier = Annotated[str, typer.Option(metavar="TIER", help="The tier of --allowed-amounts.")]
ReplaceFolder = Annotated[bool, typer.Option("--replace", help="Replace a folder that an import wrote.")]
