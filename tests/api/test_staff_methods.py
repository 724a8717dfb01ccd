"""What staff ask over the network: history, explanations, analysis, tests, the audit log, four eyes, reproduction.

The methods are called without a server, the work on rules in the test's own process; the last test asks a server.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest
from sqlalchemy import text

from at_once import AtOnce
from camcover.api import staff_servicer
from camcover.api.access import CALLER, Caller
from camcover.api.answering import Answering
from camcover.api.credentials import Role
from camcover.api.errors import Refused, status_of
from camcover.api.pools import Pools
from camcover.api.rule_servicer import RuleServicer
from camcover.api.server import Server, Settings, Storage
from camcover.gen.camcover.v1 import request_pb2
from camcover.gen.camcover.v1 import rule_service_pb2 as messages
from camcover.gen.camcover.v1.rule_service_pb2_grpc import RuleServiceStub
from camcover.rulebook import load_files
from camcover.rulebook.analysis.diagnoses import TooManyCells
from camcover.store import Database, Keeping, KeptEstimates, ReleaseStore, estimate_store, open_database
from camcover.workflow.activation import Decision, activate
from camcover.workflow.errors import (
    EstimateErased,
    EstimateNotKept,
    NotServed,
    PayerNotAllowed,
    SecondPersonNeeded,
    UnknownEstimate,
    UnknownPlan,
    UnknownRelease,
)
from camcover.workflow.publishing import prepare, publish
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from grpc_calls import status_of as rich_status_of
from small_rules import COPAY_PLAN, TEXTS, estimate_in

FILES = {f"payers/{name}": content.encode() for name, content in TEXTS.items()}
DEARER = FILES | {"payers/copay.yaml": COPAY_PLAN.replace("$20", "$30").encode()}
CONTEXT: Any = None


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Two releases of the small rules, the first one active; ana published both."""
    database = open_database(new_sqlite_database(tmp_path_factory.mktemp("staff") / "camcover.sqlite"))
    store = ReleaseStore(database)
    first, _ = (publish(store, prepare(load_files(each)), "ana", "rules")[0] for each in (FILES, DEARER))
    activate(ReleaseRules(store), first.id, Decision("bob", "agreed"))
    yield database
    database.close()


def servicer(database: Database, keeping: Keeping = Keeping.FULL) -> RuleServicer:
    """The methods over the releases of a database."""
    rules = RulesInForce(releases=ReleaseRules(ReleaseStore(database)))
    process: Any = AtOnce()
    return RuleServicer(rules, process, Pools().staff, estimate_store(database, keeping), follows=True)


@pytest.fixture(scope="module")
def staff(database: Database) -> RuleServicer:
    return servicer(database)


@contextmanager
def calling(subject: str, payers: frozenset[str] | None = None) -> Iterator[None]:
    """Somebody who may change rules calls."""
    before = CALLER.set(Caller(subject, frozenset({Role.RULES_WRITE}), payers=payers))
    yield
    CALLER.reset(before)


async def violation(call: Any) -> tuple[int, BadRequest.FieldViolation]:
    """The status and the only violation of a call that is refused."""
    with pytest.raises((Refused, UnknownPlan, UnknownRelease)) as caught:
        await call
    status = status_of(caught.value)
    assert status is not None
    (fields,) = [BadRequest.FromString(each.value) for each in status.details if each.Is(BadRequest.DESCRIPTOR)]
    (found,) = fields.field_violations
    return status.code, found


async def test_the_history_in_pages(staff: RuleServicer, database: Database) -> None:
    releases = ReleaseRules(ReleaseStore(database))
    with releases.store.reading() as ledger:
        newest, oldest = ledger.ids()
    activate(releases, newest, Decision("bob", "dearer"))
    first = await staff.ListActivations(messages.ListActivationsRequest(page_size=1), CONTEXT)
    request = messages.ListActivationsRequest(page_size=1, page_token=first.next_page_token)
    second = await staff.ListActivations(request, CONTEXT)
    found = [(each.release, each.reason) for page in (first, second) for each in page.activations]
    assert (found, second.next_page_token) == ([(oldest, "agreed"), (newest, "dearer")], "")
    activate(releases, oldest, Decision("bob", "agreed"))
    for token in ("x", "LTE=", "OTk5OTk5OTk5OTk5OTk5OTk5OTk="):
        code, found_ = await violation(
            staff.ListActivations(messages.ListActivationsRequest(page_token=token), CONTEXT)
        )
        assert (code, found_.reason) == (Code.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")


async def test_what_a_plan_decides_about_a_therapy(staff: RuleServicer) -> None:
    """By small_rules.SHARE_PLAN: back pain, treated by an acupuncturist, is the benefit; everything else is refused."""
    request = messages.ExplainRulesRequest(
        plan_id="share-plan", therapy="acupuncture", code="97810", date="2026-03-02", tier="in_network", state="WA"
    )
    (table,) = (await staff.ExplainRules(request, CONTEXT)).tables
    assert (table.plan_id, list(table.codes), table.first, table.last) == (
        "share-plan",
        ["97810"],
        "2026-01-01",
        "2026-12-31",
    )
    (case,) = [each for each in table.cases if each.verdict == "benefit"]
    assert {each.subject for each in case.when} == {"diagnosis", "practitioner"}
    (tier,) = case.terms.tiers
    assert (case.terms.benefit, tier.tier, list(tier.member_pays)) == (
        "needles",
        "in_network",
        ["deductible", "20% of what is left"],
    )
    assert [(each.id, each.text) for each in case.terms.limits] == [("visits", "4 visits in a calendar year")]
    assert case.terms.place.startswith("share.yaml:")
    known = messages.ExplainRulesRequest(
        plan_id="share-plan",
        therapy="massage",
        diagnoses=["M54.50"],
        conditions=["back-pain"],
        attestations=["referral"],
        age=40,
        role="child",
        setting="office",
        status="active",
        practitioner="massage-therapist",
    )
    (excluded,) = (await staff.ExplainRules(known, CONTEXT)).tables
    assert [(each.verdict, each.reason, each.terms.benefit) for each in excluded.cases] == [
        ("excluded", "not_a_benefit", "")
    ]


@pytest.mark.parametrize(
    ("asked", "field", "reason"),
    [
        ({"plan_id": "share-plam"}, "plan_id", "UNKNOWN_PLAN"),
        ({"therapy": "acupunture"}, "therapy", "UNKNOWN_THERAPY"),
        ({"code": "97124"}, "code", "UNKNOWN_CODE"),
        ({"tier": "in-network"}, "tier", "UNKNOWN_TIER"),
        ({"practitioner": "masseur"}, "practitioner", "UNKNOWN_PRACTITIONER"),
        ({"conditions": ["back pain"]}, "conditions", "UNKNOWN_CONDITION"),
        ({"date": "2027-03-02"}, "date", "PLAN_NOT_IN_FORCE"),
        ({"date": "2026-02-30"}, "date", "INVALID_DATE"),
        ({"date": "1066-10-14"}, "date", "DATE_OUT_OF_RANGE"),
        ({"diagnoses": ["back"]}, "diagnoses[0]", "INVALID_DIAGNOSIS"),
        ({"state": "WX"}, "state", "UNKNOWN_STATE"),
        ({"rules": {"release": "rules-0123456789abcdef"}}, "rules.release", "UNKNOWN_RULE_RELEASE"),
    ],
)
async def test_what_an_explanation_does_not_know(
    staff: RuleServicer, asked: dict[str, Any], field: str, reason: str
) -> None:
    request = messages.ExplainRulesRequest(**{"plan_id": "share-plan", "therapy": "acupuncture"} | asked)
    _, found = await violation(staff.ExplainRules(request, CONTEXT))
    assert (found.field, found.reason) == (field, reason)


@pytest.mark.parametrize("method", ["AnalyzeRules", "CoverRules", "ListActivations", "DiffReleases"])
async def test_a_wrong_page_token_is_refused_before_the_work(
    staff: RuleServicer, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def work(*_given: Any) -> Any:
        raise AssertionError("the work began")

    for name in ("_files", "_decisions", "_sides"):
        monkeypatch.setattr(staff, name, work)
    request = getattr(messages, f"{method}Request")(page_token="x")
    if method == "DiffReleases":
        request.after_release = "rules-0123456789abcdef"
    _, found = await violation(getattr(staff, method)(request, CONTEXT))
    assert found.reason == "INVALID_PAGE_TOKEN"


async def test_too_many_cases_are_refused(staff: RuleServicer, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_many(*_given: Any) -> Any:
        raise TooManyCells(7)

    monkeypatch.setattr(staff_servicer, "explained", too_many)
    request = messages.ExplainRulesRequest(plan_id="share-plan", therapy="acupuncture")
    code, found = await violation(staff.ExplainRules(request, CONTEXT))
    assert (code, found.reason) == (Code.INVALID_ARGUMENT, "COUNT_OUT_OF_RANGE")
    assert "more than 7 cases to tell apart" in found.description


async def test_the_analysis_of_files_that_are_not_published(staff: RuleServicer) -> None:
    """Of Copay Plan's catalog reiki alone has no rule; the copay of a visit has no cliff."""
    files = messages.RuleFiles(files=[messages.RuleFile(name=name, content=body) for name, body in FILES.items()])
    request = messages.AnalyzeRulesRequest(
        rules=messages.RuleSource(files=files), plan_ids=["copay-plan"], kinds=["gaps"]
    )
    answer = await staff.AnalyzeRules(request, CONTEXT)
    (gap,) = answer.findings
    assert (gap.kind, gap.plan_id, gap.subject) == ("gaps", "copay-plan", "reiki")
    assert gap.place.startswith("payers/copay.yaml:")
    assert (list(answer.left_out), answer.next_page_token) == ([], "")
    everything = await staff.AnalyzeRules(messages.AnalyzeRulesRequest(page_size=1), CONTEXT)
    assert len(everything.findings) == 1
    assert everything.next_page_token
    request.plan_ids[0] = "copay-plam"
    _, found = await violation(staff.AnalyzeRules(request, CONTEXT))
    assert (found.field, found.reason) == ("plan_ids", "UNKNOWN_PLAN")
    assert "did you mean 'copay-plan'" in found.description


async def test_a_finding_has_a_request_that_shows_it(staff: RuleServicer) -> None:
    """One benefit for back pain, one for headache: a line with both diagnoses meets both."""
    pays = "in_network: {member_pays: [{copay: $10}]}, cite: eoc p.3"
    benefits = "".join(
        f"  {name}: {{therapies: [reiki], when: {{conditions: [{condition}]}}, {pays}}}\n"
        for name, condition in (("back", "back-pain"), ("head", "headache"))
    )
    changed = COPAY_PLAN.replace("otherwise: not_covered\n", benefits + "otherwise: not_covered\n", 1)
    content = FILES | {"payers/copay.yaml": changed.encode()}
    files = messages.RuleFiles(files=[messages.RuleFile(name=name, content=body) for name, body in content.items()])
    request = messages.AnalyzeRulesRequest(rules=messages.RuleSource(files=files), kinds=["overlaps"])
    (overlap,) = (await staff.AnalyzeRules(request, CONTEXT)).findings
    shown = json_format.Parse(overlap.request_json, request_pb2.EstimatePlanRequest())
    (item,) = shown.items
    assert (overlap.subject, shown.plan_id, item.therapy) == ("head", "copay-plan", "reiki")
    assert set(item.diagnoses) == {"M54.5", "G44"}


async def test_what_no_test_reaches(staff: RuleServicer) -> None:
    """The small rules have no tests: everything that can be reached is not."""
    request = messages.CoverRulesRequest(plan_ids=["copay-plan"], page_size=1)
    answer = await staff.CoverRules(request, CONTEXT)
    assert answer.reachable == answer.unreached > 0
    (untested,) = answer.untested
    assert (untested.plan_id, untested.why) == ("copay-plan", "")
    assert "therapy: " in untested.test
    request.page_size = 500
    assert len((await staff.CoverRules(request, CONTEXT)).untested) == answer.unreached


async def test_the_audit_log_in_pages_and_verified(staff: RuleServicer) -> None:
    whole = await staff.ListAuditEntries(messages.ListAuditEntriesRequest(), CONTEXT)
    assert [(each.number, each.action, each.actor) for each in whole.entries[:3]] == [
        (1, "publish", "ana"),
        (2, "publish", "ana"),
        (3, "activate", "bob"),
    ]
    assert json.loads(whole.entries[2].details)["reason"] == "agreed"
    assert whole.entries[1].previous_hash == whole.entries[0].hash
    page = await staff.ListAuditEntries(messages.ListAuditEntriesRequest(page_size=1, after=1), CONTEXT)
    rest = messages.ListAuditEntriesRequest(page_size=1, page_token=page.next_page_token)
    later = await staff.ListAuditEntries(rest, CONTEXT)
    assert [each.number for each in (*page.entries, *later.entries)] == [2, 3]
    last = whole.entries[-1]
    found = await staff.VerifyAudit(messages.VerifyAuditRequest(known_hash=last.hash), CONTEXT)
    assert (found.intact, found.fault, found.entries, found.last_hash) == (True, "", last.number, last.hash)
    assert (found.releases, found.decisions >= 1) == (2, True)
    unknown = await staff.VerifyAudit(messages.VerifyAuditRequest(known_hash="0" * 63 + "1"), CONTEXT)
    assert not unknown.intact
    assert unknown.fault.startswith("no entry has the hash 0000")


async def test_two_people_switch_four_eyes_off(staff: RuleServicer) -> None:
    on, off = messages.SwitchFourEyesRequest(on=True), messages.SwitchFourEyesRequest()
    with calling("ana"):
        assert await staff.SwitchFourEyes(on, CONTEXT) == messages.SwitchFourEyesResponse(on=True)
        asked = await staff.SwitchFourEyes(off, CONTEXT)
        assert asked == messages.SwitchFourEyesResponse(on=True, asked_off_by="ana")
        with pytest.raises(SecondPersonNeeded):
            await staff.SwitchFourEyes(off, CONTEXT)
    found = await staff.GetFourEyes(messages.GetFourEyesRequest(), CONTEXT)
    assert found == messages.GetFourEyesResponse(on=True, asked_off_by="ana")
    with calling("carl", frozenset({"example"})), pytest.raises(PayerNotAllowed, match="the rules of all payers"):
        await staff.SwitchFourEyes(off, CONTEXT)
    with calling("bob"):
        assert await staff.SwitchFourEyes(off, CONTEXT) == messages.SwitchFourEyesResponse()


async def test_an_estimate_comes_out_the_same_or_what_differs_is_said(
    staff: RuleServicer, database: Database, ask: Any
) -> None:
    releases = ReleaseRules(ReleaseStore(database))
    with releases.store.reading() as ledger:
        release = ledger.active()
    assert release is not None
    answering = Answering(RulesInForce(releases.tables(release), releases), KeptEstimates(database))
    made = estimate_in(await answering.one(ask()))
    request = messages.ReproduceEstimateRequest(name=made.name)
    same = await staff.ReproduceEstimate(request, CONTEXT)
    assert same == messages.ReproduceEstimateResponse(
        name=made.name, rule_release=release, created_at=made.created_at, same=True, same_figures=True
    )
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE estimates SET body_digest = body"))
    other = await staff.ReproduceEstimate(request, CONTEXT)
    assert (other.same, "computes another result" in other.difference, other.same_figures) == (False, True, False)
    made.notices[0].text = "As it was worded before."
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE estimates SET body = :body"), {"body": made.SerializeToString()})
    reworded = await staff.ReproduceEstimate(request, CONTEXT)
    assert (reworded.same, reworded.same_figures) == (False, True)
    with database.engine.begin() as connection:
        bad = ask(plan_id="gone").SerializeToString()
        connection.execute(text("UPDATE estimates SET request = :bad"), {"bad": bad})
    refused = await staff.ReproduceEstimate(request, CONTEXT)
    assert (refused.same, refused.difference, refused.same_figures) == (
        False,
        "this version refuses its request",
        False,
    )
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE estimates SET request = NULL"))
    with pytest.raises(EstimateNotKept, match="only its hashes were kept"):
        await staff.ReproduceEstimate(request, CONTEXT)
    KeptEstimates(database).erase(made.name, "anyone")
    with pytest.raises(EstimateErased):
        await staff.ReproduceEstimate(request, CONTEXT)
    with pytest.raises(UnknownEstimate):
        await servicer(database, Keeping.OFF).ReproduceEstimate(request, CONTEXT)


async def test_a_service_without_a_database_explains_files_alone() -> None:
    process: Any = AtOnce()
    staff = RuleServicer(RulesInForce(), process, Pools().staff, estimate_store(None), follows=False)
    files = messages.RuleFiles(files=[messages.RuleFile(name=name, content=body) for name, body in FILES.items()])
    request = messages.ExplainRulesRequest(
        plan_id="copay-plan", therapy="reiki", rules=messages.RuleSource(files=files)
    )
    (table,) = (await staff.ExplainRules(request, CONTEXT)).tables
    assert [each.verdict for each in table.cases] == ["not listed"]
    for call in (
        staff.ListActivations(messages.ListActivationsRequest(), CONTEXT),
        staff.CoverRules(messages.CoverRulesRequest(), CONTEXT),
        staff.ListAuditEntries(messages.ListAuditEntriesRequest(), CONTEXT),
        staff.VerifyAudit(messages.VerifyAuditRequest(), CONTEXT),
        staff.GetFourEyes(messages.GetFourEyesRequest(), CONTEXT),
    ):
        with pytest.raises(NotServed):
            await call


@pytest.fixture
async def stub(database: Database) -> AsyncIterator[Any]:
    """A server over the same database."""
    rules = RulesInForce(releases=ReleaseRules(ReleaseStore(database)))
    server = Server(rules, Storage(estimate_store(database)), Settings(listen="127.0.0.1:0", drain_seconds=5))
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield RuleServiceStub(channel)
    await server.drain()


async def test_answers_and_refusals_come_from_the_other_process(stub: Any) -> None:
    request = messages.ExplainRulesRequest(plan_id="copay-plan", therapy="reiki")
    (table,) = (await stub.ExplainRules(request, timeout=120)).tables
    assert [each.verdict for each in table.cases] == ["not listed"]
    request.plan_id = "copay-plam"
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ExplainRules(request, timeout=120)
    assert rich_status_of(caught.value).code == Code.NOT_FOUND
    assert "did you mean 'copay-plan'" in str(caught.value.details())
    cover = await stub.CoverRules(messages.CoverRulesRequest(), timeout=120)
    assert cover.unreached == cover.reachable
    analysis = await stub.AnalyzeRules(messages.AnalyzeRulesRequest(kinds=["dead"]), timeout=120)
    assert list(analysis.left_out) == []
