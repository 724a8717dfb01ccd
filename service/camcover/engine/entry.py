"""How Python calls the kernel: with the addresses of its arrays, in one array of integers.

Handing over 30 arrays costs more than adjudicating a plan of twelve lines; one array of addresses costs next to
nothing. The arrays are those of `RuleTables`, then those of `Work`, each with one dimension. The caller holds them
while the kernel runs. Uncompiled, the kernel takes the arrays themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, assert_never

import numpy as np
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array
from numpy.typing import NDArray

from camcover.engine import tables as columns
from camcover.engine.kernel import adjudicate
from camcover.engine.tables import Array, Fault, RuleTables, Work
from camcover.jit import IS_COMPILED, compiled_entry, sources_digest

Addresses = NDArray[np.int64]

_populate: Any = populate_array
_CANDIDATE = np.dtype("i4")
_CENTS = np.dtype("i8")
_STATES = np.dtype("u8")
_TIER = np.dtype("i4")


def addresses_of(arrays: RuleTables | Work) -> Addresses:
    """The addresses of the arrays, in order."""
    return np.array([array.ctypes.data for array in arrays], dtype=np.int64)


class HasWork(Protocol):
    """What holds the arrays of the kernel."""

    @property
    def work(self) -> Work:
        """The arrays, whole."""


class KernelFault(Exception):
    """The kernel could not adjudicate a request (`tables.Fault`): a mistake of ours."""


def run(rules: RuleTables, holder: HasWork, first: int, count: int, addresses: Addresses) -> None:
    """Adjudicate requests [first, first + count) of the holder's work; `addresses`: those of `rules`, then its own.

    Raises `KernelFault`; then no ledger of these requests may be used.
    """
    faults = adjudicate_at(addresses, first, count) if IS_COMPILED else adjudicate(rules, holder.work, first, count)
    if faults:
        raise KernelFault(_told(holder.work.requests[first : first + count], faults))


def _told(requests: Array, faults: int) -> str:
    """What is wrong with the first request that has a fault."""
    place = int(np.flatnonzero(requests["fault"])[0])
    first, fault = requests[place], Fault(int(requests[place]["fault"]))
    match fault:
        case Fault.NONE:
            raise AssertionError("a fault without a code")
        case Fault.NO_ROOM:
            wanted, reserved = first["event_count"], first["event_room"]
            why = f"has {wanted} dated uses of limits, and room was reserved for {reserved}"
        case Fault.UNKNOWN_PERIOD:
            why = "has a limit over a period that the kernel does not know"
        case Fault.UNKNOWN_STEP:
            why = "has a cost-share step that the kernel does not know"
        case Fault.UNKNOWN_MEASURE:
            why = "has a limit on something that the kernel does not count"
        case _:
            assert_never(fault)
    return f"{faults} of {len(requests)} requests could not be adjudicated; the first, number {place}, {why}"


def _typed_at(_context: Any, address: Any, dtype: Any) -> Any:
    """The array of `dtype` that begins at an address; how long it is, the kernel knows by itself."""
    array = types.Array(dtype.dtype, 1, "C")

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        made = context.make_array(array)(context, builder)
        size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(array.dtype)))
        # Of no length: then LLVM need not ask whether an index counts from the end.
        length = context.get_constant(types.intp, 0)
        data = builder.inttoptr(arguments[0], made.data.type)
        _populate(made, data=data, shape=[length], strides=[size], itemsize=size, meminfo=None)
        return made._getvalue()  # noqa: SLF001 - Numba's own way to give an array back

    return array(address, dtype), generate


# What `intrinsic` makes of it takes (address, dtype) in compiled code; its type knows nothing of that.
_at: Any = intrinsic(_typed_at)


def _entry(sources: str) -> Callable[[Addresses, int, int], int]:
    """The kernel on arrays that begin at the addresses; `sources`: their digest, by which its machine code is kept."""

    @compiled_entry
    def adjudicate_at(addresses: Addresses, first: int, count: int) -> int:
        rules = RuleTables(
            _at(addresses[0], columns.SEGMENT),
            _at(addresses[1], columns.ACCUMULATOR),
            _at(addresses[2], columns.TIER),
            _at(addresses[3], columns.FEE_TABLE),
            _at(addresses[4], _CENTS),
            _at(addresses[5], columns.MATCH),
            _at(addresses[6], _CANDIDATE),
            _at(addresses[7], columns.RULE),
            _at(addresses[8], columns.CRITERIA),
            _at(addresses[9], columns.RANGE),
            _at(addresses[10], columns.PHASE),
            _at(addresses[11], columns.STEP),
            _at(addresses[12], columns.REQUIREMENT),
            _at(addresses[13], columns.LIMIT),
            _at(addresses[14], columns.DISCOUNT),
            _at(addresses[15], _STATES),
        )
        work = Work(
            _at(addresses[16], columns.REQUEST),
            _at(addresses[17], columns.SERVICE),
            _at(addresses[18], columns.LINE),
            _at(addresses[19], columns.GIVEN_SUM),
            _at(addresses[20], columns.GIVEN_COUNT),
            _at(addresses[21], columns.GIVEN_EVENT),
            _at(addresses[22], columns.GIVEN_VISIT),
            _at(addresses[23], columns.LEDGER),
            _at(addresses[24], _TIER),
            _at(addresses[25], columns.SUM),
            _at(addresses[26], columns.SLOT),
            _at(addresses[27], columns.VISITS),
            _at(addresses[28], columns.EVENT),
            _at(addresses[29], columns.LEDGER),
        )
        return adjudicate(rules, work, first if sources else 0, count)

    return adjudicate_at


adjudicate_at = _entry(sources_digest())
