"""`camcover config`: what the settings of a service are, and what is wrong with a file of them."""

from __future__ import annotations

import inspect
from typing import Any

import typer

from camcover.cli.commands.serving import serve
from camcover.cli.declaring import done_by
from camcover.cli.settings import ConfiguredCommand

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Show and check the settings of `serve`.")


class _FileArgumentCommand(ConfiguredCommand):
    """Takes the file of settings as an argument."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read `args`, whose first word is a file unless it is a flag."""
        is_named = bool(args) and not args[0].startswith("-")
        return super().parse_args(ctx, ["--config", *args] if is_named else args)


check = done_by("serving:check")(inspect.unwrap(serve))
app.command(
    "check",
    cls=_FileArgumentCommand,
    options_metavar="FILE [FLAGS OF SERVE]",
    help="Say what would keep `serve --config FILE` from starting: each fault with its line. The status is then 1 or 2."
    "\n\nIt reads the files of callers, certificates and keys. It reads no rules, and opens neither a port nor the "
    "database. Flags and CAMCOVER_ variables count, as they do for `serve`.",
)(check)


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    options_metavar="[FILE] [FLAGS OF SERVE]",
)
@done_by("configuring:show")
def show(context: typer.Context) -> None:
    """Print every setting of `serve` as a line of TOML, with its source: flag, environment, file or default.

    The user and the password of the database are left out.
    """
