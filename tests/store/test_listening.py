"""A change by another connection ends the wait long before its time; without one it is the time that ends it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest

from camcover.store import Activation, ActivationKind, Compiled, Release, ReleaseStore, StoreUnavailable, open_database
from camcover.store.listening import listener

NOW = datetime(2026, 3, 2, tzinfo=UTC)
RELEASE = Release("rules-1", "1", "ana", "first", NOW, None, 1, 1)


def decide(url: str) -> None:
    """Add a decision, as another process does."""
    database = open_database(url)
    with ReleaseStore(database).writing() as ledger:
        if ledger.release(RELEASE.id) is None:
            ledger.add_release(RELEASE, {"a.yaml": b""}, Compiled("schema", b""))
        ledger.add_activation(Activation(0, ActivationKind.ACTIVATE, RELEASE.id, None, "ana", "", NOW, NOW))
    database.close()


async def test_a_change_ends_the_wait(url: str) -> None:
    """Twice, since the first wait only begins to listen."""
    database = open_database(url)
    changes = listener(database)
    await changes.wait(600)
    for _ in range(2):
        waiting = asyncio.create_task(changes.wait(600))
        await asyncio.sleep(0)
        await asyncio.to_thread(decide, url)
        async with asyncio.timeout(120):
            await waiting
    await changes.close()
    database.close()


async def test_without_a_change_the_time_ends_it(url: str) -> None:
    database = open_database(url)
    changes = listener(database)
    await changes.wait(0.2)
    async with asyncio.timeout(120):
        await changes.wait(0.3)
    await changes.close()
    database.close()


async def test_a_connection_that_is_lost_is_made_anew(postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    changes = listener(database)
    await changes.wait(600)
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await changes.wait(600)
    await changes.wait(600)
    waiting = asyncio.create_task(changes.wait(600))
    await asyncio.sleep(0)
    await asyncio.to_thread(decide, postgresql_url)
    async with asyncio.timeout(120):
        await waiting
    await changes.close()
    database.close()
