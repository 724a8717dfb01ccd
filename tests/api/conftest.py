"""A server over the small rule set on a free port, and the stubs to call it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format

from camcover.api.server import Keepers, Server, Settings
from camcover.gen.camcover.v1 import request_pb2
from camcover.gen.camcover.v1.catalog_service_pb2_grpc import CatalogServiceStub
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.store import ReleaseStore, estimate_store, open_database
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from small_rules import question, tables

SETTINGS = Settings(listen="127.0.0.1:0", maximum_message_bytes=1 << 20, maximum_calls=2, drain_seconds=5)


@dataclass
class Service:
    """A running server and a channel to it."""

    server: Server
    channel: grpc.aio.Channel
    estimates: Any
    catalog: Any


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """The small rules in force, estimates kept in a file."""
    database = open_database(f"sqlite:///{tmp_path / 'estimates.sqlite'}")
    rules = RulesInForce(tables(), ReleaseRules(ReleaseStore(database)))
    server = Server(rules, Keepers(estimate_store(database)), SETTINGS)
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Service(server, channel, EstimateServiceStub(channel), CatalogServiceStub(channel))
    await server.drain()
    database.close()


@pytest.fixture
def ask() -> Callable[..., request_pb2.EstimatePlanRequest]:
    """Makes the request of `small_rules.question` with other fields in place of its own."""

    def make(**others: Any) -> request_pb2.EstimatePlanRequest:
        return json_format.ParseDict(question(**others), request_pb2.EstimatePlanRequest())

    return make
