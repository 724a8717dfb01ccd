"""Exceptions that survive the way from one process to another.

Python copies an exception by calling its class with `args`, which fails, or says its message twice, wherever the class
makes its message itself. So every exception of this package that has an `__init__` of its own derives from this one.
"""

from __future__ import annotations

import copyreg
from typing import Any


class PortableError(Exception):
    """An exception whose copy has the same message and the same attributes, whatever its `__init__` takes."""

    def __reduce__(self) -> tuple[Any, ...]:
        """How to make a copy: without `__init__`, by its message and its attributes."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]
