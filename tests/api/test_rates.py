"""How fast callers may call: the average, the burst, how long to wait; streams wait, calls are refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub
from hypothesis import given
from hypothesis import strategies as st

from camcover.api import rates as rates_module
from camcover.api.rates import Rates
from grpc_calls import status_of


class Seconds:
    """A clock to set forward."""

    now = 100.0

    def __call__(self) -> float:
        """What it shows."""
        return self.now


def test_a_burst_and_then_the_rate() -> None:
    """Four calls a second, three at once: the fourth waits a quarter of a second; after half a second two may come."""
    clock = Seconds()
    rates = Rates(4, 3, clock)
    assert [rates.take("ana") for _ in range(4)] == pytest.approx([0, 0, 0, 0.25])
    assert rates.take("bob") == 0
    clock.now += 0.1
    assert rates.take("ana") == pytest.approx(0.15)
    clock.now += 0.4
    assert [rates.take("ana") for _ in range(3)] == pytest.approx([0, 0, 0.25])
    clock.now += 3600
    assert [rates.take("ana") for _ in range(4)] == pytest.approx([0, 0, 0, 0.25])


def test_without_a_rate_nobody_waits() -> None:
    rates = Rates(0, 1, Seconds())
    assert [rates.take("ana") for _ in range(50)] == [0.0] * 50
    assert rates.refusal("ana") is None


@given(
    st.integers(1, 50), st.integers(1, 9), st.lists(st.floats(0, 2, allow_nan=False, width=32), min_size=1, max_size=60)
)
def test_no_time_has_more_calls_than_the_burst_and_the_rate(per_second: int, burst: int, pauses: list[float]) -> None:
    """By a bucket that is filled and emptied call by call; where a call must wait, it may be made just then."""
    clock = Seconds()
    rates = Rates(per_second, burst, clock)
    bucket = float(burst)
    for pause in pauses:
        clock.now += pause
        bucket = min(float(burst), bucket + pause * per_second)
        wait = rates.take("ana")
        if abs(bucket - 1) < 1e-6:
            bucket -= wait == 0
            continue
        assert (wait == 0) == (bucket > 1)
        if wait:
            assert wait == pytest.approx((1 - bucket) / per_second, abs=1e-6)
        else:
            bucket -= 1


def test_callers_who_owe_nothing_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates_module, "_MOST_KNOWN", 3)
    clock = Seconds()
    rates = Rates(1, 5, clock)
    for name in "abc":
        rates.take(name)
    clock.now += 0.5
    rates.take("c")
    clock.now += 0.6
    rates.take("d")
    assert set(rates._paid_at) == {"c", "d"}


async def test_a_caller_that_is_too_fast_is_told_how_long_to_wait(serve: Any, ask: Any) -> None:
    """One call in 1,000 seconds, two at once. The place of the call that is refused is free again."""
    async with serve(maximum_rate_of_caller=0.001, burst_of_caller=2) as service:
        for _ in range(2):
            assert (await service.estimates.EstimatePlan(ask())).totals.patient_cents == 6080
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await service.estimates.EstimatePlan(ask())
        code, details = caught.value.code(), status_of(caught.value).details
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert caught.value.details() == "this caller may make 0.001 calls a second; try again later"
        (info,) = [ErrorInfo.FromString(each.value) for each in details if each.Is(ErrorInfo.DESCRIPTOR)]
        (retry,) = [RetryInfo.FromString(each.value) for each in details if each.Is(RetryInfo.DESCRIPTOR)]
        assert info.reason == "RATE_EXCEEDED"
        assert 0 < retry.retry_delay.seconds <= 1_000
        admission = service.server._admission
        assert (admission.arrivals.count, admission.calls.count) == (0, 0)


async def test_a_stream_is_read_no_faster_than_its_caller_may_call(
    serve: Any, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four calls a second, two at once, the clock stands: the stream and one request are free, then each waits."""
    slept: list[float] = []

    async def noted(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(rates_module, "asyncio", SimpleNamespace(sleep=noted))
    async with serve(maximum_rate_of_caller=4.0, burst_of_caller=2) as service:
        service.server._admission.rates._clock = Seconds()
        stream = service.estimates.StreamEstimates()
        for _ in range(3):
            await stream.write(ask())
        await stream.done_writing()
        answers = [each async for each in stream]
        assert [each.estimate.totals.patient_cents for each in answers] == [6080] * 3
        assert slept == pytest.approx([0.25, 0.5, 0.75])


@pytest.mark.parametrize("reflects", [True, False])
async def test_reflection_can_be_switched_off(serve: Any, *, reflects: bool) -> None:
    async with serve(reflects=reflects) as service:
        stub: Any = ServerReflectionStub(service.channel)
        # From an iterator: a service without the method may end the call before something is written by hand.
        call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=30)
        try:
            (answer,) = [each async for each in call]
            found: object = "camcover.v1.RuleService" in {each.name for each in answer.list_services_response.service}
        except grpc.aio.AioRpcError as error:
            found = error.code()
        assert found is (True if reflects else grpc.StatusCode.UNIMPLEMENTED)
