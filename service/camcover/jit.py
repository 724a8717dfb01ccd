"""The one way functions are compiled: Numba without Python objects, cached on disk, the interpreter lock released.

`_nrt=False` leaves out the counting of references to arrays, which nothing compiled here keeps or makes: with it the
kernel took 35 times as long (docs/decisions.md). Callers hold the arrays. `forceinline` makes one piece of machine code
of the kernel's many small functions.

With `NUMBA_DISABLE_JIT=1` the functions stay plain Python; coverage and debugging run them so.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from camcover.machine_code import check_numba, made

check_numba()

P = ParamSpec("P")
R = TypeVar("R")

IS_COMPILED = not bool(os.environ.get("NUMBA_DISABLE_JIT", "0").strip("0"))
"""Whether functions are machine code in this process."""

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` to machine code, inlined where compiled code calls it, keeping its type for the checker."""
    return cast("Callable[P, R]", made(function, {"forceinline": True, **_OPTIONS}))


def compiled_entry(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` as one that Python calls."""
    return cast("Callable[P, R]", made(function, _OPTIONS))


@cache
def sources_digest() -> str:
    """The SHA-256 (hex) of every file that may hold compiled functions: this folder's, the engine's and bulk's.

    Numba keeps an entry's machine code by the entry's own file and by what the function closes over; it would not see
    that another file has changed. So entries close over this.
    """
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(file for part in (".", "engine", "bulk") for file in (folder / part).glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
