"""A server over the small rule set with both ports, and clients of each."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from camcover.api.access import Access
from camcover.api.answering import Answering
from camcover.api.server import Server, Settings, Storage
from camcover.gen.camcover.v1.catalog_service_pb2_grpc import CatalogServiceStub
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.http.port import HttpPort
from camcover.store import ReleaseStore, estimate_store, open_database
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from small_rules import tables

SETTINGS = Settings(listen="127.0.0.1:0", maximum_message_bytes=1 << 20, maximum_calls=2, drain_seconds=5)

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""No call is encrypted, so that no certificates need be loaded for each client."""

TOKENS = {"ana": "estimate", "rita": "rules.read"}
"""The role of each subject, whose token is its name."""


@dataclass
class Both:
    """A running server, a client of its HTTP port, and a channel to the other."""

    server: Server
    port: HttpPort
    address: str
    client: httpx.AsyncClient
    estimates: Any
    catalog: Any
    channel: grpc.aio.Channel

    async def post(self, path: str, data: Any, **headers: str) -> httpx.Response:
        """POST JSON; a word like `EstimateService/EstimatePlan` stands for the path of a method."""
        where = path if path.startswith("/") else f"/camcover.v1.{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(where, json=data, headers=named)


@asynccontextmanager
async def both_ports(server: Server, **others: Any) -> AsyncIterator[Both]:
    """Start a server with both ports, and end it."""
    grpc_port = await server.start()
    http = HttpPort(server, "127.0.0.1:0", **others)
    address = await http.start()
    async with (
        grpc.aio.insecure_channel(f"127.0.0.1:{grpc_port}") as channel,
        httpx.AsyncClient(base_url=f"http://{address}", timeout=60, trust_env=False, verify=NO_TLS) as client,
    ):
        yield Both(server, http, address, client, EstimateServiceStub(channel), CatalogServiceStub(channel), channel)
    await server.drain()
    await http.stop()


@pytest.fixture
async def both() -> AsyncIterator[Both]:
    """The small rules in force, nothing kept."""
    async with both_ports(Server(RulesInForce(tables()), Storage(), SETTINGS)) as made:
        yield made


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Both]:
    """The small rules in force, estimates kept in a file."""
    database = open_database(new_sqlite_database(tmp_path / "estimates.sqlite"))
    rules = RulesInForce(tables(), ReleaseRules(ReleaseStore(database)))
    async with both_ports(Server(rules, Storage(estimate_store(database)), SETTINGS)) as made:
        yield made
    database.close()


@pytest.fixture
def serve() -> Callable[..., AbstractAsyncContextManager[Both]]:
    """Serves the small rules by settings of the test's own, nothing kept; `port` are options of the HTTP port."""

    def make(
        access: Access | None = None, port: dict[str, Any] | None = None, **others: Any
    ) -> AbstractAsyncContextManager[Both]:
        server = Server(RulesInForce(tables()), Storage(), replace(SETTINGS, **others), access)
        return both_ports(server, **(port or {}))

    return make


@pytest.fixture
def access(tmp_path: Path) -> Access:
    """Callers by `TOKENS`."""
    file = tmp_path / "tokens.toml"
    entry = '[[token]]\nsubject = "{}"\nroles = ["{}"]\nsha256 = "{}"\n'
    hashed = {name: hashlib.sha256(name.encode()).hexdigest() for name in TOKENS}
    file.write_text("".join(entry.format(name, role, hashed[name]) for name, role in TOKENS.items()), encoding="utf-8")
    return Access(file)


class Gate:
    """Holds calls that price something until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put the gate before the pricing; every call that arrives is counted, and every one that is given up."""
        self.arrived, self.given_up = asyncio.Semaphore(0), asyncio.Semaphore(0)
        self.opened = asyncio.Event()
        answer = Answering.one

        async def held(answering: Answering, request: Any) -> Any:
            self.arrived.release()
            try:
                await self.opened.wait()
            except asyncio.CancelledError:
                self.given_up.release()
                raise
            return await answer(answering, request)

        monkeypatch.setattr(Answering, "one", held)


@pytest.fixture
async def gate(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gate]:
    """A gate before the running service, open at the end whatever happens."""
    made = Gate(monkeypatch)
    yield made
    made.opened.set()
