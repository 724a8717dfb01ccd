"""`camcover db` and `camcover audit`: the database's tables, how long estimates stay, and what was done."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from typing import NoReturn

import typer
from sqlalchemy.exc import SQLAlchemyError

from camcover.cli.opening import first_line, opened
from camcover.cli.times import age
from camcover.store import AuditFault, AuditLog, Database, DatabaseError, KeptEstimates
from camcover.store.schema import HEAD
from camcover.workflow import auditing


def upgrade(database_url: str) -> None:
    """Bring the database up to this version's tables; what it holds stays. SQLite is brought up by any command."""
    _migrate(database_url, HEAD, is_up=True)


def downgrade(revision: str, is_meant: bool, database_url: str) -> None:
    """Take the database back to the tables of an earlier version; what only later ones hold is lost."""
    if not is_meant:
        raise typer.BadParameter("this deletes the releases and the audit log; add --yes to confirm")
    _migrate(database_url, revision, is_up=False)


def status(database_url: str) -> None:
    """The revision that is found, and the one that this version needs; ends with status 1 where they differ."""
    try:
        with closing(Database(database_url)) as database:
            found = database.revision()
    except (DatabaseError, SQLAlchemyError) as error:
        _fail(error)
    typer.echo(f"found {found or 'no tables'}; this version needs {HEAD}")
    raise typer.Exit(0 if found == HEAD else 1)


def prune(older_than: str, actor: str, database_url: str) -> None:
    """Take out estimates that are older, and request ids past their time. Releases and the audit log stay."""
    kept = age(older_than)
    if kept is None:
        raise typer.BadParameter(
            f"found {older_than!r}; expected an age such as 400d, 60w or 2y", param_hint="--older-than"
        )
    with opened(database_url) as database:
        pruned = KeptEstimates(database).prune(datetime.now(UTC) - kept, actor)
    typer.echo(f"taken out: {pruned.estimates} estimates, {pruned.request_ids} request ids")


def verify(known: str, database_url: str) -> None:
    """Check the log, and hold releases, files, compiled rules, decisions, settings and drafts to it."""
    with opened(database_url) as database:
        try:
            found = auditing.verify(database, known)
        except AuditFault as fault:
            typer.echo(str(fault), err=True)
            raise typer.Exit(1) from fault
    typer.echo(f"{found.entries} entries, as they were written; last hash {found.last_hash}")
    counted = f"{found.releases} releases with files and compiled rules, {found.decisions} decisions"
    typer.echo(f"as the log records: {counted}, {found.settings} settings, {found.drafts} drafts")
    noted = "" if known else ", or whether somebody rewrote the log together with its tables (use --known HASH)"
    typer.echo(f"not checked: changes of estimates{noted}")


def log(after: int, database_url: str) -> None:
    """Every entry as a line of JSON, in order."""
    with opened(database_url) as database:
        for entry in AuditLog(database).entries(after):
            data = entry._asdict() | {"details": json.loads(entry.details)}
            typer.echo(json.dumps(data, ensure_ascii=False))


def _migrate(database_url: str, revision: str, *, is_up: bool) -> None:
    from alembic.util import CommandError  # noqa: PLC0415 - a third of a second that only migrations need

    try:
        with closing(Database(database_url)) as database:
            before = database.revision()
            (database.upgrade if is_up else database.downgrade)(revision)
            after = database.revision()
    except (DatabaseError, SQLAlchemyError, CommandError) as error:
        _fail(error)
    typer.echo(f"{before or 'no tables'} -> {after or 'no tables'}")


def _fail(error: Exception) -> NoReturn:
    """Say what is wrong, and end with status 1."""
    typer.echo(first_line(error), err=True)
    raise typer.Exit(1) from error
