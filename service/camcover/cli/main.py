"""The Typer app: its commands and how it starts."""

from __future__ import annotations

import typer

from camcover.cli import analysis, book, bulk, database, releases, rules
from camcover.cli.differences import diff
from camcover.cli.estimating import estimate
from camcover.cli.explaining import explain
from camcover.cli.guarding import guarded_output
from camcover.cli.impact import impact
from camcover.cli.reproducing import reproduce
from camcover.cli.serving import serve
from camcover.cli.tokens import token

app = typer.Typer(
    no_args_is_help=True,
    help="Is it covered, and what will I pay? Out-of-pocket estimates for integrative medicine, to the cent.",
)


@app.callback()
def guarded(context: typer.Context) -> None:
    """Let no text of a file steer the terminal, whatever the command."""
    context.with_resource(guarded_output())


app.command()(serve)
app.command()(estimate)
app.command()(reproduce)
app.command()(token)
rules.app.command()(diff)
rules.app.command()(impact)
rules.app.command()(explain)
rules.app.command("analyze")(analysis.analyze_rules)
rules.app.command("cover")(analysis.cover_rules)
releases.register(rules.app)
app.add_typer(rules.app, name="rules")
app.add_typer(bulk.app, name="bulk")
app.add_typer(book.app, name="book")
app.add_typer(database.app, name="db")
app.add_typer(database.audit, name="audit")


def main() -> None:
    """Run the command line."""
    app()
