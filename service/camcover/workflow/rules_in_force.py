"""The rules that answer: one immutable set of tables behind one reference, and pinned releases beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from camcover.engine import Tables
from camcover.rulebook import nearest
from camcover.workflow.errors import NoActiveRelease, UnknownRelease

if TYPE_CHECKING:
    from camcover.workflow.published_prices import PricesInForce, PriceSource
    from camcover.workflow.release_rules import ReleaseRules

__all__ = ["RulesInForce"]


@dataclass(slots=True)
class RulesInForce:
    """Holds the active tables. A call takes them once and keeps them, even if others become active meanwhile.

    `releases` has those that a request may pin; without it only the active one can be pinned. `prices` has what payers
    publish by provider, whichever rules are active.
    """

    tables: Tables | None = None
    releases: ReleaseRules | None = None
    prices: PricesInForce | None = None
    _listeners: list[Callable[[], object]] = field(default_factory=list)

    @property
    def release(self) -> str:
        """The active release's id, made of the digest of its files; empty when none is active."""
        return self.tables.release if self.tables else ""

    def activate(self, tables: Tables) -> None:
        """Make `tables` the ones that answer from now on, and tell those who listen."""
        self.tables = tables
        for tell in self._listeners:
            tell()

    def listen(self, tell: Callable[[], object]) -> None:
        """Call `tell` whenever other rules become active."""
        self._listeners.append(tell)

    def take_prices(self) -> PriceSource | None:
        """What payers publish by provider now. A call takes it once and keeps it; it may open a file."""
        return None if self.prices is None else self.prices.current()

    def is_at_hand(self, release: str) -> bool:
        """Whether `take` would not have to read anything."""
        return not release or release == self.release or self.releases is None or self.releases.has(release)

    def take(self, release: str = "") -> Tables:
        """The active tables, or those of the release that a request pins.

        Raises `NoActiveRelease`, `UnknownRelease`, `ReleaseUnusable`.
        """
        tables = self.tables
        if tables is not None and release in ("", tables.release):
            return tables
        if release and self.releases is not None:
            return self.releases.tables(release)
        if tables is None:
            raise NoActiveRelease
        active = tables.release
        raise UnknownRelease(release, nearest(release, [active]) or (active,))
