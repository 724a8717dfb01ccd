"""What Camcover needs of Numba beyond its documented interface, and what it does where no machine code can be kept."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import numba
from numba import types
from numba.core import caching
from numba.core.cpu import CPUTargetOptions
from numba.extending import overload

from camcover.native_code import Native, object_code

config: Any = numba.config

__all__ = ["ReadOnlyFolder", "check_numba", "inline", "made", "native_of"]

_NO_FOLDER = "no locator available"
"""What Numba's RuntimeError says where it can write neither beside the source nor into the user's cache."""


_UNREADABLE = (AttributeError, EOFError, ImportError, IndexError)
"""What reading an index of another version raises."""

_ASKING = Lock()
"""Held while Numba is told to look in no other folder than one that cannot be written."""


class ReadOnlyFolder:
    """The folder of a function's machine code, where this process may read it and not write: an image, say.

    Numba takes it by its path in place of its own locators, which want to write.
    """

    @classmethod
    def from_function(cls, function: Any, file: str) -> Any:
        """Numba's own locator of that folder; None where there is none, or where it can be written."""
        kind = caching.UserProvidedCacheLocator if config.CACHE_DIR else caching.InTreeCacheLocator
        locator: Any = kind(function, file)
        path = locator.get_cache_path()
        return locator if os.path.isdir(path) and not os.access(path, os.W_OK) else None  # noqa: PTH112 - Numba's texts


def check_numba(options: type = CPUTargetOptions, version: str = numba.__version__) -> None:
    """Raise ImportError where Numba has no option `_nrt`; `options` is the class whose attributes are its options.

    The option is not of Numba's documented interface. Without the check the first call of the kernel would fail, with
    a message about options that says nothing of versions.
    """
    if not hasattr(options, "_nrt"):
        raise ImportError(
            f"Numba {version} lacks the option _nrt, which Camcover's kernel is compiled with: "
            "pip install 'numba>=0.62,<0.69'"
        )


def native_of(function: Callable[[int, int, int], int], options: Mapping[str, Any]) -> Native:
    """`function` compiled with `options`, as code that is loaded without Numba. Raises RuntimeError if it calls others.

    It takes three integers of 64 bits, and gives one.
    """
    integer: Any = types.int64
    callback: Any = numba.cfunc(integer(integer, integer, integer), **options)(function)
    return Native(callback.native_name, object_code(callback.inspect_llvm()))


def made(function: Callable[..., Any], options: Mapping[str, Any]) -> Callable[..., Any]:
    """Give `function` to Numba with `options`; it is compiled when it is first called.

    Machine code in a folder that can only be read is used where it fits. Where Numba can keep machine code in no
    folder, this warns (RuntimeWarning), and each process compiles anew. Machine code that an earlier version of
    Camcover left in the folder, and that this one cannot read, is forgotten.
    """
    found = _made_before(function, options) if options.get("cache") else None
    if found is not None:
        return found
    try:
        dispatcher = numba.njit(**options)(function)
    except RuntimeError as error:
        if _NO_FOLDER not in str(error):
            raise
        warnings.warn(
            "Compiled code cannot be kept: no folder can be written to, so each start takes up to half a minute; set "
            "NUMBA_CACHE_DIR (docs/operations.md)",
            RuntimeWarning,
            stacklevel=2,
        )
        return numba.njit(**{**options, "cache": False})(function)  # type: ignore[no-any-return]
    if options.get("cache") and hasattr(dispatcher, "_cache"):  # none where Numba is told not to compile
        _forget_what_cannot_be_read(dispatcher)
    return dispatcher  # type: ignore[no-any-return]


def _made_before(function: Callable[..., Any], options: Mapping[str, Any]) -> Callable[..., Any] | None:
    """`function` by machine code in a folder that can only be read; None where none fits this processor and source."""
    with _ASKING:
        before, config.CACHE_LOCATOR_CLASSES = config.CACHE_LOCATOR_CLASSES, f"{__name__}.{ReadOnlyFolder.__name__}"
        try:
            dispatcher = numba.njit(**options)(function)
        except RuntimeError as error:
            if _NO_FOLDER not in str(error):
                raise
            return None
        finally:
            config.CACHE_LOCATOR_CLASSES = before
    cache = getattr(dispatcher, "_cache", None)  # none where Numba is told not to compile
    if cache is None:
        return None
    try:
        kept = cache._cache_file._load_index()  # noqa: SLF001
    except _UNREADABLE:
        return None
    wanted = cache._index_key(None, dispatcher.targetctx.codegen())[1:]  # noqa: SLF001
    if all(key[1:] != wanted for key in kept):
        return None
    cache.save_overload = lambda *_: None
    return dispatcher  # type: ignore[no-any-return]


def _forget_what_cannot_be_read(dispatcher: Any) -> None:
    """Empty the function's index of machine code if it names a class that this version does not have.

    Numba reads the index before it compares the date of the source, so that one of before a class was renamed would
    stop the first call. Neither attribute is of its documented interface; the cap on its version covers them.
    """
    cache = dispatcher._cache  # noqa: SLF001
    try:
        cache._cache_file._load_index()  # noqa: SLF001
    except _UNREADABLE:
        cache.flush()


def inline(function: Callable[..., Any], machine: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Let compiled code that calls `function` call `machine` instead, compiled with `options`."""
    given: Any = options

    @overload(function, jit_options=given, strict=False)
    def found(*_arguments: Any) -> Callable[..., Any]:
        return machine
