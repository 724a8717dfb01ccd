"""Functions of the kernel's ground floor as machine code, so that a test can hold both readings of one to the same."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from camcover.jit import IS_COMPILED, compiled_entry

READINGS = ["python", "machine code"]


def read_as(module: ModuleType, reading: str) -> Any:
    """The functions of a module as Python runs them, or each as compiled code runs it."""
    if reading == "python":
        return module
    if not IS_COMPILED:
        pytest.skip("nothing is compiled in this run")
    return SimpleNamespace(
        **{name: _machine_code(each) for name, each in vars(module).items() if isinstance(each, Callable)}  # type: ignore[arg-type]
    )


def _machine_code(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled code that calls a function; it is compiled when it is first called."""

    def call(*arguments: Any) -> Any:
        return function(*arguments)

    return compiled_entry(call, is_kept=False)
