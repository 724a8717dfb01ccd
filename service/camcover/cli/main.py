"""The Typer app: its commands and how it starts. It imports the declarations of commands, not their work."""

from __future__ import annotations

import gc
from typing import Any

import typer
from typer.core import TyperGroup

from camcover.cli.absent import stand_in
from camcover.cli.commands import book, bulk, config, database, drafts, prices, reading, releases, rules
from camcover.cli.commands.accuracy import accuracy
from camcover.cli.commands.claims import claim
from camcover.cli.commands.eligibility import eligibility, inquiry
from camcover.cli.commands.estimating import estimate, reproduce
from camcover.cli.commands.fhir import fhir
from camcover.cli.commands.impact import impact
from camcover.cli.commands.importing import app as importing
from camcover.cli.commands.letters import letter
from camcover.cli.commands.optimizing import optimize
from camcover.cli.commands.serving import serve
from camcover.cli.commands.shipping import Version, show_shipped
from camcover.cli.commands.tokens import token
from camcover.cli.commands.visits import visits
from camcover.cli.guarding import guarded_output
from camcover.cli.settings import ConfiguredCommand
from camcover.extras import ExtraMissing, extra_named, is_installed


class Commands(TyperGroup):
    """All commands. One that needs an extra which is not installed says how to install it, and ends with status 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; `ctx` is its context, as Click gives it."""
        try:
            with extra_named():
                return super().invoke(ctx)
        except ExtraMissing as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Is it covered, and what will I pay? Out-of-pocket estimates for integrative medicine, to the cent.",
)


@app.callback()
def guarded(context: typer.Context, is_version: Version = False) -> None:  # noqa: ARG001 - its callback does it
    """Let no text of a file steer the terminal, whatever the command."""
    context.with_resource(guarded_output())


app.command(cls=ConfiguredCommand)(serve)
app.command()(estimate)
app.command()(optimize)
app.command()(eligibility)
app.command()(inquiry)
app.command()(claim)
app.command()(accuracy)
app.command()(reproduce)
app.command()(fhir)
app.command()(visits)
app.command()(token)
app.command("shipped")(show_shipped)
reading.register(rules.app)
releases.register(rules.app)
app.add_typer(rules.app, name="rules")
if is_installed("bulk"):
    rules.app.command()(impact)
    app.add_typer(bulk.app, name="bulk")
    app.add_typer(book.app, name="book")
else:
    stand_in(rules.app, "impact", "bulk")
    stand_in(app, "bulk", "bulk")
    stand_in(app, "book", "bulk")
if is_installed("letters"):
    app.command()(letter)
else:
    stand_in(app, "letter", "letters")
app.add_typer(drafts.app, name="drafts")
app.add_typer(importing, name="import")
app.add_typer(prices.app, name="prices")
app.add_typer(config.app, name="config")
app.add_typer(database.app, name="db")
app.add_typer(database.audit, name="audit")


def main() -> None:
    """Run the command line.

    Python's search for cycles is put off until the command's work is imported (`done_by`), and left out at the end:
    each time it would walk everything that was imported, which takes a quarter of a short command's time.
    """
    gc.disable()
    try:
        app()
    finally:
        gc.freeze()
