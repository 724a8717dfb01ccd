"""The requests of a stream, until the client ends it, is silent for too long, or the server drains."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from camcover.api.errors import Refused, ending, timed_out

__all__ = ["Requests"]


class Requests:
    """An iterator over requests; in place of one that cannot be taken, its refusal. What was given is answered.

    `why`: the status of another end than the client's.
    """

    def __init__(self, read: Callable[[], Awaitable[Message | None]], idle_seconds: float) -> None:
        """`read` gives the next message, None at the client's end; silence of so many seconds ends the stream."""
        self._read, self._idle_seconds = read, idle_seconds
        self._reader: asyncio.Task[Any] | None = None
        self._is_ending = self._is_cut = False
        self.why: Status | None = None

    def __aiter__(self) -> Requests:
        """The iterator itself."""
        return self

    async def __anext__(self) -> Message | Status:
        """The next request, or why it cannot be taken."""
        if self._is_ending:
            raise StopAsyncIteration
        self._reader = asyncio.current_task()
        try:
            async with asyncio.timeout(self._idle_seconds):
                message = await self._read()
        except Refused as refused:
            return refused.status
        except TimeoutError:
            self.why = timed_out(f"the client sent no request for {self._idle_seconds:g} seconds")
            raise StopAsyncIteration from None
        except asyncio.CancelledError:
            # If only `end` cancelled the reader, it goes on. Any other cancellation is obeyed.
            if self._is_cut and self._reader is not None and self._reader.uncancel() == 0:
                raise StopAsyncIteration from None
            raise
        finally:
            self._reader, self._is_cut = None, False
        if message is None:
            raise StopAsyncIteration
        return message

    def end(self) -> None:
        """Stop reading: the server drains."""
        self._is_ending = True
        self.why = ending()
        if self._reader is not None:
            self._is_cut = True
            self._reader.cancel()
