"""ListEstimates and DeleteEstimate over gRPC: a caller's own, by every way of keeping them."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import ErrorInfo, ResourceInfo

from camcover.api import stored_estimates
from camcover.api.access import Access
from camcover.api.estimate_servicer import EstimateServicer
from camcover.api.paging import token_of
from camcover.api.server import Server, Settings, Storage
from camcover.gen.camcover.v1 import estimate_service_pb2 as messages
from camcover.gen.camcover.v1 import request_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.store import Keeping, KeptEstimates, StoredEstimate, estimate_store, open_database
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from grpc_calls import status_of
from small_rules import estimate_in, tables

Serve = Callable[..., Any]


def by(who: str) -> tuple[tuple[str, str], ...]:
    """The metadata of a call by somebody, whose token is their name."""
    return (("authorization", f"Bearer {who}"),)


@pytest.fixture
def kept(tmp_path: Path) -> Serve:
    """Serves the small rules to `ana` and `bob`, on one database, by a way of keeping estimates."""
    file = tmp_path / "tokens.toml"
    entry = '[[token]]\nsubject = "{}"\nroles = ["estimate"]\nsha256 = "{}"\n'
    file.write_text(
        "".join(entry.format(who, hashlib.sha256(who.encode()).hexdigest()) for who in ("ana", "bob")), "utf-8"
    )

    @asynccontextmanager
    async def served(keeping: Keeping = Keeping.FULL, *, has_database: bool = True) -> AsyncIterator[Any]:
        database = open_database(f"sqlite:///{tmp_path / 'camcover.sqlite'}") if has_database else None
        settings = Settings(listen="127.0.0.1:0", drain_seconds=5)
        server = Server(RulesInForce(tables()), Storage(estimate_store(database, keeping)), settings, Access(file))
        port = await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield EstimateServiceStub(channel)
        await server.drain()
        if database is not None:
            database.close()

    return served


async def refusal(call: Any) -> tuple[str, str]:
    """The status and the reason of a call that is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    details = status_of(caught.value).details
    (info,) = [ErrorInfo.FromString(each.value) for each in details if each.Is(ErrorInfo.DESCRIPTOR)]
    return caught.value.code().name, info.reason


async def listed(stub: Any, who: str = "ana", **asked: Any) -> messages.ListEstimatesResponse:
    """A page of somebody's estimates."""
    found: messages.ListEstimatesResponse = await stub.ListEstimates(
        messages.ListEstimatesRequest(**asked), metadata=by(who)
    )
    return found


async def test_a_caller_lists_their_own_by_pages(kept: Serve, ask: Any) -> None:
    async with kept() as stub:
        mine = [await stub.EstimatePlan(ask(request_id=f"r{number}"), metadata=by("ana")) for number in range(3)]
        await stub.EstimatePlan(ask(), metadata=by("bob"))
        names = [each.name for each in mine]
        first = await listed(stub, page_size=2)
        assert [(each.name, each.request_id) for each in first.estimates] == [(names[2], "r2"), (names[1], "r1")]
        rest = await listed(stub, page_size=2, page_token=first.next_page_token)
        (last,) = rest.estimates
        assert (last.name, rest.next_page_token) == (names[0], "")
        assert (last.plan_id, last.rule_release, last.is_whole) == ("share-plan", mine[0].rule_release, True)
        assert (last.created_at, last.HasField("erased_at")) == (mine[0].created_at, False)
        assert len((await listed(stub, "bob")).estimates) == 1
        assert (await listed(stub, plan_id="copay-plan")).estimates == []
        made = Timestamp()
        made.FromDatetime(mine[1].created_at.ToDatetime(UTC))
        since = await listed(stub, created_from=made)
        assert [each.name for each in since.estimates] == [names[2], names[1]]
        before = await listed(stub, created_before=made)
        assert [each.name for each in before.estimates] == [names[0]]


async def test_estimates_of_a_member_are_found_where_requests_are_stored(
    kept: Serve, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page looks at two estimates: the one of `eve` is the oldest of five, behind two pages without an entry."""
    monkeypatch.setattr(stored_estimates, "_LOOKED_AT", 2)
    monkeypatch.setattr(stored_estimates, "_AT_ONCE", 2)
    asked: dict[str, Any] = {"plan_id": "copay-plan", "members": [{"id": "eve"}]}
    async with kept() as stub:
        eve = await stub.EstimatePlan(ask(**asked), metadata=by("ana"))
        for _ in range(4):
            await stub.EstimatePlan(ask(plan_id="copay-plan", members=[]), metadata=by("ana"))
        pages: list[list[str]] = []
        token = ""
        while not pages or token:
            page = await listed(stub, member_id="eve", page_token=token)
            pages.append([each.name for each in page.estimates])
            token = page.next_page_token
        assert pages == [[], [], [eve.name]]
        assert len((await listed(stub, member_id="1", page_size=1)).estimates) == 1
        monkeypatch.setattr(stored_estimates, "_LOOKED_AT_BYTES", 0)
        assert (await listed(stub, member_id="eve")).next_page_token
    async with kept(Keeping.HASHES) as stub:
        assert await refusal(listed(stub, member_id="eve")) == ("FAILED_PRECONDITION", "NOT_SERVED")


def test_a_slow_search_for_a_member_goes_on_with_the_next_page(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is one second later than the last: a page ends after the two estimates of one query."""
    monkeypatch.setattr(stored_estimates, "_AT_ONCE", 2)
    database = open_database(url)
    store = KeptEstimates(database)
    asked = {name: request_pb2.EstimatePlanRequest(members=[{"id": name}]).SerializeToString() for name in "abcde"}
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    store.keep(
        [
            StoredEstimate(f"estimates/{name}", "ana", None, b"", "plan", "rules-0", noon, content, b"", b"")
            for name, content in asked.items()
        ]
    )
    pages: list[list[str]] = []
    token = ""
    while not pages or token:
        request = messages.ListEstimatesRequest(member_id="b", page_token=token)
        page = stored_estimates.page_of(store, request, "ana", itertools.count(0.0).__next__)
        pages.append([each.name for each in page.estimates])
        token = page.next_page_token
    assert pages == [[], ["estimates/b"], []]
    (found,) = stored_estimates.page_of(store, messages.ListEstimatesRequest(member_id="b"), "ana").estimates
    assert found.name == "estimates/b"
    database.close()


def test_a_search_for_a_plan_asks_the_database_for_a_few_rows_at_a_time(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One answer over all rows could take so long that the database was given up for everybody.

    Each look at the clock is one second later than the last: a page ends after the two estimates of one query.
    """
    monkeypatch.setattr(stored_estimates, "_ROWS_AT_ONCE", 2)
    database = open_database(url)
    store = KeptEstimates(database)
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    plans = {"a": "rare", "b": "plan", "c": "plan", "d": "rare", "e": "plan"}
    store.keep(
        [
            StoredEstimate(f"estimates/{name}", "ana", None, b"", plan, "rules-0", noon, b"", b"", b"")
            for name, plan in plans.items()
        ]
    )
    pages: list[list[str]] = []
    token = ""
    while not pages or token:
        request = messages.ListEstimatesRequest(plan_id="rare", page_token=token)
        page = stored_estimates.page_of(store, request, "ana", itertools.count(0.0).__next__)
        pages.append([each.name for each in page.estimates])
        token = page.next_page_token
    assert pages == [["estimates/d"], [], ["estimates/a"]]
    request = messages.ListEstimatesRequest(plan_id="rare", page_size=1)
    first = stored_estimates.page_of(store, request, "ana", lambda: 0.0)
    request.page_token = first.next_page_token
    rest = stored_estimates.page_of(store, request, "ana", lambda: 0.0)
    assert [each.name for each in (*first.estimates, *rest.estimates)] == ["estimates/d", "estimates/a"]
    assert rest.next_page_token == ""
    database.close()


@pytest.mark.parametrize("key", ["2026-03-02T12:00:00 estimates/1", "noon estimates/1", "2026-03-02T12:00:00+00:00"])
async def test_a_token_that_no_page_gave_is_refused(kept: Serve, key: str) -> None:
    async with kept() as stub:
        assert await refusal(listed(stub, page_token=token_of(key))) == ("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN")


async def test_times_in_the_wrong_order_are_refused(kept: Serve) -> None:
    later, earlier = Timestamp(), Timestamp()
    later.FromDatetime(datetime(2026, 3, 2, tzinfo=UTC))
    earlier.FromDatetime(datetime(2026, 3, 2, tzinfo=UTC) - timedelta(days=1))
    async with kept() as stub:
        found = await refusal(listed(stub, created_from=later, created_before=earlier))
        assert found == ("INVALID_ARGUMENT", "CONTRADICTORY_STATEMENTS")
        beyond = Timestamp(seconds=-(10**10))
        assert await refusal(listed(stub, created_from=beyond)) == ("INVALID_ARGUMENT", "DATE_OUT_OF_RANGE")


@pytest.mark.parametrize("keeping", [Keeping.FULL, Keeping.HASHES])
async def test_an_erased_estimate_is_told_as_erased_everywhere(kept: Serve, ask: Any, keeping: Keeping) -> None:
    async with kept(keeping) as stub:
        made = await stub.EstimatePlan(ask(request_id="r"), metadata=by("ana"))
        erasing = messages.DeleteEstimateRequest(name=made.name)
        assert await refusal(stub.DeleteEstimate(erasing, metadata=by("bob"))) == ("NOT_FOUND", "UNKNOWN_ESTIMATE")
        erased = await stub.DeleteEstimate(erasing, metadata=by("ana"))
        assert erased.name == made.name
        assert erased == await stub.DeleteEstimate(erasing, metadata=by("ana"))
        (entry,) = (await listed(stub)).estimates
        assert entry == messages.StoredEstimate(name=made.name, created_at=made.created_at, erased_at=erased.erased_at)
        asking = messages.GetEstimateRequest(name=made.name)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetEstimate(asking, metadata=by("ana"))
        info, resource = (
            kind.FromString(each.value)
            for kind in (ErrorInfo, ResourceInfo)
            for each in status_of(caught.value).details
            if each.Is(kind.DESCRIPTOR)
        )
        assert (info.reason, resource.resource_name) == ("ESTIMATE_ERASED", made.name)
        assert await refusal(stub.GetEstimate(asking, metadata=by("bob"))) == ("NOT_FOUND", "UNKNOWN_ESTIMATE")
        again = await stub.EstimatePlan(ask(request_id="r"), metadata=by("ana"))
        assert again.name != made.name
        assert again.totals == made.totals


async def test_where_nothing_is_kept_there_is_nothing_to_erase(kept: Serve, ask: Any) -> None:
    async with kept(has_database=False) as stub:
        made = await stub.EstimatePlan(ask(), metadata=by("ana"))
        erasing = messages.DeleteEstimateRequest(name=made.name)
        erased = await stub.DeleteEstimate(erasing, metadata=by("ana"))
        assert erased == messages.DeleteEstimateResponse(name=made.name)
        assert (await listed(stub)).estimates == []


async def test_what_is_unknown_or_no_name_is_refused(kept: Serve) -> None:
    async with kept() as stub:
        unknown = stub.DeleteEstimate(messages.DeleteEstimateRequest(name="estimates/0"), metadata=by("ana"))
        assert await refusal(unknown) == ("NOT_FOUND", "UNKNOWN_ESTIMATE")
        wrong = stub.DeleteEstimate(messages.DeleteEstimateRequest(name="estimates/*"), metadata=by("ana"))
        assert await refusal(wrong) == ("INVALID_ARGUMENT", "INVALID_TEXT")


async def test_an_erasure_drops_the_cached_answer(tmp_path: Path, ask: Any) -> None:
    """Of two contents, that of the other one stays."""
    database = open_database(new_sqlite_database(tmp_path / "camcover.sqlite"))
    servicer = EstimateServicer(RulesInForce(tables()), estimate_store(database))
    context: Any = None
    made = [estimate_in(await servicer.EstimatePlan(request, context)) for request in (ask(), ask(explain=True))]
    assert servicer.counts().entries == 2
    await servicer.DeleteEstimate(messages.DeleteEstimateRequest(name=made[0].name), context)
    assert servicer.counts().entries == 1
    await servicer.EstimatePlan(ask(explain=True), context)
    assert servicer.counts().hits == 1
    database.close()
