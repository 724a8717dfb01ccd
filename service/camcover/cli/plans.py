"""Plans that are named on the command line: some of all, by id."""

from __future__ import annotations

from collections.abc import Collection

import typer

from camcover.rulebook.hints import with_hint

__all__ = ["known_plans"]


def known_plans(named: Collection[str] | None, known: Collection[str], where: str = "") -> tuple[str, ...]:
    """The plans named, each one of those `known` (`where`, for the message).

    Ends the program with status 2 when there is no such plan.
    """
    for name in named or ():
        if name not in known:
            typer.echo(with_hint(f"no plan {name!r}{where}", name, known), err=True)
            raise typer.Exit(2)
    return tuple(named or ())
