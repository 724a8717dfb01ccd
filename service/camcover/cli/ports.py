"""One port for the workers of one service alone."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["reserved_port"]


@contextmanager
def reserved_port(host: str, port: str) -> Iterator[socket.socket | None]:
    """Hold a port, without listening on it, that the workers may share (SO_REUSEPORT) and no other service.

    None where the address cannot be had. It is bound before it may be shared: so whoever else listens on it, sharing or
    not, is in the way, and not joined.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as held, _lock() as lock:
        # Connections of a service that has ended do not count.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((host.strip("[]"), int(port)))
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if lock is not None:
                lock.bind(f"\0camcover:{host}:{held.getsockname()[1]}")
        except OSError:
            yield None
            return
        yield held


@contextmanager
def _lock() -> Iterator[socket.socket | None]:
    """On Linux a socket whose name only one process can have, and which ends with it.

    Two services that start at the same moment both find the port free, since neither listens yet; the name tells.
    """
    if sys.platform != "linux":
        yield None
        return
    with socket.socket(socket.AF_UNIX) as lock:
        yield lock
