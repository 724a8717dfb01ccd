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

import numba

P = ParamSpec("P")
R = TypeVar("R")

IS_COMPILED = not bool(os.environ.get("NUMBA_DISABLE_JIT", "0").strip("0"))
"""Whether functions are machine code in this process."""

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` to machine code, inlined where compiled code calls it, keeping its type for the checker."""
    return _kept_by_all_sources(numba.njit(forceinline=True, **_OPTIONS)(function))


def compiled_entry(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` as one that Python calls."""
    return _kept_by_all_sources(numba.njit(**_OPTIONS)(function))


def _kept_by_all_sources(made: Callable[P, R]) -> Callable[P, R]:
    """The compiled function, whose machine code on disk is read only while no source has changed.

    Numba looks at the function's own file alone: code that holds another file's constant, or an inlined function of it,
    would be read as it was before that file changed.
    """
    if IS_COMPILED:
        kept = cast("Any", made)._cache._cache_file  # noqa: SLF001 - Numba has no public way to say what else a function is made of
        kept._source_stamp = (kept._source_stamp, sources_digest())  # noqa: SLF001
    return made


@cache
def sources_digest() -> str:
    """The SHA-256 (hex) of every file that may hold compiled functions: this folder's, the engine's and bulk's."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(file for part in (".", "engine", "bulk") for file in (folder / part).glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
