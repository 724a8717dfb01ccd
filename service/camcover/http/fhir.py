"""FHIR over HTTP: `POST /fhir/Claim/$gfe-submit` and `GET /fhir/metadata`.

A bundle goes through the same guards and bounds as every message: it becomes the message of a method. A refusal is an
OperationOutcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from starlette.datastructures import QueryParams
from starlette.requests import Request

from camcover.api.errors import refuse, refused
from camcover.api.intake import Intake
from camcover.api.server import Server
from camcover.gen.camcover.v1 import good_faith_pb2 as messages
from camcover.http.calls import Ask, Refuse, read_content_type
from camcover.http.exchange import Exchange
from camcover.http.replies import JSON, Reply, refusal
from camcover.refusals import Refusal

__all__ = [
    "FHIR_JSON",
    "FHIR_TYPES",
    "METADATA",
    "METHOD",
    "PARAMETERS",
    "SUBMIT",
    "asker_with_bundle",
    "outcome",
    "refusing_at",
]

FHIR_JSON = "application/fhir+json"
FHIR_TYPES = (FHIR_JSON, JSON)
"""What a bundle may come as."""

SUBMIT, METADATA = "/fhir/Claim/$gfe-submit", "/fhir/metadata"
METHOD = "/camcover.v1.EstimateService/ExplainGoodFaithEstimate"

PARAMETERS = {"plan": "plan_id", "tier": "tier", "language": "language"}
"""Parameters of the address, with the fields that they give."""

_PACKET = messages.ExplainGoodFaithEstimateResponse.DESCRIPTOR.fields_by_name["packet"].name

_ISSUES = {
    Code.INVALID_ARGUMENT: "invalid",
    Code.FAILED_PRECONDITION: "business-rule",
    Code.NOT_FOUND: "not-found",
    Code.UNAUTHENTICATED: "login",
    Code.PERMISSION_DENIED: "forbidden",
    Code.RESOURCE_EXHAUSTED: "throttled",
    Code.UNAVAILABLE: "transient",
    Code.DEADLINE_EXCEEDED: "timeout",
    Code.UNIMPLEMENTED: "not-supported",
}
"""Statuses as FHIR's issue types; every other is `exception`."""


def refusing_at(path: str) -> Refuse:
    """How a refusal is written at a path."""
    return outcome if path.startswith("/fhir/") else refusal


class _BundleReader:
    """Reads the body of a call as a bundle."""

    def __init__(self, intake: Intake, fields: Mapping[str, str]) -> None:
        """`fields`: those that the address gives."""
        self._intake, self._fields = intake, fields

    def message(self, data: bytes | None) -> Message:
        """The message of the method. Raises `Refused`."""
        asked = messages.ExplainGoodFaithEstimateRequest(**self._fields, bundle=data or b"")
        return self._intake.message(asked.SerializeToString())


def asker_with_bundle(server: Server) -> Ask:
    """What reads a call of `SUBMIT`."""
    intake = server.methods[METHOD].intake

    def ask(request: Request, exchange: Exchange) -> None:
        read_content_type(request.headers, exchange, FHIR_TYPES)
        exchange.speak(_BundleReader(intake, _fields(request.query_params)), _packet)

    return ask


def _fields(query: QueryParams) -> dict[str, str]:
    """The fields that the parameters of an address give. Raises `Refused`."""
    given = query.multi_items()
    for name, _ in given:
        if name not in PARAMETERS:
            said = f"found the parameter {name[:50]!r}; expected {', '.join(PARAMETERS)}"
            refuse(refused(Refusal.INVALID_HEADER, said))
    if len(dict(given)) < len(given):
        refuse(refused(Refusal.INVALID_HEADER, "found a parameter twice; expected each parameter only once"))
    return {PARAMETERS[name]: text for name, text in given}


def _packet(answer: Message) -> Reply:
    """The packet as it is sent."""
    found: bytes = getattr(answer, _PACKET)
    return Reply(found, FHIR_JSON)


def outcome(status: Status, http_status: int | None = None) -> Reply:
    """A refusal as an OperationOutcome, with the status and the headers of every other one."""
    plain = refusal(status, http_status)
    fields, info = BadRequest(), ErrorInfo()
    for detail in status.details:
        for message in (fields, info):
            if detail.Is(message.DESCRIPTOR):
                detail.Unpack(message)
    code = _ISSUES.get(status.code, "exception")
    issues = [
        _issue(code, f"{each.field}: {each.description}" if each.field else each.description, each.reason)
        for each in fields.field_violations
    ] or [_issue(code, status.message, info.reason)]
    body = orjson.dumps({"resourceType": "OperationOutcome", "issue": issues})
    return Reply(body, FHIR_JSON, plain.status, plain.headers)


def _issue(code: str, text: str, reason: str) -> dict[str, Any]:
    """One issue; `diagnostics` is the reason, a name that stays."""
    return {"severity": "error", "code": code, "details": {"text": text}, "diagnostics": reason}
