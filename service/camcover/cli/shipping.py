"""`camcover shipped`: where the files are that come with the package; and `--version`."""

from __future__ import annotations

from importlib.metadata import version

import typer

from camcover.shipped import Shipped, shipped

__all__ = ["show_shipped", "show_version"]


def show_shipped(what: Shipped) -> None:
    """Print the folder of the shipped rules, or of the .proto files."""
    typer.echo(str(shipped(what)))


def show_version() -> None:
    """Print the version."""
    typer.echo(f"camcover {version('camcover')}")
