"""Commands are declared apart from their work, so that asking for help imports none of it.

A module of `cli/commands/` declares the arguments, options and help of commands; it may import only what starts
quickly. The work is a function of the same parameters elsewhere in `cli/`, imported when the command is called.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any, ParamSpec

__all__ = ["WORK", "done_by", "work_of"]

P = ParamSpec("P")

WORK: dict[Callable[..., None], str] = {}
"""Every command as Typer knows it, with the place of its work."""


def done_by(place: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """The decorator of a command whose work is at `place`: `module:function`, the module one of this package."""

    def declare(declared: Callable[P, None]) -> Callable[P, None]:
        @wraps(declared)
        def command(*arguments: P.args, **options: P.kwargs) -> None:
            work = work_of(place)
            gc.enable()
            work(*arguments, **options)

        WORK[command] = place
        return command

    return declare


def work_of(place: str) -> Callable[..., Any]:
    """The function at a place, imported."""
    module, _, name = place.partition(":")
    work: Callable[..., Any] = getattr(import_module(f"camcover.cli.{module}"), name)
    return work
