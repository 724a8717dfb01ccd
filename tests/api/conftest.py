"""A server over the small rule set on a free port, and the stubs to call it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format

from camcover.api import keeping
from camcover.api.access import Access
from camcover.api.answering import Answering
from camcover.api.server import Server, Settings, Storage
from camcover.gen.camcover.v1 import request_pb2
from camcover.gen.camcover.v1.catalog_service_pb2_grpc import CatalogServiceStub
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.store import ReleaseStore, estimate_store, open_database
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from small_rules import question, tables

SETTINGS = Settings(listen="127.0.0.1:0", maximum_message_bytes=1 << 20, maximum_calls=2, drain_seconds=5)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other tests may take longer to write than a caller may wait."""
    monkeypatch.setattr(keeping, "ANSWER_SECONDS", 60.0)


@dataclass
class Service:
    """A running server and a channel to it."""

    server: Server
    address: str
    channel: grpc.aio.Channel
    estimates: Any
    catalog: Any


@asynccontextmanager
async def served(settings: Settings, access: Access | None = None) -> AsyncIterator[Service]:
    """The small rules in force, nothing kept."""
    server = Server(RulesInForce(tables()), Storage(), settings, access)
    async with connected(server) as service:
        yield service


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[Service]:
    """A server, started and drained afterwards."""
    port = await server.start()
    address = f"127.0.0.1:{port}"
    async with grpc.aio.insecure_channel(address) as channel:
        yield Service(server, address, channel, EstimateServiceStub(channel), CatalogServiceStub(channel))
    await server.drain()


class Gate:
    """Holds calls that price something until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put the gate before the pricing; every call that arrives is counted."""
        self.arrived = asyncio.Semaphore(0)
        self.opened = asyncio.Event()
        answer = Answering.one

        async def held(answering: Answering, request: Any) -> Any:
            self.arrived.release()
            await self.opened.wait()
            return await answer(answering, request)

        monkeypatch.setattr(Answering, "one", held)


@pytest.fixture
async def gate(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gate]:
    """A gate before the running service, open at the end whatever happens."""
    made = Gate(monkeypatch)
    yield made
    made.opened.set()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """The small rules in force, estimates kept in a file."""
    database = open_database(new_sqlite_database(tmp_path / "estimates.sqlite"))
    rules = RulesInForce(tables(), ReleaseRules(ReleaseStore(database)))
    async with connected(Server(rules, Storage(estimate_store(database)), SETTINGS)) as service:
        yield service
    database.close()


@pytest.fixture
def serve() -> Callable[..., AbstractAsyncContextManager[Service]]:
    """Serves by settings of the test's own."""

    def make(access: Access | None = None, **others: Any) -> AbstractAsyncContextManager[Service]:
        return served(replace(SETTINGS, **others), access)

    return make


@pytest.fixture
def ask() -> Callable[..., request_pb2.EstimatePlanRequest]:
    """Makes the request of `small_rules.question` with other fields in place of its own."""

    def make(**others: Any) -> request_pb2.EstimatePlanRequest:
        return json_format.ParseDict(question(**others), request_pb2.EstimatePlanRequest())

    return make
