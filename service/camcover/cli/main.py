"""The Typer app: its commands and how it starts."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from camcover.cli import analysis, database, releases, rules
from camcover.cli.absent import stand_in
from camcover.cli.differences import diff
from camcover.cli.estimating import estimate
from camcover.cli.explaining import explain
from camcover.cli.guarding import guarded_output
from camcover.cli.reproducing import reproduce
from camcover.cli.serving import serve
from camcover.cli.shipping import Version, show_shipped
from camcover.cli.tokens import token
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


app.command()(serve)
app.command()(estimate)
app.command()(reproduce)
app.command()(token)
app.command("shipped")(show_shipped)
rules.app.command()(diff)
rules.app.command()(explain)
rules.app.command("analyze")(analysis.analyze_rules)
rules.app.command("cover")(analysis.cover_rules)
releases.register(rules.app)
app.add_typer(rules.app, name="rules")
if is_installed("bulk"):
    from camcover.cli import book, bulk
    from camcover.cli.impact import impact

    rules.app.command()(impact)
    app.add_typer(bulk.app, name="bulk")
    app.add_typer(book.app, name="book")
else:
    stand_in(rules.app, "impact", "bulk")
    stand_in(app, "bulk", "bulk")
    stand_in(app, "book", "bulk")
app.add_typer(database.app, name="db")
app.add_typer(database.audit, name="audit")


def main() -> None:
    """Run the command line."""
    app()
