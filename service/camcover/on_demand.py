"""The names that a package gives its users, each imported when somebody first asks for it (PEP 562).

So a command that needs one word of a package does not pay for all of it. A package lists its names once, as imports
under `if TYPE_CHECKING:`, where mypy and editors look for them, and `on_demand` reads that list. No name may be that of
a module of the package: importing the module would put it in the name's place.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["homes_of", "on_demand"]


def on_demand(package: str, file: str) -> Callable[[str], Any]:
    """The `__getattr__` of a package: `package` is its `__name__`, `file` its `__file__`."""
    homes: dict[str, str] = {}

    def find(name: str) -> Any:
        if not homes:
            homes.update(homes_of(Path(file)))
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=sys.modules[package])
        found = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, found)
        return found

    return find


def homes_of(file: Path) -> dict[str, str]:
    """The names that a file imports under `if TYPE_CHECKING:`, each with the module that has it."""
    blocks = [each for each in ast.parse(file.read_bytes()).body if isinstance(each, ast.If)]
    lists = [block.body for block in blocks if isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"]
    found = [each for body in lists for each in body if isinstance(each, ast.ImportFrom)]
    return {alias.name: str(each.module) for each in found for alias in each.names}
