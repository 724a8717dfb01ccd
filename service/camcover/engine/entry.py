"""How Python calls the kernel: with the addresses of its arrays, in one array of integers.

Handing over 30 arrays costs more than adjudicating a plan of twelve lines; one array of addresses costs next to
nothing. The arrays are those of `RuleTables`, then those of `Work`, each with one dimension. The caller holds them
while the kernel runs. Uncompiled, the kernel takes the arrays themselves.
"""

from __future__ import annotations

from typing import Any, Protocol, assert_never

import numpy as np
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array
from numba.np.numpy_support import from_dtype
from numpy.typing import NDArray

from camcover.engine.kernel import adjudicate
from camcover.engine.tables import RULE_DTYPES, WORK_DTYPES, Array, Fault, RuleTables, Work
from camcover.jit import IS_COMPILED, compiled_entry

Addresses = NDArray[np.int64]

_populate: Any = populate_array
_named_tuple: Any = types.NamedTuple
_DTYPES: dict[type, dict[str, np.dtype[Any]]] = {RuleTables: RULE_DTYPES, Work: WORK_DTYPES}
_FIRST_OF_WORK = len(RULE_DTYPES)


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


def _typed_arrays(_context: Any, _addresses: Any, _first: Any, kind: Any) -> Any:
    """The arrays of `kind`, `RuleTables` or `Work`, whose addresses begin at place `first`; types as in its table."""
    arrays = [types.Array(from_dtype(dtype), 1, "C") for dtype in _DTYPES[kind.instance_class].values()]
    whole = _named_tuple(arrays, kind.instance_class)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        places = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        made = []
        for number, array in enumerate(arrays):
            place = builder.add(arguments[1], context.get_constant(types.intp, number))
            made.append(_array_at(context, builder, array, builder.load(builder.gep(places, [place]))))
        return context.make_tuple(builder, whole, made)

    return whole(_addresses, types.intp, kind), generate


def _array_at(context: Any, builder: Any, array: Any, address: Any) -> Any:
    """The array that begins at an address; how long it is, the kernel knows by itself."""
    made = context.make_array(array)(context, builder)
    size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(array.dtype)))
    # Of no length: then LLVM need not ask whether an index counts from the end.
    length = context.get_constant(types.intp, 0)
    data = builder.inttoptr(address, made.data.type)
    _populate(made, data=data, shape=[length], strides=[size], itemsize=size, meminfo=None)
    return made._getvalue()  # noqa: SLF001 - Numba's own way to give an array back


# What `intrinsic` makes of it takes (addresses, first, kind) in compiled code; its type knows nothing of that.
_arrays_at: Any = intrinsic(_typed_arrays)


@compiled_entry
def adjudicate_at(addresses: Addresses, first: int, count: int) -> int:
    """The kernel on arrays that begin at the addresses: those of `RuleTables`, then those of `Work`."""
    rules = _arrays_at(addresses, 0, RuleTables)
    work = _arrays_at(addresses, _FIRST_OF_WORK, Work)
    return adjudicate(rules, work, first, count)
