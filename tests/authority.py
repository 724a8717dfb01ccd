"""A certificate authority of the tests' own, and a client of TLS that offers what it is told to."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


class Authority:
    """A CA that signs what it is asked to, for ten days."""

    def __init__(self, name: str = "test-ca") -> None:
        """Make its key and its certificate."""
        self._name, self._key = name, ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._signed(name, self._key.public_key(), ())

    def pair(self, name: str, *alternatives: x509.GeneralName, password: bytes | None = None) -> tuple[bytes, bytes]:
        """A certificate with a common name and alternative names, and its key, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        text = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, how)
        return self._signed(name, key.public_key(), alternatives), text

    def server_pair(self, name: str = "server") -> tuple[bytes, bytes]:
        """The same for a server of this machine's loopback."""
        loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        return self.pair(name, x509.DNSName("localhost"), loopback)

    def _signed(self, name: str, key: ec.EllipticCurvePublicKey, alternatives: tuple[x509.GeneralName, ...]) -> bytes:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self._name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=10))
            .add_extension(x509.BasicConstraints(ca=name == self._name, path_length=None), critical=True)
        )
        if alternatives:
            made = made.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return made.sign(self._key, hashes.SHA256()).public_bytes(PEM)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def put(folder: Path, pair: tuple[bytes, bytes], name: str = "server") -> tuple[Path, Path]:
    """Write a certificate and its key, each in one step, as those who rotate them do; gives the paths."""
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    for path, content in zip(paths, pair, strict=True):
        part = path.with_suffix(".new")
        part.write_bytes(content)
        part.replace(path)
    return paths


def handshake(
    port: int,
    *,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    client: tuple[Path, Path] | None = None,
    says: bytes = b"",
) -> tuple[str, bytes]:
    """The version that a server agrees to with a client that knows none after `newest`, and its certificate.

    `says`: what the client begins with, where the server waits for it. Raises OSError where they do not come together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the old versions, which are offered on purpose
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
    if client is not None:
        context.load_cert_chain(*client)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(("127.0.0.1", port), 30) as plain, context.wrap_socket(plain) as connection:
        connection.settimeout(30)
        connection.sendall(says)
        # The first byte, or the end, of what the server says: until then it may not have looked at the client yet.
        connection.recv(1)
        shown = connection.getpeercert(binary_form=True) or b""
        return str(connection.version()), ssl.DER_cert_to_PEM_cert(shown).encode()
