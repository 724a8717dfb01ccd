"""The database that a command works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.exc import SQLAlchemyError

from camcover.store import Database, DatabaseError, open_database
from camcover.store.database import shown
from camcover.workflow.errors import RulesRefused, UseCaseError

__all__ = ["cannot_open", "first_line", "opened"]


@contextmanager
def opened(database_url: str) -> Iterator[Database]:
    """The database at a URL. A refusal inside goes to standard error and ends the program with status 1."""
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
    except (UseCaseError, DatabaseError, SQLAlchemyError) as error:
        typer.echo(first_line(error), err=True)
        raise typer.Exit(1) from error
    finally:
        database.close()


def cannot_open(database_url: str, error: Exception) -> str:
    """The message for a database that cannot be opened, without its password."""
    return f"cannot open the database {shown(database_url)}: {first_line(error)}"


def first_line(error: Exception) -> str:
    """The first line of an error: SQLAlchemy's errors go on with the statement and its values."""
    return str(error).partition("\n")[0]
