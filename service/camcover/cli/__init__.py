"""The command line: one Typer app over all of it.

`camcover serve` and `camcover estimate` answer questions; `camcover rules check | test | fmt | schema` is for the
people who write rule files.
"""

from camcover.cli.main import app, main

__all__ = ["app", "main"]
