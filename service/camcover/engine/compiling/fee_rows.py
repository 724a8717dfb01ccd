"""Fee tables as rows: their amounts by service, their rates, and the tables that they look lines up in.

What comes in: fee tables of fee files. What goes out: rows of `fee_tables`, `fee_rates` and `fee_cents`, each once.
"""

from __future__ import annotations

from collections.abc import Mapping

from camcover.engine.compiling.compile_rows import Row, rate_row
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.engine.kernel.tables import UNLIMITED
from camcover.rulebook.records import Fees, FeeTable


class FeeRows:
    """The rows of all fee tables written so far."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Begin with none; services are numbered by `vocabulary`."""
        self._vocabulary = vocabulary
        self._rows: dict[tuple[int, str], int] = {}
        self.tables: list[Row] = []
        self.rates: list[Row] = []
        self.cents: list[int] = []

    def row_of(self, fees: Fees, table: FeeTable) -> int:
        """The row of a tier's fee table, written once for all plans that use it."""
        key = (id(fees), str(table.tier))
        if key not in self._rows:
            row = self._rows[key] = len(self.tables)
            self.tables.append(())
            first = self._by_service(table.codes, table.therapies)
            visits = self._by_service({}, table.visits) if table.visits else -1
            rates = self._rates_of(table)
            expenses = self._by_service(table.practice_expense, {}) if table.practice_expense else -1
            multiple = table.multiple_procedures or 0
            per_day = UNLIMITED if table.maximum_per_day is None else table.maximum_per_day
            basis_points, of = -1, -1
            if table.otherwise is not None:
                target, basis_points = table.otherwise.tier, table.otherwise.basis_points
                of = -1 if target is None else self.row_of(fees, fees.tiers[target])
            by_day = expenses, multiple, per_day
            self.tables[row] = (first, basis_points, of, visits, rates, len(table.rates), *by_day)
        return self._rows[key]

    def _rates_of(self, table: FeeTable) -> int:
        """Write the rates of a fee table, one behind the other; gives the first row."""
        first = len(self.rates)
        for rate in table.rates:
            has_amounts = bool(rate.codes or rate.visits or rate.therapies)
            cents = self._by_service(rate.codes, rate.therapies) if has_amounts else -1
            visits = self._by_service({}, rate.visits) if rate.visits else -1
            self.rates.append(rate_row(rate, self._vocabulary, cents, visits))
        return first

    def _by_service(self, codes: Mapping[str, int], therapies: Mapping[str, int]) -> int:
        """Write a cell of `fee_cents` for each service, -1 = not listed; gives that of service 0."""
        cents = [-1] * self._vocabulary.count_services()
        for therapy, amount in therapies.items():
            cents[self._vocabulary.services[therapy]] = amount
        for code, amount in codes.items():
            cents[self._vocabulary.codes[code]] = amount
        first = len(self.cents)
        self.cents += cents
        return first
