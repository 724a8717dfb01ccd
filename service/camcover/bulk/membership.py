"""How plans cover the members of a batch: days of coverage, role, status, enrollment, incentives.

What comes in: a record batch. What goes out: columns of `services`. A row with an unknown word, a date that does not
exist, or days that contradict each other is priced as a single request.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pyarrow as pa

from camcover.bulk.book_columns import FALLBACK
from camcover.bulk.columns import Ints, coded, days, truths
from camcover.bulk.plan_words import UNKNOWN_WORD
from camcover.calendar import LAST_DAY
from camcover.engine.compiling.compile_rows import MEMBER_NUMBERS
from camcover.engine.kernel.tables import NEVER, Array

_DAYS = {"covered_from": 0, "covered_to": NEVER, "enrolled_on": 0}
"""The columns of days, with what stands for one that is not given."""


def put_in_memberships(batch: pa.RecordBatch, owner: Ints, services: Array, status: Ints) -> None:
    """Fill in the columns of `services`, whose rows belong to the rows `owner` of the batch; sets FALLBACK."""
    found = {name: days(batch[name], null=null) for name, null in _DAYS.items()}
    for name, ordinals in found.items():
        given = batch[name].is_valid().to_numpy(zero_copy_only=False)
        status[given & ((ordinals < 1) | (ordinals > LAST_DAY))] = FALLBACK
    first, last, enrolled = found.values()
    status[(first > last) | ((first > 0) & (enrolled > first))] = FALLBACK
    services["covered_from"], services["covered_to"], services["enrolled"] = first[owner], last[owner], enrolled[owner]
    services["incentive"] = truths(batch["wellness_incentive"])[owner]
    for name, numbers in MEMBER_NUMBERS.items():
        number = coded(batch[name]).numbers(partial(_number, numbers), null=-1)
        status[number == UNKNOWN_WORD] = FALLBACK
        services[name] = np.maximum(number, -1)[owner]


def _number(numbers: Mapping[str, int], word: str) -> int:
    """The number of a word; -1 of an empty one."""
    return numbers.get(word, UNKNOWN_WORD) if word else -1
