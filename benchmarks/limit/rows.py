"""The rows of engine/kernel/tables.py as a C header, made anew for each build: structs, codes, constants, addresses.

What comes in: the columns and codes of the Python kernel. What goes out: the text of `rows.h`, so that a column that is
added, moved or widened there is so here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any

import numpy as np

from camcover.engine.estimate import Reason
from camcover.engine.kernel import codes
from camcover.engine.kernel import tables as columns
from camcover.engine.kernel.codes import (
    FIRST_FROM_VISIT,
    FIRST_WINDOW,
    CappedPart,
    CarryoverRule,
    CountOwner,
    Fault,
    Liability,
    StepBound,
)
from camcover.engine.kernel.tables import RULE_DTYPES, WORK_DTYPES
from camcover.engine.kernel.workspace import WRITTEN

__all__ = ["header"]

_TYPES = {"i4": "int32_t", "i8": "int64_t", "u8": "uint64_t"}
_STRUCTS = {"LEDGER": "entry"}
"""What a row is called in C, where that is not its name in lower case."""

_PREFIXES: Mapping[type[IntEnum], str] = {
    CountOwner: "COUNT_",
    Liability: "OF_",
    CappedPart: "OF_",
    CarryoverRule: "CARRY_",
}
"""What stands before the members of an enumeration that has names in common with another."""

_NO_CODE: Mapping[type[IntEnum], str] = {Reason: "HOLDS", Fault: "NO_FAULT", StepBound: "UNBOUNDED"}
"""What the member NONE is called, which several have."""

_MASKS = ("ALL", "LOWER_COST_SHARE", "ADVANCE_NOTICE", "DIAGNOSIS_DENIED", "LIMIT_USED_UP")
_NUMBERS = (
    "UNLIMITED", "MAX_STEPS", "NEVER", "SEVERAL", "UNTOUCHED", "OF_THE_DAY", "OF_THE_UNIT", "FIRST_BY_FACILITY",
    "DEDUCTIBLE_BIT", "COPAY_BIT", "COINSURANCE_BIT", "ALL_PARTS",
)  # fmt: skip
_CONSTANTS = {**vars(codes), **vars(columns)}


def header() -> str:
    """The text of `rows.h`."""
    lines = ["/* Made by rows.py of engine/kernel/tables.py; not to be edited. */", "#include <stdint.h>", ""]
    lines += [f"#define {name} UINT64_C({int(_CONSTANTS[name])})" for name in _MASKS]
    lines += [f"#define {name} ((int64_t){_CONSTANTS[name]})" for name in _NUMBERS]
    lines += [f"enum {{ FIRST_FROM_VISIT = {int(FIRST_FROM_VISIT)}, FIRST_WINDOW = {int(FIRST_WINDOW)} }};", ""]
    for kind in _enumerations():
        members = ", ".join(f"{_name(member)} = {int(member)}" for member in kind)
        lines.append(f"enum {kind.__name__} {{ {members} }};")
    for name, dtype in _rows():
        lines += ["", f"struct __attribute__((packed)) {name} {{", *_members(dtype), "};"]
        lines.append(f'_Static_assert(sizeof(struct {name}) == {dtype.itemsize}, "{name}");')
    lines += ["", *_arrays("rules", RULE_DTYPES, 0), "", *_arrays("work", WORK_DTYPES, len(RULE_DTYPES)), ""]
    return "\n".join(lines)


def _enumerations() -> Iterator[type[IntEnum]]:
    """Every enumeration of codes in the rows."""
    for each in vars(codes).values():
        if isinstance(each, type) and issubclass(each, IntEnum) and each is not IntEnum:
            yield each
    yield Reason


def _name(member: IntEnum) -> str:
    """What a code is called in C, whose enumerations share their names."""
    name = _NO_CODE.get(type(member), member.name) if member.name == "NONE" else member.name
    return f"{_PREFIXES.get(type(member), '')}{name}"


def _rows() -> Iterator[tuple[str, np.dtype[Any]]]:
    """Every kind of row, with its name in C."""
    for name, dtype in vars(columns).items():
        if isinstance(dtype, np.dtype):
            yield _STRUCTS.get(name, name.lower()), dtype


def _members(dtype: np.dtype[Any]) -> Iterator[str]:
    """The columns of a row."""
    for name in dtype.names or ():
        base, shape = dtype[name].subdtype or (dtype[name], ())
        yield f"    {_TYPES[base.str[1:]]} {name}{''.join(f'[{size}]' for size in shape)};"


def _arrays(name: str, dtypes: Mapping[str, np.dtype[Any]], first: int) -> Iterator[str]:
    """A struct with a pointer to each array, and a macro that fills it from the addresses, which begin at `first`."""
    structs = {id(dtype): f"struct {row}" for row, dtype in _rows()}
    yield f"struct {name} {{"
    for array, dtype in dtypes.items():
        const = "" if array in WRITTEN else "const "
        yield f"    {const}{structs.get(id(dtype)) or _TYPES[dtype.str[1:]]} *{array};"
    yield "};"
    filled = ", ".join(
        f".{array} = (void *)(uintptr_t)(addresses)[{place}]" for place, array in enumerate(dtypes, first)
    )
    yield f"#define {name.upper()}_AT(addresses) {{ {filled} }}"
