"""Cases of the wire, each asked of a service in this process by gRPC and by HTTP, and what no answer may be."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import grpc
import httpx
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo

from at_once import AtOnce
from camcover.api.access import Access
from camcover.api.server import Server, Settings, Storage
from camcover.gen.camcover.v1 import estimate_pb2
from camcover.http.app import application
from camcover.rulebook import load_files
from camcover.store import ReleaseStore, estimate_store, open_database
from camcover.workflow.activation import Decision, activate
from camcover.workflow.publishing import prepare, publish
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from fuzz.messages import change_fields, spoil_bytes, spoil_json
from fuzz.requests import begin
from grpc_calls import status_of
from small_rules import TEXTS, question

__all__ = ["CORPUS", "Fuzzed", "WireCase", "corpus_cases", "draw", "fuzzed_service"]

CORPUS = Path(__file__).parent / "corpus" / "wire"

LARGEST_REQUEST_BYTES = 1 << 20
LARGEST_ANSWER_BYTES = 8 << 20
LONGEST_SECONDS = 60.0
"""A service that has not answered by then does not answer."""

_BEARER = "all"
_CALLER = '[[token]]\nsubject = "ana"\nroles = ["estimate", "rules.read", "rules.write"]\nsha256 = "{}"\n'
_HEADERS = {"authorization": f"Bearer {_BEARER}"}

_OURS = {"INTERNAL", "UNKNOWN", "UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "UNIMPLEMENTED", "DATA_LOSS"}
"""Codes of faults of the service's own. Calls come one by one, so that none is refused for load."""


class WireCase(NamedTuple):
    """What is sent to a method: protobuf bytes, or JSON."""

    path: str
    is_json: bool
    body: bytes

    def to_text(self) -> str:
        """As the corpus keeps it."""
        kept = {"path": self.path, "is_json": self.is_json, "base64": base64.b64encode(self.body).decode()}
        return json.dumps(kept, indent=1) + "\n"

    @classmethod
    def from_text(cls, text: str) -> WireCase:
        """From the corpus."""
        kept = json.loads(text)
        return cls(kept["path"], kept["is_json"], base64.b64decode(kept["base64"]))


def corpus_cases() -> Iterator[WireCase]:
    """Every case that is kept in the repository."""
    for file in sorted(CORPUS.glob("*.json")):
        yield WireCase.from_text(file.read_text(encoding="utf-8"))


def draw(random: Random, server: Server, without: str = "") -> WireCase:
    """A request of any unary method but `without`, most with other fields, bytes or JSON than they should have."""
    path = random.choice([each for each in server.methods if each != without])
    message = begin(random, GetMessageClass(server.methods[path].descriptor.input_type)())
    if random.random() < 0.6:
        change_fields(random, message)
    is_json, is_spoilt = random.random() < 0.5, random.random() < 0.7
    if not is_json:
        data = message.SerializeToString()
        return WireCase(path, is_json, spoil_bytes(random, data) if is_spoilt else data)
    try:
        tree = json_format.MessageToDict(message, preserving_proto_field_name=random.random() < 0.5)
    except json_format.SerializeToJsonError:  # JSON has no form for a time beyond the year 9999
        return WireCase(path, is_json=False, body=message.SerializeToString())
    return WireCase(path, is_json, spoil_json(random, tree) if is_spoilt else json.dumps(tree).encode())


class Fuzzed:
    """A service in this process, asked by both ways."""

    def __init__(self, server: Server, channel: grpc.aio.Channel, client: httpx.AsyncClient) -> None:
        """Ask `server` by a channel to it, and by a client of its application."""
        self.server, self._channel, self._client = server, channel, client

    async def fault(self, case: WireCase) -> str | None:
        """What is wrong with the answer to a case, in words; None: nothing."""
        if not case.is_json:
            found = await self._fault_by_grpc(case)
            if found is not None:
                return f"gRPC: {found}"
        found = await self._fault_by_http(case)
        return None if found is None else f"HTTP: {found}"

    async def is_alive(self) -> bool:
        """Whether it prices as ever: 60.80 by hand, in `small_rules.question`. The active rules may be others."""
        call: Callable[..., Any] = self._channel.unary_unary(
            "/camcover.v1.EstimateService/EstimatePlan",
            request_serializer=lambda message: message,
            response_deserializer=estimate_pb2.Estimate.FromString,
        )
        path = self.server.methods["/camcover.v1.EstimateService/EstimatePlan"].descriptor.input_type
        asked = json_format.ParseDict(question(), GetMessageClass(path)())
        answer = await call(asked.SerializeToString(), metadata=[*_HEADERS.items()], timeout=LONGEST_SECONDS)
        return bool(answer.totals.patient_cents == 6080)

    async def _fault_by_grpc(self, case: WireCase) -> str | None:
        call: Callable[..., Any] = self._channel.unary_unary(case.path)
        try:
            answer = await call(case.body, metadata=[*_HEADERS.items()], timeout=LONGEST_SECONDS)
        except grpc.aio.AioRpcError as error:
            if len(case.body) > LARGEST_REQUEST_BYTES and error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
                return None  # gRPC refuses it by itself, in its own words
            if error.code().name in _OURS:
                return f"{error.code().name}: {error.details()}"
            status = status_of(error)
            reasons = [each for each in (status.details if status else ()) if each.Is(ErrorInfo.DESCRIPTOR)]
            return None if reasons else f"{error.code().name} without a reason: {error.details()}"
        return _too_large(len(answer))

    async def _fault_by_http(self, case: WireCase) -> str | None:
        kind = "application/json" if case.is_json else "application/proto"
        response = await self._client.post(case.path, content=case.body, headers=_HEADERS | {"content-type": kind})
        if response.is_success:
            return _too_large(len(response.content))
        refused = response.json()
        if refused["code"].upper() in _OURS:
            return f"{response.status_code} {refused['code']}: {refused['message']}"
        has_reason = any(each["type"] == "google.rpc.ErrorInfo" for each in refused["details"])
        return None if has_reason else f"{response.status_code} without a reason: {refused['message']}"


def _too_large(size: int) -> str | None:
    return f"an answer of {size} bytes" if size > LARGEST_ANSWER_BYTES else None


@asynccontextmanager
async def fuzzed_service(folder: Path, *, is_one_process: bool) -> AsyncIterator[Fuzzed]:
    """A service over the small rules, active in a database below `folder`; `is_one_process`: it starts no other."""
    database = open_database(f"sqlite:///{folder / 'camcover.sqlite'}")
    releases = ReleaseRules(ReleaseStore(database))
    loaded = load_files({name: each.encode() for name, each in TEXTS.items()})
    release, _ = publish(releases.store, prepare(loaded), "ana", "small rules")
    activate(releases, release.id, Decision("bob", "agreed"))
    rules = RulesInForce(releases.tables(release.id), releases)
    settings = Settings(listen="127.0.0.1:0", maximum_message_bytes=LARGEST_REQUEST_BYTES, drain_seconds=5)
    callers = folder / "tokens.toml"
    callers.write_text(_CALLER.format(hashlib.sha256(_BEARER.encode()).hexdigest()), encoding="utf-8")
    server = Server(rules, Storage(estimate_store(database), follows=True), settings, Access(callers))
    if is_one_process:
        at_once: Any = AtOnce()
        server._staff._worker_process = at_once
    port = await server.start()
    transport = httpx.ASGITransport(app=application(server))
    async with (
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
        httpx.AsyncClient(transport=transport, base_url="http://fuzz", timeout=LONGEST_SECONDS) as client,
    ):
        yield Fuzzed(server, channel, client)
    await server.drain()
    database.close()
