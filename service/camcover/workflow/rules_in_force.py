"""The rules that answer: one immutable set of tables behind one reference."""

from __future__ import annotations

from dataclasses import dataclass

from camcover.engine import Tables
from camcover.rulebook import nearest
from camcover.workflow.errors import NoActiveRelease, UnknownRelease

__all__ = ["RulesInForce"]


@dataclass(slots=True)
class RulesInForce:
    """Holds the active tables. A call takes them once and keeps them to its end, whatever becomes active meanwhile."""

    tables: Tables | None = None

    @property
    def release(self) -> str:
        """The active release's id, made of the digest of its files; empty when none is active."""
        return self.tables.release if self.tables else ""

    def activate(self, tables: Tables) -> None:
        """Make `tables` the ones that answer from now on."""
        self.tables = tables

    def take(self, release: str = "") -> Tables:
        """The active tables. Raises `NoActiveRelease`, or `UnknownRelease` when `release` pins another."""
        tables = self.tables
        if tables is None:
            raise NoActiveRelease
        active = tables.release
        if release and release != active:
            raise UnknownRelease(release, nearest(release, [active]) or (active,))
        return tables
