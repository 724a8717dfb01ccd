"""A small identity provider on the loopback: discovery, keys, tokens for programs, and a sign-in for people.

Programs get tokens by the grant `client_credentials`; people by the authorization code flow with PKCE, in which it asks
nobody: whoever comes is `person`.

It signs by `cryptography` alone, so that what the service reads was written by other code.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

DISCOVERY = "/.well-known/openid-configuration"


def encoded(content: bytes) -> str:
    """Base64url without its end, as JOSE writes it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def number(value: int, size: int = 0) -> str:
    return encoded(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class SigningKey:
    """A key of the provider: RS256 or ES256."""

    def __init__(self, kid: str, algorithm: str = "RS256", bits: int = 2048) -> None:
        """Make one."""
        self.kid, self.algorithm = kid, algorithm
        self._rsa = rsa.generate_private_key(65537, bits) if algorithm == "RS256" else None
        self._ec = None if self._rsa else ec.generate_private_key(ec.SECP256R1())

    def public(self) -> dict[str, str]:
        """What the provider publishes of it."""
        known = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        if self._rsa is not None:
            numbers = self._rsa.public_key().public_numbers()
            return known | {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        assert self._ec is not None
        point = self._ec.public_key().public_numbers()
        return known | {"kty": "EC", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)}

    def sign(self, content: bytes) -> bytes:
        """The signature of some bytes."""
        if self._rsa is not None:
            return self._rsa.sign(content, padding.PKCS1v15(), hashes.SHA256())
        assert self._ec is not None
        r, s = decode_dss_signature(self._ec.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def token(self, claims: dict[str, Any], **header: Any) -> str:
        """A JWT; fields of the header may be others than usual, and None leaves one out."""
        fields = {"alg": self.algorithm, "typ": "at+jwt", "kid": self.kid} | header
        fields = {name: value for name, value in fields.items() if value is not None}
        content = f"{encoded(json.dumps(fields).encode())}.{encoded(json.dumps(claims).encode())}"
        return f"{content}.{encoded(self.sign(content.encode()))}"


class IdentityProvider:
    """Its keys, and what it was asked."""

    shared: ClassVar[dict[str, SigningKey]] = {}
    """Keys by kid: making one takes a while, so tests share them."""

    def __init__(self, *keys: str) -> None:
        """Publish keys of these ids, the last one signing."""
        self.keys = [self.made(kid) for kid in keys or ("first",)]
        self.asked: Counter[str] = Counter()
        self.instead: dict[str, tuple[int, bytes]] = {}
        self.issuer = ""
        self.person: dict[str, Any] = {"sub": "ana", "scope": "rules.write"}
        self.id_claims: dict[str, Any] = {}
        self.secret = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.goes_on = threading.Event()
        self.goes_on.set()

    @classmethod
    def made(cls, kid: str) -> SigningKey:
        """The key of an id; `es` in it means ES256."""
        if kid not in cls.shared:
            cls.shared[kid] = SigningKey(kid, "ES256" if "es" in kid else "RS256")
        return cls.shared[kid]

    def claims(self, **others: Any) -> dict[str, Any]:
        """The claims of a token for the service, with others in place of some; None leaves one out."""
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": "camcover", "sub": "portal", "scope": "estimate", "exp": now + 600}
        return {name: value for name, value in (usual | others).items() if value is not None}

    def token(self, **claims: Any) -> str:
        """A token with such claims."""
        return self.keys[-1].token(self.claims(**claims))

    def id_token(self, asked: dict[str, str]) -> str:
        """The ID token for what a client asked, with `id_claims` in place of some claims."""
        usual = {"aud": asked["client_id"], "sub": self.person["sub"], "scope": None, "nonce": asked["nonce"]}
        return self.keys[-1].token(self.claims(**(usual | self.id_claims)), typ="JWT")

    def authorized(self, query: str) -> tuple[int, bytes]:
        """Sign in whoever comes: back to the client, with a code."""
        asked = dict(parse_qsl(query))
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        sent = {"code": code, "state": asked["state"], "iss": self.issuer}
        return 302, f"{asked['redirect_uri']}?{urlencode(sent)}".encode()

    def exchanged(self, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        """Tokens for a code, once, for the client that asked for it and knows the verifier."""
        asked = self.codes.pop(form["code"], None)
        challenge = encoded(hashlib.sha256(form["code_verifier"].encode()).digest())
        pair = base64.b64encode(f"{form['client_id']}:{self.secret}".encode()).decode()
        is_client = not self.secret or authorization == f"Basic {pair}"
        is_same = asked is not None and all(form[name] == asked[name] for name in ("client_id", "redirect_uri"))
        if asked is None or not is_same or not is_client or challenge != asked["code_challenge"]:
            return 400, json.dumps({"error": "invalid_grant"}).encode()
        tokens = {"id_token": self.id_token(asked), "access_token": self.token(**self.person), "token_type": "Bearer"}
        return 200, json.dumps(tokens).encode()

    def answer(self, address: str, body: str, authorization: str = "") -> tuple[int, bytes]:
        """Status and content; of a redirect the address to which it leads."""
        path, query = urlsplit(address).path, urlsplit(address).query
        self.asked[path] += 1
        self.goes_on.wait(60)
        if path in self.instead:
            return self.instead[path]
        if path == DISCOVERY:
            names = ("jwks_uri", "keys"), ("authorization_endpoint", "authorize"), ("token_endpoint", "token")
            known = {name: f"{self.issuer}/{place}" for name, place in (*names, ("end_session_endpoint", "leave"))}
            return 200, json.dumps({"issuer": self.issuer} | known).encode()
        if path == "/keys":
            return 200, json.dumps({"keys": [each.public() for each in self.keys]}).encode()
        if path == "/authorize":
            return self.authorized(query)
        if path == "/leave":
            asked = dict(parse_qsl(query))
            assert asked["client_id"]
            return 302, asked["post_logout_redirect_uri"].encode()
        if path == "/token" and "code" in parse_qs(body):
            return self.exchanged(dict(parse_qsl(body)), authorization)
        if path == "/token":
            form = parse_qs(body)
            token = self.token(sub=form["client_id"][0], scope=form["scope"][0])
            return 200, json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 600}).encode()
        return 404, b""


@contextmanager
def providing(*keys: str) -> Iterator[IdentityProvider]:
    """A running provider."""
    provider = IdentityProvider(*keys)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(*provider.answer(self.path, ""))

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            authorization = self.headers.get("Authorization", "")
            self._send(*provider.answer(self.path, self.rfile.read(size).decode(), authorization))

        def _send(self, status: int, content: bytes) -> None:
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", content.decode() or f"{provider.issuer}/keys")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            provider.goes_on.set()
            server.shutdown()
            thread.join()
