"""FHIR over HTTP: a good-faith estimate in, the packet or an OperationOutcome out, by the guards of every call."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest

from camcover.api.access import Access
from camcover.gen.camcover.v1 import good_faith_pb2
from camcover.http.fhir import METADATA, SUBMIT
from fhir_packets import amounts, good_faith_bundle, read, resources

FHIR = {"content-type": "application/fhir+json"}
UNDER = {"plan": "share-plan", "tier": "in_network"}


async def submit(both: Any, content: bytes | None = None, query: dict[str, str] | None = None, **headers: str) -> Any:
    """The answer to a bundle."""
    body = json.dumps(good_faith_bundle()).encode() if content is None else content
    named = FHIR | {name.replace("_", "-"): value for name, value in headers.items()}
    return await both.client.post(SUBMIT, content=body, params=UNDER if query is None else query, headers=named)


def issue_in(response: httpx.Response) -> dict[str, Any]:
    """The one issue of a refusal."""
    assert response.headers["content-type"] == "application/fhir+json"
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    (issue,) = outcome["issue"]
    assert issue["severity"] == "error"
    return dict(issue)


async def test_a_good_faith_estimate_becomes_a_packet(both: Any) -> None:
    """A visit: 48.00 and 2 x 36.00 allowed, 120.00; the massage of 90.00 is excluded.

    First 100.00 of deductible and 20 % of 20.00, 104.00; then 20 % of 120.00, 24.00: 218.00 in all.
    """
    answer = await submit(both)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+json")
    assert answer.headers["cache-control"] == "no-store"
    found = resources(answer.content)
    totals = amounts(found["aeob"], "total")
    told = [str(totals[each]) for each in ("submitted", "eligible", "memberliability")]
    assert told == ["431.00", "240.00", "218.00"]
    entries = read(answer.content)["entry"]
    assert entries[-1]["resource"]["resourceType"] == "Bundle"
    assert "extension" not in entries[-1]


async def test_the_packet_is_fhir(both: Any) -> None:
    fhirkit = pytest.importorskip("fhirkit", reason="fhirkit-rs is not installed")
    bundle = good_faith_bundle()
    (claim,) = [each["resource"] for each in bundle["entry"] if each["resource"].get("id") == "claim-1"]
    claim["supportingInfo"] = [{"sequence": 1, "category": {"text": "note"}}]
    answer = await submit(both, json.dumps(bundle).encode())
    (note,) = read(answer.content)["entry"][-1]["extension"]
    assert note["url"] == "urn:camcover:not-read"
    assert "supportingInfo: found an element that is not read" in note["valueString"]
    assert fhirkit.validate(answer.content) == []
    assert fhirkit.validate((await both.client.get(METADATA)).content) == []
    refused = await submit(both, b"{}")
    assert fhirkit.validate(refused.content) == []


async def test_the_method_answers_the_same(both: Any) -> None:
    """But for when they were made."""
    request = good_faith_pb2.ExplainGoodFaithEstimateRequest(
        plan_id="share-plan", tier="in_network", bundle=json.dumps(good_faith_bundle()).encode()
    )
    answer = await both.estimates.ExplainGoodFaithEstimate(request)
    assert (list(answer.notes), answer.rule_release[:6]) == ([], "rules-")
    ours, theirs = resources(answer.packet), resources((await submit(both)).content)
    assert ours["aeob"]["item"] == theirs["aeob"]["item"]
    assert ours["aeob"]["id"] == theirs["aeob"]["id"]


async def test_texts_in_another_language_and_packed_bodies(both: Any) -> None:
    packed = gzip.compress(json.dumps(good_faith_bundle()).encode())
    answer = await submit(both, packed, UNDER | {"language": "es"}, content_encoding="gzip")
    assert answer.status_code == 200
    assert "Lo que usted pagaría" in answer.text or "Usted pagaría" in answer.text


@pytest.mark.parametrize(
    ("content", "query", "status", "code", "reason", "said"),
    [
        (b"{", UNDER, 400, "invalid", "UNREADABLE_FILE", "bundle: found no JSON; expected a bundle of FHIR in JSON"),
        (b"\xff", UNDER, 400, "invalid", "UNREADABLE_FILE", "bundle: found a byte at offset 0 that is not UTF-8"),
        (
            b'{"resourceType": "Bundle"}',
            UNDER,
            400,
            "invalid",
            "UNREADABLE_FILE",
            "bundle: found Bundle.entry: no",
        ),
        (None, UNDER | {"plan": "no"}, 404, "not-found", "UNKNOWN_PLAN", "plan_id: found plan 'no'"),
        (None, UNDER | {"tier": "no"}, 400, "invalid", "UNKNOWN_TIER", "items[0].tier: found tier 'no'"),
        (None, {}, 400, "invalid", "MISSING_VALUE", "plan_id: "),
        (None, UNDER | {"plam": "x"}, 400, "invalid", "INVALID_HEADER", "found the parameter 'plam'; expected plan"),
        (b"", UNDER, 400, "invalid", "MISSING_VALUE", "bundle: "),
        (b"x" * ((1 << 20) + 1), UNDER, 400, "invalid", "MESSAGE_TOO_LARGE", "found a message of"),
    ],
)
async def test_what_is_refused_is_an_operation_outcome(
    both: Any, content: bytes | None, query: dict[str, str], status: int, code: str, reason: str, said: str
) -> None:
    refused = await submit(both, content, query)
    issue = refused.json()["issue"][0] if reason == "UNKNOWN_TIER" else issue_in(refused)
    assert (refused.status_code, issue["code"], issue["diagnostics"]) == (status, code, reason)
    assert issue["details"]["text"].startswith(said)


async def test_paths_methods_and_content_types_are_refused_likewise(both: Any) -> None:
    nothing = await both.client.get("/fhir/Patient/1")
    assert (nothing.status_code, issue_in(nothing)["diagnostics"]) == (404, "UNKNOWN_PATH")
    got = await both.client.get(SUBMIT)
    assert (got.status_code, issue_in(got)["code"], got.headers["allow"]) == (405, "not-supported", "OPTIONS, POST")
    text = await submit(both, content_type="text/plain")
    assert (text.status_code, issue_in(text)["diagnostics"]) == (415, "WRONG_CONTENT_TYPE")
    assert text.headers["accept-post"] == "application/fhir+json, application/json"
    page = await submit(both, origin="https://portal.example")
    assert (page.status_code, issue_in(page)["code"]) == (403, "forbidden")
    twice = await both.client.post(f"{SUBMIT}?plan=a&plan=b", content=b"{}", headers=FHIR)
    assert issue_in(twice)["details"]["text"] == "found a parameter twice; expected each parameter only once"


async def test_who_may_submit(serve: Any, access: Access) -> None:
    """The statement is open; a bundle needs a token with the role for estimates."""
    async with serve(access) as both:
        assert (await both.client.get(METADATA)).status_code == 200
        nobody = await submit(both)
        assert (nobody.status_code, issue_in(nobody)["code"]) == (401, "login")
        assert nobody.headers["www-authenticate"] == "Bearer"
        other = await submit(both, authorization="Bearer rita")
        assert (other.status_code, issue_in(other)["diagnostics"]) == (403, "ROLE_MISSING")
        assert (await submit(both, authorization="Bearer ana")).status_code == 200


async def test_the_statement_names_the_operation(both: Any) -> None:
    statement = (await both.client.get(METADATA)).json()
    assert (statement["fhirVersion"], statement["format"], statement["kind"]) == ("4.0.1", ["json"], "instance")
    (resource,) = statement["rest"][0]["resource"]
    (operation,) = resource["operation"]
    assert f"/fhir/{resource['type']}/${operation['name']}" == SUBMIT
    assert operation["definition"] == f"#{statement['contained'][0]['id']}"
    assert [each["name"] for each in statement["contained"][0]["parameter"]][:3] == ["plan", "tier", "language"]
