"""TLS: what is wrong with files is said of the right one, both ports take new files at once, callers by certificate."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from cryptography import x509
from structlog.testing import capture_logs

from authority import Authority, handshake, put
from camcover.api.access import Access
from camcover.api.certificates import CertificateFiles, Certificates, WrongCertificates
from camcover.api.identity import context_of_peer, names_of_context
from camcover.api.server import Server, Settings, Storage
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.workflow.rules_in_force import RulesInForce
from small_rules import tables

URI = x509.UniformResourceIdentifier("spiffe://payer.example/portal")
CERTIFICATES = '[[certificate]]\nsubject = "portal"\nroles = ["estimate"]\nname = "URI:spiffe://payer.example/portal"\n'
OLD_VERSIONS = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1]


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Who signs."""
    return Authority()


def files_in(folder: Path, authority: Authority, *, asks_clients: bool = False) -> CertificateFiles:
    """A good certificate, its key, and perhaps the CA of clients."""
    certificate, key = put(folder, authority.server_pair())
    client_ca = folder / "ca.pem"
    client_ca.write_bytes(authority.certificate)
    return CertificateFiles(certificate, key, client_ca if asks_clients else None)


class Secured(NamedTuple):
    """A running service with TLS: its port, and a way to call it."""

    port: int
    authority: Authority

    async def ask(self, request: Any, client: tuple[bytes, bytes] | None = None, token: str = "") -> Any:
        """The answer to a client that trusts the authority, over a connection of its own."""
        certificate, key = client or (None, None)
        credentials = grpc.ssl_channel_credentials(self.authority.certificate, key, certificate)
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        options = [("grpc.use_local_subchannel_pool", 1)]
        async with grpc.aio.secure_channel(f"127.0.0.1:{self.port}", credentials, options) as channel:
            stub: Any = EstimateServiceStub(channel)
            return await stub.EstimatePlan(request, metadata=metadata, timeout=30)


@asynccontextmanager
async def secured(
    files: CertificateFiles, authority: Authority, access: Access | None = None
) -> AsyncIterator[Secured]:
    """The small rules in force, behind a certificate."""
    settings = Settings(listen="127.0.0.1:0", drain_seconds=5)
    server = Server(RulesInForce(tables()), Storage(), settings, access, certificates=Certificates(files))
    yield Secured(await server.start(), authority)
    await server.drain()


async def test_calls_are_encrypted_by_tls_1_2_or_newer(tmp_path: Path, authority: Authority, ask: Any) -> None:
    async with secured(files_in(tmp_path, authority), authority) as service:
        assert (await service.ask(ask())).totals.patient_cents == 6080
        for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            version, _ = await asyncio.to_thread(handshake, service.port, newest=newest)
            assert version == newest.name.replace("_", ".")
        for newest in OLD_VERSIONS:
            with pytest.raises(OSError, match=r"SSL|reset"):
                await asyncio.to_thread(handshake, service.port, newest=newest)


async def test_plain_text_on_a_port_with_tls_is_not_answered(tmp_path: Path, authority: Authority, ask: Any) -> None:
    async with (
        secured(files_in(tmp_path, authority), authority) as service,
        grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel,
    ):
        stub: Any = EstimateServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.EstimatePlan(ask(), timeout=30)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_new_certificate_is_shown_from_the_next_connection_on(
    tmp_path: Path, authority: Authority, ask: Any
) -> None:
    """A certificate whose key has not come yet changes nothing, and the log says it once."""
    files = files_in(tmp_path, authority)
    async with secured(files, authority) as service:
        _, first = await asyncio.to_thread(handshake, service.port)
        assert first == files.certificate.read_bytes()
        certificate, key = authority.server_pair("second")
        with capture_logs() as logged:
            put(tmp_path, (certificate, files.key.read_bytes()))
            for _ in range(2):
                assert (await asyncio.to_thread(handshake, service.port))[1] == first
            put(tmp_path, (certificate, key))
            assert (await asyncio.to_thread(handshake, service.port))[1] == certificate
            files.key.unlink()
            assert (await asyncio.to_thread(handshake, service.port))[1] == certificate
        assert (await service.ask(ask())).totals.patient_cents == 6080
        told = [(each["event"], each.get("reason")) for each in logged]
        assert told == [
            ("certificates not reloaded", f"{files.key}: not the key of the certificate in {files.certificate}"),
            ("certificates reloaded", None),
            ("certificates not reloaded", f"{files.key}: No such file or directory"),
        ]


async def test_every_client_needs_a_certificate_of_the_ca(tmp_path: Path, authority: Authority, ask: Any) -> None:
    """Until the CA is another one: then the clients of the first are strangers."""
    files = files_in(tmp_path, authority, asks_clients=True)
    other = Authority("another-ca")
    ours, theirs = authority.pair("portal"), other.pair("portal")
    async with secured(files, authority) as service:
        assert (await service.ask(ask(), ours)).totals.patient_cents == 6080
        for stranger in (None, theirs):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await service.ask(ask(), stranger)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert files.client_ca is not None
        files.client_ca.write_bytes(other.certificate)
        assert (await service.ask(ask(), theirs)).totals.patient_cents == 6080
        with pytest.raises(grpc.aio.AioRpcError):
            await service.ask(ask(), ours)


async def test_a_caller_is_known_by_a_certificate(tmp_path: Path, authority: Authority, ask: Any) -> None:
    """With roles of its own. A token that is sent counts alone; a name that nobody has is refused, and logged so."""
    file = tmp_path / "callers.toml"
    file.write_text(CERTIFICATES + '[[certificate]]\nsubject = "ana"\nroles = ["rules.read"]\nname = "CN:ana"\n')
    portal, ana = authority.pair("portal", URI), authority.pair("ana")
    nobody = authority.pair("portal", x509.DNSName("spiffe://payer.example/portal"))
    access = Access(file)
    async with secured(files_in(tmp_path, authority, asks_clients=True), authority, access) as service:
        codes = []
        with capture_logs() as logged:
            assert (await service.ask(ask(), portal)).totals.patient_cents == 6080
            for client, token in ((ana, ""), (nobody, ""), (portal, "x")):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await service.ask(ask(), client, token)
                codes.append(caught.value.code().name)
        assert codes == ["PERMISSION_DENIED", "UNAUTHENTICATED", "UNAUTHENTICATED"]
        assert [each["caller"] for each in logged if each["event"] == "call"] == ["portal", "ana", "unknown", "unknown"]
        assert str(caught.value.details()).endswith("or the client certificate of a known caller")


async def test_the_context_for_http_takes_new_files_too(tmp_path: Path, authority: Authority) -> None:
    """The certificate, the CA of clients, the oldest version; the names of a client are those that gRPC gives."""
    files = files_in(tmp_path, authority, asks_clients=True)
    names: list[frozenset[str]] = []
    own = put(tmp_path, authority.pair("portal", URI, x509.DNSName("portal.example")), "own")
    other = Authority("another-ca")
    theirs = put(tmp_path, other.pair("them"), "theirs")

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        names.append(names_of_context(context_of_peer(writer.get_extra_info("peercert"))))
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=Certificates(files).ssl_context())
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await asyncio.to_thread(handshake, port, client=own) == ("TLSv1.3", files.certificate.read_bytes())
        for newest in OLD_VERSIONS:
            with pytest.raises(OSError, match=r"SSL|reset"):
                await asyncio.to_thread(handshake, port, newest=newest, client=own)
        second = authority.server_pair("second")
        put(tmp_path, second)
        assert files.client_ca is not None
        files.client_ca.write_bytes(other.certificate)
        assert await asyncio.to_thread(handshake, port, client=theirs) == ("TLSv1.3", second[0])
        await asyncio.to_thread(handshake, port, client=theirs)
    assert names == [
        {"URI:spiffe://payer.example/portal", "DNS:portal.example", "CN:portal"},
        {"CN:them"},
        {"CN:them"},
    ]


def test_names_of_no_certificate() -> None:
    assert names_of_context({}) == frozenset()
    assert context_of_peer(None) == context_of_peer({}) == {}


Breaking = Callable[[CertificateFiles, Authority], object]


def _key_in_its_place(files: CertificateFiles, _: Authority) -> None:
    files.certificate.write_bytes(files.key.read_bytes())


def _certificate_in_its_place(files: CertificateFiles, _: Authority) -> None:
    files.key.write_bytes(files.certificate.read_bytes())


def _another_key(files: CertificateFiles, authority: Authority) -> None:
    files.key.write_bytes(authority.pair("another")[1])


def _a_password(files: CertificateFiles, authority: Authority) -> None:
    put(files.key.parent, authority.pair("server", password=b"word"))


@pytest.mark.parametrize(
    ("breaking", "said"),
    [
        (lambda files, _: files.certificate.unlink(), "server.pem: No such file"),
        (lambda files, _: files.key.unlink(), "server.key: No such file"),
        (lambda files, _: files.client_ca.unlink(), "ca.pem: No such file"),
        (_key_in_its_place, "server.pem: expected certificates as PEM"),
        (lambda files, _: files.client_ca.write_text("none"), "ca.pem: expected certificates as PEM"),
        (lambda files, _: files.client_ca.write_bytes(b"\xff"), "ca.pem: expected certificates as PEM"),
        (_certificate_in_its_place, "server.key: expected a private key as PEM"),
        (_another_key, "server.key: not the key of the certificate in .*server.pem"),
        (_a_password, "server.key: the key has a password"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, authority: Authority, breaking: Breaking, said: str) -> None:
    files = files_in(tmp_path, authority, asks_clients=True)
    breaking(files, authority)
    with pytest.raises(WrongCertificates, match=said):
        Certificates(files)


def test_a_folder_in_the_place_of_a_file(tmp_path: Path, authority: Authority) -> None:
    files = files_in(tmp_path, authority)
    with pytest.raises(WrongCertificates, match="Is a directory"):
        Certificates(files._replace(key=tmp_path))
