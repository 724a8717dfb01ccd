"""Answers in the order of their requests, several in the making at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TypeVar

Request = TypeVar("Request")
Answer = TypeVar("Answer")

AHEAD = 32
"""How many requests are read before the first of them is answered."""


async def in_order(
    requests: AsyncIterator[Request], answer: Callable[[Request], Awaitable[Answer]]
) -> AsyncIterator[tuple[Request, Answer]]:
    """Each request with its answer, in order; reads up to `AHEAD` requests ahead, so that they share their commits.

    What `answer` raises ends the stream, once the answers before it are given.
    """
    waiting: asyncio.Queue[tuple[Request, asyncio.Task[Answer]] | None] = asyncio.Queue(AHEAD)
    reading = asyncio.create_task(_read(requests, answer, waiting))
    try:
        while (entry := await waiting.get()) is not None:
            request, making = entry
            yield request, await making
        await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        # Failures that nobody waits for any more are seen here: the event loop would write them to the log whole.
        left = [entry[1] for entry in _taken_out(waiting) if entry is not None]
        for making in left:
            making.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _read(
    requests: AsyncIterator[Request],
    answer: Callable[[Request], Awaitable[Answer]],
    waiting: asyncio.Queue[tuple[Request, asyncio.Task[Answer]] | None],
) -> None:
    """Begin each request as it arrives; None marks the end, also where reading fails."""
    try:
        async for request in requests:
            making = asyncio.ensure_future(answer(request))
            try:
                await waiting.put((request, making))
            except asyncio.CancelledError:
                making.cancel()
                await asyncio.gather(making, return_exceptions=True)
                raise
    except Exception:
        await waiting.put(None)
        raise
    await waiting.put(None)


def _taken_out(
    waiting: asyncio.Queue[tuple[Request, asyncio.Task[Answer]] | None],
) -> Iterator[tuple[Request, asyncio.Task[Answer]] | None]:
    """What waits in a queue, which is empty then."""
    while not waiting.empty():
        yield waiting.get_nowait()
