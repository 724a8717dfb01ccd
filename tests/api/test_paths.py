"""No answer tells where the rules lie on the machine: every method, with and without faults, by files and releases."""

from __future__ import annotations

import asyncio
import hashlib
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.protobuf import json_format

from camcover.api.access import Access
from camcover.api.server import Server, Settings, Storage
from camcover.engine import Tables, compile_rules
from camcover.engine.compiling.stored import read_tables, write_tables
from camcover.gen.camcover.v1 import catalog_service_pb2, estimate_service_pb2, rule_service_pb2
from camcover.rulebook import load
from camcover.store import ReleaseStore, estimate_store, open_database
from camcover.workflow.activation import Decision, activate
from camcover.workflow.drafting import create_draft, drafts_of
from camcover.workflow.publishing import prepare, publish
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from exchange.answers import EXAMPLE
from fhir_packets import good_faith_bundle
from small_rules import COPAY_PLAN, SHARE_PLAN, TEXTS, question

FAILING = """tests:
  - name: fails
    given: {age: 40, state: WA, tier: in_network, therapy: acupuncture, charge: $80.00, practitioner: acupuncturist,
            first: 2026-03-02}
    expect: {patient: $1.00}
"""

Answers = list[tuple[str, grpc.StatusCode, bytes]]
"""The method, its status, and every byte that came back."""

SERVICES = {
    service.name: service
    for file in (estimate_service_pb2, catalog_service_pb2, rule_service_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
}


def folder_of_rules(tmp_path: Path) -> Path:
    """The small rules below a folder whose path is a secret."""
    folder = tmp_path / "secret" / "rules"
    (folder / "plans").mkdir(parents=True)
    for name, text in TEXTS.items():
        (folder / ("plans" if name in ("share.yaml", "copay.yaml") else ".") / name).write_text(text, encoding="utf-8")
    return folder


def in_memory(folder: Path) -> Tables:
    """The rules as `serve --rules FOLDER` has them."""
    loaded = load(folder)
    assert loaded.rules is not None
    return compile_rules(loaded.rules)


ANSWER = b64encode(EXAMPLE.encode()).decode()
"""A payer's answer to an eligibility inquiry."""

BUNDLE = b64encode(json.dumps(good_faith_bundle()).encode()).decode()
"""A provider's good-faith estimate."""


def in_a_file(folder: Path) -> Tables:
    """The rules as `rules compile` writes them."""
    write_tables(in_memory(folder), folder / "compiled")
    return read_tables(folder / "compiled")


def damaged(folder: Path) -> Tables:
    """Compiled rules whose words were altered after they were opened."""
    tables = in_a_file(folder)
    with (folder / "compiled").open("r+b") as file:
        content = file.read()
        place = content.index(b"Share Plan", content.index(b"Share Plan") + 1)
        file.seek(place)
        file.write(b"Wrong")
    return tables


def asked(release: str, draft: str) -> list[tuple[str, dict[str, Any]]]:
    """Requests to every method, with and without faults."""
    sound = question(explain=True)
    wrong = question(items=[{"therapy": "reiki", "tier": "gold", "dates": ["2026-03-02"]}])
    others: list[dict[str, Any]] = [
        {"plan_id": "copay-plan", "members": [{"id": "ana"}]},
        {"rule_release": release},
        {"plan_id": "x"},
        {"rule_release": "/etc"},
    ]
    estimates = [sound, wrong, {}, *(sound | each for each in others)]
    service = {"therapy": "acupuncture", "tier": "in_network", "dates": ["2026-03-02"]}
    names = ["x", "../x", "/etc/hostname"]
    return [
        *(("EstimatePlan", each) for each in estimates),
        *(("StreamEstimates", each) for each in estimates),
        ("BatchEstimatePlans", {"requests": estimates}),
        ("ComparePlans", {"request": sound, "plan_ids": ["share-plan", "copay-plan", "x"]}),
        *(("OptimizePlan", {"request": each, "tiers": ["x"]}) for each in estimates),
        *(("CheckCoverage", {"plan_id": each, "service": service}) for each in ("share-plan", "copay-plan", *names)),
        *(("ReadEligibility", {"plan_id": each, "content": ANSWER}) for each in ("share-plan", *names)),
        ("ReadEligibility", {"plan_id": "share-plan", "content": b64encode(b"/etc/hostname").decode()}),
        *(("ExplainGoodFaithEstimate", {"plan_id": each, "bundle": BUNDLE}) for each in ("share-plan", *names)),
        ("ExplainGoodFaithEstimate", {"plan_id": "share-plan", "bundle": b64encode(b"/etc/hostname").decode()}),
        *(("GetEstimate", {"name": f"estimates/{each}"}) for each in ("0", *names)),
        *((f"List{each}", {}) for each in ("Therapies", "Conditions", "Practitioners", "Plans", "Releases")),
        *(("GetPlan", {"plan_id": each}) for each in ("share-plan", "copay-plan", *names)),
        *(("GetRelease", {"release": each, "with_files": True}) for each in (release, *names)),
        *(("ActivateRelease", {"release": each, "reason": "r"}) for each in (release, *names)),
        ("WatchReleases", {}),
        *((f"List{each}", {}) for each in ("Estimates", "Activations", "AuditEntries")),
        *(
            (method, {"name": f"estimates/{each}"})
            for method in ("DeleteEstimate", "ReproduceEstimate")
            for each in names
        ),
        *((method, {}) for method in ("VerifyAudit", "GetFourEyes", "SwitchFourEyes")),
        *asked_with_files(release),
        *asked_of_drafts(draft),
    ]


def asked_with_files(release: str) -> list[tuple[str, dict[str, Any]]]:
    """Requests with rule files: sound ones, some with an error, and some whose own test fails."""
    files = [_file(name, text) for name, text in TEXTS.items()]
    faulty = [*files[:2], _file("share.yaml", SHARE_PLAN.replace("fees: fees", "fees: no"))]
    failing = [*files[:3], _file("copay.yaml", COPAY_PLAN + FAILING)]
    change = {"before": release, "after_rules": {"files": files[:3]}}
    sources = [{"release": release}, {"files": {"files": files}}, {"files": {"files": faulty}}]
    explained = {"plan_id": "share-plan", "therapy": "acupuncture"}
    return [
        *(("ValidateRules", {"rules": {"files": each}}) for each in (files, faulty, failing)),
        *(("PublishRelease", {"rules": {"files": each}, "message": "m"}) for each in (files, faulty, failing)),
        *(("ExplainRules", explained | {"rules": each}) for each in sources),
        *((method, {"rules": each}) for method in ("AnalyzeRules", "CoverRules") for each in sources),
        ("DiffReleases", change),
        ("AnalyzeImpact", change | {"synthetic": {"members": 5, "seed": 1}}),
    ]


def asked_of_drafts(draft: str) -> list[tuple[str, dict[str, Any]]]:
    """Requests about a draft that has an error, about none, and with a path in place of its id."""
    files = [_file("share.yaml", SHARE_PLAN.replace("fees: fees", "fees: no"))]
    each: list[tuple[str, dict[str, Any]]] = [("CreateDraft", {"title": "t", "files": files}), ("ListDrafts", {})]
    for name in (draft, f"drafts/{'0' * 16}", "../x", "/etc/hostname"):
        of_it, revision = {"draft": name}, {"draft": name, "revision": 1}
        each += [
            ("GetDraft", of_it | {"with_files": True}),
            ("CheckDraft", of_it | {"files": files, "whole": True}),
            ("CommentDraft", of_it | {"text": "t", "file": "/etc/hostname", "line": 1}),
            ("ProposeDraft", revision),
            ("DecideDraft", revision | {"approve": True}),
            ("PublishDraft", revision | {"reason": "r"}),
            ("SaveDraft", revision | {"files": files}),
            ("WithdrawDraft", of_it | {"reason": "r"}),
        ]
    return each


def _file(name: str, text: str) -> dict[str, Any]:
    """A rule file of a request."""
    message = rule_service_pb2.RuleFile(name=f"rules/{name}", content=text.encode())
    return dict(json_format.MessageToDict(message))


def _parsed(method: str, request: dict[str, Any]) -> tuple[str, bytes]:
    """The full name of a method, and a request to it as bytes."""
    service = next(each for each in SERVICES.values() if method in each.methods_by_name)
    kind = service.methods_by_name[method].input_type._concrete_class
    message = json_format.ParseDict(request, kind())
    return f"/{service.full_name}/{method}", message.SerializeToString()


async def said(channel: grpc.aio.Channel, method: str, request: dict[str, Any]) -> tuple[grpc.StatusCode, bytes]:
    """The status of a call, and every byte of its first answer, its message, details and metadata."""
    name, content = _parsed(method, request)
    # The message goes with the call: what is sent later may find the call refused already, which is another error.
    ask: Any = channel.unary_stream(name)
    call = ask(content, timeout=120, metadata=(("authorization", "Bearer all"),))
    first = b""
    try:
        answer = await call.read()
        first = answer if isinstance(answer, bytes) else b""
        if method == "WatchReleases":
            call.cancel()
            return grpc.StatusCode.OK, first
        code, details = await call.code(), await call.details()
    except grpc.aio.AioRpcError as error:
        code, details = error.code(), error.details()
    except asyncio.CancelledError:
        code, details = await call.code(), await call.details()
    metadata = [*(await call.initial_metadata() or ()), *(await call.trailing_metadata() or ())]
    return code, b"\n".join([first, (details or "").encode(), repr(metadata).encode()])


@pytest_asyncio.fixture(params=[in_memory, in_a_file, damaged], scope="module", loop_scope="module")
async def answers(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Answers, Path]:
    """What a service says over rules in a secret folder, where its database lies, too, with one release of them.

    With the folder that all of it lies in.
    """
    tmp_path = tmp_path_factory.mktemp("paths")
    folder = folder_of_rules(tmp_path)
    tables = request.param(folder)
    tokens = tmp_path / "secret" / "tokens.toml"
    digest = hashlib.sha256(b"all").hexdigest()
    roles = '["estimate", "rules.read", "rules.write"]'
    tokens.write_text(f'[[token]]\nsubject = "all"\nroles = {roles}\nsha256 = "{digest}"\n', encoding="utf-8")
    database = open_database(new_sqlite_database(tmp_path / "secret" / "camcover.sqlite"))
    store = ReleaseStore(database)
    release = publish(store, prepare(load(folder / "plans", folder)), "ana", "first").release.id
    releases = ReleaseRules(store, tmp_path / "secret")
    activate(releases, release, Decision("ben", "first"))
    changed = {"plans/copay.yaml": COPAY_PLAN.replace("requires: [referral]", "requires: [a letter]").encode()}
    draft = create_draft(drafts_of(releases), "ana", "a letter", changed).draft.id
    rules = RulesInForce(tables, releases)
    settings = Settings(listen="127.0.0.1:0", maximum_message_bytes=1 << 20, drain_seconds=5)
    server = Server(rules, Storage(estimate_store(database)), settings, Access(tokens))
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        found = [(method, *await said(channel, method, each)) for method, each in asked(release, draft)]
    await server.drain()
    database.close()
    return found, tmp_path


def test_no_answer_tells_where_the_rules_lie(answers: tuple[Answers, Path]) -> None:
    found, folder = answers
    assert {method for method, _, _ in found} == {
        method for service in SERVICES.values() for method in service.methods_by_name
    }
    for method, code, content in found:
        for secret in (str(folder), "secret", str(Path.cwd())):
            assert secret.encode() not in content, (method, code, content)


def test_citations_name_files_below_the_rules_folder(answers: tuple[Answers, Path]) -> None:
    """Where the compiled words were altered, no plan can be read and nothing is cited."""
    estimates = [(code, content) for method, code, content in answers[0] if method == "EstimatePlan"]
    for code, content in estimates:
        assert (b"plans/share.yaml:" in content or b"plans/copay.yaml:" in content) is (code is grpc.StatusCode.OK)
    assert any(code is grpc.StatusCode.OK for code, _ in estimates)
