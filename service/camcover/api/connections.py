"""The last word on connections that gRPC has accepted: nothing more is sent, so that no call is answered by halves.

Once gRPC shuts a server down, it answers CANCELLED to a call that comes before its client has heard of that. CANCELLED
tells a client not to try again. A connection that ends tells it UNAVAILABLE.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["send_no_more"]

_OPEN_FILES = Path("/dev/fd")
"""Where Linux and macOS list the open files of the process that looks."""


def send_no_more(port: int) -> int:
    """Shut the sending side of each connection accepted on `port` of this process; gives how many there were.

    What was sent before still arrives, and then the connection's end. gRPC keeps its own hold of each connection. Where
    the system does not list open files, nothing happens.
    """
    count = 0
    with suppress(FileNotFoundError):
        for file in _OPEN_FILES.iterdir():
            # The file may close meanwhile, and another take its number. So we ask our own duplicate of it.
            with suppress(OSError), _socket_of(int(file.name)) as found:
                if found.family not in {socket.AF_INET, socket.AF_INET6} or found.getsockname()[1] != port:
                    continue
                found.getpeername()  # fails where it listens
                found.shutdown(socket.SHUT_WR)
                count += 1
    return count


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
