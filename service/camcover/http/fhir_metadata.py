"""`GET /fhir/metadata`: what of FHIR the service speaks, as a CapabilityStatement."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from camcover.http.fhir import FHIR_JSON
from camcover.http.openapi import package_version
from camcover.http.replies import Reply

__all__ = ["Capabilities"]

_DATE = "2026-11-26"
"""When the statement was last changed."""

_OPERATION = "gfe-submit"
_ABOUT = (
    "Prices a provider's good-faith estimate under a payer plan, and answers at once with a packet that holds the "
    "advance explanation of benefits. It is like $gfe-submit of Da Vinci PCT; no conformance to the guide is claimed."
)


class Capabilities:
    """Answers with the statement; anybody may ask for it."""

    def __init__(self) -> None:
        """Write it once."""
        self._reply = Reply(orjson.dumps(_statement()), FHIR_JSON)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one call."""
        await self._reply.send(send)


def _statement() -> dict[str, Any]:
    operation = {"name": _OPERATION, "definition": f"#{_OPERATION}", "documentation": _ABOUT}
    return {
        "resourceType": "CapabilityStatement",
        "contained": [_definition()],
        "status": "active",
        "date": _DATE,
        "kind": "instance",
        "software": {"name": "Camcover", "version": package_version()},
        "implementation": {"description": "Estimates of what patients pay for integrative medicine"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{"mode": "server", "resource": [{"type": "Claim", "operation": [operation]}]}],
    }


def _definition() -> dict[str, Any]:
    """The operation, with its parameters."""
    return {
        "resourceType": "OperationDefinition",
        "id": _OPERATION,
        "name": "GfeSubmit",
        "status": "active",
        "kind": "operation",
        "affectsState": False,
        "code": _OPERATION,
        "resource": ["Claim"],
        "system": False,
        "type": True,
        "instance": False,
        "parameter": [
            _parameter("plan", "in", 1, "string", about="The id of the payer plan, in the address."),
            _parameter("tier", "in", 0, "string", about="The plan's tier of the provider, in the address."),
            _parameter("language", "in", 0, "string", about="The language of texts, in the address."),
            _parameter("resource", "in", 1, "Bundle", about="The estimate: professional claims of one patient."),
            _parameter("return", "out", 1, "Bundle", about="The packet."),
        ],
    }


def _parameter(name: str, use: str, least: int, kind: str, *, about: str) -> dict[str, Any]:
    return {"name": name, "use": use, "min": least, "max": "1", "documentation": about, "type": kind}
