"""The hand-written C kernel beside this file, compiled with the system's C compiler: a yardstick, never shipped.

What comes in: a folder to compile into. What goes out: a `Yardstick` that runs on the same addresses as
`engine/kernel/entry.py`. Its rows are made of the Python kernel's (rows.py).
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from limit.rows import header

if TYPE_CHECKING:
    from camcover.engine.kernel.call import Addresses

__all__ = ["NO_COMPILER", "Yardstick", "build"]

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "kernel.c"
OPTIONS = ("-std=c11", "-O3", "-march=native", "-mtune=generic", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror")
"""What made the fastest C: every instruction of this processor, but gcc 12's tuning for one family costs a tenth."""

NO_COMPILER = "no C compiler here (cc), so the C kernel cannot be built"


class Yardstick:
    """The C kernel, loaded; like the Numba kernel it runs without the interpreter's lock."""

    def __init__(self, library: Path) -> None:
        """Load the shared library."""
        self.at = ctypes.CDLL(str(library)).adjudicate_at
        """The C function itself: (address of the addresses, first, count); the caller holds the arrays."""
        self.at.argtypes = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
        self.at.restype = ctypes.c_int64

    def adjudicate_at(self, addresses: Addresses, first: int, count: int) -> int:
        """Adjudicate requests [first, first + count), as `call.adjudicate_at` does; gives how many have a fault."""
        return int(self.at(addresses.at, first, count))


def build(folder: Path) -> Yardstick | None:
    """Compile the C kernel into `folder` and load it; None where there is no compiler.

    Raises CalledProcessError when the compiler refuses the source.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "kernel.so"
    fresh = folder / f"kernel-{os.getpid()}.so"
    # Two processes may build at once, and a loaded library must not be written over.
    with TemporaryDirectory(dir=folder) as made:
        Path(made, "rows.h").write_text(header(), encoding="utf-8")
        subprocess.run((compiler, *OPTIONS, "-I", made, "-o", str(fresh), str(SOURCE)), check=True)  # noqa: S603 - our own source
    fresh.replace(library)
    return Yardstick(library)
