"""Prices that payers publish by provider: one SQLite file, which an import writes whole, and which then is only read.

A team of providers has prices of codes, as in the payer's file. A price is for a unit, some settings and modifiers,
and is in force up to a day. A file of prices says of each payer's file which fee file of the rules its prices go
before, and in which tier.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from weakref import finalize

from camcover.money import Cents
from camcover.rulebook.records.terms import Setting
from camcover.several import OfSeveral, chosen
from camcover.store.errors import StoreUnavailable, UnavailableReason, UnusablePrices

__all__ = ["AskedPrice", "ListedPrice", "PriceFile", "PriceWriter", "PricedFile", "PublishedPrice", "written_prices"]

_MARK = 0x43414D50
"""The application id of SQLite files of prices."""

_VERSION = 1

_TABLES = """
CREATE TABLE files (
    file INTEGER PRIMARY KEY, fees TEXT NOT NULL, tier TEXT NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL,
    of_several TEXT NOT NULL, prices INTEGER NOT NULL, providers INTEGER NOT NULL);
CREATE TABLE providers (
    npi INTEGER, tin INTEGER, file INTEGER, team, PRIMARY KEY (npi, tin, file, team)) WITHOUT ROWID;
CREATE TABLE rates (file INTEGER, team, code TEXT, rate INTEGER, PRIMARY KEY (file, team, code, rate)) WITHOUT ROWID;
CREATE TABLE prices (
    rate INTEGER, cents INTEGER, settings TEXT, modifiers TEXT, last TEXT,
    PRIMARY KEY (rate, cents, settings, modifiers, last)) WITHOUT ROWID;
CREATE TEMP TABLE read_teams (team, npi INTEGER, tin INTEGER);
CREATE TEMP TABLE read_rates (entry INTEGER, team, rate INTEGER);
CREATE TEMP TABLE read_prices (entry INTEGER, rate INTEGER, cents INTEGER, settings TEXT, modifiers TEXT, last TEXT);
CREATE TEMP TABLE read_entries (entry INTEGER PRIMARY KEY, code TEXT);
"""

_END_OF_FILE = (
    """INSERT OR IGNORE INTO rates SELECT :file, team, code, rate FROM read_rates JOIN read_entries USING (entry)
       WHERE team IN (SELECT team FROM read_teams) ORDER BY 2, 3, 4""",
    """INSERT OR IGNORE INTO prices SELECT rate, cents, settings, modifiers, last FROM read_prices
       WHERE rate IN (SELECT rate FROM rates WHERE file = :file) ORDER BY 1, 2, 3, 4, 5""",
    """INSERT OR IGNORE INTO providers SELECT npi, tin, :file, team FROM read_teams
       WHERE team IN (SELECT team FROM rates WHERE file = :file) ORDER BY 1, 2, 4""",
    "DELETE FROM read_teams",
    "DELETE FROM read_rates",
    "DELETE FROM read_prices",
    "DELETE FROM read_entries",
)

_END_OF_PRICES = 1
"""The statement of these that takes prices."""

_FOUND = """
SELECT DISTINCT code, cents, settings, modifiers, last, file
FROM providers CROSS JOIN files USING (file) CROSS JOIN rates USING (file, team) CROSS JOIN prices USING (rate)
"""
"""What providers have; from a provider to his or her teams, their rates, the prices."""

_CACHED = "PRAGMA cache_size = -16000"
"""KiB of memory, with a sign."""


class AskedPrice(NamedTuple):
    """Which price is asked for: of a fee file's id and a tier, a code, and a provider.

    `npi`, `tin`: 0 = not given; one of them is. `modifiers`: all that are billed with the code. `day`: on which the
    price must still be in force.
    """

    fees: str
    tier: str
    code: str
    npi: int
    tin: int
    setting: Setting
    modifiers: frozenset[str]
    day: date


class PublishedPrice(NamedTuple):
    """A price of one unit, and the published file that it comes from, in words."""

    cents: Cents
    source: str


class ListedPrice(NamedTuple):
    """A price of a unit as it stands in the file; no settings: every one. `name`: of the payer's file."""

    tier: str
    code: str
    modifiers: str
    settings: str
    cents: Cents
    last: str
    name: str


class FileHeading(NamedTuple):
    """What a payer's file is: for which fee file and tier, its name, its source in words.

    `of_several`: which of several prices of a provider and a code stands.
    """

    fees: str
    tier: str
    name: str
    source: str
    of_several: OfSeveral | None


class PricedFile(NamedTuple):
    """A payer's file in a file of prices, and how many prices and providers it has."""

    heading: FileHeading
    prices: int
    providers: int


class PriceWriter:
    """Takes the teams and prices of payers' files, one file after another. Memory does not grow with them."""

    def __init__(self, path: Path) -> None:
        """Begin a new file at `path`, which is not there."""
        self._connection = sqlite3.connect(path, isolation_level=None)
        # Nothing is lost by a crash: what was not finished is thrown away.
        for each in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", _CACHED, "BEGIN"):
            self._connection.execute(each)
        for each in _TABLES.split(";"):
            self._connection.execute(each)
        self._entry = self._rate = self._file = 0
        self._before = (0, 0)

    def add_team(self, team: int | str | bytes, providers: Iterable[tuple[int, int]]) -> None:
        """The NPI and tax number of each provider of a team; 0 as an NPI: all of the tax number."""
        self._connection.executemany("INSERT INTO read_teams VALUES (?, ?, ?)", ((team, *each) for each in providers))

    def add_prices(self, teams: Iterable[int | str | bytes], prices: Iterable[tuple[int, str, str, str]]) -> None:
        """Prices of the present entry that teams have: cents, settings, modifiers, last day.

        Settings and modifiers are words in order, with commas; no settings: every one.
        """
        self._rate += 1
        rows = ((self._entry, team, self._rate) for team in teams)
        self._connection.executemany("INSERT INTO read_rates VALUES (?, ?, ?)", rows)
        found = ((self._entry, self._rate, *each) for each in prices)
        self._connection.executemany("INSERT INTO read_prices VALUES (?, ?, ?, ?, ?, ?)", found)

    def end_entry(self, code: str) -> None:
        """The entry is of this code; empty: its prices are thrown away."""
        if code:
            self._connection.execute("INSERT INTO read_entries VALUES (?, ?)", (self._entry, code))
        else:
            for table, before in zip(("read_rates", "read_prices"), self._before, strict=True):
                self._connection.execute(f"DELETE FROM {table} WHERE rowid > ?", (before,))  # noqa: S608 - our own names
        self._entry += 1
        self._before = self._last("read_rates"), self._last("read_prices")

    def end_file(self, heading: FileHeading) -> PricedFile:
        """The payer's file is over, and is this one."""
        self._file += 1
        inserted = [self._connection.execute(each, {"file": self._file}).rowcount for each in _END_OF_FILE]
        self._before = 0, 0
        made = PricedFile(heading, inserted[_END_OF_PRICES], self._count_providers())
        row = (self._file, *heading[:-1], heading.of_several or "", made.prices, made.providers)
        self._connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return made

    def close(self) -> None:
        """Finish the file."""
        self._connection.execute("CREATE INDEX providers_by_tin ON providers (tin, file)")
        for each in (f"PRAGMA application_id = {_MARK}", f"PRAGMA user_version = {_VERSION}", "COMMIT"):
            self._connection.execute(each)
        self._connection.close()

    def give_up(self) -> None:
        """Leave the file as it is."""
        self._connection.close()

    def _last(self, table: str) -> int:
        found = self._connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608 - our own names
        return int(found[0] or 0)

    def _count_providers(self) -> int:
        query = "SELECT count(DISTINCT npi) FROM providers WHERE file = ?"
        return int(self._connection.execute(query, (self._file,)).fetchone()[0])


@contextmanager
def written_prices(path: Path) -> Iterator[PriceWriter]:
    """What writes a file of prices, which is there when the block ends, and not at all where it raises.

    Raises OSError where it cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        writer = PriceWriter(part)
        try:
            yield writer
            writer.close()
        except BaseException:
            writer.give_up()
            raise
        part.replace(path)
    except sqlite3.Error as error:
        raise OSError(0, f"cannot be written ({error})", str(path)) from error
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


class PriceFile:
    """A file of prices, read by several threads. It is not read anew: who replaces it opens it again.

    Its connection is closed with it, or when nobody holds it any more.
    """

    def __init__(self, path: Path) -> None:
        """Open it. Raises `UnusablePrices`."""
        self._lock = threading.Lock()
        try:
            # It is replaced by another one, never changed, so that SQLite need not look for changes.
            address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(address, uri=True, check_same_thread=False)
            finalize(self, self._connection.close)
            try:
                self.files = _files(self._connection)
            except BaseException:
                self._connection.close()
                raise
        except (sqlite3.Error, UnusablePrices, ValueError) as error:
            raise UnusablePrices(
                f"{path}: found {_fault(error)}; expected a file of `camcover prices import`"
            ) from error

    def price(self, asked: AskedPrice) -> PublishedPrice | None:
        """The one price of a unit; None where there is none, or where several are and nothing says which stands.

        Of several prices those count that have the most modifiers, all of which are billed, then those of some
        settings before those of every one. Raises `StoreUnavailable` where the file can be read no more.
        """
        where = "fees = ? AND tier = ? AND code = ? AND last >= ?"
        values = (asked.fees, asked.tier, asked.code, asked.day.isoformat())
        found = self._rows(asked.npi, asked.tin, where, values)
        own = _narrowed([_FoundPrice(*row) for row in found], asked)
        by_cents = {each.cents: self.files[each.file - 1].heading for each in reversed(own)}
        cents = chosen(sorted(by_cents), next((each.of_several for each in by_cents.values()), None))
        return None if cents is None else PublishedPrice(Cents(cents), by_cents[cents].source)

    def listed(self, npi: int, tin: int) -> Sequence[ListedPrice]:
        """All prices of a provider. Raises `StoreUnavailable`."""
        found = []
        for each in (_FoundPrice(*row) for row in self._rows(npi, tin, "1", ())):
            heading = self.files[each.file - 1].heading
            words = heading.tier, each.code, each.modifiers, each.settings
            found.append(ListedPrice(*words, Cents(each.cents), each.last, heading.name))
        return sorted(found)

    def close(self) -> None:
        """Close it."""
        with self._lock:
            self._connection.close()

    def _rows(self, npi: int, tin: int, where: str, values: tuple[str, ...]) -> list[tuple[Any, ...]]:
        """Prices of a provider; of a tax number alone those of all its providers."""
        given = tuple(number for number in (npi, tin) if number)
        who = "npi IN (?, 0) AND tin = ?" if npi and tin else "npi = ?" if npi else "tin = ?"
        try:
            with (
                self._lock,
                closing(self._connection.execute(f"{_FOUND} WHERE {who} AND {where}", (*given, *values))) as found,
            ):
                return found.fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(UnavailableReason.NO_PRICES) from error


class _FoundPrice(NamedTuple):
    """A price of a provider; `file`: the number of the payer's file."""

    code: str
    cents: int
    settings: str
    modifiers: str
    last: str
    file: int


def _files(connection: sqlite3.Connection) -> tuple[PricedFile, ...]:
    """The payers' files. Raises `UnusablePrices`, sqlite3.Error, ValueError."""
    for each in (_CACHED, "PRAGMA trusted_schema = OFF", "PRAGMA query_only = ON"):
        connection.execute(each)
    mark, version = (connection.execute(f"PRAGMA {each}").fetchone()[0] for each in ("application_id", "user_version"))
    if mark != _MARK:
        raise UnusablePrices("another database")
    if version != _VERSION:
        raise UnusablePrices(f"prices of version {version}")
    rows = connection.execute("SELECT fees, tier, name, source, of_several, prices, providers FROM files ORDER BY file")
    return tuple(
        PricedFile(FileHeading(fees, tier, name, source, OfSeveral(which) if which else None), prices, providers)
        for fees, tier, name, source, which, prices, providers in rows.fetchall()
    )


def _fault(error: Exception) -> str:
    """What is wrong with a file, in words."""
    return f"no prices ({error})" if not isinstance(error, UnusablePrices) else str(error)


def _narrowed(found: list[_FoundPrice], asked: AskedPrice) -> list[_FoundPrice]:
    """Of the prices of a provider those that are for what is asked, in the order of the files."""
    here = [each for each in found if not each.settings or asked.setting in each.settings.split(",")]
    billed = [(each, set(filter(None, each.modifiers.split(",")))) for each in here]
    billed = [(each, modifiers) for each, modifiers in billed if modifiers <= asked.modifiers]
    most = max((len(modifiers) for _, modifiers in billed), default=0)
    own = [each for each, modifiers in billed if len(modifiers) == most]
    return sorted([each for each in own if each.settings] or own, key=lambda each: each.file)
