"""The socket of the HTTP port."""

from __future__ import annotations

import asyncio
import socket

import pytest

from camcover.http.port import bound


@pytest.mark.parametrize("shares_port", [False, True])
async def test_the_body_of_an_answer_does_not_wait_for_its_head_to_be_confirmed(shares_port: bool) -> None:
    """Each accepted connection has Nagle's algorithm off: else 40 ms pass between head and body."""
    found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def accepted(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    made = bound("127.0.0.1:0", shares_port=shares_port)
    async with await asyncio.start_server(accepted, sock=made):
        _, writer = await asyncio.open_connection(*made.getsockname())
        assert await found != 0
        writer.close()
