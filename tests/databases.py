"""Databases of a PostgreSQL server, made for a test each."""

from __future__ import annotations

from uuid import uuid4

import psycopg


def new_postgresql_database(server: str) -> str:
    """The URL of a new, empty database of a server (its SQLAlchemy URL)."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?", 1)
