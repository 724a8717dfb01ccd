"""Rules as a command names them: a path of rule files, or a release in the database."""

from __future__ import annotations

from pathlib import Path

import typer

from camcover.cli.rules import checked_rules
from camcover.rulebook import RuleSet
from camcover.shipped import Shipped, shipped

__all__ = ["rules_of"]

_SQLITE_FILE = "sqlite:///"


def rules_of(source: str, database_url: str) -> RuleSet:
    """The rules that `source` names: a path, a release's id or the beginning of one, `active`, or `latest`.

    `DEFAULT_RULES` names those of the folder `rules`, or of the package. Shows what is wrong, and ends the program with
    status 1 for rules with an error, 2 where there are none.
    """
    source = source or _default_rules()
    if Path(source).exists():
        return checked_rules([Path(source)])
    file = database_url.removeprefix(_SQLITE_FILE)
    if "/" in source or (file != database_url and not Path(file).exists()):
        typer.echo(f"{source}: no such file, folder or release", err=True)
        raise typer.Exit(2)
    from camcover.cli.released import released_rules  # noqa: PLC0415 - a path needs no database

    return released_rules(source, database_url)


def _default_rules() -> str:
    """The folder `rules` of the working folder; where there is none, the shipped rules, and standard error says so."""
    if Path("rules").exists():
        return "rules"
    folder = shipped(Shipped.RULES)
    typer.echo(f"there is no folder rules here; using the shipped rules, {folder}", err=True)
    return str(folder)
