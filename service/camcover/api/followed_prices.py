"""A file of prices that is opened again when another one stands at its path.

What comes in: a path. What goes out: the prices of the file that stands there now, which a call takes once and keeps,
even if others follow meanwhile. A new file that cannot be used changes nothing, and the log says why.
"""

from __future__ import annotations

import threading
from pathlib import Path

import structlog

from camcover.api.file_marks import FileMark, mark_of
from camcover.store.errors import UnusablePrices
from camcover.store.prices import PriceFile

__all__ = ["FollowedPrices"]

_LOG = structlog.get_logger("camcover.prices")


class FollowedPrices:
    """The prices in force. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises `UnusablePrices`."""
        self._path = path
        self._lock = threading.Lock()
        # The mark is taken before the file is opened: one that is replaced in between is opened once more.
        self._mark = mark_of(path)
        self._prices = PriceFile(path)
        self._refused: tuple[FileMark | None, ...] = ()

    def current(self) -> PriceFile:
        """The prices, after a look at the path. It may open a file, so that an event loop does not call it."""
        with self._lock:
            mark = mark_of(self._path)
            if mark == self._mark or mark in self._refused:
                return self._prices
            try:
                self._prices, self._mark = PriceFile(self._path), mark
            except UnusablePrices as error:
                self._refused = (mark,)
                _LOG.error("prices not read again", reason=str(error))
            else:
                _LOG.info("prices read again", prices=str(self._path))
            return self._prices
