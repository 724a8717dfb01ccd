"""Batches through a pool of threads, with results in order.

What comes in: record batches of any size. What goes out: the result of each part of them, one after the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import TypeVar

import pyarrow as pa

from camcover.bulk.estimate import parts_of

Result = TypeVar("Result")


def in_order(
    pool: ThreadPoolExecutor,
    price: Callable[[pa.RecordBatch, int], Result],
    batches: Iterable[pa.RecordBatch],
    ahead: int,
) -> Iterator[Result]:
    """The results of `price`, given each part and its first row, in the order of the batches.

    At most `ahead` of them are in the making or waiting. Raises what `price` raises, and `WrongColumns`.
    """
    waiting: deque[Future[Result]] = deque()
    first_row = 0
    for part in chain.from_iterable(map(parts_of, batches)):
        waiting.append(pool.submit(price, part, first_row))
        first_row += part.num_rows
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
