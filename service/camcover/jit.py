"""The one way functions are compiled: Numba without Python objects, kept on disk, the interpreter lock released.

Python calls an entry, and an entry calls the small functions that are marked `compiled`. `forceinline` makes one piece
of machine code of them all. Only the entry's is kept on disk: a small function that was kept by itself would go on
calling the others as they were when it was compiled. Where Python calls a small function itself, it runs as Python.

The entry of a function of integers is kept by `native_code`, and a process that finds it there does not import Numba.
An entry that takes arrays is kept by Numba, which is imported when it is made.

`_nrt=False` leaves out the counting of references to arrays, which nothing compiled here keeps or makes: with it the
kernel took 35 times as long (docs/decisions.md). Callers hold the arrays.

With `NUMBA_DISABLE_JIT=1` entries run as Python, too; coverage and debugging run them so.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from camcover.native_code import Native

P = ParamSpec("P")
R = TypeVar("R")

IS_COMPILED = not bool(os.environ.get("NUMBA_DISABLE_JIT", "0").strip("0"))
"""Whether entries are machine code in this process."""

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}

_INLINED: list[tuple[Callable[..., Any], Callable[..., Any]]] = []
"""Functions that Numba does not know yet: each as Python calls it, and as it is compiled."""

_TELLING = Lock()
"""Held by the thread that tells Numba of them: another's entry may need the same ones."""


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Let `function` be inlined where compiled code calls it. Python goes on calling it as it stands."""
    return compiled_as(function)(function)


def compiled_as(machine: Callable[P, R]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let compiled code call `machine` in place of a function of the same meaning that Python calls."""

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        _INLINED.append((function, machine))
        return function

    return mark


def compiled_entry(function: Callable[P, R], *, is_kept: bool = True) -> Callable[P, R]:
    """Compile `function`, which Python calls, with everything that it calls, when it is first called.

    `is_kept`: its machine code is kept on disk.
    """
    return cast("Callable[P, R]", _compiler().made(function, _OPTIONS | {"nogil": True, "cache": is_kept}))


def compiled_native(function: Callable[[int, int, int], int]) -> Native:
    """The machine code of `function` with everything that it calls, made now."""
    found: Native = _compiler().native_of(function, _OPTIONS)
    return found


def _compiler() -> Any:
    """What compiles, once Numba knows of every function that is inlined."""
    from camcover import machine_code  # noqa: PLC0415 - Numba: a third of a second, which only compiling needs

    machine_code.check_numba()
    with _TELLING:
        while _INLINED:
            function_of_python, machine = _INLINED.pop()
            machine_code.inline(function_of_python, machine, _OPTIONS | {"forceinline": True})
    return machine_code


@cache
def sources_digest() -> str:
    """The SHA-256 (hex) of every file that may hold compiled functions: this folder's, the engine's and bulk's.

    Numba keeps an entry's machine code by the entry's own file and by what the function closes over; it would not see
    that another file has changed. So entries that Numba keeps close over this; `native_code` compares it.
    """
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    rooms = (file for room in ("engine", "bulk") for file in (folder / room).rglob("*.py"))
    for file in sorted([*folder.glob("*.py"), *rooms]):
        digest.update(file.read_bytes())
    return digest.hexdigest()
