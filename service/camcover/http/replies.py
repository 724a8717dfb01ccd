"""Replies: an answer or a refusal as a status, headers and a body.

A refusal has the form of the Connect protocol: `code`, `message` and `details`, each with its type, its bytes in base64
and, as `debug`, the same as JSON.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from starlette.types import Send

from camcover.api.http_statuses import http_status_of

__all__ = ["JSON", "PROTO", "Reply", "json_reply", "refusal", "tagged", "takes_gzip"]

JSON, PROTO = "application/json", "application/proto"

_DETAILS = {message.full_name: message for message in error_details_pb2.DESCRIPTOR.message_types_by_name.values()}

_PART_BYTES = 64 << 10
"""A body is sent in parts of so many bytes, so that a slow reader holds no more of it in the connection's buffer."""

_PACKED_FROM_BYTES = 1 << 10
"""A smaller body is not packed: it would hardly become smaller."""

_NOT_MODIFIED = 304
_BODILESS = {204, _NOT_MODIFIED}

_TAG_BYTES = 12

_LEVEL = 5
"""How hard gzip tries: beyond, time grows faster than the body shrinks."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, not sent yet."""

    body: bytes = b""
    content_type: str = JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def packed(self) -> Reply:
        """The same with a body packed by gzip, where that is worth it."""
        if len(self.body) < _PACKED_FROM_BYTES:
            return self
        body = gzip.compress(self.body, _LEVEL, mtime=0)
        return Reply(body, self.content_type, self.status, {**self.headers, "content-encoding": "gzip"})

    def more(self, **headers: str) -> Reply:
        """The same with further headers; `_` stands for `-` in their names."""
        added = {name.replace("_", "-"): value for name, value in headers.items()}
        return Reply(self.body, self.content_type, self.status, {**self.headers, **added})

    async def send(self, send: Send) -> None:
        """Send it; ends once all but the last part has gone to the client."""
        headers = {"x-content-type-options": "nosniff", **self.headers}
        if self.status not in _BODILESS:
            headers["content-length"] = str(len(self.body))
        if self.body:
            headers["content-type"] = self.content_type
        headers.setdefault("cache-control", "no-store")
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        for begin in range(0, max(len(self.body), 1), _PART_BYTES):
            part = self.body[begin : begin + _PART_BYTES]
            is_last = begin + _PART_BYTES >= len(self.body)
            await send({"type": "http.response.body", "body": part, "more_body": not is_last})


def json_reply(data: object, status: int = 200) -> Reply:
    """A reply with JSON data."""
    return Reply(orjson.dumps(data), status=status)


def refusal(status: Status, http_status: int | None = None) -> Reply:
    """The reply to a call that is refused; `http_status` is another than the code's own."""
    details = [
        {
            "type": each.type_url.rpartition("/")[2],
            "value": base64.b64encode(each.value).decode().rstrip("="),
            **_readable(each),
        }
        for each in status.details
    ]
    data = {"code": _code(status.code), "message": status.message, "details": details}
    number = http_status or http_status_of(status)
    return Reply(orjson.dumps(data), status=number, headers=_headers(status))


def tagged(finish: Callable[[Reply], Reply], wanted: Sequence[str]) -> Callable[[Reply], Reply]:
    """What finishes a reply that has a tag; one of whose tags is `wanted` (`If-None-Match`) is not sent again."""
    known = {each.strip().removeprefix("W/") for each in ",".join(wanted).split(",")}

    def make(reply: Reply) -> Reply:
        tag = f'"{hashlib.blake2b(reply.body, digest_size=_TAG_BYTES).hexdigest()}"'
        # Weak, since the same reply may be packed or not.
        headers = {"etag": f"W/{tag}", "cache-control": "private, no-cache"}
        if known & {tag, "*"}:
            return finish(Reply(status=_NOT_MODIFIED, headers=headers))
        return finish(Reply(reply.body, reply.content_type, reply.status, {**reply.headers, **headers}))

    return make


def takes_gzip(accepted: Sequence[str]) -> bool:
    """Whether the values of `Accept-Encoding` name gzip, and do not exclude it."""
    for each in ",".join(accepted).lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _code(number: int) -> str:
    """A code as the Connect protocol names it; it spells one of them otherwise than gRPC does."""
    name: str = Code.Name(number) if number in Code.values() else "UNKNOWN"
    return "canceled" if number == Code.CANCELLED else name.lower()


def _readable(detail: Packed) -> dict[str, Any]:
    """A detail as JSON, where its type is one of google.rpc."""
    described = _DETAILS.get(detail.type_url.rpartition("/")[2])
    if described is None:
        return {}
    message = GetMessageClass(described).FromString(detail.value)
    return {"debug": json_format.MessageToDict(message, preserving_proto_field_name=True)}


def _headers(status: Status) -> dict[str, str]:
    """What HTTP has its own headers for."""
    headers = {}
    for detail in status.details:
        retry: Message = RetryInfo()
        if detail.Is(retry.DESCRIPTOR):
            delay = RetryInfo.FromString(detail.value).retry_delay
            # Whole seconds, rounded up: a call before the time is over would be refused again.
            headers["retry-after"] = str(max(1, delay.seconds + (delay.nanos > 0)))
    if status.code == Code.UNAUTHENTICATED:
        headers["www-authenticate"] = "Bearer"
    return headers
