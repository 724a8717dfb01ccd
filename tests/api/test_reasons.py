"""The table of refusals: every status has a stable reason, every kind is used, every page that lists them is whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, ResourceInfo
from google.rpc.status_pb2 import Status

import camcover
from camcover.api.access import ANYONE, Access
from camcover.api.credentials import Role
from camcover.api.errors import bad_request, internal, overloaded, status_of
from camcover.engine import InvalidRequest, Violation
from camcover.gen.camcover.v1 import catalog_service_pb2, estimate_service_pb2
from camcover.refusals import Refusal
from camcover.workflow import errors as workflow_errors
from camcover.workflow.errors import (
    FileFault,
    RequestIdReused,
    RulesRefused,
    UnknownPlan,
    UnknownRelease,
    UseCaseError,
)
from grpc_calls import status_of as rich_status_of
from small_rules import question

PACKAGE = Path(camcover.__file__).parent
API_PAGE = PACKAGE.parents[1] / "docs" / "api.md"
ABSTRACT = {UseCaseError, workflow_errors.NamedError}


def unpacked(status: Status, kind: type[Any]) -> list[Any]:
    """The details of one type."""
    return [kind.FromString(each.value) for each in status.details if each.Is(kind.DESCRIPTOR)]


def reason(status: Status) -> str:
    """The reason of a status, which has one, of our domain."""
    (info,) = unpacked(status, ErrorInfo)
    assert info.domain == "camcover"
    return str(info.reason)


def classes(root: type[UseCaseError]) -> list[type[UseCaseError]]:
    """Every class below one."""
    return [each for below in root.__subclasses__() for each in (below, *classes(below))]


@pytest.mark.parametrize("error", [each for each in classes(UseCaseError) if each not in ABSTRACT])
def test_every_exception_has_a_kind_and_its_status(error: type[UseCaseError]) -> None:
    raised = error.__new__(error)
    vars(raised).update(name="x", nearest=(), request_id="x", findings=(FileFault("a.yaml:1:1", "wrong"),))
    status = status_of(raised)
    assert status is not None
    assert reason(status) == error.refusal.name
    assert status.code == Code.Value(error.refusal.status)


@pytest.mark.parametrize("kind", Refusal)
def test_every_kind_is_a_reason_that_google_rpc_allows(kind: Refusal) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9_]{1,61}[A-Z0-9]", kind.name)
    assert kind.status in Code.keys()  # noqa: SIM118 - an enumeration, no dictionary
    assert kind.meaning.endswith(".")


@pytest.mark.parametrize("kind", Refusal)
def test_every_kind_is_used_and_listed(kind: Refusal) -> None:
    sources = [path for path in PACKAGE.rglob("*.py") if path.name != "refusals.py" and "gen" not in path.parts]
    assert any(re.search(rf"\bRefusal\.{kind.name}\b", path.read_text(encoding="utf-8")) for path in sources)
    assert f"| `{kind.name}` | `{kind.status}` | {kind.meaning} |" in API_PAGE.read_text(encoding="utf-8")


def test_no_status_is_made_beside_the_table() -> None:
    """A status that is made elsewhere would have no reason."""
    texts = {path.name: path.read_text("utf-8") for path in (PACKAGE / "api").glob("*.py")}
    assert [name for name, text in texts.items() if re.search(r"\bStatus\(", text)] == ["bounding.py"]
    assert [name for name, text in texts.items() if "import bounded_status" in text] == ["errors.py"]


def violation(kind: Refusal, path: str = "items[0].tier") -> Violation:
    return Violation(path, "a", "b", kind)


def test_a_status_of_one_kind_has_its_reason_and_one_of_several_says_so() -> None:
    tier, state, plan = Refusal.UNKNOWN_TIER, Refusal.UNKNOWN_STATE, Refusal.UNKNOWN_PLAN
    same = bad_request([violation(tier), violation(tier, "items[1].tier")])
    mixed = bad_request([violation(tier), violation(state)])
    assert (same.code, reason(same)) == (Code.INVALID_ARGUMENT, "UNKNOWN_TIER")
    assert (mixed.code, reason(mixed)) == (Code.INVALID_ARGUMENT, "INVALID_REQUEST")
    (fields,) = unpacked(mixed, BadRequest)
    assert [each.reason for each in fields.field_violations] == ["UNKNOWN_TIER", "UNKNOWN_STATE"]
    missing = bad_request([violation(plan), violation(Refusal.UNKNOWN_THERAPY)])
    assert (missing.code, reason(missing)) == (Code.NOT_FOUND, "INVALID_REQUEST")
    assert status_of(InvalidRequest((violation(tier),))) == bad_request([violation(tier)])


def test_overload_and_faults_have_reasons() -> None:
    assert reason(overloaded(1)) == "OVERLOADED"
    (info,) = unpacked(internal("abc"), ErrorInfo)
    assert (info.reason, dict(info.metadata)) == ("INTERNAL_FAULT", {"incident": "abc"})


def test_refused_callers_get_reasons(tmp_path: Path) -> None:
    method = "/camcover.v1.RuleService/PublishRelease"
    open_to_all = Access().judge(method, ())
    assert isinstance(open_to_all, Status)
    assert reason(open_to_all) == "TOKENS_NEEDED"
    assert Role.RULES_WRITE not in ANYONE.roles
    file = tmp_path / "tokens.toml"
    hashed = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"  # SHA-256 of "test"
    file.write_text(f'[[token]]\nsubject = "ana"\nroles = ["estimate"]\nsha256 = "{hashed}"\n', encoding="utf-8")
    access = Access(file)
    for token, expected in (("other", "UNKNOWN_TOKEN"), ("test", "ROLE_MISSING")):
        judged = access.judge(method, (("authorization", f"Bearer {token}"),))
        assert isinstance(judged, Status)
        assert reason(judged) == expected


def test_rule_files_that_are_refused_have_a_reason_for_each_finding() -> None:
    status = status_of(RulesRefused((FileFault("a.yaml:1:1", "wrong"), FileFault("a.yaml:2:1", "wrong"))))
    assert status is not None
    (fields,) = unpacked(status, BadRequest)
    assert [(each.field, each.reason) for each in fields.field_violations] == [
        ("a.yaml:1:1", "RULES_REFUSED"),
        ("a.yaml:2:1", "RULES_REFUSED"),
    ]


async def refused(call: Any) -> tuple[grpc.StatusCode, list[tuple[str, str]], list[str]]:
    """(code, (field, reason) of each field violation, types of what is missing) of a call that is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    status = rich_status_of(caught.value)
    assert isinstance(status, Message)
    fields = [(each.field, each.reason) for bad in unpacked(status, BadRequest) for each in bad.field_violations]
    assert reason(status) in {each for _, each in fields} | {"INVALID_REQUEST"}
    return caught.value.code(), fields, [each.resource_type for each in unpacked(status, ResourceInfo)]


async def test_what_does_not_exist_is_named_with_its_field(service: Any, ask: Any) -> None:
    """NOT_FOUND says in which field of the request the id stood, whichever call it is."""
    estimates, nowhere, no_release = service.estimates, "nowhere", "rules-0000000000000000"
    compared = estimate_service_pb2.ComparePlansRequest(request=ask(rule_release=no_release), plan_ids=["share-plan"])
    asked = ask().items[0]
    covered = estimate_service_pb2.CheckCoverageRequest(plan_id=nowhere, service=asked)
    calls: dict[str, Callable[[], Any]] = {
        "rule_release": lambda: estimates.EstimatePlan(ask(rule_release=no_release)),
        "request.rule_release": lambda: estimates.ComparePlans(compared),
        "plan_id": lambda: service.catalog.GetPlan(catalog_service_pb2.GetPlanRequest(plan_id=nowhere)),
        "secondary_plan_id": lambda: estimates.EstimatePlan(ask(secondary_plan_id=nowhere)),
        "plan_id ": lambda: estimates.CheckCoverage(covered),
        "name": lambda: estimates.GetEstimate(estimate_service_pb2.GetEstimateRequest(name="estimates/0")),
    }
    for path, call in calls.items():
        code, fields, missing = await refused(call())
        assert code is grpc.StatusCode.NOT_FOUND
        assert [field for field, _ in fields] == [path.strip()]
        assert len(missing) == 1


async def test_a_request_id_that_came_with_other_content(service: Any, ask: Any) -> None:
    await service.estimates.EstimatePlan(ask(request_id="r1"))
    code, fields, missing = await refused(service.estimates.EstimatePlan(ask(request_id="r1", explain=True)))
    assert code is grpc.StatusCode.ALREADY_EXISTS
    assert (fields, missing) == ([("request_id", "REQUEST_ID_REUSED")], ["request"])


def test_an_id_that_names_nothing_is_worded_like_a_violation() -> None:
    for error, field in ((UnknownPlan("a\nb", ("ab",)), "plan_id"), (UnknownRelease("x" * 100), "rule_release")):
        status = status_of(error)
        assert status is not None
        (fields,) = unpacked(status, BadRequest)
        (each,) = fields.field_violations
        assert each.field == field
        assert each.description.isprintable()
        assert "; expected an existing " in each.description
        assert len(each.description) < 120
    assert isinstance(status_of(RequestIdReused("a")), Status)


async def test_an_unknown_therapy_of_a_comparison_is_named_below_request(service: Any, ask: Any) -> None:
    item = question()["items"][0] | {"setting": "spa"}
    compared = estimate_service_pb2.ComparePlansRequest(request=ask(items=[item]), plan_ids=["share-plan"])
    code, fields, _ = await refused(service.estimates.ComparePlans(compared))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert fields == [("request.items[0].setting", "UNKNOWN_SETTING")]
