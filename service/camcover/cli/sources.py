"""Rules as a command names them: a path of rule files, or a release in the database; and the database itself."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from camcover.cli.rules import checked_rules
from camcover.rulebook import RuleSet
from camcover.shipped import Shipped, shipped
from camcover.store import Database, DatabaseError, ReleaseStore, open_database
from camcover.store.database import shown
from camcover.workflow.errors import CamcoverError, RulesRefused
from camcover.workflow.release_rules import ReleaseRules, find_release

__all__ = [
    "DEFAULT_DATABASE",
    "DEFAULT_RULES",
    "SHOWN_RULES",
    "ActingAs",
    "DatabaseUrl",
    "cannot_open",
    "first_line",
    "opened",
    "rules_of",
]

DEFAULT_DATABASE = "sqlite:///camcover.sqlite"

DEFAULT_RULES = ""
"""The source of rules that nobody named: the folder `rules` here, else the rules that come with the package."""

SHOWN_RULES = "the folder rules here, else the shipped rules"
"""How help tells of `DEFAULT_RULES`."""

_SQLITE_FILE = "sqlite:///"


def _user() -> str:
    """The user of this machine. Raises typer.BadParameter where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise typer.BadParameter("this machine has no name for you; expected --as NAME") from error


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
        help="Who does this, for the audit log.",
        show_default="the user of this machine",
    ),
]


@contextmanager
def opened(database_url: str) -> Iterator[Database]:
    """The database at a URL. A refusal inside is said on standard error, and ends the program with status 1."""
    try:
        database = open_database(database_url)
    except (DatabaseError, SQLAlchemyError) as error:
        typer.echo(cannot_open(database_url, error), err=True)
        raise typer.Exit(1) from error
    try:
        yield database
    except RulesRefused as error:
        for each in error.findings:
            typer.echo(f"{each.place}: {each.message}", err=True)
        raise typer.Exit(1) from error
    except (CamcoverError, DatabaseError, SQLAlchemyError) as error:
        typer.echo(first_line(error), err=True)
        raise typer.Exit(1) from error
    finally:
        database.close()


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
    with opened(database_url) as database:
        store = ReleaseStore(database)
        try:
            with store.reading() as ledger:
                release = find_release(ledger, source)
        except CamcoverError as error:
            typer.echo(f"{source}: no such file or folder, and {error}", err=True)
            raise typer.Exit(2) from error
        return ReleaseRules(store).rules(release.id)


def _default_rules() -> str:
    """The folder `rules` of the working folder; where there is none, the shipped rules, and standard error says so."""
    if Path("rules").exists():
        return "rules"
    folder = shipped(Shipped.RULES)
    typer.echo(f"no folder rules here: these are the shipped rules, {folder}", err=True)
    return str(folder)


def cannot_open(database_url: str, error: Exception) -> str:
    """What to say where a database cannot be opened; never its password."""
    return f"cannot open the database {shown(database_url)}: {first_line(error)}"


def first_line(error: Exception) -> str:
    """What an error says first: SQLAlchemy's go on with the statement and its values."""
    return str(error).partition("\n")[0]
