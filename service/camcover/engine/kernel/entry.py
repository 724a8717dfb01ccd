"""The kernel as machine code: it gets the addresses of its arrays, in one array of integers (`engine/kernel/call.py`).

The arrays are those of `RuleTables`, then those of `Work`, each with one dimension.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array
from numba.np.numpy_support import from_dtype

from camcover.engine.kernel.adjudication import adjudicate
from camcover.engine.kernel.call import Addresses
from camcover.engine.kernel.tables import RULE_DTYPES, WORK_DTYPES, RuleTables, Work
from camcover.jit import compiled_entry, sources_digest

__all__ = ["adjudicate_at"]

_populate: Any = populate_array
_named_tuple: Any = types.NamedTuple
_DTYPES: dict[type, dict[str, np.dtype[Any]]] = {RuleTables: RULE_DTYPES, Work: WORK_DTYPES}
_FIRST_OF_WORK = len(RULE_DTYPES)


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


def _entry(sources: str) -> Callable[[Addresses, int, int], int]:
    """The kernel on arrays that begin at the addresses; `sources`: their digest, by which its machine code is kept."""

    @compiled_entry
    def adjudicate_at(addresses: Addresses, first: int, count: int) -> int:
        rules = _arrays_at(addresses, 0, RuleTables)
        work = _arrays_at(addresses, _FIRST_OF_WORK, Work)
        return adjudicate(rules, work, first if sources else 0, count)

    return adjudicate_at


adjudicate_at = _entry(sources_digest())
