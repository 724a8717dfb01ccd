"""The port: a uvicorn server in the event loop that serves gRPC, without signals, logs and workers of its own."""

from __future__ import annotations

import asyncio
import math
import socket
from asyncio import TimerHandle
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import httptools
import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from camcover.api.certificates import Certificates
from camcover.api.identity import context_of_peer
from camcover.api.server import Server
from camcover.http.app import application
from camcover.http.exchange import CLIENT
from camcover.web.app import Pages
from camcover.web.staff.app import StaffPages

__all__ = ["HttpPort", "bound"]

_HEAD_SECONDS = 10.0
"""How long the head of a request may take to come."""

_MOST_HEAD_BYTES = 64 << 10
"""What the head of a request may have: its address and headers. A message in an address stays below it."""

_IDLE_SECONDS = 75
"""How long a connection may wait for its next request; longer than balancers keep theirs, so that they end it."""

_MOST_CONNECTIONS = 8_000
"""Connections at once; more are told to try again."""

_LAST_SECONDS = 1
"""How long replies may take to leave once every call has ended."""

_BACKLOG = 2_048

_SECONDS = "connection_seconds"
"""Where the state that all connections share has how long each may last."""

_LOG = structlog.get_logger("camcover.server")


class HttpPort:
    """Serves the methods of a server over HTTP; belongs to one event loop."""

    def __init__(
        self,
        server: Server,
        listen: str,
        *,
        shares_port: bool = False,
        origins: Collection[str] = (),
        certificates: Certificates | None = None,
        connection_seconds: float = math.inf,
        pages: Pages | None = None,
        staff: StaffPages | None = None,
    ) -> None:
        """Serve on HOST:PORT; `shares_port`: other processes listen on it as well; `origins`: whose pages may call.

        Without `certificates` connections are not encrypted. A connection ends with the first call that begins on it
        after `connection_seconds`. `pages`, `staff`: those for patients and for staff that are served besides.
        """
        self._listen, self._shares_port = listen, shares_port
        context = None if certificates is None else certificates.ssl_context()
        config = uvicorn.Config(
            application(server, origins, pages, staff),
            http=_Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            # Anybody may send the header that names the caller's address, so it is not trusted.
            proxy_headers=False,
            server_header=False,
            backlog=_BACKLOG,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_LAST_SECONDS,
            ssl_context_factory=None if context is None else lambda *_: context,
        )
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        self._server.lifespan.state[_SECONDS] = connection_seconds
        self._socket: socket.socket | None = None
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listen; gives the address, with the port that was free for 0. Raises OSError where it cannot be had."""
        self._socket = bound(self._listen, shares_port=self._shares_port)
        await self._server.startup([self._socket])
        self._running = asyncio.create_task(self._server.main_loop())
        address = f"{self._listen.rpartition(':')[0]}:{self._socket.getsockname()[1]}"
        _LOG.info("listening for http", address=address)
        return address

    async def stop(self) -> None:
        """Close the port and its connections; to be called once the server has drained."""
        if self._running is None:
            return
        self._server.should_exit = True
        await self._running
        await self._server.shutdown([] if self._socket is None else [self._socket])


def bound(listen: str, *, shares_port: bool) -> socket.socket:
    """A socket at HOST:PORT. Raises OSError."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    (family, kind, protocol, _, address), *_ = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
    # Only of a socket that names TCP asyncio switches Nagle's algorithm off. With it, the body of an answer waits 40 ms
    # for the caller to confirm the head.
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shares_port:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


class _Connection(HttpToolsProtocol):
    """A connection of bounded age, whose requests have heads of bounded size, which come in bounded time."""

    _head: TimerHandle | None = None
    _head_bytes = 0
    _ends = 0.0
    _client: Mapping[str, Iterable[bytes]]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Wait for a first request."""
        super().connection_made(transport)
        self._ends = self.loop.time() + self.app_state[_SECONDS]
        self._client = context_of_peer(transport.get_extra_info("peercert"))
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first byte of a request has come."""
        super().on_message_begin()
        self.scope["state"][CLIENT] = self._client
        self._head_bytes = 0
        self._wait_for_head()

    def on_url(self, url: bytes) -> None:
        """A part of the address has come."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has come."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head of a request has come whole."""
        self._stop_waiting()
        super().on_headers_complete()
        if self.loop.time() >= self._ends:
            self.cycle.keep_alive = False

    def _count(self, byte_count: int) -> None:
        """Bound the head. What is raised here, uvicorn answers with 400 and the end of the connection."""
        self._head_bytes += byte_count
        if self._head_bytes > _MOST_HEAD_BYTES:
            raise httptools.HttpParserError("the head of a request is too large")

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._head = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self, *_: Any) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None
