"""The Typer app: its commands and how it starts."""

from __future__ import annotations

import typer

from camcover.cli import rules

app = typer.Typer(
    no_args_is_help=True,
    help="Is it covered, and what will I pay? Out-of-pocket estimates for integrative medicine, to the cent.",
)
app.add_typer(rules.app, name="rules")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
