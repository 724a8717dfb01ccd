"""The rows of all tables while rules are compiled, and the arrays that they become.

What comes in: rows, table by table. What goes out: `RuleTables`, and for each plan the records behind its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camcover.engine.compiling.code_edits import CodeEditRows
from camcover.engine.compiling.compile_rows import Row
from camcover.engine.compiling.fee_rows import FeeRows
from camcover.engine.compiling.licensure_cells import LicensureCells
from camcover.engine.compiling.sources import Rows, Sources
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.engine.kernel.tables import RULE_DTYPES, RuleTables


class TableBuilder:
    """Collects the rows of every plan.

    `rows` holds the tables with several columns, by name. `candidates`, `tier_discounts` and `listed_codes` hold
    tables with one column. `fees`, `licensure` and `edits` write rows that several plans share. `sources` holds the
    records behind the rows of the plan that is being compiled.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Begin with empty tables."""
        self.vocabulary = vocabulary
        self.rows: dict[str, list[Row]] = {name: [] for name in RuleTables._fields}
        self.candidates: list[int] = []
        self.tier_discounts: list[int] = []
        self.listed_codes: list[int] = []
        self.fees = FeeRows(vocabulary)
        self.licensure = LicensureCells(vocabulary)
        self.edits = CodeEditRows(vocabulary, self.rows["code_edits"], self.listed_codes)
        self.sources = self._no_sources()

    def begin_plan(self) -> Sources:
        """The records of a new plan: none yet, beginning at the next row of each table."""
        self.sources = self._no_sources()
        return self.sources

    def _no_sources(self) -> Sources:
        return Sources(*(Rows(self.count(each.name)) for each in fields(Sources)))

    def count(self, table: str) -> int:
        """How many rows a table has, so the number of its next row."""
        return len(self.rows[table])

    def arrays(self) -> RuleTables:
        """The collected rows as arrays; no table is empty, so that the kernel's types never change."""
        made: dict[str, Any] = self.rows | {
            "fee_tables": self.fees.tables,
            "fee_rates": self.fees.rates,
            "fee_cents": self.fees.cents,
            "candidates": self.candidates,
            "tier_discounts": self.tier_discounts,
            "licensure": self.licensure.cells,
            "listed_codes": self.listed_codes,
        }
        return RuleTables(**{name: _array(made[name], dtype) for name, dtype in RULE_DTYPES.items()})


def _array(rows: Sequence[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Rows as an array of at least one row."""
    return np.array(rows, dtype=dtype) if rows else np.zeros(1, dtype=dtype)
