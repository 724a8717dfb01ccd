"""Calls of methods by their paths: deadline, token, request ids, and errors as `CamcoverError`."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Any, TypeVar
from uuid import uuid4

import grpc
import grpc.aio
from google.protobuf.message import Message

from camcover_client.errors import raised_by
from camcover_client.messages import BatchEstimatePlansRequest, EstimatePlanRequest

__all__ = ["AsyncCalls", "Calls", "identified"]

Asked = TypeVar("Asked", bound=Message)
Answered = TypeVar("Answered", bound=Message)

Token = str | Callable[[], str] | None


def identified(request: Asked) -> Asked:
    """The same request with an id for each estimate that has none: a retry then gets the first answer again.

    The caller's message is not changed.
    """
    named: Asked = request
    if isinstance(request, EstimatePlanRequest) and not request.request_id:
        named = type(request)(request_id=str(uuid4()))
        named.MergeFrom(request)
    elif isinstance(request, BatchEstimatePlansRequest):
        named = type(request)(requests=map(identified, request.requests))
    return named


class _Either:
    """What both kinds of calls have in common."""

    def __init__(self, token: Token, timeout: float) -> None:
        self._token, self._timeout = token, timeout

    def _given(self, timeout: float | None, *, is_bounded: bool = True) -> dict[str, Any]:
        """Deadline and metadata of a call; a stream without a timeout of its own has no deadline."""
        token = self._token() if callable(self._token) else self._token
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        return {"metadata": metadata, "timeout": self._timeout if timeout is None and is_bounded else timeout}


class Calls(_Either):
    """Calls that block."""

    def __init__(self, channel: grpc.Channel, token: Token, timeout: float) -> None:
        """Call over `channel`."""
        super().__init__(token, timeout)
        self._channel = channel

    def unary(
        self, path: str, asked: type[Asked], answered: type[Answered], request: Asked, *, timeout: float | None
    ) -> Answered:
        """The answer to a request. Raises `CamcoverError`."""
        call = self._channel.unary_unary(path, asked.SerializeToString, answered.FromString)
        try:
            answer: Answered = call(identified(request), **self._given(timeout))
        except grpc.RpcError as error:
            raise raised_by(error) from error
        return answer

    def watch(
        self, path: str, asked: type[Asked], answered: type[Answered], request: Asked, *, timeout: float | None
    ) -> Iterator[Answered]:
        """The answers to a request, as they come. Raises `CamcoverError`."""
        call = self._channel.unary_stream(path, asked.SerializeToString, answered.FromString)
        yield from _read(call(request, **self._given(timeout, is_bounded=False)))

    def stream(
        self,
        path: str,
        asked: type[Asked],
        answered: type[Answered],
        requests: Iterable[Asked],
        *,
        timeout: float | None,
    ) -> Iterator[Answered]:
        """The answers to requests, in order. Raises `CamcoverError`."""
        call = self._channel.stream_stream(path, asked.SerializeToString, answered.FromString)
        yield from _read(call(map(identified, requests), **self._given(timeout, is_bounded=False)))


def _read(call: Any) -> Iterator[Any]:
    """The answers of a stream, which ends with whoever reads it."""
    try:
        yield from call
    except grpc.RpcError as error:
        raise raised_by(error) from error
    finally:
        call.cancel()


class AsyncCalls(_Either):
    """Calls of an event loop."""

    def __init__(self, channel: grpc.aio.Channel, token: Token, timeout: float) -> None:
        """Call over `channel`."""
        super().__init__(token, timeout)
        self._channel = channel

    async def unary(
        self, path: str, asked: type[Asked], answered: type[Answered], request: Asked, *, timeout: float | None
    ) -> Answered:
        """The answer to a request. Raises `CamcoverError`."""
        call = self._channel.unary_unary(path, asked.SerializeToString, answered.FromString)
        try:
            answer: Answered = await call(identified(request), **self._given(timeout))
        except grpc.RpcError as error:
            raise raised_by(error) from error
        return answer

    def watch(
        self, path: str, asked: type[Asked], answered: type[Answered], request: Asked, *, timeout: float | None
    ) -> AsyncIterator[Answered]:
        """The answers to a request, as they come. Raises `CamcoverError`."""
        call = self._channel.unary_stream(path, asked.SerializeToString, answered.FromString)
        return _aread(call(request, **self._given(timeout, is_bounded=False)))

    def stream(
        self,
        path: str,
        asked: type[Asked],
        answered: type[Answered],
        requests: AsyncIterable[Asked],
        *,
        timeout: float | None,
    ) -> AsyncIterator[Answered]:
        """The answers to requests, in order. Raises `CamcoverError`."""

        async def given() -> AsyncIterator[Asked]:
            async for each in requests:
                yield identified(each)

        call = self._channel.stream_stream(path, asked.SerializeToString, answered.FromString)
        return _aread(call(given(), **self._given(timeout, is_bounded=False)))


async def _aread(call: Any) -> AsyncIterator[Any]:
    """The answers of a stream, which ends with whoever reads it."""
    try:
        async for each in call:
            yield each
    except grpc.RpcError as error:
        raise raised_by(error) from error
    finally:
        call.cancel()
