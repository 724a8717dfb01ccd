"""`camcover config show`: every setting with its value and its source."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

import typer

from camcover.cli.settings import declared_settings, variable_of
from camcover.rulebook.hints import meant
from camcover.store.database import shown

__all__ = ["show", "unknown_variables"]

_SOURCES: Final[Mapping[str, str]] = {"COMMANDLINE": "flag", "ENVIRONMENT": "environment", "DEFAULT_MAP": "file"}
"""Sources by the names that Typer gives them; all others are defaults."""

_OF_KUBERNETES = re.compile(r"CAMCOVER_([A-Z0-9_]*_)?(SERVICE|PORT)(_.*)?")
"""The variables that Kubernetes sets in each pod if a service's name begins with `camcover`."""


def show(context: typer.Context) -> None:
    """Print every setting of `serve`, as the words in `context` and the environment give them."""
    words = list(context.args)
    if words and not words[0].startswith("-"):
        words.insert(0, "--config")
    top: Any = context.find_root().command
    serve = top.commands["serve"]
    settings = declared_settings(serve)
    with serve.make_context("serve", words, parent=context.find_root()) as given:
        for key, option in settings.items():
            source = _SOURCES.get(getattr(given.get_parameter_source(option.name), "name", ""), "default")
            by = f"{source} {variable_of(key)}" if source == "environment" else source
            typer.echo(_line(key, given.params[option.name], by))
    for note in unknown_variables(os.environ, {variable_of(key) for key in settings} | set(_variables(top))):
        typer.echo(note, err=True)


def unknown_variables(names: Iterable[str], known: set[str]) -> Iterator[str]:
    """A note for each variable that looks like a setting and is not `known`."""
    for name in sorted(names):
        if name.startswith("CAMCOVER_") and name not in known and not _OF_KUBERNETES.fullmatch(name):
            near = meant(name, known)
            yield f"{name} is no setting{'; ' + near.text if near else ''}"


def _variables(command: Any) -> Iterator[str]:
    """The variables that a command and its subcommands read."""
    for each in command.params:
        yield from [each.envvar] if isinstance(each.envvar, str) else each.envvar or ()
    for inner in getattr(command, "commands", {}).values():
        yield from _variables(inner)


def _line(key: str, value: Any, by: str) -> str:
    """A setting as a line of TOML; a comment where it has no value."""
    if value is None or value == ():
        return f"# {key} is not set"
    if isinstance(value, (list, tuple)):
        return f"{key} = [{', '.join(map(_value, value))}]  # {by}"
    return f"{key} = {_value(shown(value) if key == 'database-url' else value)}  # {by}"


def _value(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return json.dumps(str(value.value if isinstance(value, Enum) else value), ensure_ascii=False)
