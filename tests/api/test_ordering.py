"""Answers come in the order of their requests, whichever is ready first; faults and ends are passed on."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest

from camcover.api.ordering import AHEAD, in_order


async def numbers(count: int, seen: list[int] | None = None) -> AsyncIterator[int]:
    """0, 1, 2, ...; notes each that was taken."""
    for number in range(count):
        if seen is not None:
            seen.append(number)
        yield number


async def test_in_order_whichever_is_ready_first() -> None:
    ready = [asyncio.Event() for _ in range(3)]

    async def answer(number: int) -> int:
        await ready[number].wait()
        return number * 10

    for event in reversed(ready):
        event.set()
    assert [pair async for pair in in_order(numbers(3), answer)] == [(0, 0), (1, 10), (2, 20)]


async def test_no_more_is_read_ahead_than_is_borne() -> None:
    seen: list[int] = []
    held = asyncio.Event()

    async def answer(number: int) -> int:
        await held.wait()
        return number

    answers = in_order(numbers(1_000, seen), answer)
    first = asyncio.ensure_future(anext(answers))
    for _ in range(2_000):
        await asyncio.sleep(0)
    assert AHEAD <= len(seen) <= AHEAD + 2
    held.set()
    assert await first == (0, 0)
    assert [number async for number, _ in answers] == list(range(1, 1_000))


async def test_a_fault_of_an_answer_ends_the_stream_after_those_before() -> None:
    async def answer(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        return number

    answers = in_order(numbers(5), answer)
    assert [await anext(answers), await anext(answers)] == [(0, 0), (1, 1)]
    with pytest.raises(ValueError, match="two"):
        await anext(answers)


async def test_a_fault_of_the_requests_is_passed_on() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise ConnectionError("gone")

    async def answer(number: int) -> int:
        return number

    with pytest.raises(ConnectionError, match="gone"):
        assert [pair async for pair in in_order(broken(), answer)] == []


async def test_what_is_left_is_given_up_when_the_reader_goes() -> None:
    began: list[int] = []
    ended: list[int] = []

    async def answer(number: int) -> int:
        began.append(number)
        try:
            await asyncio.sleep(0 if number == 0 else 3600)
        finally:
            ended.append(number)
        return number

    answers = in_order(numbers(10), answer)
    assert await anext(answers) == (0, 0)
    await answers.aclose()
    for _ in range(5):
        await asyncio.sleep(0)
    assert sorted(began) == sorted(ended)


async def test_a_fault_that_nobody_waits_for_any_more_is_not_logged() -> None:
    """The first ends the stream; of those read ahead the event loop has nothing to tell."""
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    async def answer(number: int) -> int:
        await asyncio.sleep(0)
        raise ValueError(f"secret {number}")

    answers = in_order(numbers(1_000), answer)
    with pytest.raises(ValueError, match="secret 0"):
        await anext(answers)
    del answers
    gc.collect()
    await asyncio.sleep(0)
    assert told == []
