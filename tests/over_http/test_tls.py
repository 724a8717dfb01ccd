"""HTTP over TLS: encrypted by files that may change, callers known by their certificates as over gRPC."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from cryptography import x509
from structlog.testing import capture_logs

from authority import Authority, handshake, put
from camcover.api.access import Access
from camcover.api.certificates import CertificateFiles, Certificates
from camcover.api.server import Server, Storage
from camcover.http.port import HttpPort
from camcover.workflow.rules_in_force import RulesInForce
from over_http.conftest import SETTINGS
from over_http.refusals import reason_in
from small_rules import question, tables

URI = x509.UniformResourceIdentifier("spiffe://payer.example/portal")
CALLERS = (
    '[[certificate]]\nsubject = "portal"\nroles = ["estimate"]\nname = "URI:spiffe://payer.example/portal"\n'
    '[[certificate]]\nsubject = "ana"\nroles = ["rules.read"]\nname = "CN:ana"\n'
)


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Who signs."""
    return Authority()


@pytest.fixture
def files(tmp_path: Path, authority: Authority) -> CertificateFiles:
    """A certificate, its key, and the CA of clients."""
    client_ca = tmp_path / "ca.pem"
    client_ca.write_bytes(authority.certificate)
    return CertificateFiles(*put(tmp_path, authority.server_pair()), client_ca)


class Encrypted(NamedTuple):
    """A running service whose HTTP is encrypted: its port, and who has signed its certificate."""

    port: int
    authority: Authority

    def client(self, own: tuple[Path, Path] | None = None) -> httpx.AsyncClient:
        """A client that trusts the authority, and shows a certificate of its own."""
        context = ssl.create_default_context(cadata=self.authority.certificate.decode())
        if own is not None:
            context.load_cert_chain(*own)
        return httpx.AsyncClient(base_url=f"https://localhost:{self.port}", verify=context, trust_env=False)

    def greet(self, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> tuple[bool, ssl.SSLSession]:
        """Ask whether it lives; whether a session was resumed for that, and the session. Raises OSError."""
        with (
            socket.create_connection(("127.0.0.1", self.port), 30) as plain,
            context.wrap_socket(plain, session=session) as connection,
        ):
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            if not connection.recv(1):
                raise ConnectionError
            assert connection.session is not None
            return bool(connection.session_reused), connection.session


@asynccontextmanager
async def encrypted(
    files: CertificateFiles, authority: Authority, access: Access | None = None, **others: Any
) -> AsyncIterator[Encrypted]:
    """The small rules in force, and HTTP behind a certificate."""
    server = Server(RulesInForce(tables()), Storage(), SETTINGS, access)
    await server.start()
    port = HttpPort(server, "127.0.0.1:0", certificates=Certificates(files), **others)
    try:
        yield Encrypted(int((await port.start()).rpartition(":")[2]), authority)
    finally:
        await server.drain()
        await port.stop()


async def estimated(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    """The answer to a question over the short path."""
    return await client.post("/v1/estimates", json=question(), headers=headers)


async def test_calls_are_encrypted(files: CertificateFiles, authority: Authority) -> None:
    """By TLS 1.2 or newer; a client that does not know who has signed the certificate leaves."""
    async with encrypted(files._replace(client_ca=None), authority) as service:
        async with service.client() as client:
            assert (await estimated(client)).json()["totals"]["patient_cents"] == 6080
        for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            version, _ = await asyncio.to_thread(handshake, service.port, newest=newest, says=b"GET / HTTP/1.0\r\n\r\n")
            assert version == newest.name.replace("_", ".")
        with pytest.raises(OSError, match=r"SSL|reset"):
            await asyncio.to_thread(handshake, service.port, newest=ssl.TLSVersion.TLSv1_1)
        async with service._replace(authority=Authority("another-ca")).client() as stranger:
            with pytest.raises(httpx.ConnectError):
                await estimated(stranger)


async def test_plain_text_is_not_answered(files: CertificateFiles, authority: Authority) -> None:
    async with encrypted(files._replace(client_ca=None), authority) as service, httpx.AsyncClient() as client:
        with pytest.raises(httpx.TransportError):
            await client.get(f"http://127.0.0.1:{service.port}/livez")


async def test_a_new_certificate_is_shown_from_the_next_connection_on(
    files: CertificateFiles, authority: Authority, tmp_path: Path
) -> None:
    """A certificate whose key has not come yet changes nothing."""
    says = b"GET /livez HTTP/1.0\r\n\r\n"
    async with encrypted(files._replace(client_ca=None), authority) as service:
        _, first = await asyncio.to_thread(handshake, service.port, says=says)
        certificate, key = authority.server_pair("second")
        put(tmp_path, (certificate, files.key.read_bytes()))
        assert (await asyncio.to_thread(handshake, service.port, says=says))[1] == first
        put(tmp_path, (certificate, key))
        assert (await asyncio.to_thread(handshake, service.port, says=says))[1] == certificate


async def test_a_caller_is_known_by_a_certificate(
    files: CertificateFiles, authority: Authority, tmp_path: Path
) -> None:
    """As over gRPC: with roles of its own. A token that is sent counts alone; without a certificate none is heard."""
    file = tmp_path / "callers.toml"
    file.write_text(CALLERS)
    pairs = {
        "portal": authority.pair("portal", URI),
        "ana": authority.pair("ana"),
        "nobody": authority.pair("portal", x509.DNSName("spiffe://payer.example/portal")),
    }
    with capture_logs() as logged:
        async with encrypted(files, authority, Access(file)) as service:
            outcomes = []
            for name, headers in (
                ("portal", {}),
                ("ana", {}),
                ("nobody", {}),
                ("portal", {"authorization": "Bearer x"}),
            ):
                async with service.client(put(tmp_path, pairs[name], name)) as client:
                    answer = await estimated(client, **headers)
                    outcomes.append((answer.status_code, "" if answer.status_code == 200 else reason_in(answer)))
            async with service.client() as without:
                with pytest.raises(httpx.TransportError):
                    await estimated(without)
    assert outcomes == [(200, ""), (403, "ROLE_MISSING"), (401, "UNKNOWN_TOKEN"), (401, "UNKNOWN_TOKEN")]
    assert [each["caller"] for each in logged if each["event"] == "call"] == ["portal", "ana", "unknown", "unknown"]


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_no_session_outlives_the_ca_of_its_client(
    files: CertificateFiles, authority: Authority, tmp_path: Path, newest: ssl.TLSVersion
) -> None:
    context = ssl.create_default_context(cadata=authority.certificate.decode())
    context.check_hostname, context.maximum_version = False, newest
    context.load_cert_chain(*put(tmp_path, authority.pair("portal"), "portal"))
    async with encrypted(files, authority) as service:
        _, session = await asyncio.to_thread(service.greet, context)
        is_resumed, session = await asyncio.to_thread(service.greet, context, session)
        assert is_resumed
        assert files.client_ca is not None
        files.client_ca.write_bytes(Authority("another-ca").certificate)
        with pytest.raises(OSError):  # noqa: PT011 - how TLS ends differs by its version
            await asyncio.to_thread(service.greet, context, session)


async def test_an_old_connection_ends_with_its_next_call(files: CertificateFiles, authority: Authority) -> None:
    files = files._replace(client_ca=None)
    async with encrypted(files, authority, connection_seconds=0) as service, service.client() as client:
        assert (await client.get("/livez")).headers["connection"] == "close"
    async with encrypted(files, authority) as service, service.client() as client:
        assert "connection" not in (await client.get("/livez")).headers
