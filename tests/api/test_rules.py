"""RuleService: check, publish, list, compare, activate and watch, over the network, by people with roles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.rpc.error_details_pb2 import BadRequest, ResourceInfo

from camcover.api import rule_servicer
from camcover.api.access import Access
from camcover.api.server import Server, Settings, Storage
from camcover.bulk import REQUEST_SCHEMA
from camcover.gen.camcover.v1 import rule_service_pb2 as messages
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.gen.camcover.v1.rule_service_pb2_grpc import RuleServiceStub
from camcover.store import AuditLog, Database, ReleaseStore, estimate_store, open_database
from camcover.workflow.following import Follower
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from grpc_calls import status_of
from small_rules import COPAY_PLAN, TEXTS

NO_PAGE = "page_token: found an invalid token; expected the next_page_token of an earlier response"

TOKENS = """\
[[token]]
subject = "ana"
roles = ["rules.write"]
sha256 = "24d4b96f58da6d4a8512313bbd02a28ebf0ca95dec6e4c86ef78ce7f01e788ac"

[[token]]
subject = "bob"
roles = ["rules.write", "estimate"]
sha256 = "81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"

[[token]]
subject = "reader"
roles = ["rules.read"]
sha256 = "3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30"

[[token]]
subject = "portal"
roles = ["estimate"]
sha256 = "d0960501f8971be812f2e5494426e08cdbb2cbc3b3190ba60075f14b8da7178a"
"""


@dataclass
class Staff:
    """A server that follows a database, the stub for staff, and the database."""

    server: Server
    rules: Any
    estimates: Any
    database: Database


def by(name: str) -> tuple[tuple[str, str], ...]:
    """The metadata of a call by somebody, whose token is their name: the hashes above are of that."""
    return (("authorization", f"Bearer {name}"),)


@pytest.fixture
async def staff(tmp_path: Path) -> AsyncIterator[Staff]:
    """Nothing is published yet."""
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(TOKENS, encoding="utf-8")
    database = open_database(new_sqlite_database(tmp_path / "camcover.sqlite"))
    store = ReleaseStore(database)
    releases = ReleaseRules(store)
    rules = RulesInForce(releases=releases)
    follower = Follower(rules, releases)
    storage = Storage(estimate_store(database), follows=True)
    settings = Settings(listen="127.0.0.1:0", maximum_message_bytes=1 << 20, drain_seconds=5)
    server = Server(rules, storage, settings, Access(tokens))
    await follower.start()
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Staff(server, RuleServiceStub(channel), EstimateServiceStub(channel), database)
    await follower.stop()
    await server.drain()
    database.close()


def files(copay: str = "copay: $20") -> messages.RuleFiles:
    """The small rules with another copay."""
    texts = TEXTS | {"copay.yaml": COPAY_PLAN.replace("copay: $20", copay)}
    return messages.RuleFiles(
        files=[messages.RuleFile(name=f"payers/{name}", content=text.encode()) for name, text in texts.items()]
    )


async def published(staff: Staff, copay: str = "copay: $20", author: str = "ana") -> str:
    """The id of a release of the small rules."""
    request = messages.PublishReleaseRequest(rules=files(copay), message=copay)
    response = await staff.rules.PublishRelease(request, metadata=by(author))
    assert response.created
    return str(response.release.id)


async def activated(staff: Staff, release: str, name: str = "bob") -> messages.Activation:
    """Make a release active, and wait until the server answers by it."""
    request = messages.ActivateReleaseRequest(release=release, reason="agreed")
    response: messages.ActivateReleaseResponse = await staff.rules.ActivateRelease(request, metadata=by(name))
    watching = staff.rules.WatchReleases(messages.WatchReleasesRequest(), metadata=by("reader"), timeout=120)
    async for each in watching:
        if each.release == release:
            break
    watching.cancel()
    return response.activation


async def refused(call: Any) -> Any:
    """The status of a call that is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return status_of(caught.value) or caught.value


async def test_check_says_everything_with_its_place(staff: Staff) -> None:
    rules = files("copay: $2O")
    found = await staff.rules.ValidateRules(messages.ValidateRulesRequest(rules=rules), metadata=by("reader"))
    assert (found.publishable, found.release) == (False, "")
    errors = [each for each in found.diagnostics if each.severity == messages.SEVERITY_ERROR]
    assert [(each.code, each.file, each.line, each.column) for each in errors] == [
        ("invalid-amount", "payers/copay.yaml", 18, 40)
    ]
    # `$2O per visit` has 13 characters; what was meant takes thought.
    assert [(each.end_line, each.end_column, len(each.edits)) for each in errors] == [(18, 53, 0)]
    near = files("copay: $2,000")
    found = await staff.rules.ValidateRules(messages.ValidateRulesRequest(rules=near), metadata=by("reader"))
    (edit,) = next(each for each in found.diagnostics if each.severity == messages.SEVERITY_ERROR).edits
    assert edit == messages.TextEdit(line=18, column=40, end_line=18, end_column=56, text="$2000 per visit")
    good = await staff.rules.ValidateRules(messages.ValidateRulesRequest(rules=files()), metadata=by("reader"))
    assert good.publishable
    assert {each.code for each in good.diagnostics} == {"plan-without-tests"}
    warning = good.diagnostics[0]
    assert warning.message == "no test runs through this edition of plan 'copay-plan'"
    assert warning.message_id == "plan-without-tests-no-test"
    assert [(each.name, each.text) for each in warning.arguments] == [("plan", "copay-plan")]
    assert (warning.hint_id, list(warning.hint_arguments)) == ("plan-without-tests-add-tests", [])
    assert good.release == await published(staff)


async def test_check_runs_the_tests_that_stand_in_files(staff: Staff) -> None:
    """20.00 for a visit: a test that says 21.00 fails, and keeps the rules from being published."""
    rules = files()
    for each in rules.files:
        if each.name == "payers/copay.yaml":
            each.content += (
                b"tests:\n  - name: a visit\n    given: {age: 40, state: WA, tier: in_network, therapy: acupuncture,\n"
                b'            codes: ["97810"], charge: $80.00, practitioner: acupuncturist,\n'
                b"            attestations: [referral], dates: [2026-03-02]}\n    expect: {patient: $21.00}\n"
            )
    found = await staff.rules.ValidateRules(messages.ValidateRulesRequest(rules=rules), metadata=by("reader"))
    assert not found.publishable
    assert [(test.name, list(test.differences)) for test in found.tests] == [
        ("a visit", ["patient: expected $21.00, got $20.00"])
    ]
    request = messages.PublishReleaseRequest(rules=rules, message="wrong")
    status = await refused(staff.rules.PublishRelease(request, metadata=by("ana")))
    assert status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    fields = BadRequest.FromString(status.details[0].value)
    assert fields.field_violations[0].field == "payers/copay.yaml:25"


async def test_published_activated_and_rolled_back(staff: Staff, ask: Any) -> None:
    """What a visit costs follows: 20.00, then 30.00, then 20.00 again."""
    first, second = await published(staff), await published(staff, "copay: $30")
    status = await refused(staff.estimates.EstimatePlan(ask(plan_id="copay-plan"), metadata=by("portal")))
    assert status.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    question = ask(plan_id="copay-plan", members=[{"id": "ana"}])
    paid = []
    for release in (first, second):
        await activated(staff, release)
        paid.append((await staff.estimates.EstimatePlan(question, metadata=by("portal"))).totals.patient_cents)
    request = messages.ActivateReleaseRequest(roll_back=True, reason="too dear", expected_active_release=second)
    response = await staff.rules.ActivateRelease(request, metadata=by("ana"))
    assert (response.activation.release, response.activation.from_release) == (first, second)
    assert (response.activation.roll_back, response.activation.actor) == (True, "ana")
    await activated(staff, first)
    again = await staff.estimates.EstimatePlan(question, metadata=by("portal"))
    pinned = ask(plan_id="copay-plan", members=[{"id": "ana"}], rule_release=second)
    other = await staff.estimates.EstimatePlan(pinned, metadata=by("portal"))
    assert [*paid, again.totals.patient_cents, other.totals.patient_cents] == [6000, 9000, 6000, 9000]
    AuditLog(staff.database).verify()


async def test_the_same_files_are_published_once(staff: Staff) -> None:
    first = await published(staff)
    request = messages.PublishReleaseRequest(rules=files(), message="again")
    response = await staff.rules.PublishRelease(request, metadata=by("bob"))
    assert (response.created, response.release.id, response.release.author) == (False, first, "ana")


async def test_lists_are_paged_newest_first(staff: Staff) -> None:
    ids = [await published(staff, f"copay: ${copay}") for copay in (20, 30, 40)]
    await activated(staff, ids[1])
    request = messages.ListReleasesRequest(page_size=2)
    page = await staff.rules.ListReleases(request, metadata=by("reader"))
    assert [(each.id, each.active) for each in page.releases] == [(ids[2], False), (ids[1], True)]
    request.page_token = page.next_page_token
    rest = await staff.rules.ListReleases(request, metadata=by("reader"))
    assert ([each.id for each in rest.releases], rest.next_page_token) == ([ids[0]], "")
    filtered = await staff.rules.ListReleases(messages.ListReleasesRequest(filter="$30"), metadata=by("reader"))
    assert [each.id for each in filtered.releases] == [ids[1]]
    for token in ("nonsense", "cnVsZXMtMA=="):
        request.page_token = token
        status = await refused(staff.rules.ListReleases(request, metadata=by("reader")))
        assert status.message == NO_PAGE


async def test_one_release_with_its_files_and_decisions(staff: Staff) -> None:
    first, second = await published(staff), await published(staff, "copay: $30")
    await activated(staff, first)
    wanted = messages.GetReleaseRequest(with_files=True)
    found = await staff.rules.GetRelease(wanted, metadata=by("reader"))
    assert (found.release.id, found.release.active, found.release.plan_count) == (first, True, 2)
    assert {each.name: each.content.decode() for each in found.files} == TEXTS
    assert [(each.release, each.actor, each.reason) for each in found.activations] == [(first, "bob", "agreed")]
    other = await staff.rules.GetRelease(messages.GetReleaseRequest(release=second), metadata=by("reader"))
    assert (other.release.parent, other.release.active, list(other.files)) == ("", False, [])
    unknown = messages.GetReleaseRequest(release="rules-0000000000000000")
    status = await refused(staff.rules.GetRelease(unknown, metadata=by("reader")))
    assert status.code == grpc.StatusCode.NOT_FOUND.value[0]
    info = ResourceInfo.FromString(status.details[1].value)
    assert (info.resource_type, info.resource_name) == ("release", "rules-0000000000000000")


async def test_schedule_and_call_off(staff: Staff) -> None:
    first = await published(staff)
    request = messages.ActivateReleaseRequest(release=first, reason="new year")
    request.effective_at.FromDatetime(datetime.now(UTC) + timedelta(days=1))
    planned = (await staff.rules.ActivateRelease(request, metadata=by("bob"))).activation
    assert planned.effective_at == request.effective_at
    off = messages.ActivateReleaseRequest(cancel_number=planned.number, reason="not yet")
    assert (await staff.rules.ActivateRelease(off, metadata=by("bob"))).activation.cancelled
    status = await refused(staff.rules.ActivateRelease(off, metadata=by("bob")))
    assert status.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]


async def test_decisions_that_are_refused(staff: Staff) -> None:
    first, second = await published(staff), await published(staff, "copay: $30")
    await activated(staff, first)
    with ReleaseStore(staff.database).writing() as ledger:
        ledger.set_four_eyes("boss", is_on=True)
    decide, invalid = staff.rules.ActivateRelease, grpc.StatusCode.INVALID_ARGUMENT
    cases = [
        (messages.ActivateReleaseRequest(release=second, reason="mine"), "ana", grpc.StatusCode.PERMISSION_DENIED),
        (
            messages.ActivateReleaseRequest(release=second, reason="late", expected_active_release=second),
            "bob",
            grpc.StatusCode.ABORTED,
        ),
        (messages.ActivateReleaseRequest(roll_back=True, reason="?"), "bob", grpc.StatusCode.FAILED_PRECONDITION),
        (
            messages.ActivateReleaseRequest(release="rules-0000000000000000", reason="?"),
            "bob",
            grpc.StatusCode.NOT_FOUND,
        ),
        (messages.ActivateReleaseRequest(cancel_number=99, reason="?"), "bob", grpc.StatusCode.NOT_FOUND),
        (messages.ActivateReleaseRequest(reason="?"), "bob", invalid),
        (
            messages.ActivateReleaseRequest(release=first, roll_back=True, reason="?"),
            "bob",
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
        (messages.ActivateReleaseRequest(release=second), "bob", invalid),
    ]
    for request, name, code in cases:
        status = await refused(decide(request, metadata=by(name)))
        assert status.code == code.value[0], request


async def test_differences_in_words(staff: Staff) -> None:
    """Between releases, and between the active one and files that are not published; in pages."""
    first, second = await published(staff), await published(staff, "copay: $30")
    diff = staff.rules.DiffReleases
    response = await diff(messages.DiffReleasesRequest(before=first, after_release=second), metadata=by("reader"))
    (change,) = response.changes
    assert change.text == "copay-plan 2026: hands, in network: copay 20.00 -> 30.00"
    assert (change.kind, change.document, change.id, change.edition) == ("changed", "plan", "copay-plan", "2026")
    assert (change.subject, change.field, change.before, change.after) == (
        "hands, in network",
        "copay",
        "20.00",
        "30.00",
    )
    await activated(staff, first)
    other = files("copay: $40")
    for each in other.files:
        each.content = each.content.replace(b"20%}", b"30%}")
    request = messages.DiffReleasesRequest(after_rules=other, page_size=1)
    texts: list[str] = []
    while not texts or request.page_token:
        page = await diff(request, metadata=by("reader"))
        texts += [each.text for each in page.changes]
        request.page_token = page.next_page_token
    assert texts == [
        "copay-plan 2026: hands, in network: copay 20.00 -> 40.00",
        "share-plan 2026: needles, in network: coinsurance 20% -> 30%",
    ]
    request = messages.DiffReleasesRequest(after_rules=other, id="share-plan")
    assert len((await diff(request, metadata=by("reader"))).changes) == 1


async def test_differences_that_are_refused(staff: Staff) -> None:
    first = await published(staff)
    cases = [
        (messages.DiffReleasesRequest(after_release=first), grpc.StatusCode.FAILED_PRECONDITION),
        (messages.DiffReleasesRequest(before=first), grpc.StatusCode.INVALID_ARGUMENT),
        (messages.DiffReleasesRequest(before=first, after_release="rules-0000000000000000"), grpc.StatusCode.NOT_FOUND),
        (messages.DiffReleasesRequest(before=first, after_rules=files("copay: $2O")), grpc.StatusCode.INVALID_ARGUMENT),
        (
            messages.DiffReleasesRequest(before=first, after_release=first, page_token="cnVsZXMtMA=="),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
    ]
    for request, code in cases:
        status = await refused(staff.rules.DiffReleases(request, metadata=by("reader")))
        assert status.code == code.value[0], request


def book(**columns: Any) -> bytes:
    """A Parquet file of two members of the copay plan, with three visits and with one; others as columns say."""
    visit = {"therapy": "acupuncture", "code": "97810", "charge_cents": 8000, "practitioner": "acupuncturist"}
    visit |= {"tier": "in_network", "start_date": date(2026, 3, 2)}
    rows = [
        {"request_id": f"r{place}", "plan_id": "copay-plan", "age": 40, "items": [visit | {"sessions": count}]}
        for place, count in enumerate((3, 1))
    ]
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pylist(rows, schema=REQUEST_SCHEMA)
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


async def test_impact_on_a_book(staff: Staff) -> None:
    """20.00 a visit becomes 30.00: three visits +30.00, one +10.00; together 80.00 become 120.00."""
    first, second = await published(staff), await published(staff, "copay: $30")
    request = messages.AnalyzeImpactRequest(before=first, after_release=second, parquet=book())
    response = await staff.rules.AnalyzeImpact(request, metadata=by("reader"))
    assert (response.before_release, response.after_release) == (first, second)
    impact = response.impact
    assert (impact.members.rows, impact.members.compared, impact.members.paying_more) == (2, 2, 2)
    assert (impact.total.patient.before_cents, impact.total.patient.after_cents) == (8000, 12000)
    assert (impact.change.total_cents, impact.change.mean_cents, impact.change.most_increase_cents) == (
        4000,
        2000,
        3000,
    )
    assert [(each.name, each.figures.lines) for each in impact.by_therapy] == [("acupuncture", 4)]
    assert [(case.request_id, len(case.lines)) for case in impact.increases] == [("r0", 3), ("r1", 1)]
    line = impact.increases[0].lines[0]
    assert (line.before.copay_cents, line.after.copay_cents, line.date) == (2000, 3000, "2026-03-02")


async def test_impact_on_a_made_book_of_files_not_published(staff: Staff) -> None:
    await activated(staff, await published(staff))
    wanted = messages.SyntheticBook(members=300, seed=1)
    request = messages.AnalyzeImpactRequest(after_rules=files("copay: $30"), synthetic=wanted, worst=3)
    first = await staff.rules.AnalyzeImpact(request, metadata=by("reader"))
    assert first.impact.members.rows == first.impact.members.compared == 300
    assert first.impact.members.paying_less == 0
    assert len(first.impact.increases) == 3
    assert await staff.rules.AnalyzeImpact(request, metadata=by("reader")) == first


async def test_impact_without_the_extra_is_refused(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_servicer, "is_installed", lambda _extra: False)
    first = await published(staff)
    request = messages.AnalyzeImpactRequest(before=first, after_release=first, parquet=book())
    status = await refused(staff.rules.AnalyzeImpact(request, metadata=by("reader")))
    assert status.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    assert status.message == (
        "this service cannot read books of business; PyArrow is not installed: pip install 'camcover[bulk]'"
    )


async def test_books_that_are_refused(staff: Staff) -> None:
    first = await published(staff)
    for parquet, said in ((b"nonsense", "book: "), (book(color=["a", "b"]), "book: unknown column 'color'")):
        request = messages.AnalyzeImpactRequest(before=first, after_release=first, parquet=parquet)
        status = await refused(staff.rules.AnalyzeImpact(request, metadata=by("reader")))
        assert status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
        assert status.message.startswith(said)
    request = messages.AnalyzeImpactRequest(before=first, after_release=first)
    status = await refused(staff.rules.AnalyzeImpact(request, metadata=by("reader")))
    assert status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]


@pytest.mark.parametrize("seed", [-1, -(2**63)])
async def test_a_malformed_seed_is_refused(staff: Staff, seed: int) -> None:
    synthetic = messages.SyntheticBook(members=1, seed=seed)
    request = messages.AnalyzeImpactRequest(after_release="rules-0123456789abcdef", synthetic=synthetic)
    status = await refused(staff.rules.AnalyzeImpact(request, metadata=by("reader")))
    assert status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert status.message.startswith("synthetic.seed: ")


@pytest.mark.parametrize(
    ("seconds", "nanos"),
    [(10**15, 0), (2**62, 0), (-(10**14), 0), (4 * 10**9, 2**31 - 1), (4 * 10**9, -1), (253402300799, 0), (0, 0)],
)
async def test_a_malformed_time_is_refused(staff: Staff, seconds: int, nanos: int) -> None:
    request = messages.ActivateReleaseRequest(release="rules-0123456789abcdef", reason="soon")
    request.effective_at.seconds, request.effective_at.nanos = seconds, nanos
    status = await refused(staff.rules.ActivateRelease(request, metadata=by("bob")))
    assert status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    found = f"effective_at: found {seconds} seconds and {nanos} nanoseconds after 1970"
    assert status.message == f"{found}; expected a time in the years 1990 to 2200"


@pytest.mark.parametrize("token", ["é", "!", "wrI=", "2aM="])
async def test_page_tokens_that_no_page_gave(staff: Staff, token: str) -> None:
    """Not ASCII, not base64, a superscript two and an Arabic three inside."""
    difference = messages.DiffReleasesRequest(after_release="rules-0123456789abcdef", page_token=token)
    calls = (
        staff.rules.DiffReleases(difference, metadata=by("reader")),
        staff.rules.ListReleases(messages.ListReleasesRequest(page_token=token), metadata=by("reader")),
    )
    for call in calls:
        status = await refused(call)
        assert status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
        assert status.message == NO_PAGE


async def test_a_decision_that_is_none_or_two(staff: Staff) -> None:
    request = messages.ActivateReleaseRequest(reason="?")
    status = await refused(staff.rules.ActivateRelease(request, metadata=by("bob")))
    assert status.message.endswith("; expected one of release, roll_back, cancel_number")


async def test_watching_tells_of_each_change_and_ends_with_the_server(staff: Staff) -> None:
    first, second = await published(staff), await published(staff, "copay: $30")
    watching = staff.rules.WatchReleases(messages.WatchReleasesRequest(), metadata=by("reader"), timeout=120)
    seen = [(await watching.read()).release]
    for release in (first, second):
        await activated(staff, release)
        seen.append((await watching.read()).release)
    assert seen == ["", first, second]
    await staff.server.drain()
    assert await watching.read() is grpc.aio.EOF


@pytest.mark.parametrize(
    ("method", "request_", "allowed"),
    [
        ("ListReleases", messages.ListReleasesRequest(), {"ana", "bob", "reader"}),
        ("ValidateRules", messages.ValidateRulesRequest(), {"ana", "bob", "reader"}),
        ("PublishRelease", messages.PublishReleaseRequest(), {"ana", "bob"}),
        ("ActivateRelease", messages.ActivateReleaseRequest(), {"ana", "bob"}),
    ],
)
async def test_each_method_asks_for_its_role(staff: Staff, method: str, request_: Any, allowed: set[str]) -> None:
    """What is let in is at most told that the request is not valid."""
    for name in ("ana", "bob", "reader", "portal"):
        call = getattr(staff.rules, method)(request_, metadata=by(name))
        is_denied = await asyncio.wait_for(call.code(), 120) is grpc.StatusCode.PERMISSION_DENIED
        assert is_denied == (name not in allowed)
    for metadata in ((), by("mallory"), (("authorization", "Basic YW5h"),)):
        call = getattr(staff.rules, method)(request_, metadata=metadata)
        assert await call.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_estimates_ask_for_their_role(staff: Staff, ask: Any) -> None:
    call = staff.estimates.EstimatePlan(ask(), metadata=by("reader"))
    assert await call.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "reader has the roles rules.read; expected estimate" in await call.details()


async def test_files_that_are_refused_before_they_are_read(staff: Staff) -> None:
    check = staff.rules.ValidateRules
    names = ["/etc/passwd.yaml", "../up.yaml", "a/../../up.yaml", "notes.txt", "back\\slash.yaml"]
    for name in names:
        rules = messages.RuleFiles(files=[messages.RuleFile(name=name, content=b"")])
        status = await refused(check(messages.ValidateRulesRequest(rules=rules), metadata=by("ana")))
        assert status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0], name
    twice = messages.RuleFiles(files=[messages.RuleFile(name="a.yaml")] * 2)
    status = await refused(check(messages.ValidateRulesRequest(rules=twice), metadata=by("ana")))
    assert status.message == "rules.files[1].name: found 'a.yaml' a second time; expected each value only once"
    large = messages.RuleFiles(files=[messages.RuleFile(name="a.yaml", content=b"#" * (1 << 20))])
    status = await refused(check(messages.ValidateRulesRequest(rules=large), metadata=by("ana")))
    assert status.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_service_over_files_publishes_and_activates_nothing(service: Any) -> None:
    """Nobody is asked for a token there, so nobody may change rules; reading them is open."""
    rules = RuleServiceStub(service.channel)
    for call in (
        rules.PublishRelease(messages.PublishReleaseRequest(rules=files(), message="x")),
        rules.ActivateRelease(messages.ActivateReleaseRequest(roll_back=True, reason="x")),
    ):
        assert await call.code() is grpc.StatusCode.UNAUTHENTICATED
        assert "start the service with --tokens" in await call.details()
    assert list((await rules.ListReleases(messages.ListReleasesRequest())).releases) == []
    status = await refused(rules.GetRelease(messages.GetReleaseRequest()))
    assert status.message == "no release of the rules is active; publish one and activate it"
