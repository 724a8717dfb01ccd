"""The one way functions are compiled: Numba without Python objects, cached on disk, the interpreter lock released.

With `NUMBA_DISABLE_JIT=1` the functions stay plain Python; coverage and debugging run them so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` to machine code at its first call, keeping its type for the checker."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, error_model="numpy")(function))
