"""What a client certificate says of who calls: its names, each with its kind, the same for gRPC and for HTTP.

A name is written as `URI:spiffe://payer.example/portal`, `DNS:portal.payer.example`, `email:ana@payer.example` or
`CN:portal`: the alternative names of the certificate, and the common name of its subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["KINDS", "NO_NAMES", "Names", "context_of_peer", "names_of_context"]

Names = frozenset[str]
"""The names of a client certificate."""

NO_NAMES: Names = frozenset()
"""Of a caller without one."""

_OF_GRPC = {"peer_uri": "URI", "peer_dns": "DNS", "peer_email": "email", "x509_common_name": "CN"}
"""The properties by which gRPC gives the names in a checked certificate, and their kinds."""

_PROPERTIES = {kind: name for name, kind in _OF_GRPC.items()}

KINDS = tuple(_OF_GRPC.values())
"""The kinds of names."""


def names_of_context(properties: Mapping[str, Iterable[bytes]]) -> Names:
    """The names in what `ServicerContext.auth_context` gives; none where there is no certificate."""
    return frozenset(
        f"{kind}:{value.decode(errors='replace')}"
        for key, kind in _OF_GRPC.items()
        for value in properties.get(key, ())
    )


def context_of_peer(certificate: Mapping[str, Any] | None) -> Mapping[str, list[bytes]]:
    """The result of `SSLObject.getpeercert` in the form of gRPC; empty without a certificate."""
    if not certificate:
        return {}
    subject = (pair for part in certificate.get("subject", ()) for pair in part)
    common = (("CN", value) for key, value in subject if key == "commonName")
    found: dict[str, list[bytes]] = {}
    for kind, value in (*common, *certificate.get("subjectAltName", ())):
        if kind in _PROPERTIES:
            found.setdefault(_PROPERTIES[kind], []).append(value.encode())
    return found
