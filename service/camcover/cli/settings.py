"""The settings of a command: its options, which the environment and a TOML file can give as well.

There is one table of settings: the options that the command declares. A setting has the words of its flag as its name
in a file (`max-calls`), and the same in capitals after `CAMCOVER_` as its name in the environment. A flag counts
before the environment, that before the file, and that before the default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand, TyperOption

from camcover.errors import CamcoverError

__all__ = ["ConfigFile", "ConfiguredCommand", "WrongSettings", "declared_settings", "read_settings", "variable_of"]

_PREFIX = "CAMCOVER_"

_NO_SETTINGS = {"config", "help"}
"""Options that no file can give."""

_WANTED = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}


class WrongSettings(CamcoverError):
    """A file of settings that cannot be used. Each line of the message is one fault with its place."""


class ConfiguredCommand(TyperCommand):
    """A command each of whose options has a variable of the environment."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Make it as Typer does, then name the variables."""
        super().__init__(*arguments, **named)
        for key, option in declared_settings(self).items():
            option.envvar = variable_of(key)


def declared_settings(command: Any) -> dict[str, TyperOption]:
    """The settings of a command by their names in a file, in the order in which they are declared."""
    options = [each for each in command.params if isinstance(each, TyperOption)]
    named = {each.opts[0].removeprefix("--"): each for each in options}
    return {key: each for key, each in named.items() if key not in _NO_SETTINGS}


def variable_of(key: str) -> str:
    """The variable of the environment that gives a setting."""
    return _PREFIX + key.upper().replace("-", "_")


def read_settings(file: Path, context: typer.Context) -> dict[str, Any]:
    """The settings of a TOML file, by the parameters of the command that `context` runs.

    Raises `WrongSettings` with every fault. A text is part of a message only where a closed list or a path was
    expected, so that no message has a password.
    """
    text, given = _parsed(file)
    settings = declared_settings(context.command)
    wanted = get_type_hints(context.command.callback)
    found: dict[str, Any] = {}
    faults: list[str] = []
    for key, value in given.items():
        option = settings.get(key)
        if option is None:
            fault = _unknown(key, value, settings)
        else:
            found[str(option.name)] = value
            fault = _wrong_type(value, wanted[str(option.name)]) or _refused(value, option, context)
        if fault:
            faults.append(f"{file}:{_line_of(key, text)}: {key}: {fault}")
    if faults:
        raise WrongSettings("\n".join(faults))
    return found


def _parsed(file: Path) -> tuple[str, Mapping[str, Any]]:
    """The text of a TOML file and its content. Raises `WrongSettings`."""
    import tomllib  # noqa: PLC0415 - only those pay for it who have a file

    try:
        text = file.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except OSError as error:
        raise WrongSettings(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise WrongSettings(f"{file}: expected UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).removesuffix(")").rpartition(" (at ")
        line, column = re.findall(r"[0-9]+", place) or (len(text.splitlines()), 1)
        raise WrongSettings(f"{file}:{line}:{column}: {reason}") from error


def _unknown(key: str, value: Any, settings: Mapping[str, TyperOption]) -> str:
    """The fault of a key that is no setting."""
    from camcover.rulebook.hints import hint  # noqa: PLC0415 - only for a fault

    if isinstance(value, dict):
        return "expected settings without tables"
    meant = hint(key.replace("_", "-"), settings, cutoff=0.5)
    return f"not a setting; {meant}" if meant else "not a setting; `camcover config show` lists them"


def _wrong_type(value: Any, wanted: Any) -> str:
    """The expected type of a setting in TOML, for the fault of a value of another type."""
    kind = get_args(wanted)[0] if isinstance(wanted, UnionType) else wanted
    is_many = get_origin(kind) is list
    if isinstance(value, list) != is_many:
        return f"expected {'a list' if is_many else 'one value'}"
    if is_many:
        (kind,) = get_args(kind)
    plain = kind if kind in {bool, int, float} else str
    allowed = (int, float) if plain is float else plain
    are_right = (
        isinstance(each, allowed) and isinstance(each, bool) is (plain is bool)
        for each in (value if is_many else [value])
    )
    return "" if all(are_right) else f"expected {_WANTED[plain]}"


_OUT_OF_RANGE = re.compile(r"Input should be (greater|less) than or equal to ([0-9.]+)")


def _refused(value: Any, option: TyperOption, context: typer.Context) -> str:
    """Why an option does not take a value of its type; empty where it does."""
    try:
        option.process_value(context, value)
    except typer.BadParameter as error:
        bound = _OUT_OF_RANGE.fullmatch(error.message.rstrip("."))
        if bound is not None:
            return f"found {value}; expected {bound[2]} or {'more' if bound[1] == 'greater' else 'less'}"
        return error.message.removeprefix("Value error, ").rstrip(".")
    return ""


def _line_of(key: str, text: str) -> int:
    """The number of the line with a key. A file of settings has no tables, so each key stands in one line."""
    wanted = re.compile(rf"\s*\[*\s*[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
    return next((number for number, line in enumerate(text.splitlines(), 1) if wanted.match(line)), 1)


def _apply(context: typer.Context, file: Path | None) -> Path | None:
    """Take a file's settings as defaults. Says what is wrong with them, and ends the program with status 1."""
    if file is not None:
        try:
            context.default_map = read_settings(file, context)
        except WrongSettings as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
    return file


ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="CAMCOVER_CONFIG",
        callback=_apply,
        is_eager=True,
        metavar="FILE",
        help="A TOML file of settings, named as their flags. Flags and CAMCOVER_ variables override it.",
    ),
]
