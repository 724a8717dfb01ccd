"""Writes the modules of the client that follow from the contract: its messages, its methods, its reasons.

`python generate_client.py PACKAGE REFUSALS`: PACKAGE is a folder that holds the modules of protos/ in `gen/`, REFUSALS
the table of refusals of the service. setup.py runs it.
"""

from __future__ import annotations

import importlib
import json
import re
import runpy
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SERVICES = ("EstimateService", "CatalogService", "RuleService")
_MODULES = ("estimate", "request", "estimate_service", "catalog_service", "impact", "draft", "rule_service")

_SERVICES_HEAD = '''"""The methods of the contract (docs/api.md), generated from protos/."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

from camcover_client import messages
from camcover_client.calls import AsyncCalls, Calls
'''
_TIMEOUT = "`timeout`: seconds, in place of the client's. Raises `CamcoverError`."


def generate(package: Path, refusals: Path) -> None:
    """Write `messages.py`, `services.py` and `reasons.py` into the package."""
    sys.path.insert(0, str(package.parent))
    # The package itself cannot be imported yet: it needs what is written here.
    sys.modules["camcover_client"] = type(sys)("camcover_client")
    sys.modules["camcover_client"].__path__ = [str(package)]
    modules = {name: importlib.import_module(f"camcover_client.gen.camcover.v1.{name}_pb2") for name in _MODULES}
    comments = json.loads((package / "gen" / "comments.json").read_text(encoding="utf-8"))
    (package / "gen" / "comments.json").unlink()
    for name, text in (
        ("messages", _messages(modules)),
        ("services", _services(modules, comments)),
        ("reasons", _reasons(refusals)),
    ):
        (package / f"{name}.py").write_text(text, encoding="utf-8")


def _messages(modules: dict[str, Any]) -> str:
    """Every message and enumeration of the contract by its name."""
    lines = ['"""The messages of the contract (docs/api.md), generated from protos/."""', ""]
    names: list[str] = []
    for name, module in modules.items():
        found = sorted((*module.DESCRIPTOR.message_types_by_name, *module.DESCRIPTOR.enum_types_by_name))
        values = [value for enum in module.DESCRIPTOR.enum_types_by_name.values() for value in enum.values_by_name]
        lines.append(f"from camcover_client.gen.camcover.v1.{name}_pb2 import (")
        lines += [f"    {each}," for each in (*found, *values)]
        lines.append(")")
        names += [*found, *values]
    return "\n".join([*lines, "", f"__all__ = {json.dumps(names, indent=4)}", ""])


def _services(modules: dict[str, Any], comments: dict[str, str]) -> str:
    """A class for each service, for both kinds of calls."""
    parts = [_SERVICES_HEAD]
    services = {
        service.name: service for module in modules.values() for service in module.DESCRIPTOR.services_by_name.values()
    }
    for name in _SERVICES:
        for is_async in (False, True):
            parts.append(f"\nclass {'Async' * is_async}{name}:")
            parts.append(f'    """{_wrapped(comments[services[name].full_name], 4)}"""\n')
            calls = "AsyncCalls" if is_async else "Calls"
            parts.append(f"    def __init__(self, calls: {calls}) -> None:")
            parts.append('        """Call by `calls`."""')
            parts.append("        self._calls = calls\n")
            for method in services[name].methods:
                parts += _method(method, comments[method.full_name], is_async=is_async)
    return "\n".join(parts)


def _method(method: Any, comment: str, *, is_async: bool) -> Iterator[str]:
    """One method of a class."""
    asked, answered = f"messages.{method.input_type.name}", f"messages.{method.output_type.name}"
    path = f"/{method.containing_service.full_name}/{method.name}"
    kind = "stream" if method.client_streaming else "watch" if method.server_streaming else "unary"
    given = "requests" if method.client_streaming else "request"
    asynchronous = "Async" * is_async
    takes = f"{asynchronous}Iterable[{asked}]" if method.client_streaming else asked
    gives = f"{asynchronous}Iterator[{answered}]" if method.server_streaming else answered
    is_awaited = is_async and kind == "unary"
    yield f"    {'async ' * is_awaited}def {_snake(method.name)}("
    yield f"        self, {given}: {takes}, *, timeout: float | None = None"
    yield f"    ) -> {gives}:"
    yield f'        """{_wrapped(comment, 8)}\n\n        {_TIMEOUT}\n        """'
    yield f"        return {'await ' * is_awaited}self._calls.{kind}("
    yield f'            "{path}", {asked}, {answered}, {given}, timeout=timeout'
    yield "        )\n"


def _reasons(refusals: Path) -> str:
    """The reasons of refusals, which never change their names."""
    kinds = runpy.run_path(str(refusals))["Refusal"]
    lines = ['"""The reasons of refusals (docs/api.md); later versions of the service may have more."""', ""]
    lines += ["from enum import StrEnum", "", '__all__ = ["Reason"]', "", "", "class Reason(StrEnum):"]
    lines += ['    """Why a call was refused."""', ""]
    for kind in kinds:
        lines += [f'    {kind.name} = "{kind.name}"', f'    """{_wrapped(kind.meaning, 4)}"""']
    return "\n".join([*lines, ""])


def _snake(name: str) -> str:
    """`EstimatePlan` as `estimate_plan`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _wrapped(text: str, indent: int) -> str:
    """A text of several sentences as a docstring."""
    lines = textwrap.wrap(text.replace("\\", "\\\\"), 116 - indent)
    return f"\n{' ' * indent}".join(lines)


if __name__ == "__main__":
    generate(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
