"""The end of a drain, as callers meet it whose calls come after the server has shut down."""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest

from camcover.api.admission import Admission
from camcover.api.connections import end_connections
from camcover.api.server import Settings
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub


def connected(stack: ExitStack, listening: socket.socket) -> tuple[socket.socket, socket.socket]:
    """The client's and the server's side of a connection."""
    client = stack.enter_context(socket.create_connection(listening.getsockname()))
    accepted = stack.enter_context(listening.accept()[0])
    return client, accepted


def test_accepted_connections_end_after_what_was_sent() -> None:
    """Those of the port; their clients can still send, and another port's connection goes on."""
    with ExitStack() as stack:
        one, other = (stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2))
        client, accepted = connected(stack, one)
        untouched, its_server = connected(stack, other)
        accepted.sendall(b"answer")
        assert end_connections(one.getsockname()[1]) == 1
        assert (client.recv(9), client.recv(9)) == (b"answer", b"")
        client.sendall(b"more")
        assert accepted.recv(9) == b"more"
        its_server.sendall(b"answer")
        assert untouched.recv(9) == b"answer"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not let a listening socket be shut")
def test_nobody_connects_to_a_port_that_has_ended() -> None:
    """Who waits to be accepted is reset, who comes then is refused; another port takes connections as before."""
    with ExitStack() as stack:
        one, other = (stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2))
        waiting = stack.enter_context(socket.create_connection(one.getsockname(), timeout=60))
        assert end_connections(one.getsockname()[1]) == 0
        with pytest.raises(ConnectionResetError):
            waiting.recv(1)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(one.getsockname())
        connected(stack, other)[1].sendall(b"another")


def test_where_the_system_lists_no_open_files_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camcover.api.connections._OPEN_FILES", Path("/nowhere"))
    assert end_connections(1) == 0


class Relay:
    """A port that passes bytes on to another, and holds those that come back while `is_open` is not set."""

    def __init__(self, port: int) -> None:
        """Open, and not yet listening."""
        self._port = port
        self.is_open, self.has_passed = asyncio.Event(), asyncio.Event()
        self.is_open.set()
        self._pumps: set[asyncio.Task[None]] = set()

    async def start(self) -> asyncio.Server:
        """Listen on a free port."""
        return await asyncio.start_server(self._connect, "127.0.0.1", 0)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", self._port)
        for source, sink in ((reader, forth), (back, writer)):
            self._pumps.add(asyncio.create_task(self._pump(source, sink, is_answer=source is back)))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_answer: bool) -> None:
        while data := await source.read(1 << 16):
            if is_answer:
                await self.is_open.wait()
            sink.write(data)
            if not is_answer:
                self.has_passed.set()
        if is_answer:
            await self.is_open.wait()
        sink.close()


async def test_a_call_that_comes_after_the_server_has_shut_down_is_told_unavailable(service: Any, ask: Any) -> None:
    """Its client has not heard of the end when it calls: what the server said is still on its way."""
    relay = Relay(int(service.address.rpartition(":")[2]))
    listening = await relay.start()
    port = listening.sockets[0].getsockname()[1]
    stop, late = service.server._server.stop, []

    async def stopping(grace: float) -> None:
        relay.is_open.clear()
        relay.has_passed.clear()
        stopped = asyncio.ensure_future(stop(grace))
        await asyncio.sleep(0)
        late.append(stub.EstimatePlan(ask(), timeout=60))
        await relay.has_passed.wait()
        await stopped
        relay.is_open.set()

    service.server._server.stop = stopping
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with listening, grpc.aio.insecure_channel(f"127.0.0.1:{port}", options) as channel:
        stub: Any = EstimateServiceStub(channel)
        assert (await stub.EstimatePlan(ask(), timeout=60)).totals.patient_cents == 6080
        await service.server.drain()
        assert await late[0].code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(("may_be_unread", "seconds"), [(False, 0.2), (True, 1.0)])
async def test_what_is_read_slowly_has_a_second_to_leave(
    monkeypatch: pytest.MonkeyPatch, may_be_unread: bool, seconds: float
) -> None:
    """By a clock of its own. Callers are looked for during 0.2 seconds at least."""
    loop, now = asyncio.get_running_loop(), 100.0

    async def passes(slept: float) -> None:
        nonlocal now
        now += slept

    admitting = Admission(Settings().bounds())
    monkeypatch.setattr(loop, "time", lambda: now)
    monkeypatch.setattr(asyncio, "sleep", passes)
    assert admitting.enter(admitting.calls, "ana") is None
    admitting.leave(admitting.calls, "ana", may_be_unread=may_be_unread)
    await admitting.end(20)
    assert round(now - 100, 3) == seconds
