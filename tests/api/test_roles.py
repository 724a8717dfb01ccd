"""Who may call what: each method of each service, by callers with every kind of credentials."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import grpc
import pytest

from camcover.api.access import Access
from camcover.gen.camcover.v1 import catalog_service_pb2, estimate_service_pb2, rule_service_pb2

WRITING = {"PublishRelease", "ActivateRelease", "SwitchFourEyes"} | {
    f"{verb}Draft" for verb in ("Create", "Save", "Comment", "Propose", "Decide", "Publish", "Withdraw")
}
METHODS = [
    (service.name, method.name)
    for file in (estimate_service_pb2, catalog_service_pb2, rule_service_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]
SHUT_OUT = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}


def expected(service: str, method: str, role: str) -> grpc.StatusCode | None:
    """The refusal of a caller with a role, by docs/operations.md; None where the call is let in."""
    allowed = {
        "EstimateService": {"estimate"},
        "CatalogService": {"estimate", "rules.read", "rules.write"},
        "RuleService": {"rules.write"} if method in WRITING else {"rules.read", "rules.write"},
    }
    return None if role in allowed[service] else grpc.StatusCode.PERMISSION_DENIED


@pytest.fixture
def access(tmp_path: Path) -> Access:
    """One token for each role: its name."""
    entries = [
        f'[[token]]\nsubject = "{role}"\nroles = ["{role}"]\nsha256 = "{hashlib.sha256(role.encode()).hexdigest()}"\n'
        for role in ("estimate", "rules.read", "rules.write")
    ]
    file = tmp_path / "tokens.toml"
    file.write_text("".join(entries), encoding="utf-8")
    return Access(file)


async def shut_out(service: Any, name: str, method: str, authorization: str | None) -> grpc.StatusCode | None:
    """The refusal of a call with an empty message for want of rights; None where it got further."""
    metadata = () if authorization is None else (("authorization", authorization),)
    # The message goes with the call: written afterwards, it may find the call refused already, which is another error.
    call = service.channel.unary_stream(f"/camcover.v1.{name}/{method}")(b"", metadata=metadata, timeout=120)
    try:
        await call.read()
        if method == "WatchReleases":
            return None
        code = await call.code()
    except grpc.aio.AioRpcError as error:
        code = error.code()
    finally:
        call.cancel()
    return code if code in SHUT_OUT else None


async def test_every_method_by_every_caller(serve: Any, access: Access) -> None:
    assert len(METHODS) == 43
    async with serve(access=access, maximum_calls=9) as service:
        for name, method in METHODS:
            for authorization in (None, "", "Bearer ", "Bearer nobody", "Basic estimate", "estimate"):
                found = await shut_out(service, name, method, authorization)
                assert found is grpc.StatusCode.UNAUTHENTICATED, (method, authorization)
            for role in ("estimate", "rules.read", "rules.write"):
                found = await shut_out(service, name, method, f"Bearer {role}")
                assert found is expected(name, method, role), (method, role)


async def test_where_no_tokens_are_asked_for_rules_cannot_be_changed(serve: Any) -> None:
    async with serve(maximum_calls=9) as service:
        for name, method in METHODS:
            found = await shut_out(service, name, method, None)
            assert found is (grpc.StatusCode.UNAUTHENTICATED if method in WRITING else None), method
