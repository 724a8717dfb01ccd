"""The protection of a service: its certificate, no plain text for others to read, the identity provider."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import typer

from camcover.api.certificates import CertificateFiles
from camcover.api.credentials import OidcSettings, Role, SignInClient, SigningAlgorithm
from camcover.api.origins import is_private_origin
from camcover.extras import ExtraMissing, how_to_install, is_installed

__all__ = ["certificate_files", "check_plain_text", "is_loopback", "oidc_settings", "plain_ports", "sign_in_client"]


def certificate_files(certificate: Path | None, key: Path | None, client_ca: Path | None) -> CertificateFiles | None:
    """The files that encrypt ports; None where there are none.

    Raises typer.BadParameter for options that do not go together.
    """
    if (certificate is None) != (key is None):
        raise typer.BadParameter("give both --tls-certificate and --tls-key, or neither")
    if certificate is None or key is None:
        if client_ca is not None:
            raise typer.BadParameter("--tls-client-ca needs --tls-certificate and --tls-key")
        return None
    return CertificateFiles(certificate, key, client_ca)


def plain_ports(listen: str, http: str, *, encrypts: bool, http_plain: bool) -> dict[str, str]:
    """The addresses that are not encrypted, by the option that gives each; `http` is empty where there is none.

    `encrypts`: there is a certificate; `http_plain`: HTTP does without it. Raises typer.BadParameter without one.
    """
    if http_plain and not (http and encrypts):
        raise typer.BadParameter("--http-plain needs --http and --tls-certificate")
    plain = {} if encrypts else {"--listen": listen}
    return plain | ({"--http": http} if http and (http_plain or not encrypts) else {})


def check_plain_text(plain: Mapping[str, str], *, is_insecure: bool) -> None:
    """Refuse ports in plain text that other machines reach, unless somebody has said that it may be so.

    `plain`: as `plain_ports` gives them. Raises typer.BadParameter, also for an idle `is_insecure`.
    """
    if is_insecure and not plain:
        raise typer.BadParameter("--insecure contradicts --tls-certificate, which encrypts every port")
    for option, address in plain.items():
        if not is_insecure and not is_loopback(address):
            raise typer.BadParameter(
                f"{option} {address}: other machines would send health data there unencrypted: give --tls-certificate "
                "and --tls-key, or --insecure where something else encrypts the connection"
            )


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches HOST:PORT."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def oidc_settings(
    issuer: str | None,
    audience: str | None,
    scopes: Sequence[str] | None,
    *,
    algorithms: Sequence[SigningAlgorithm] | None,
    subject_claim: str,
    payers_claim: str | None,
    leeway_seconds: int,
    sign_in: SignInClient | None = None,
) -> OidcSettings | None:
    """Which access tokens count; None where none do. `scopes`: SCOPE=ROLE, by default each role's own name.

    Raises typer.BadParameter for options that do not go together, `ExtraMissing` where the extra is not installed.
    """
    if issuer is None or audience is None:
        if issuer or audience or scopes or algorithms or sign_in:
            raise typer.BadParameter("other --oidc options need both --oidc-issuer and --oidc-audience")
        return None
    if sign_in is not None and sign_in.id == audience:
        said = "so that its ID tokens count as no access tokens"
        raise typer.BadParameter(f"--oidc-client-id {sign_in.id}: expected another name than --oidc-audience, {said}")
    if not is_private_origin(issuer) and not (urlsplit(issuer).scheme == "https" and urlsplit(issuer).hostname):
        raise typer.BadParameter(f"--oidc-issuer {issuer}: expected an https URL")
    if not is_installed("oidc"):
        raise ExtraMissing(f"--oidc-issuer was given, and {how_to_install('oidc')}")
    found = OidcSettings(
        issuer,
        audience,
        subject_claim=subject_claim,
        leeway_seconds=leeway_seconds,
        payers_claim=payers_claim,
        sign_in=sign_in,
    )
    if algorithms:
        found = found._replace(algorithms=tuple(dict.fromkeys(algorithms)))
    return found._replace(scopes=dict(map(_scope, scopes))) if scopes else found


def sign_in_client(client_id: str | None, secret_file: Path | None, origin: str | None) -> SignInClient | None:
    """As whom staff are signed in by the provider; None where they are not.

    Raises typer.BadParameter for options that do not go together, and for a file that has no secret.
    """
    if client_id is None or origin is None:
        if client_id or origin or secret_file:
            raise typer.BadParameter("a sign-in by the identity provider needs --oidc-client-id and --oidc-origin")
        return None
    place = urlsplit(origin)
    is_plain = not (place.path or place.query or place.fragment or place.username)
    if not is_plain or not (is_private_origin(origin) or (place.scheme == "https" and place.hostname)):
        raise typer.BadParameter(
            f"--oidc-origin {origin}: expected an https origin such as https://rules.payer.example"
        )
    return SignInClient(client_id, origin, _secret_in(secret_file) if secret_file else "")


def _secret_in(file: Path) -> str:
    """The one line of a file."""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"--oidc-client-secret-file {file}: cannot be read") from error
    if not text or not text.isprintable():
        raise typer.BadParameter(f"--oidc-client-secret-file {file}: expected one line with the secret")
    return text


def _scope(text: str) -> tuple[str, Role]:
    """A scope and its role."""
    scope, _, role = text.rpartition("=")
    if not scope or role not in list(Role):
        raise typer.BadParameter(f"--oidc-scope {text}: expected SCOPE=ROLE with a role of {', '.join(Role)}")
    return scope, Role(role)
