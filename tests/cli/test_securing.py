"""`camcover serve` and `camcover estimate --server` over TLS, and no plain text where other machines could read it."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from authority import Authority, put
from camcover.api.credentials import OidcSettings, Role, SignInClient, SigningAlgorithm
from camcover.cli.securing import (
    certificate_files,
    check_plain_text,
    is_loopback,
    oidc_settings,
    plain_ports,
    sign_in_client,
)
from identity_provider import providing
from processes import address_of, end, forked_service, http_of
from small_rules import question

LOCAL = "127.0.0.1:0"
FILE = Path("server.pem")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1:1", True),
        ("127.9.9.9:1", True),
        ("localhost:1", True),
        ("[::1]:1", True),
        ("[::ffff:127.0.0.1]:1", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("10.0.0.7:1", False),
        ("localhost.example:1", False),
    ],
)
def test_which_addresses_only_this_machine_reaches(address: str, *, expected: bool) -> None:
    assert is_loopback(address) is expected


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ((FILE, None, None), "give both --tls-certificate and --tls-key, or neither"),
        ((None, FILE, None), "give both --tls-certificate and --tls-key, or neither"),
        ((None, None, FILE), "--tls-client-ca needs --tls-certificate"),
    ],
)
def test_options_of_tls_that_do_not_go_together(files: Any, said: str) -> None:
    with pytest.raises(typer.BadParameter, match=said):
        certificate_files(*files)


def test_options_of_tls_that_do() -> None:
    assert certificate_files(None, None, None) is None
    assert certificate_files(FILE, FILE, FILE) == (FILE, FILE, FILE)


@pytest.mark.parametrize(
    ("http", "encrypts", "http_plain", "plain"),
    [
        ("", False, False, ["--listen"]),
        ("", True, False, []),
        (LOCAL, False, False, ["--listen", "--http"]),
        (LOCAL, True, False, []),
        (LOCAL, True, True, ["--http"]),
    ],
)
def test_which_ports_are_plain(http: str, *, encrypts: bool, http_plain: bool, plain: list[str]) -> None:
    assert list(plain_ports(LOCAL, http, encrypts=encrypts, http_plain=http_plain)) == plain


@pytest.mark.parametrize(("http", "encrypts"), [("", True), (LOCAL, False)])
def test_http_does_without_a_certificate_only_where_there_is_one(http: str, *, encrypts: bool) -> None:
    with pytest.raises(typer.BadParameter, match="--http-plain needs --http and --tls-certificate"):
        plain_ports(LOCAL, http, encrypts=encrypts, http_plain=True)


def test_plain_text_that_others_could_read_needs_consent() -> None:
    """Of each port by itself; where every port is encrypted, the consent contradicts that."""
    check_plain_text({"--listen": LOCAL, "--http": LOCAL}, is_insecure=False)
    check_plain_text({"--listen": LOCAL, "--http": "0.0.0.0:1"}, is_insecure=True)
    check_plain_text({}, is_insecure=False)
    with pytest.raises(
        typer.BadParameter, match=r"--http 0[.]0[.]0[.]0:1: other machines would send health data there"
    ):
        check_plain_text({"--listen": LOCAL, "--http": "0.0.0.0:1"}, is_insecure=False)
    with pytest.raises(typer.BadParameter, match="--insecure contradicts --tls-certificate"):
        check_plain_text({}, is_insecure=True)


def test_a_port_that_other_machines_reach_is_not_served_in_plain_text(run: Any, rules: Path) -> None:
    result = run("serve", "--rules", rules, "--listen", "0.0.0.0:0", "--database-url", "off")
    assert result.exit_code == 2
    assert "or --insecure where something else encrypts" in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.processes
def test_asked_over_tls_by_a_caller_with_a_certificate(rules: Path, tmp_path: Path, run: Any) -> None:
    """On both ports. Two workers show the same certificate; the log has no line but JSON, also of failed handshakes."""
    authority = Authority()
    certificate, key = put(tmp_path, authority.server_pair())
    own = put(tmp_path, authority.pair("portal"), "portal")
    ca, callers = tmp_path / "ca.pem", tmp_path / "callers.toml"
    ca.write_bytes(authority.certificate)
    callers.write_text('[[certificate]]\nsubject = "portal"\nroles = ["estimate"]\nname = "CN:portal"\n')
    options = ("--rules", rules, "--listen", LOCAL, "--database-url", "off", "--workers", 2, "--drain-seconds", 1)
    secured = ("--tls-certificate", certificate, "--tls-key", key, "--tls-client-ca", ca, "--tokens", callers)
    with forked_service(*options, *secured, "--http", LOCAL) as process:
        asked = ("estimate", "-", "--server", address_of(process))
        url = http_of(process).replace("http:", "https:")
        good = run(
            *asked, "--tls-ca", ca, "--tls-certificate", own[0], "--tls-key", own[1], stdin=json.dumps(question())
        )
        assert json.loads(good.stdout)["totals"]["patient_cents"] == 6080
        for shown in (("--tls-ca", ca), ("--tls",), ()):
            assert run(*asked, *shown, stdin=json.dumps(question())).exit_code == 1
        context = ssl.create_default_context(cafile=ca)
        with pytest.raises(httpx.TransportError), httpx.Client(verify=context, trust_env=False) as stranger:
            stranger.get(f"{url}/livez")
        context.load_cert_chain(*own)
        with httpx.Client(verify=context, trust_env=False) as portal:
            answer = portal.post(f"{url}/v1/estimates", json=question())
        assert answer.json()["totals"]["patient_cents"] == 6080
        process.terminate()
        _, log = process.communicate(timeout=60)
        calls = [line for line in map(json.loads, log.splitlines()) if line["event"] == "call"]
        assert [(each["caller"], each["code"]) for each in calls] == [("portal", "OK")] * 2
        end(process)


def test_a_client_whose_files_cannot_be_used(run: Any, tmp_path: Path) -> None:
    asked = ("estimate", "-", "--server", LOCAL, "--tls-ca", tmp_path / "none.pem")
    missing = run(*asked, stdin=json.dumps(question()))
    assert (missing.exit_code, missing.stderr) == (2, f"{tmp_path / 'none.pem'}: No such file or directory\n")
    half = run(*asked[:4], "--tls-key", FILE, stdin=json.dumps(question()))
    assert half.exit_code == 2
    assert "give both --tls-certificate and --tls-key, or neither" in half.stderr


@pytest.mark.processes
@pytest.mark.parametrize("workers", [1, 2])
def test_a_service_says_once_what_is_wrong_with_its_files(rules: Path, tmp_path: Path, workers: int) -> None:
    authority = Authority()
    certificate, _ = put(tmp_path, authority.server_pair())
    _, key = put(tmp_path, authority.server_pair(), "other")
    options = ("--rules", rules, "--listen", LOCAL, "--database-url", "off", "--workers", workers)
    with forked_service(*options, "--tls-certificate", certificate, "--tls-key", key) as process:
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, f"{key}: not the key of the certificate in {certificate}\n")


@pytest.mark.processes
def test_callers_by_certificate_need_the_ca_of_clients(rules: Path, tmp_path: Path) -> None:
    callers = tmp_path / "callers.toml"
    callers.write_text('[[certificate]]\nsubject = "portal"\nroles = ["estimate"]\nname = "CN:portal"\n')
    options = ("--rules", rules, "--listen", LOCAL, "--database-url", "off", "--tokens", callers)
    with forked_service(*options) as process:
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, f"{callers}: [[certificate]] tables need --tls-client-ca\n")


ISSUER = "https://id.example"


def settings(issuer: str | None = ISSUER, audience: str | None = "camcover", *scopes: str) -> OidcSettings | None:
    """What options of OIDC come to."""
    algorithms = [SigningAlgorithm.ES256, SigningAlgorithm.ES256]
    others: dict[str, Any] = {"subject_claim": "email", "payers_claim": "payers", "leeway_seconds": 5}
    return oidc_settings(issuer, audience, scopes, algorithms=algorithms, **others)


def test_options_of_oidc() -> None:
    found = settings(ISSUER, "camcover", "api://camcover/read=rules.read", "a=b=estimate")
    assert found is not None
    assert found.scopes == {"api://camcover/read": Role.RULES_READ, "a=b": Role.ESTIMATE}
    assert found == OidcSettings(
        ISSUER, "camcover", found.scopes, (SigningAlgorithm.ES256,), "email", leeway_seconds=5, payers_claim="payers"
    )
    usual: dict[str, Any] = {"subject_claim": "sub", "payers_claim": None, "leeway_seconds": 30}
    assert oidc_settings(None, None, None, algorithms=None, **usual) is None


def test_options_of_the_sign_in(tmp_path: Path) -> None:
    """A public client, and one whose secret is the one line of a file; nothing without them."""
    file = tmp_path / "secret"
    file.write_text("between-us\n", encoding="utf-8")
    origin = "https://rules.payer.example:8443"
    assert sign_in_client(None, None, None) is None
    assert sign_in_client("pages", None, origin) == SignInClient("pages", origin, "")
    assert sign_in_client("pages", file, "http://127.0.0.1:8080") == SignInClient(
        "pages", "http://127.0.0.1:8080", "between-us"
    )


@pytest.mark.parametrize(
    ("client", "secret", "origin", "said"),
    [
        ("pages", None, None, "needs --oidc-client-id and --oidc-origin"),
        (None, None, "https://rules.example", "needs --oidc-client-id and --oidc-origin"),
        (None, b"secret", None, "needs --oidc-client-id and --oidc-origin"),
        ("pages", None, "http://rules.example", "expected an https origin"),
        ("pages", None, "https://rules.example/staff", "expected an https origin"),
        ("pages", None, "https://rules.example/", "expected an https origin"),
        ("pages", None, "https://a@rules.example", "expected an https origin"),
        ("pages", None, "rules.example", "expected an https origin"),
        ("pages", b"", "https://rules.example", "expected one line with the secret"),
        ("pages", b"a\nb", "https://rules.example", "expected one line with the secret"),
        ("pages", b"\xff", "https://rules.example", "cannot be read"),
        ("pages", ..., "https://rules.example", "cannot be read"),
    ],
)
def test_options_of_the_sign_in_that_are_wrong(
    tmp_path: Path, client: str | None, secret: Any, origin: str | None, said: str
) -> None:
    file = None if secret is None else tmp_path / "secret"
    if isinstance(secret, bytes):
        (tmp_path / "secret").write_bytes(secret)
    with pytest.raises(typer.BadParameter, match=said):
        sign_in_client(client, file, origin)


def test_a_sign_in_needs_an_issuer_and_a_name_of_its_own() -> None:
    client = SignInClient("pages", "https://rules.example")
    usual: dict[str, Any] = {"subject_claim": "sub", "payers_claim": None, "leeway_seconds": 30, "sign_in": client}
    with pytest.raises(typer.BadParameter, match="need both --oidc-issuer and --oidc-audience"):
        oidc_settings(None, None, None, algorithms=None, **usual)
    with pytest.raises(typer.BadParameter, match="expected another name than --oidc-audience"):
        oidc_settings(ISSUER, "pages", None, algorithms=None, **usual)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((None, "camcover"), "need both --oidc-issuer and --oidc-audience"),
        ((ISSUER, None), "need both --oidc-issuer and --oidc-audience"),
        ((None, None, "a=estimate"), "need both --oidc-issuer and --oidc-audience"),
        (("http://id.example", "camcover"), "expected an https URL"),
        (("id.example", "camcover"), "expected an https URL"),
        (("https://", "camcover"), "expected an https URL"),
        ((ISSUER, "camcover", "estimate"), "expected SCOPE=ROLE with a role of estimate, rules.read"),
        ((ISSUER, "camcover", "a=boss"), "expected SCOPE=ROLE"),
    ],
)
def test_options_of_oidc_that_are_wrong(given: Any, said: str) -> None:
    with pytest.raises(typer.BadParameter, match=said):
        settings(*given)


@pytest.mark.processes
def test_asked_with_a_token_of_an_identity_provider(rules: Path, run: Any) -> None:
    """Two workers, each of which asks it for its keys."""
    with providing() as provider:
        options = ("--rules", rules, "--listen", LOCAL, "--database-url", "off", "--workers", 2, "--drain-seconds", 1)
        known = ("--oidc-issuer", provider.issuer, "--oidc-audience", "camcover", "--oidc-scope", "price=estimate")
        with forked_service(*options, *known) as process:
            asked = ("estimate", "-", "--server", address_of(process), "--token")
            good = run(*asked, provider.token(scope="price"), stdin=json.dumps(question()))
            assert json.loads(good.stdout)["totals"]["patient_cents"] == 6080
            bad = run(*asked, provider.token(aud="another"), stdin=json.dumps(question()))
            end(process)
        said = "the access token is refused: it is for another audience [TOKEN_REFUSED]\n"
        assert (bad.exit_code, bad.stderr) == (2, said)
