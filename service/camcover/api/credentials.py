"""Bearer tokens, what they are known by, and what they allow; which access tokens of an identity provider count."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from camcover.workflow.roles import Role

__all__ = ["LEEWAY_SECONDS", "OidcSettings", "Role", "SignInClient", "SigningAlgorithm", "new_token", "token_hash"]

LEEWAY_SECONDS = 30
"""How much the clocks of an issuer and of this machine may differ."""


class SigningAlgorithm(StrEnum):
    """How an identity provider may sign. All are asymmetric: whoever checks a token cannot make one."""

    RS256 = "RS256"
    RS384 = "RS384"
    RS512 = "RS512"
    PS256 = "PS256"
    PS384 = "PS384"
    PS512 = "PS512"
    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    ED25519 = "Ed25519"


_SCOPES: Mapping[str, Role] = {str(role): role for role in Role}
"""Of each role the scope of the same name."""


class SignInClient(NamedTuple):
    """As whom this service asks the provider to sign people in.

    `origin`: of the pages for staff, as browsers see it. `secret`: of a confidential client; empty for a public one,
    whose codes PKCE alone protects.
    """

    id: str
    origin: str
    secret: str = ""


class OidcSettings(NamedTuple):
    """Which access tokens count: their issuer (a URL, as in `iss`), their audience, the algorithms.

    `scopes` gives the role of each scope. `subject_claim` names the claim that is the caller's subject, `payers_claim`
    the one that lists the payers whose rules the caller may change; without it that is all. `sign_in`: how people sign
    in to the pages for staff by the provider; None: they do not.
    """

    issuer: str
    audience: str
    scopes: Mapping[str, Role] = _SCOPES
    algorithms: tuple[SigningAlgorithm, ...] = (SigningAlgorithm.RS256, SigningAlgorithm.ES256)
    subject_claim: str = "sub"
    leeway_seconds: int = LEEWAY_SECONDS
    payers_claim: str | None = None
    sign_in: SignInClient | None = None


def new_token() -> tuple[str, str]:
    """A token of 256 random bits, and its SHA-256 in hexadecimal digits, which alone is kept."""
    token = secrets.token_urlsafe(32)
    return token, token_hash(token)


def token_hash(token: str) -> str:
    """The SHA-256 of a token in hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()
