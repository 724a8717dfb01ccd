"""Commands whose extra is not installed: each is listed, and says how to install it."""

from __future__ import annotations

import typer

from camcover.extras import ExtraMissing, how_to_install

__all__ = ["stand_in"]


def stand_in(app: typer.Typer, name: str, extra: str) -> None:
    """Add to `app` a command that takes any arguments and raises `ExtraMissing`."""
    takes_all = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

    @app.command(name, context_settings=takes_all, help=f"Not available: {how_to_install(extra)}")
    def absent() -> None:
        raise ExtraMissing(how_to_install(extra))
