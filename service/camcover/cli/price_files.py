"""Files of prices by provider, as commands open them."""

from __future__ import annotations

from pathlib import Path

import typer

from camcover.store.errors import UnusablePrices
from camcover.store.prices import PriceFile

__all__ = ["opened_prices"]


def opened_prices(path: Path) -> PriceFile:
    """A file of prices. Ends the program with status 2 where it is none."""
    try:
        return PriceFile(path)
    except UnusablePrices as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
