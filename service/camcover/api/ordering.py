"""The answers of a stream, in the order of its requests: several are made at once, and their bytes are bounded.

What comes in: the requests of a stream. What goes out: their answers as bytes. A client that does not read makes its
answers wait: then no more requests are taken, so that what waits stays small, in each stream and in all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from typing import Generic, TypeVar

__all__ = ["AHEAD", "OrderedAnswers", "Room"]

Request = TypeVar("Request")

AHEAD = 32
"""How many requests of a stream are read before the first of them is answered."""

_STREAM_BYTES = 1 << 20
"""What one stream may hold: the answers of some 1,500 lines with their explanation."""

_PROCESS_BYTES = 64 << 20
"""The most bytes that all streams hold; 64 clients that request much and read nothing reach it."""


class Room:
    """How many bytes all streams hold: answers that wait to be sent, and estimates of those being made.

    A stream that holds nothing may always take one request. So each goes on whatever the others hold, and an answer
    larger than the bound is sent like any other.
    """

    def __init__(self, most_of_stream: int = _STREAM_BYTES, most: int = _PROCESS_BYTES) -> None:
        """Bound each stream, and all of them together, in bytes."""
        self._most_of_stream, self._most = most_of_stream, most
        self._freed = asyncio.Event()
        self.held = 0

    async def enough_beside(self, share: Share) -> None:
        """Wait until the stream with this share may take one more request."""
        while share.held and (share.held >= self._most_of_stream or self.held >= self._most):
            self._freed.clear()
            await self._freed.wait()

    def freed(self) -> None:
        """Wake those who wait for room."""
        self._freed.set()


class Share:
    """The bytes that one stream holds."""

    def __init__(self, room: Room) -> None:
        """Hold nothing yet."""
        self._room = room
        self.held = 0

    def change(self, byte_count: int) -> None:
        """Hold `size` bytes more; less where it is negative."""
        self.held += byte_count
        self._room.held += byte_count
        if byte_count < 0:
            self._room.freed()


class OrderedAnswers(Generic[Request]):
    """The answers of one stream, in order; several requests are in the making at once, so that they share commits."""

    def __init__(
        self, answer: Callable[[Request], Awaitable[bytes]], expected: Callable[[Request], int], room: Room
    ) -> None:
        """`answer` makes an answer; `expected` says about how many bytes, more than none, a request takes meanwhile."""
        self._answer, self._expected, self._room = answer, expected, room
        self._share = Share(room)
        self._waiting: asyncio.Queue[asyncio.Task[bytes] | None] = asyncio.Queue(AHEAD)

    async def answers(self, requests: AsyncIterator[Request]) -> AsyncGenerator[bytes, None]:
        """The answer to each request. An exception of `answer` ends the stream after the earlier answers."""
        reading = asyncio.create_task(self._read(requests))
        try:
            while (making := await self._waiting.get()) is not None:
                answer = await making
                yield answer
                self._share.change(-len(answer))
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            # Failures that nobody waits for any more are seen here: the event loop would write them to the log whole.
            left = [each for each in self._taken_out() if each is not None]
            for making in left:
                making.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            self._share.change(-self._share.held)

    async def _read(self, requests: AsyncIterator[Request]) -> None:
        """Begin each request as it arrives, while there is room; None marks the end, also where reading fails."""
        try:
            await self._room.enough_beside(self._share)
            async for request in requests:
                await self._begin(request)
                await self._room.enough_beside(self._share)
        except Exception:
            await self._waiting.put(None)
            raise
        await self._waiting.put(None)

    async def _begin(self, request: Request) -> None:
        """Start answering a request, and queue its answer behind the earlier ones."""
        expected = self._expected(request)
        self._share.change(expected)
        making = asyncio.ensure_future(self._made(request, expected))
        try:
            await self._waiting.put(making)
        except asyncio.CancelledError:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)
            raise

    async def _made(self, request: Request, expected: int) -> bytes:
        """Await the answer to a request, and hold its bytes in place of those that were expected."""
        answer = await self._answer(request)
        self._share.change(len(answer) - expected)
        return answer

    def _taken_out(self) -> Iterator[asyncio.Task[bytes] | None]:
        """Empty the queue, and give its entries."""
        while not self._waiting.empty():
            yield self._waiting.get_nowait()
