"""Answers come in the order of their requests, whichever is ready first; what waits is bounded; faults end a stream."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from camcover.api.estimate_servicer import EstimateServicer
from camcover.api.ordering import AHEAD, OrderedAnswers, Room
from camcover.gen.camcover.v1 import estimate_service_pb2, request_pb2
from camcover.store import NoStore
from camcover.workflow.rules_in_force import RulesInForce
from small_rules import tables

Answer = Callable[[int], Awaitable[bytes]]


async def numbers(count: int, seen: list[int] | None = None) -> AsyncIterator[int]:
    """0, 1, 2, ...; notes each that was taken."""
    for number in range(count):
        if seen is not None:
            seen.append(number)
        yield number


def text(number: int) -> bytes:
    """The answer to a number: itself."""
    return str(number).encode()


def sized(size_of: Callable[[int], int]) -> Answer:
    """Answers of a size that follows from the number, which each begins with."""

    async def answer(number: int) -> bytes:
        return text(number).ljust(size_of(number), b".")

    return answer


def in_order(
    requests: AsyncIterator[int],
    answer: Answer,
    room: Room | None = None,
    expected: Callable[[int], int] = lambda _: 100,
) -> AsyncGenerator[bytes, None]:
    """The answers of one stream."""
    return OrderedAnswers(answer, expected, room or Room()).answers(requests)


async def all_done() -> None:
    """Let whatever can go on do so, until nothing can."""
    for _ in range(2_000):
        await asyncio.sleep(0)


async def test_in_order_whichever_is_ready_first() -> None:
    ready = [asyncio.Event() for _ in range(3)]

    async def answer(number: int) -> bytes:
        await ready[number].wait()
        return text(number * 10)

    for event in reversed(ready):
        event.set()
    assert [each async for each in in_order(numbers(3), answer)] == [b"0", b"10", b"20"]


async def test_reading_ahead_is_bounded() -> None:
    seen: list[int] = []
    held = asyncio.Event()

    async def answer(number: int) -> bytes:
        await held.wait()
        return text(number)

    answers = in_order(numbers(1_000, seen), answer)
    first = asyncio.ensure_future(anext(answers))
    await all_done()
    assert AHEAD <= len(seen) <= AHEAD + 2
    held.set()
    assert await first == b"0"
    assert [each async for each in answers] == [text(number) for number in range(1, 1_000)]


async def test_a_stream_that_is_not_read_takes_no_more_than_its_bytes() -> None:
    """Of answers of 100 bytes ten may wait, the one on its way among them; one sent makes room for one."""
    seen: list[int] = []
    room = Room(most_of_stream=1_000)
    answers = in_order(numbers(100, seen), sized(lambda _: 100), room)
    assert (await anext(answers)).startswith(b"0")
    await all_done()
    assert (len(seen), room.held) == (10, 1_000)
    assert (await anext(answers)).startswith(b"1.")
    await all_done()
    assert (len(seen), room.held) == (11, 1_000)
    rest = [each.strip(b".") async for each in answers]
    assert rest == [text(number) for number in range(2, 100)]
    assert room.held == 0


async def test_answers_being_made_count_with_their_expected_size() -> None:
    """Each is expected to take 300 bytes, so that four fill the room of 1,000; each takes 10 in the end."""
    seen: list[int] = []
    made = asyncio.Event()
    room = Room(most_of_stream=1_000)

    async def answer(number: int) -> bytes:
        await made.wait()
        return text(number).ljust(10, b".")

    answers = in_order(numbers(20, seen), answer, room, lambda _: 300)
    first = asyncio.ensure_future(anext(answers))
    await all_done()
    assert (len(seen), room.held) == (4, 1_200)
    made.set()
    assert (await first).startswith(b"0")
    await all_done()
    assert (len(seen), room.held) == (20, 200)
    await answers.aclose()
    assert room.held == 0


@pytest.mark.parametrize("large", [0, 3, 4], ids=["the first", "one between", "the last"])
async def test_an_answer_larger_than_the_bound_is_sent_as_any_other(large: int) -> None:
    room = Room(most_of_stream=100, most=200)
    answers = in_order(numbers(5), sized(lambda number: 5_000 if number == large else 30), room)
    found = [each async for each in answers]
    assert [each.strip(b".") for each in found] == [b"0", b"1", b"2", b"3", b"4"]
    assert len(found[large]) == 5_000
    assert room.held == 0


async def test_streams_that_are_not_read_hold_no_more_than_all_may() -> None:
    """Of 50 streams each may hold 1,000 bytes, all 2,000: two hold ten answers of 100, the others one each."""
    room = Room(most_of_stream=1_000, most=2_000)
    unread = [in_order(numbers(100), sized(lambda _: 100), room) for _ in range(50)]
    for answers in unread:
        await anext(answers)
        await all_done()
    assert room.held == 2 * 1_000 + 48 * 100
    honest = [each.strip(b".") async for each in in_order(numbers(40), sized(lambda _: 100), room)]
    assert honest == [text(number) for number in range(40)]
    for answers in unread:
        await answers.aclose()
    assert room.held == 0


async def test_a_stream_goes_on_once_another_has_made_room() -> None:
    room = Room(most_of_stream=1_000, most=1_000)
    unread = in_order(numbers(100), sized(lambda _: 100), room)
    await anext(unread)
    await all_done()
    seen: list[int] = []
    waiting = in_order(numbers(5, seen), sized(lambda _: 10), room, lambda _: 10)
    await anext(waiting)
    await all_done()
    assert seen == [0]
    await unread.aclose()
    await all_done()
    assert seen == [0, 1, 2, 3, 4]
    assert [each.strip(b".") async for each in waiting] == [b"1", b"2", b"3", b"4"]


async def test_a_fault_of_an_answer_ends_the_stream_after_those_before() -> None:
    room = Room()

    async def answer(number: int) -> bytes:
        if number == 2:
            raise ValueError("two")
        return text(number)

    answers = in_order(numbers(5), answer, room, lambda _: 50)
    assert [await anext(answers), await anext(answers)] == [b"0", b"1"]
    with pytest.raises(ValueError, match="two"):
        await anext(answers)
    assert room.held == 0


async def test_a_fault_of_the_requests_is_passed_on() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        assert [each async for each in in_order(broken(), sized(lambda _: 1))] == []


async def test_pending_answers_are_dropped_when_the_client_leaves() -> None:
    began: list[int] = []
    ended: list[int] = []
    room = Room()

    async def answer(number: int) -> bytes:
        began.append(number)
        try:
            await asyncio.sleep(0 if number == 0 else 3600)
        finally:
            ended.append(number)
        return text(number)

    answers = in_order(numbers(10), answer, room, lambda _: 50)
    assert await anext(answers) == b"0"
    await answers.aclose()
    assert sorted(began) == sorted(ended)
    assert room.held == 0


async def test_a_fault_that_nobody_waits_for_any_more_is_not_logged() -> None:
    """The first ends the stream; of those read ahead the event loop has nothing to tell."""
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    async def answer(number: int) -> bytes:
        await asyncio.sleep(0)
        raise ValueError(f"secret {number}")

    answers = in_order(numbers(1_000), answer)
    with pytest.raises(ValueError, match="secret 0"):
        await anext(answers)
    del answers
    gc.collect()
    await asyncio.sleep(0)
    assert told == []


async def test_estimates_that_a_client_does_not_read_stay_small(ask: Any) -> None:
    """Of 40 requests as many are answered as fill 200,000 bytes, the one on its way among them."""
    taken: list[str] = []

    async def requests() -> AsyncIterator[request_pb2.EstimatePlanRequest]:
        for number in range(40):
            request = ask(request_id=str(number), explain=True)
            request.items[0].ClearField("sessions")
            request.items[0].dates[:] = [f"2026-{month:02}-{day:02}" for month in (3, 4, 5) for day in range(1, 29)]
            taken.append(request.request_id)
            yield request

    room = Room(most_of_stream=200_000)
    answers = EstimateServicer(RulesInForce(tables()), NoStore(), room=room).StreamEstimates(requests(), None)  # type: ignore[arg-type]
    data = [await anext(answers)]
    await all_done()
    size = len(data[0])
    assert 200_000 <= room.held < 200_000 + 2 * size
    assert len(taken) * size == pytest.approx(room.held, rel=0.01)
    assert len(taken) < AHEAD
    data += [each async for each in answers]
    found = [estimate_service_pb2.StreamEstimatesResponse.FromString(each) for each in data]
    assert [each.request_id for each in found] == [str(number) for number in range(40)]
    assert {len(each.estimate.lines) for each in found} == {84}
    assert room.held == 0
