"""Machine code that is kept on disk, and loaded without the compiler that made it.

What comes in: the name of a function, the digest of its sources, and what compiles it. What goes out: the function, as
Python calls it. Importing Numba takes twenty times as long as loading the kernel by LLVM alone, so only a process that
has to compile imports it (`machine_code.py`).

A file holds one function of integers for one kind of processor, as an object file of LLVM. The function calls nothing
outside of itself, so that nothing has to be found when it is loaded. A file that is damaged, or was made of other
sources, by other versions or for another processor, is not used: the function is compiled again.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite
import llvmlite.binding as llvm
import orjson

__all__ = ["Native", "Processor", "folders", "native", "object_code", "processor"]

_ENGINES: list[Any] = []
"""What holds loaded machine code; it stays until the process ends."""


class Native(NamedTuple):
    """A function of integers of 64 bits that gives one: its symbol, and the object file that defines it."""

    symbol: str
    code: bytes


class Processor(NamedTuple):
    """What machine code is made for: LLVM's triple of the system, the name of the processor, and what it can do."""

    triple: str
    name: str
    features: str


class _Made(NamedTuple):
    """What machine code was made of, by what, and for what. Only code of the same is used."""

    sources: str
    numba: str
    llvmlite: str
    triple: str
    name: str
    features: str


def processor() -> Processor:
    """That of this process, or the one of `NUMBA_CPU_NAME` and `NUMBA_CPU_FEATURES`; Numba compiles for the same."""
    name = os.environ.get("NUMBA_CPU_NAME") or None
    features = os.environ.get("NUMBA_CPU_FEATURES")
    if features is None and str(name).lower() == "generic":
        features = ""
    if features is None:
        try:
            features = llvm.get_host_cpu_features().flatten()
        except RuntimeError:  # LLVM does not know them on every system
            features = ""
    return Processor(llvm.get_process_triple(), name or llvm.get_host_cpu_name(), features)


def folders(home: Path) -> Iterator[Path]:
    """Where machine code of a module in the folder `home` may lie, best first (docs/operations.md)."""
    own = f"{home.name}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        yield Path(chosen, own)
    yield home / "__pycache__"
    cache = os.environ.get("XDG_CACHE_HOME")
    with suppress(RuntimeError):  # a user without a home
        yield (Path(cache) if cache else Path.home() / ".cache") / "camcover" / own


def native(name: str, sources: str, home: Path, compiled: Callable[[], Native]) -> Callable[..., int]:
    """A function by machine code that is kept, or else by what `compiled` gives, which is kept then.

    `sources`: the digest of all of which the code is made. `home`: the folder of its module. The function takes
    integers of 64 bits and gives one; other threads run while it does. Warns (RuntimeWarning) where no folder can be
    written: then each process compiles anew.
    """
    made = _Made(sources, _version_of_numba(), llvmlite.__version__, *processor())
    file_name = f"{name}-{hashlib.sha256(orjson.dumps(made[1:])).hexdigest()[:16]}.nbo"
    files = [folder / file_name for folder in folders(home)]
    for file in files:
        found = _read(file, made)
        if found is not None:
            return _loaded(found)
    new = compiled()
    if not any(_write(file, made, new) for file in files):
        warnings.warn(
            "Compiled code cannot be kept: no folder can be written to, so each start takes up to half a minute; set "
            "NUMBA_CACHE_DIR (docs/operations.md)",
            RuntimeWarning,
            stacklevel=2,
        )
    return _loaded(new)


def object_code(text: str) -> bytes:
    """The object file of a module in LLVM's language, for `processor()`. Raises RuntimeError if it calls others."""
    module = llvm.parse_assembly(text)
    called = [each.name for each in (*module.functions, *module.global_variables) if each.is_declaration]
    outside = sorted(name for name in called if not name.startswith("llvm."))
    if outside:
        raise RuntimeError(f"machine code uses {', '.join(outside)}; expected nothing outside of itself")
    code: bytes = _target().emit_object(module)
    return code


def _target() -> Any:
    """LLVM's target for `processor()`: as Numba sets it for code that runs in the process that made it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    triple, name, features = processor()
    is_x86 = triple.startswith(("x86", "i386", "i686"))
    return llvm.Target.from_triple(triple).create_target_machine(
        cpu=name, features=features, opt=3, reloc="static" if is_x86 else "default", codemodel="jitdefault", jit=True
    )


def _loaded(found: Native) -> Callable[..., int]:
    """The function of an object file. `ctypes` lets go of the interpreter's lock while it runs."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target())
    engine.add_object_file(llvm.ObjectFileRef.from_data(found.code))
    engine.finalize_object()
    _ENGINES.append(engine)
    function: Callable[..., int] = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 3)(
        engine.get_function_address(found.symbol)
    )
    return function


def _version_of_numba() -> str:
    """The name of the folder with Numba's metadata, which has its version; found without importing Numba.

    Empty where it was installed without one.
    """
    found = importlib.util.find_spec("numba")
    if found is None or found.origin is None:
        return ""
    return next((folder.name for folder in sorted(Path(found.origin).parents[1].glob("numba-*.dist-info"))), "")


def _head(made: _Made, kept: Native) -> dict[str, Any]:
    """The first line of a file: what the code was made of, its symbol, and the SHA-256 of symbol and code."""
    digest = hashlib.sha256(kept.symbol.encode() + b"\n" + kept.code).hexdigest()
    return {"made": [*made], "symbol": kept.symbol, "sha256": digest}


def _read(file: Path, made: _Made) -> Native | None:
    """What a file holds; None if it is not there, or not whole, or not made of `made`."""
    try:
        head, _, code = file.read_bytes().partition(b"\n")
        found = orjson.loads(head)
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("symbol"), str):
        return None
    kept = Native(found["symbol"], code)
    return kept if found == _head(made, kept) else None


def _write(file: Path, made: _Made, new: Native) -> bool:
    """Put a file in place, whole; gives whether that was possible."""
    part = file.with_name(f"{file.stem}.{os.urandom(4).hex()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(orjson.dumps(_head(made, new)) + b"\n" + new.code)
        part.replace(file)
    except OSError:
        with suppress(OSError):
            part.unlink()
        return False
    return True
