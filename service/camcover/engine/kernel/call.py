"""How Python calls the kernel: with the addresses of its arrays, in one array of integers.

Handing over 30 arrays costs more than adjudicating a plan of twelve lines; one array of addresses costs next to
nothing. The caller holds the arrays while the kernel runs. Uncompiled, the kernel takes the arrays themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from camcover.engine.kernel.adjudication import adjudicate
from camcover.engine.kernel.codes import Fault
from camcover.engine.kernel.tables import Array, RuleTables, Work
from camcover.errors import CamcoverError
from camcover.jit import IS_COMPILED, sources_digest

if TYPE_CHECKING:
    from camcover.native_code import Native

__all__ = ["Addresses", "HasWork", "KernelFault", "addresses_of", "adjudicate_at", "load_kernel", "run"]


class Addresses(NamedTuple):
    """The addresses of the kernel's arrays, in order, and where these addresses lie. Who holds the arrays holds it."""

    addresses: NDArray[np.int64]
    at: int


def addresses_of(rules: RuleTables, work: Work) -> Addresses:
    """The addresses of the arrays."""
    addresses = np.array([array.ctypes.data for array in (*rules, *work)], dtype=np.int64)
    return Addresses(addresses, addresses.ctypes.data)


class HasWork(Protocol):
    """An object that holds the arrays of the kernel."""

    @property
    def work(self) -> Work:
        """The arrays, whole."""


class KernelFault(CamcoverError):
    """The kernel could not adjudicate a request (`codes.Fault`): a mistake of ours."""


def run(rules: RuleTables, holder: HasWork, first: int, count: int, addresses: Addresses) -> None:
    """Adjudicate requests [first, first + count) of the holder's work; `addresses`: those of `rules` and of its work.

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


def adjudicate_at(addresses: Addresses, first: int, count: int) -> int:
    """The kernel as machine code, on the arrays at these addresses; gives how many requests have a fault."""
    return _entry()(addresses.at, first, count)


@cache
def _entry() -> Callable[..., int]:
    """The kernel as machine code."""
    from camcover.native_code import native  # noqa: PLC0415 - LLVM, which a process that prices nothing does not need

    return native("kernel", sources_digest(), Path(__file__).parent, _compiled)


def _compiled() -> Native:
    """The kernel compiled anew, for which Numba is imported."""
    from camcover.engine.kernel.entry import compiled_kernel  # noqa: PLC0415 - as the docstring says

    return compiled_kernel()


def load_kernel() -> None:
    """Have the machine code in memory before the first request needs it; without a copy on disk this compiles it."""
    if IS_COMPILED:
        _entry()(np.zeros(len(RuleTables._fields) + len(Work._fields), np.int64).ctypes.data, 0, 0)
