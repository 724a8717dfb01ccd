"""Every text field of every request is bounded and free of control characters, a field added tomorrow too."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status

from camcover.api.access import Access
from camcover.api.paging import token_of
from camcover.api.server import Server, Settings, Storage
from camcover.api.validation import violations_of
from camcover.gen.camcover.v1 import catalog_service_pb2, estimate_service_pb2, request_pb2, rule_service_pb2
from camcover.refusals import Refusal
from camcover.store import ReleaseStore, estimate_store, open_database
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from grpc_calls import status_of
from small_rules import tables

SERVICES = [
    service
    for module in (catalog_service_pb2, estimate_service_pb2, rule_service_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
]
METHODS = [method for service in SERVICES for method in service.methods]
TOO_LONG = "a" * 5_000
NOT_TEXT = "a\0b"

ALL_ROLES = '[[token]]\nsubject = "ana"\nroles = ["estimate", "rules.read", "rules.write"]\nsha256 = "{}"\n'


class Place(NamedTuple):
    """A text field of a request: the fields that lead to it."""

    fields: tuple[FieldDescriptor, ...]

    @property
    def path(self) -> str:
        """As violations name it."""
        return ".".join(f"{each.name}[0]" if each.is_repeated else each.name for each in self.fields)

    def fill(self, message: Message, text: str) -> Message:
        """`message`, this field of it set and nothing else."""
        inside = message
        for each in self.fields[:-1]:
            inner = getattr(inside, each.name)
            inside = inner.add() if each.is_repeated else inner
            inside.SetInParent()
        last = self.fields[-1]
        if last.is_repeated:
            getattr(inside, last.name).append(text)
        else:
            setattr(inside, last.name, text)
        return message


def text_fields(message: Descriptor, before: tuple[FieldDescriptor, ...] = ()) -> Iterator[Place]:
    """Every text field of a message and of those inside it."""
    for each in message.fields:
        way = (*before, each)
        if each.type == FieldDescriptor.TYPE_STRING:
            yield Place(way)
        elif each.message_type is not None and each.message_type.full_name.startswith("camcover."):
            yield from text_fields(each.message_type, way)


@pytest.fixture
async def channel(tmp_path: Path) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to a server that lets the token `all` do everything."""
    file = tmp_path / "tokens.toml"
    file.write_text(ALL_ROLES.format(hashlib.sha256(b"all").hexdigest()), encoding="utf-8")
    database = open_database(new_sqlite_database(tmp_path / "camcover.sqlite"))
    rules = RulesInForce(tables(), ReleaseRules(ReleaseStore(database)))
    storage = Storage(estimate_store(database), follows=True)
    server = Server(rules, storage, Settings(listen="127.0.0.1:0", drain_seconds=5), Access(file))
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as made:
        yield made
    await server.drain()
    database.close()


async def answer(channel: grpc.aio.Channel, method: MethodDescriptor, request: Message) -> Status:
    """How the service refuses a request; a status without a code where it does not."""
    kind = f"{'stream' if method.client_streaming else 'unary'}_{'stream' if method.server_streaming else 'unary'}"
    call = getattr(channel, kind)(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    metadata = (("authorization", "Bearer all"),)
    try:
        if method.client_streaming:
            got: Any = await anext(aiter(call(iter([request]), metadata=metadata)))
            return Status(code=got.error.code, details=got.error.details)
        got = await call(request, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        return status_of(error) or Status(code=error.code().value[0])
    result = got.results[0].error if method.name == "BatchEstimatePlans" else Status()
    return Status(code=result.code, details=result.details)


def violations(status: Status) -> dict[str, str]:
    """Descriptions by field, those of one field put together."""
    found: dict[str, str] = {}
    for detail in status.details:
        bad = BadRequest()
        if detail.Unpack(bad):
            for each in bad.field_violations:
                found[each.field] = f"{found.get(each.field, '')} {each.description}"
    return found


async def test_every_bad_text_is_refused_with_its_path(channel: grpc.aio.Channel) -> None:
    """Through the service, by every method; a batch and a stream answer with the path inside one request."""
    missed, count = [], 0
    for method in METHODS:
        for place in text_fields(method.input_type):
            path = place.path.removeprefix("requests[0].")
            for text in (TOO_LONG, NOT_TEXT):
                count += 1
                request = place.fill(GetMessageClass(method.input_type)(), text)
                status = await answer(channel, method, request)
                if status.code != grpc.StatusCode.INVALID_ARGUMENT.value[0] or path not in violations(status):
                    missed.append((method.name, place.path, text[:3], status))
    assert missed == []
    assert count > 300


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ab\0", "with a control character (U+0000) at position 3"),
        ("\x1b[2J", "with a control character (U+001B) at position 1"),
        ("a\nb", "with a control character (U+000A) at position 2"),
        ("a\x85", "with a control character (U+0085) at position 2"),
        ("a\u2028", "with a control character (U+2028) at position 2"),
        ("ab\u202egpj.yaml", "with a control character (U+202E) at position 3"),
    ],
)
def test_which_character_and_where(text: str, said: str) -> None:
    request = request_pb2.EstimatePlanRequest(request_id=text)
    (wrong,) = [each for each in violations_of(request) if each.field == "request_id"]
    assert wrong.description == f"found {text!r} {said}; expected text without control characters"
    assert wrong.refusal is Refusal.CONTROL_CHARACTER


CONTROLS = {*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
"""C0, DEL and C1; what embeds, overrides or isolates a direction of writing."""


@pytest.mark.parametrize(
    ("request_of", "unwanted"),
    [
        (lambda text: request_pb2.EstimatePlanRequest(request_id=text), CONTROLS | {0x2028, 0x2029}),
        (lambda text: rule_service_pb2.ActivateReleaseRequest(reason=text), CONTROLS - {0x09, 0x0A}),
    ],
    ids=["one line", "several lines"],
)
def test_what_the_proto_refuses_is_what_is_named(request_of: Callable[[str], Message], unwanted: set[int]) -> None:
    """Each character by itself, refused and named with its number, or taken."""
    named = {}
    for number in (*range(0x300), *range(0x2000, 0x2100), 0xFEFF, 0x1F642):
        for wrong in violations_of(request_of(chr(number))):
            if wrong.refusal is Refusal.CONTROL_CHARACTER:
                named[number] = wrong.found
    said = "{!r} with a control character (U+{:04X}) at position 1"
    assert named == {number: said.format(chr(number), number) for number in unwanted}


@pytest.mark.parametrize("text", ["plain", "Änderung №1 日本語", "e\u0301", "שלום", "🙂"])
def test_words_of_any_language_are_text(text: str) -> None:
    request = request_pb2.EstimatePlanRequest(request_id=text)
    assert "request_id" not in [each.field for each in violations_of(request)]


def test_what_is_said_of_a_release_may_have_lines() -> None:
    """Newline and tab, and no other control character."""
    request = rule_service_pb2.ActivateReleaseRequest(release=f"rules-{0:016}", reason="one\n\ttwo")
    assert violations_of(request) == []
    request.reason = "one\r\n"
    (wrong,) = violations_of(request)
    assert (wrong.field, wrong.found) == ("reason", r"'one\r\n' with a control character (U+000D) at position 4")


@pytest.mark.parametrize("token", ["ä", "AAAA", token_of("a\0"), "%", token_of("1").replace("=", "")])
async def test_a_page_token_that_no_page_gave(channel: grpc.aio.Channel, token: str) -> None:
    method = rule_service_pb2.DESCRIPTOR.services_by_name["RuleService"].methods_by_name["ListReleases"]
    status = await answer(channel, method, rule_service_pb2.ListReleasesRequest(page_token=token))
    assert violations(status) == {
        "page_token": " found an invalid token; expected the next_page_token of an earlier response"
    }
