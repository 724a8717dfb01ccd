"""Files of prices by provider, as commands open them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from camcover.store.errors import StoreUnavailable, UnusablePrices
from camcover.store.prices import PriceFile

if TYPE_CHECKING:
    from camcover.engine import Tables
    from camcover.gen.camcover.v1 import request_pb2

__all__ = ["opened_prices", "priced_by", "unusable_told"]


def priced_by(
    path: Path | None, tables: Tables, message: request_pb2.EstimatePlanRequest
) -> request_pb2.EstimatePlanRequest:
    """A valid message with the prices that its providers have in the file of an option, if it is given.

    Raises `InvalidRequest`. Ends the program with status 2 where the file is none, or can be read no more.
    """
    if path is None:
        return message
    with closing(opened_prices(path)) as prices:
        from camcover.api.prices import with_prices  # noqa: PLC0415 - protobuf, which files without a request do not need

        try:
            return with_prices(tables, message, prices)
        except StoreUnavailable as error:
            typer.echo(f"{path}: {error}", err=True)
            raise typer.Exit(2) from error


def opened_prices(path: Path) -> PriceFile:
    """A file of prices. Ends the program with status 2 where it is none."""
    with unusable_told():
        return PriceFile(path)


@contextmanager
def unusable_told() -> Iterator[None]:
    """Print that a file is no file of prices, and end the program with status 2."""
    try:
        yield
    except UnusablePrices as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
