"""What is wanted of a Transparency in Coverage file, and what was found in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from camcover.exchange.notes import Unread
from camcover.money import Cents
from camcover.rulebook.printable import shortened
from camcover.rulebook.records import Setting

__all__ = ["EVERY_SETTING", "LeftOut", "LeftOutTally", "Price", "ReadPrices", "Spot", "WantedPrices"]

EVERY_SETTING = frozenset(Setting)

MOST_OTHERS = 5
"""Codes that are not wanted and are told."""

MOST_KINDS = 500
"""Of what is left out; what comes then is counted together."""


@dataclass(frozen=True, slots=True)
class WantedPrices:
    """Which prices are wanted: of which codes, in force on `first`.

    `places`: settings by the place-of-service code. `npis`, `tins` (digits), `networks` (in lower case): only of these;
    empty = of all. `plan_id`: what the file must say that it is of; empty = whatever it says. `with_modifiers`: prices
    with modifiers are wanted, too.
    """

    codes: Collection[str]
    places: Mapping[str, Setting]
    first: date
    npis: frozenset[str] = frozenset()
    tins: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    plan_id: str = ""
    with_modifiers: bool = False

    @property
    def is_of_some(self) -> bool:
        """Whether providers are chosen at all."""
        return bool(self.npis or self.tins or self.networks)


class Price(NamedTuple):
    """An amount of a unit, the settings and modifiers it is for, and its last day (None = none is stated)."""

    settings: frozenset[Setting]
    cents: Cents
    last: date | None = None
    modifiers: tuple[str, ...] = ()


class LeftOut(NamedTuple):
    """A kind of what is left out.

    `is_unread`: it may be a price that is wanted, and `words` say what was expected. Else `words` say what it is:
    prices that nobody asked for.
    """

    words: str
    is_unread: bool = True


@dataclass(slots=True)
class LeftOutTally:
    """What was left out: of each kind, by code and by what was there, the first place and how often."""

    _found: dict[tuple[LeftOut, str, str], tuple[str, int]] = field(default_factory=dict)

    def add(self, kind: LeftOut, place: str, found: str, code: str = "", *, times: int = 1) -> None:
        """Count one. `place`: such as `in_network 3, rate 2`; `found`: in words."""
        key = (kind, code, found)
        if key not in self._found and len(self._found) >= MOST_KINDS:
            key = (kind, code, "something else")
        first, count = self._found.get(key, (place, 0))
        self._found[key] = first, count + times

    def add_all(self, other: LeftOutTally, code: str) -> None:
        """Count what another one has, as of a code."""
        for (kind, _, found), (place, times) in other._found.items():
            self.add(kind, place, found, code, times=times)

    def unread(self, file: str) -> Iterator[Unread]:
        """What could not be read."""
        for (kind, code, found), (place, times) in self._found.items():
            if kind.is_unread:
                yield Unread(file, 0, f"{code}, {place}" if code else place, _counted(found, times), kind.words)

    def passed_over(self) -> Iterator[str]:
        """A sentence on each kind that was not asked for: `Left out, prices with a modifier: 97810 (12).`."""
        by_kind: defaultdict[str, list[str]] = defaultdict(list)
        for (kind, code, _), (_, times) in sorted(self._found.items()):
            if not kind.is_unread:
                by_kind[kind.words].append(f"{code} ({times:,})")
        yield from (f"Left out, {words}: {', '.join(codes)}." for words, codes in by_kind.items())


def _counted(found: str, times: int) -> str:
    return f"{found} ({times:,} times)" if times > 1 else found


class Spot(NamedTuple):
    """A place of a file, such as `in_network 3, rate 2`, and the tally of what is left out there."""

    tally: LeftOutTally
    place: str

    def leave_out(self, kind: LeftOut, found: str = "") -> None:
        """Count one; `found`: what is there, where it is to be told."""
        self.tally.add(kind, self.place, found)

    def within(self, place: str) -> Spot:
        """A place within this one."""
        return Spot(self.tally, f"{self.place}, {place}")


@dataclass(slots=True)
class ReadPrices:
    """The prices of a file by code, what it says of itself, and what was left out. `file`: name and SHA-256.

    `networks`: some names of networks that are not wanted. `entries`: how many codes it has entries of; `others`: some
    codes that are not wanted.
    """

    prices: dict[str, set[Price]] = field(default_factory=dict)
    heading: dict[str, str] = field(default_factory=dict)
    left: LeftOutTally = field(default_factory=LeftOutTally)
    networks: set[str] = field(default_factory=set)
    entries: int = 0
    others: dict[str, None] = field(default_factory=dict)
    file: tuple[str, str] = ("", "")

    def count_entry(self, code: object, *, is_wanted: bool) -> None:
        """Count an entry; of codes that are not wanted some are kept, to tell them."""
        self.entries += 1
        if not is_wanted and isinstance(code, str) and len(self.others) < MOST_OTHERS:
            self.others.setdefault(shortened(code))

    @property
    def unread(self) -> list[Unread]:
        """What could not be read."""
        return list(self.left.unread(self.file[0]))

    @property
    def why_nothing(self) -> Iterator[str]:
        """Sentences on why a file gives no price, where it is known."""
        yield from self.left.passed_over()
        if self.others:
            yield f"Codes that are not in the catalog, of {self.entries:,} in all: {', '.join(self.others)}."
        if self.networks:
            yield f"Other networks of the file: {', '.join(sorted(self.networks))}."
