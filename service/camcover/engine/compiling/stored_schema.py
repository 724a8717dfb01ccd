"""The schema of compiled files: columns, records, enumerations and sources of the version that writes them.

What comes in: the declarations of this version. What goes out: their digest, which every compiled file begins with. A
file with another digest was written by another version; it is compiled again, and never read.

The declarations alone are not enough: a corrected compiler fills the same columns with other numbers. So the digest
covers the sources of `rulebook` and `engine`, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, get_args

from camcover.engine.compiling.record_codec import record_types
from camcover.engine.kernel import codes
from camcover.engine.kernel import tables as columns
from camcover.engine.kernel.tables import RULE_DTYPES
from camcover.rulebook.records import STATES

__all__ = ["DIGEST_BYTES", "declarations", "schema_digest"]

DIGEST_BYTES = 32
"""Bytes of a SHA-256."""

_SOURCES = ("rulebook", "engine")


@cache
def schema_digest() -> bytes:
    """The SHA-256 of all that a compiled file of this version takes for granted."""
    digest = hashlib.sha256("\n".join(declarations()).encode())
    package = Path(__file__).parents[2]
    for file in sorted(file for name in _SOURCES for file in (package / name).rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.digest()


def declarations() -> Iterator[str]:
    """A line for each array, record, enumeration and constant, with every column, field, member and code in order."""
    for name, dtype in RULE_DTYPES.items():
        yield f"array {name}: {dtype.descr}"
    records = record_types()
    for kind, found in records.items():
        yield f"record {_name(kind)}: {', '.join(f'{each.name}: {each.declared}' for each in found)}"
    for enumeration in sorted({*_enumerations(records.values()), *_codes()}, key=_name):
        yield f"enum {_name(enumeration)}: {', '.join(f'{each.name}={each.value!r}' for each in enumeration)}"
    yield f"states {STATES}"
    yield f"constants {columns.UNLIMITED} {columns.NEVER} {columns.MAX_STEPS}"


def _codes() -> Iterator[type[Enum]]:
    """The enumerations whose codes stand in the arrays."""
    for each in vars(codes).values():
        if isinstance(each, type) and issubclass(each, Enum) and each.__module__ == codes.__name__:
            yield each


def _enumerations(records: Any) -> Iterator[type[Enum]]:
    """The enumerations that fields of records declare."""
    waiting = [field.declared for found in records for field in found]
    while waiting:
        declared = waiting.pop()
        if isinstance(declared, type) and issubclass(declared, Enum):
            yield declared
        waiting += get_args(declared)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
