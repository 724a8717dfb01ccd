"""Answers in the order of their requests, several in the making at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
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
        with suppress(asyncio.CancelledError):
            await reading
        while not waiting.empty():
            left = waiting.get_nowait()
            if left is not None:
                left[1].cancel()


async def _read(
    requests: AsyncIterator[Request],
    answer: Callable[[Request], Awaitable[Answer]],
    waiting: asyncio.Queue[tuple[Request, asyncio.Task[Answer]] | None],
) -> None:
    """Begin each request as it arrives; None marks the end, also where reading fails."""
    try:
        async for request in requests:
            await waiting.put((request, asyncio.ensure_future(answer(request))))
    except Exception:
        await waiting.put(None)
        raise
    await waiting.put(None)
