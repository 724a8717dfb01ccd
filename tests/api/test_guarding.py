"""Callers of every kind: unknown, silent, malformed, too many, too large; and what they cannot do to others."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from structlog.testing import capture_logs

from camcover.api.access import Access
from camcover.api.credentials import new_token
from camcover.api.intake import Intake
from camcover.gen.camcover.v1 import catalog_service_pb2, estimate_service_pb2, rule_service_pb2
from camcover.gen.camcover.v1.rule_service_pb2_grpc import RuleServiceStub
from grpc_calls import health_stub

ESTIMATE = "/camcover.v1.EstimateService/EstimatePlan"
EMPTY_ITEMS = b"\x3a\x00" * (1 << 18)


async def code_of(call: Any) -> tuple[grpc.StatusCode, str]:
    """The status of a call that is refused, and what it says."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), str(caught.value.details())


def raw(service: Any, method: str = ESTIMATE) -> Any:
    """A method that takes bytes."""
    return service.channel.unary_unary(method)


@pytest.fixture
def token(tmp_path: Path) -> tuple[str, Access]:
    """A token, and an access that knows it."""
    secret, digest = new_token()
    file = tmp_path / "tokens.toml"
    file.write_text(f'[[token]]\nsubject = "ana"\nroles = ["estimate"]\nsha256 = "{digest}"\n', encoding="utf-8")
    return secret, Access(file)


async def test_messages_of_unknown_callers_are_not_read(
    serve: Any, token: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither well-formed nor malformed bytes are looked at; the refusal is logged."""

    def unread(*_: object) -> object:
        raise AssertionError("read")

    monkeypatch.setattr(Intake, "message", unread)
    async with serve(access=token[1]) as service:
        with capture_logs() as logged:
            for data in (EMPTY_ITEMS, b"\xff" * 50, b""):
                assert (await code_of(raw(service)(data)))[0] is grpc.StatusCode.UNAUTHENTICATED
        assert [line["code"] for line in logged if line["event"] == "call"] == ["UNAUTHENTICATED"] * 3


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            b"\xff" * 50,
            "found 50 bytes that are not a protobuf message; expected a message camcover.v1.EstimatePlanRequest",
        ),
        (
            b"\x12\x02\xff\xfe",
            "found 4 bytes that are not a protobuf message; expected a message camcover.v1.EstimatePlanRequest",
        ),
        (
            b"\x0b" * 2_000,
            "found 2000 bytes that are not a protobuf message; expected a message camcover.v1.EstimatePlanRequest",
        ),
        (EMPTY_ITEMS, "items: found more than 500 entries; expected at most 500"),
    ],
)
async def test_bytes_that_are_no_request(service: Any, ask: Any, data: bytes, said: str) -> None:
    with capture_logs() as logged:
        assert await code_of(raw(service)(data)) == (grpc.StatusCode.INVALID_ARGUMENT, said)
    assert [line["code"] for line in logged if line["event"] == "call"] == ["INVALID_ARGUMENT"]
    assert (await service.estimates.EstimatePlan(ask())).totals.patient_cents == 6080


async def test_a_method_without_lists_takes_little(service: Any) -> None:
    call = raw(service, "/camcover.v1.CatalogService/ListPlans")(bytes(65_537))
    said = "found a message of 65537 bytes; expected at most 65536 bytes"
    assert await code_of(call) == (grpc.StatusCode.INVALID_ARGUMENT, said)


async def test_a_call_that_ends_without_a_message(service: Any) -> None:
    call = service.channel.stream_unary(ESTIMATE)()
    await call.done_writing()
    said = "found no message; expected one message camcover.v1.EstimatePlanRequest"
    assert await code_of(call) == (grpc.StatusCode.INVALID_ARGUMENT, said)


async def test_silent_callers_have_places_of_their_own(serve: Any, ask: Any) -> None:
    """Four calls for each that may run begin and send nothing; no other may."""
    async with serve(maximum_calls=9, maximum_calls_of_caller=2, stream_idle_seconds=600) as service:
        silent = [service.channel.stream_unary(ESTIMATE)() for _ in range(8)]
        await asyncio.gather(*(each.wait_for_connection() for each in silent))
        code, said = await code_of(service.estimates.EstimatePlan(ask()))
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert said == "this caller has 8 calls at once; expected at most 8; try again later"
        for each in silent:
            each.cancel()


async def test_silent_callers_are_asked_to_leave_after_a_while(serve: Any, ask: Any) -> None:
    async with serve(maximum_calls_of_caller=2, stream_idle_seconds=0.2) as service:
        for each in [service.channel.stream_unary(ESTIMATE)() for _ in range(8)]:
            said = "the client sent no request for 0.2 seconds"
            assert await code_of(each) == (grpc.StatusCode.DEADLINE_EXCEEDED, said)
        assert (await service.estimates.EstimatePlan(ask())).totals.patient_cents == 6080


async def test_the_log_names_who_was_refused(serve: Any, ask: Any, token: Any) -> None:
    """The subject of a token that is known, whatever it may; of no other one can tell."""
    secret, access = token
    ana = (("authorization", f"Bearer {secret}"),)
    async with serve(access=access) as service:
        rules = RuleServiceStub(service.channel)
        with capture_logs() as logged:
            await service.estimates.EstimatePlan(ask(), metadata=ana)
            await code_of(rules.ListReleases(rule_service_pb2.ListReleasesRequest(), metadata=ana))
            await code_of(service.estimates.EstimatePlan(ask(), metadata=(("authorization", "Bearer x"),)))
            await code_of(service.estimates.EstimatePlan(ask()))
    told = [(each["caller"], each["code"]) for each in logged if each["event"] == "call"]
    refused = [("ana", "PERMISSION_DENIED"), ("unknown", "UNAUTHENTICATED"), ("unknown", "UNAUTHENTICATED")]
    assert told == [("ana", "OK"), *refused]


async def test_one_caller_leaves_room_for_another(serve: Any, ask: Any, token: Any, gate: Any) -> None:
    """Places are counted by the token's subject; the catalog takes a place of the same kind."""
    secret, access = token
    other, digest = new_token()
    file = access._file
    file.write_text(
        file.read_text(encoding="utf-8") + f'[[token]]\nsubject = "bob"\nroles = ["estimate"]\nsha256 = "{digest}"\n',
        encoding="utf-8",
    )
    access.reload()
    ana, bob = ((("authorization", f"Bearer {each}"),) for each in (secret, other))
    async with serve(access=access, maximum_calls=9, maximum_calls_of_caller=1) as service:
        running = asyncio.ensure_future(service.estimates.EstimatePlan(ask(), metadata=ana))
        await gate.arrived.acquire()
        listing = catalog_service_pb2.ListPlansRequest()
        assert await code_of(service.catalog.ListPlans(listing, metadata=ana)) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "this caller has 1 calls at once; expected at most 1; try again later",
        )
        assert (await service.catalog.ListPlans(listing, metadata=bob)).plans
        gate.opened.set()
        assert (await running).totals.patient_cents == 6080


async def test_streams_watchers_and_calls_take_no_places_of_each_other(serve: Any, ask: Any) -> None:
    """One place of each kind: every kind still answers when the two others are taken; health is counted as watching."""
    bounds = {"maximum_calls": 1, "maximum_streams": 1, "maximum_streams_of_caller": 1}
    async with serve(**bounds) as service:
        stream = service.estimates.StreamEstimates()
        await stream.write(ask())
        assert (await stream.read()).estimate.totals.patient_cents == 6080
        rules = RuleServiceStub(service.channel)
        watching = rules.WatchReleases(rule_service_pb2.WatchReleasesRequest())
        assert (await watching.read()).release.startswith("rules-")
        assert (await service.estimates.EstimatePlan(ask())).totals.patient_cents == 6080
        another = service.estimates.StreamEstimates()
        assert await code_of(another.read()) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "too many streams at once; try again later",
        )
        health = health_stub(service.channel)
        too_many = health.Watch(health_pb2.HealthCheckRequest())
        assert await code_of(too_many.read()) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "too many watching calls at once; try again later",
        )
        assert (await health.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING
        stream.cancel()
        watching.cancel()


async def test_a_silent_stream_ends_and_gives_its_place_back(serve: Any, ask: Any) -> None:
    async with serve(maximum_streams=1, stream_idle_seconds=1.5) as service:
        for _ in range(2):
            stream = service.estimates.StreamEstimates()
            await stream.write(ask())
            assert (await stream.read()).estimate.totals.patient_cents == 6080
            said = "the client sent no request for 1.5 seconds"
            assert await code_of(stream.read()) == (grpc.StatusCode.DEADLINE_EXCEEDED, said)


async def test_a_stream_whose_answers_nobody_reads_gives_its_place_back(serve: Any, ask: Any) -> None:
    """Each answer is larger than what gRPC sends ahead of a reader, so that the second finds no room on its way."""
    async with serve(maximum_streams=1, stream_idle_seconds=1.5) as service:
        streams, taken = service.server._admission.streams, asyncio.Event()
        enter = streams.enter

        def noted(*who: Any) -> Any:
            taken.set()
            return enter(*who)

        streams.enter = noted
        unread = service.estimates.StreamEstimates()
        item = ask().items[0]
        item.dates[:] = [f"2026-{month:02}-{day:02}" for month in range(3, 12) for day in range(1, 29)]
        request = ask(explain=True)
        request.items[0].CopyFrom(item)
        for _ in range(12):
            await unread.write(request)
        async with asyncio.timeout(120):
            await taken.wait()
            await service.server._admission._emptied()
        stream = service.estimates.StreamEstimates()
        await stream.write(ask())
        assert (await stream.read()).estimate.totals.patient_cents == 6080
        stream.cancel()
        unread.cancel()


class Slow:
    """A client that takes in 64 KiB and no more until it reads; it calls a batch whose answer has some megabytes."""

    def __init__(self, service: Any, ask: Any) -> None:
        """Call nothing yet."""
        options = [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 1 << 16)]
        options.append(("grpc.max_receive_message_length", 16 << 20))
        self._channel = grpc.aio.insecure_channel(service.address, options)
        request = ask(explain=True)
        request.items[0].ClearField("sessions")
        request.items[0].dates[:] = [f"2026-{month:02}-{day:02}" for month in range(3, 12) for day in range(1, 29)]
        self._batch = estimate_service_pb2.BatchEstimatePlansRequest(requests=[request] * 40)
        self._leaving, self._left = service.server._admission.leaving, asyncio.Event()
        self._enter = self._leaving.enter
        self._leaving.enter = self._enters

    def _enters(self, who: str, number: int = 1) -> Any:
        """An answer is on its way."""
        self._left.set()
        return self._enter(who, number)

    def call(self) -> Any:
        """The call, to be read as a stream of one answer."""
        return self._channel.unary_stream(
            "/camcover.v1.EstimateService/BatchEstimatePlans",
            request_serializer=estimate_service_pb2.BatchEstimatePlansRequest.SerializeToString,
            response_deserializer=estimate_service_pb2.BatchEstimatePlansResponse.FromString,
        )(self._batch)

    async def unread(self) -> Any:
        """The call, once it is answered and the answer finds no room on its way."""
        call = self.call()
        await asyncio.wait_for(self._left.wait(), 120)
        return call


LARGE = {"maximum_message_bytes": 16 << 20, "maximum_answer_bytes_of_caller": 15_000_000}
"""Of 40 requests of 252 lines, each line expected to take 1,000 bytes, one batch finds room, and two do not."""


async def test_an_answer_that_nobody_reads_is_counted_and_holds_nobody_up(serve: Any, ask: Any) -> None:
    """Its place is free for others, its bytes are not; once it is read, both are."""
    async with serve(maximum_calls=1, **LARGE) as service:
        admission = service.server._admission
        slow = Slow(service, ask)
        unread = await slow.unread()
        assert (admission.calls.count, admission.leaving.count) == (0, 1)
        held = admission.answers.count
        assert 40 * 252 * 1_000 < held < 15_000_000
        assert (await service.estimates.EstimatePlan(ask())).totals.patient_cents == 6080
        said = f"this caller has {held} bytes of answers at once; expected at most 15000000; try again later"
        assert await code_of(slow.call().read()) == (grpc.StatusCode.RESOURCE_EXHAUSTED, said)
        answer = await unread.read()
        assert [len(each.estimate.lines) for each in answer.results] == [252] * 40
        assert await unread.read() == grpc.aio.EOF
        await asyncio.wait_for(admission._emptied(), 120)
        assert admission.answers.count == 0
        assert len((await slow.call().read()).results) == 40


async def test_an_answer_that_nobody_reads_is_given_up_after_a_while(serve: Any, ask: Any) -> None:
    async with serve(stream_idle_seconds=1.5, **LARGE) as service:
        unread = await Slow(service, ask).unread()
        assert service.server._admission.answers.count > 0
        await asyncio.wait_for(service.server._admission._emptied(), 120)
        assert service.server._admission.answers.count == 0
        assert (await service.estimates.EstimatePlan(ask())).totals.patient_cents == 6080
        unread.cancel()


async def test_a_client_that_goes_while_its_answer_is_sent_frees_what_it_held(serve: Any, ask: Any) -> None:
    async with serve(**LARGE) as service:
        unread = await Slow(service, ask).unread()
        assert service.server._admission.answers.count > 0
        unread.cancel()
        await asyncio.wait_for(service.server._admission._emptied(), 120)
        assert service.server._admission.answers.count == 0


async def test_a_bad_message_in_a_stream_ends_nothing(service: Any, ask: Any) -> None:
    stream = service.channel.stream_stream(
        "/camcover.v1.EstimateService/StreamEstimates",
        response_deserializer=estimate_service_pb2.StreamEstimatesResponse.FromString,
    )()
    for data in (EMPTY_ITEMS, b"\xff" * 50, ask(request_id="last").SerializeToString()):
        await stream.write(data)
    await stream.done_writing()
    answers = [each async for each in stream]
    assert [(each.error.code, each.request_id) for each in answers] == [(3, ""), (3, ""), (0, "last")]
    assert answers[0].error.message == "items: found more than 500 entries; expected at most 500"
    assert answers[2].estimate.totals.patient_cents == 6080


async def test_a_drain_answers_what_it_took_and_refuses_what_comes(serve: Any, ask: Any, gate: Any) -> None:
    """A call, and a stream of two requests, are in flight; others are told to go elsewhere until both have ended."""
    async with serve(maximum_calls=9) as service:
        call = asyncio.ensure_future(service.estimates.EstimatePlan(ask()))
        stream = service.estimates.StreamEstimates()
        for request_id in "ab":
            await stream.write(ask(request_id=request_id))
        for _ in range(3):
            await gate.arrived.acquire()
        draining = asyncio.ensure_future(service.server.drain())
        said = "this server is shutting down; try again on a new connection"
        assert await code_of(service.estimates.EstimatePlan(ask())) == (grpc.StatusCode.UNAVAILABLE, said)
        assert await code_of(service.estimates.StreamEstimates().read()) == (grpc.StatusCode.UNAVAILABLE, said)
        assert not call.done()
        gate.opened.set()
        assert (await call).totals.patient_cents == 6080
        for request_id in "ab":
            answer = await stream.read()
            assert (answer.request_id, answer.estimate.totals.patient_cents) == (request_id, 6080)
        assert await code_of(stream.read()) == (grpc.StatusCode.UNAVAILABLE, said)
        await draining


async def test_a_drain_does_not_wait_longer_than_it_may(serve: Any, ask: Any, gate: Any) -> None:
    async with serve(drain_seconds=0.1) as service:
        call = asyncio.ensure_future(service.estimates.EstimatePlan(ask()))
        await gate.arrived.acquire()
        await service.server.drain()
        with pytest.raises(grpc.aio.AioRpcError):
            await call


async def ended_by(stream: Any) -> grpc.StatusCode | None:
    """The status of a stream that ends where an answer could be; None where one comes."""
    try:
        return None if await stream.read() is not grpc.aio.EOF else grpc.StatusCode.OK
    except grpc.aio.AioRpcError as error:
        return error.code()


@pytest.mark.parametrize("order", ["token first", "drain first"])
@pytest.mark.parametrize("is_asked", [False, True])
async def test_a_stream_whose_token_goes_while_the_server_ends(
    serve: Any, ask: Any, token: Any, order: str, is_asked: bool
) -> None:
    """It ends with one of the two, and holds up nothing."""
    secret, access = token
    other = hashlib.sha256(b"other").hexdigest()
    async with serve(access=access, drain_seconds=60) as service:
        stream = service.estimates.StreamEstimates(metadata=(("authorization", f"Bearer {secret}"),))
        await stream.write(ask())
        assert (await stream.read()).estimate.totals.patient_cents == 6080
        if is_asked:
            await stream.write(ask())
        access._file.write_text(f'[[token]]\nsubject = "bob"\nroles = ["estimate"]\nsha256 = "{other}"\n')
        if order == "token first":
            access.reload()
            draining = asyncio.ensure_future(service.server.drain())
        else:
            draining = asyncio.ensure_future(service.server.drain())
            await asyncio.sleep(0)
            access.reload()
        async with asyncio.timeout(120):
            while (code := await ended_by(stream)) is None:
                pass
            await draining
        assert code in {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAVAILABLE}
