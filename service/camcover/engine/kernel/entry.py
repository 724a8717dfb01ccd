"""The kernel as it is compiled: it gets the address of an array with the addresses of its arrays (`call.py`).

The arrays are those of `RuleTables`, then those of `Work`, each with one dimension. This module imports Numba; only a
process that finds no machine code of the kernel imports it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array
from numba.np.numpy_support import from_dtype

from camcover.engine.kernel.adjudication import adjudicate
from camcover.engine.kernel.tables import RULE_DTYPES, WORK_DTYPES, RuleTables, Work
from camcover.jit import compiled_native
from camcover.native_code import Native

__all__ = ["compiled_kernel"]

_populate: Any = populate_array
_named_tuple: Any = types.NamedTuple
_DTYPES: dict[type, dict[str, np.dtype[Any]]] = {RuleTables: RULE_DTYPES, Work: WORK_DTYPES}
_FIRST_OF_WORK = len(RULE_DTYPES)
_POINTER: Any = ir.PointerType(ir.IntType(64))


def _typed_arrays(_context: Any, _addresses: Any, _first: Any, kind: Any) -> Any:
    """The arrays of `kind`, `RuleTables` or `Work`, whose addresses begin at place `first` of the array at an address.

    Types are as in its table.
    """
    arrays = [types.Array(from_dtype(dtype), 1, "C") for dtype in _DTYPES[kind.instance_class].values()]
    whole = _named_tuple(arrays, kind.instance_class)

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        places = builder.inttoptr(arguments[0], _POINTER)
        made = []
        for number, array in enumerate(arrays):
            place = builder.add(arguments[1], context.get_constant(types.intp, number))
            made.append(_array_at(context, builder, array, builder.load(builder.gep(places, [place]))))
        return context.make_tuple(builder, whole, made)

    return whole(types.intp, types.intp, kind), generate


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


def compiled_kernel() -> Native:
    """The kernel on arrays that begin at addresses, compiled now."""

    def adjudicate_at(addresses: int, first: int, count: int) -> int:
        rules = _arrays_at(addresses, 0, RuleTables)
        work = _arrays_at(addresses, _FIRST_OF_WORK, Work)
        return adjudicate(rules, work, first, count)

    return compiled_native(adjudicate_at)
