"""The server's certificate: files that are read again when they change, for gRPC and for HTTP.

What comes in: a certificate with its chain, its private key, and the CA of client certificates where callers need one,
each a PEM file. What goes out: credentials for the gRPC port and a context of `ssl` for the HTTP port. Each handshake
looks at the files; new ones that cannot be used change nothing, and the log says why. TLS 1.2 is the oldest version.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

import grpc
import structlog

from camcover.api.file_marks import FileMark, mark_of
from camcover.errors import CamcoverError

__all__ = ["CertificateFiles", "Certificates", "WrongCertificates"]

_LOG = structlog.get_logger("camcover.certificates")

_TRIES = 3
"""How often files are read that change while they are read."""


class WrongCertificates(CamcoverError):
    """The certificate, its key or the CA of clients cannot be used; the message says which, and why."""


class CertificateFiles(NamedTuple):
    """The paths of PEM files: the certificate with its chain, its key, and the CA that signs client certificates.

    With `client_ca` every client needs a certificate of it.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None


class _Loaded(NamedTuple):
    """What the files held when `marks` were theirs."""

    marks: tuple[FileMark | None, ...]
    certificate: bytes
    key: bytes
    client_ca: bytes | None
    context: ssl.SSLContext


class _Changing(ssl.SSLContext):
    """A context each of whose connections begins by the one that is current then.

    Sessions belong to a context. So none is resumed that began under other files: by it a client whose CA is gone would
    come in once more.
    """

    current: Callable[[], ssl.SSLContext]

    def wrap_bio(self, *given: Any, **named: Any) -> ssl.SSLObject:
        """Begin a connection, as asyncio does."""
        return self.current().wrap_bio(*given, **named)


class Certificates:
    """The certificate in force. Safe to use from several threads."""

    def __init__(self, files: CertificateFiles) -> None:
        """Read `files`. Raises `WrongCertificates`."""
        self._files = files
        self._lock = threading.Lock()
        self._loaded = _load(files)
        self._refused: tuple[FileMark | None, ...] = ()

    @property
    def asks_clients(self) -> bool:
        """Whether every client needs a certificate."""
        return self._files.client_ca is not None

    def grpc_credentials(self) -> grpc.ServerCredentials:
        """Credentials for one port of gRPC; at each handshake they are those of the files as they stand then."""
        given = self._current()

        def changed() -> grpc.ServerCertificateConfiguration | None:
            nonlocal given
            before, given = given, self._current()
            return None if given is before else _configuration(given)

        # None tells gRPC that nothing has changed; the type in its stubs does not allow it.
        fetch = cast("Callable[[], grpc.ServerCertificateConfiguration]", changed)
        return grpc.dynamic_ssl_server_credentials(_configuration(given), fetch, self.asks_clients)

    def ssl_context(self) -> ssl.SSLContext:
        """A context for HTTP/1.1 in an event loop; each handshake goes by the files as they stand then.

        The certificate that a client has shown is what `SSLObject.getpeercert` gives.
        """
        made = _Changing(ssl.PROTOCOL_TLS_SERVER)
        made.current = lambda: self._current().context
        return made

    def _current(self) -> _Loaded:
        """What is in force, after a look at the files."""
        with self._lock:
            marks = _marks(self._files)
            if marks in {self._loaded.marks, self._refused}:
                return self._loaded
            try:
                self._loaded = _load(self._files)
            except WrongCertificates as error:
                self._refused = marks
                _LOG.error("certificates not reloaded", reason=str(error))
            else:
                _LOG.info("certificates reloaded", certificate=str(self._files.certificate))
            return self._loaded


def _configuration(loaded: _Loaded) -> grpc.ServerCertificateConfiguration:
    """What gRPC takes for a handshake."""
    return grpc.ssl_server_certificate_configuration([(loaded.key, loaded.certificate)], loaded.client_ca)


def _load(files: CertificateFiles) -> _Loaded:
    """The files' content, as of one moment. Raises `WrongCertificates`."""
    for _ in range(_TRIES):
        marks = _marks(files)
        certificate, key = _content(files.certificate), _content(files.key)
        client_ca = None if files.client_ca is None else _content(files.client_ca)
        context = _context(files)
        if marks == _marks(files):
            return _Loaded(marks, certificate, key, client_ca, context)
    raise WrongCertificates(f"{files.certificate}: changes again and again while it is read")


def _context(files: CertificateFiles) -> ssl.SSLContext:
    """A context of `ssl` from the files. Raises `WrongCertificates` for a fault that it finds in them."""
    _check_certificates(files.certificate)
    if b"ENCRYPTED" in _content(files.key):
        raise WrongCertificates(f"{files.key}: the key has a password; expected one without")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(files.certificate, files.key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            said = f"{files.key}: not the key of the certificate in {files.certificate}"
            raise WrongCertificates(said) from error
        raise WrongCertificates(f"{files.key}: expected a private key as PEM{_reason(error)}") from error
    except OSError as error:
        raise WrongCertificates(f"{files.key}: {error.strerror}") from error
    if files.client_ca is not None:
        _check_certificates(files.client_ca)
        context.load_verify_locations(files.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _check_certificates(file: Path) -> None:
    """Raise `WrongCertificates` where a file holds no certificates."""
    try:
        text = _content(file).decode("ascii", errors="ignore")  # comments beside certificates may be in any language
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise WrongCertificates(f"{file}: expected certificates as PEM{_reason(error)}") from error


def _reason(error: ssl.SSLError | ValueError) -> str:
    """The words of OpenSSL's error; empty if it has none."""
    reason = getattr(error, "reason", None)
    return f" ({reason.replace('_', ' ').lower()})" if reason else ""


def _content(file: Path) -> bytes:
    """The bytes of a file. Raises `WrongCertificates`."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise WrongCertificates(f"{file}: {error.strerror}") from error


def _marks(files: CertificateFiles) -> tuple[FileMark | None, ...]:
    """The marks of all files; None of one that is gone."""
    return tuple(None if file is None else mark_of(file) for file in files)
