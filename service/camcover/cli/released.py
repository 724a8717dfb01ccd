"""The rules of a release in the database."""

from __future__ import annotations

import typer

from camcover.cli.opening import opened
from camcover.rulebook import RuleSet
from camcover.store import ReleaseStore
from camcover.workflow.errors import UseCaseError
from camcover.workflow.release_rules import ReleaseRules, find_release

__all__ = ["released_rules"]


def released_rules(source: str, database_url: str) -> RuleSet:
    """The rules of the release that `source` names. Ends the program with status 2 where there is none."""
    with opened(database_url) as database:
        store = ReleaseStore(database)
        try:
            with store.reading() as ledger:
                release = find_release(ledger, source)
        except UseCaseError as error:
            typer.echo(f"{source}: no such file or folder, and {error}", err=True)
            raise typer.Exit(2) from error
        return ReleaseRules(store).rules(release.id)
