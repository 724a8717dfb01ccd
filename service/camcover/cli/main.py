"""The Typer app: its commands and how it starts."""

from __future__ import annotations

import typer

from camcover.cli import analysis, bulk, rules
from camcover.cli.estimating import estimate
from camcover.cli.explaining import explain
from camcover.cli.serving import serve

app = typer.Typer(
    no_args_is_help=True,
    help="Is it covered, and what will I pay? Out-of-pocket estimates for integrative medicine, to the cent.",
)
app.command()(serve)
app.command()(estimate)
rules.app.command()(explain)
rules.app.command("analyze")(analysis.analyze_rules)
rules.app.command("cover")(analysis.cover_rules)
app.add_typer(rules.app, name="rules")
app.add_typer(bulk.app, name="bulk")


def main() -> None:
    """Run the command line."""
    app()
