"""What a refusal over HTTP says, read as a client of the Connect protocol reads it."""

from __future__ import annotations

import base64
from typing import Any

import httpx
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status


def status_in(response: httpx.Response) -> Status:
    """The status of a refused call, made of its details' bytes."""
    data = response.json()
    assert response.headers["content-type"] == "application/json"
    assert set(data) == {"code", "message", "details"}
    status = Status(code=Code.Value(data["code"].upper()), message=data["message"])
    for each in data["details"]:
        padding = "=" * (-len(each["value"]) % 4)
        status.details.add(
            type_url=f"type.googleapis.com/{each['type']}", value=base64.b64decode(each["value"] + padding)
        )
    return status


def reason_in(response: httpx.Response) -> str:
    """The reason of a refused call, which its bytes and its readable form name alike."""
    status = status_in(response)
    (info,) = [ErrorInfo.FromString(each.value) for each in status.details if each.Is(ErrorInfo.DESCRIPTOR)]
    (shown,) = [each["debug"] for each in response.json()["details"] if each["type"] == "google.rpc.ErrorInfo"]
    assert (shown["reason"], shown["domain"]) == (info.reason, info.domain) == (info.reason, "camcover")
    return str(info.reason)


def fields_in(response: httpx.Response) -> dict[str, tuple[str, Any]]:
    """The reason and the description of each field that is wrong."""
    found: dict[str, tuple[str, Any]] = {}
    for each in status_in(response).details:
        if each.Is(BadRequest.DESCRIPTOR):
            violations = BadRequest.FromString(each.value).field_violations
            found |= {one.field: (one.reason, one.description) for one in violations}
    return found
