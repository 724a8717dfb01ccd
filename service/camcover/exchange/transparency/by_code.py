"""The prices of a file, put with those of their code when the code's entry is over."""

from __future__ import annotations

from pathlib import Path

from camcover.exchange.transparency.file_reader import FileReader
from camcover.exchange.transparency.records import Price, WantedPrices

__all__ = ["ByCodeReader"]


class ByCodeReader(FileReader):
    """One reading of a file, whose prices by code are `found`. `of_entry`: those of the present entry."""

    def __init__(self, path: Path, wanted: WantedPrices) -> None:
        """Nothing is read yet."""
        super().__init__(path, wanted)
        self.of_entry: set[Price] = set()

    def end_entry(self, code: str) -> None:
        """Put the prices with those of the code."""
        if code:
            self.found.prices.setdefault(code, set()).update(self.of_entry)
        self.of_entry = set()
