"""The end of a port: nobody can connect any more, and nothing more is sent on the connections that there are.

Once gRPC shuts a server down, it answers CANCELLED to a call that comes before its client has heard of that. CANCELLED
tells a client not to try again. A connection that ends, or that is refused, tells it UNAVAILABLE.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["end_connections"]

_OPEN_FILES = Path("/dev/fd")
"""Where Linux and macOS list the open files of the process that looks."""


def end_connections(port: int) -> int:
    """End the listening on `port` by this process, then shut the sending side of each connection accepted on it.

    Gives how many connections there were. What was sent before still arrives, and then the connection's end. gRPC keeps
    its own hold of each connection. The listening ends first, so that no connection is accepted after we have looked
    for them; Linux resets those that wait to be accepted. Where the system does not list open files, nothing happens.
    Where it lets no listening socket be shut (macOS), gRPC closes that one later.
    """
    for found in _sockets(port):
        if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            with suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)
    count = 0
    for found in _sockets(port):
        with suppress(OSError):
            found.getpeername()  # fails where it is not connected
            found.shutdown(socket.SHUT_WR)
            count += 1
    return count


def _sockets(port: int) -> Iterator[socket.socket]:
    """The sockets of this process that are bound to `port`, each held once more while it is looked at."""
    with suppress(FileNotFoundError):
        for file in _OPEN_FILES.iterdir():
            # The file may close meanwhile, and another take its number. So we ask our own duplicate of it.
            with suppress(OSError), _socket_of(int(file.name)) as found:
                if found.family in {socket.AF_INET, socket.AF_INET6} and found.getsockname()[1] == port:
                    yield found


@contextmanager
def _socket_of(number: int) -> Iterator[socket.socket]:
    """A second hold of the socket with a file number. Raises OSError where it is none, or open no more."""
    own = os.dup(number)
    try:
        found = socket.socket(fileno=own)
    except OSError:
        os.close(own)
        raise
    with found:
        yield found
