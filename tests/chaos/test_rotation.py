"""Certificates, the CA of clients, tokens and an issuer's keys change while calls come in: no honest call fails."""

from __future__ import annotations

import hashlib
import signal
import ssl
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import grpc
import httpx
import pytest

from authority import Authority, handshake, put
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from chaos.load import SECONDS, Ask, Callers, asked, served
from databases import new_sqlite_database
from identity_provider import IdentityProvider, providing
from processes import address_of, http_of

pytestmark = pytest.mark.processes

CERTIFICATE = '[[certificate]]\nsubject = "portal"\nroles = ["estimate"]\nname = "CN:portal"\n'
BEARER = '[[token]]\nsubject = "portal"\nroles = ["estimate"]\nsha256 = "{}"\n'
ESTIMATE_PLAN = "/camcover.v1.EstimateService/EstimatePlan"


class RefusedByHttp(grpc.RpcError):
    """A refusal, or a connection that failed, over HTTP."""

    def __init__(self, said: str) -> None:
        """`said`: what came instead of an answer."""
        self._said = said

    def code(self) -> grpc.StatusCode:
        """No code of gRPC's."""
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        """What was said."""
        return self._said


class Portal:
    """A caller's files, each call by a connection of its own, so that each has a handshake."""

    def __init__(self, folder: Path, authority: Authority, provider: IdentityProvider) -> None:
        """Certificates go to `folder`; the service's is signed by `authority`, tokens come from `provider`."""
        folder.mkdir(exist_ok=True)
        self.folder, self.authority, self.provider = folder, authority, provider
        self.bearer = "first"
        self.ports = ("", "")
        self._numbers = count()
        self.take_pair(authority)

    def take_pair(self, issuer: Authority) -> None:
        """Use a new certificate of the caller's own from now on, in files of its own."""
        self.own = put(self.folder, issuer.pair("portal"), f"portal-{next(self._numbers)}")

    def by_certificate(self, request: request_pb2.EstimatePlanRequest) -> estimate_pb2.Estimate:
        """Ask over gRPC, known by the certificate."""
        return self.by_grpc(request)

    def by_token(self, request: request_pb2.EstimatePlanRequest) -> estimate_pb2.Estimate:
        """Ask over gRPC, known by the token."""
        return self.by_grpc(request, self.bearer)

    def by_access_token(self, request: request_pb2.EstimatePlanRequest) -> estimate_pb2.Estimate:
        """Ask over gRPC, known by an access token of the provider."""
        return self.by_grpc(request, self.provider.token())

    def by_grpc(self, request: request_pb2.EstimatePlanRequest, bearer: str = "") -> estimate_pb2.Estimate:
        """Ask with a token, if any, over a connection that nobody else uses."""
        certificate, key = (file.read_bytes() for file in self.own)
        credentials = grpc.ssl_channel_credentials(self.authority.certificate, key, certificate)
        metadata = [("authorization", f"Bearer {bearer}")] if bearer else []
        # Channels of one target and the same options would share a connection.
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.secure_channel(self.ports[0], credentials, options) as channel:
            stub = EstimateServiceStub(channel)
            answer: estimate_pb2.Estimate = stub.EstimatePlan(request, timeout=SECONDS, metadata=metadata)
            return answer

    def by_http(self, request: request_pb2.EstimatePlanRequest) -> estimate_pb2.Estimate:
        """Ask over HTTP, known by the token."""
        context = ssl.create_default_context(cadata=self.authority.certificate.decode())
        context.load_cert_chain(*self.own)
        headers = {"content-type": "application/proto", "authorization": f"Bearer {self.bearer}"}
        try:
            with httpx.Client(verify=context, trust_env=False, timeout=SECONDS) as client:
                answer = client.post(
                    self.ports[1] + ESTIMATE_PLAN, content=request.SerializeToString(), headers=headers
                )
        except httpx.TransportError as error:
            raise RefusedByHttp(repr(error)) from error
        if not answer.is_success:
            raise RefusedByHttp(answer.text)
        return estimate_pb2.Estimate.FromString(answer.content)

    def ways(self, caller: int) -> Iterator[Ask]:
        """How the caller of a number asks."""
        ways = (self.by_certificate, self.by_token, self.by_access_token, self.by_http)
        while True:
            yield ways[caller % len(ways)]


def listed(*tokens: str) -> str:
    """The file of callers with these tokens."""
    return CERTIFICATE + "".join(BEARER.format(hashlib.sha256(token.encode()).hexdigest()) for token in tokens)


def is_known(portal: Portal, bearer: str) -> bool:
    """Whether a token counts now. The service tells nobody when it has read the file of callers."""
    try:
        portal.by_grpc(asked(""), bearer)
    except grpc.RpcError as error:
        return error.code() is not grpc.StatusCode.UNAUTHENTICATED
    return True


def test_whatever_proves_who_is_who_changes_under_load(rules: Path, tmp_path: Path) -> None:
    """Callers by certificate, token and access token over gRPC and HTTP, each call with a handshake of its own."""
    first, second = Authority("first-ca"), Authority("second-ca")
    certificate, key = put(tmp_path, first.server_pair())
    ca, callers_file = tmp_path / "ca.pem", tmp_path / "callers.toml"
    ca.write_bytes(first.certificate)
    callers_file.write_text(listed("first"))
    url = new_sqlite_database(tmp_path / "camcover.sqlite")
    secured = ("--tls-certificate", certificate, "--tls-key", key, "--tls-client-ca", ca, "--tokens", callers_file)
    with providing("second", "first") as provider:
        known = ("--oidc-issuer", provider.issuer, "--oidc-audience", "camcover")
        with served(rules, url, tmp_path, "--http", "127.0.0.1:0", *secured, *known) as process:
            portal = Portal(tmp_path, first, provider)
            address = address_of(process)
            portal.ports = address, http_of(process).replace("http:", "https:")
            port = int(address.rpartition(":")[2])
            callers = Callers(address, portal.ways)
            with callers.asking():
                # The service's certificate, file by file: between the two they do not fit each other.
                for _ in range(5):
                    callers.wait_for_each()
                    new = first.server_pair()
                    put(tmp_path, new)
                    assert handshake(port, client=portal.own)[1] == new[0]
                # The CA of clients: both for a while, then the new one alone.
                ca.write_bytes(first.certificate + second.certificate)
                callers.wait_for_each()
                stranger = Portal(tmp_path / "old", first, provider)
                stranger.ports = portal.ports
                assert stranger.by_certificate(asked("")).totals.patient_cents == 6080
                portal.take_pair(second)
                callers.wait_for_each()
                ca.write_bytes(second.certificate)
                callers.wait_for_each()
                with pytest.raises(grpc.RpcError) as caught:
                    stranger.by_certificate(asked(""))
                assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
                # Tokens: both for a while, then the new one alone.
                callers_file.write_text(listed("first", "second"))
                process.send_signal(signal.SIGHUP)
                while not is_known(portal, "second"):
                    pass
                portal.bearer = "second"
                callers.wait_for_each()
                callers_file.write_text(listed("second"))
                process.send_signal(signal.SIGHUP)
                while is_known(portal, "first"):
                    pass
                # The key by which the issuer signs: it was published before, and the old one is withdrawn after.
                provider.keys = [provider.made("first"), provider.made("second")]
                callers.wait_for_each()
                provider.keys = [provider.made("second")]
                callers.wait_for_each()
            assert callers.refused == []
            callers.ask_again_by(portal.by_certificate)
