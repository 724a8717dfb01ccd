"""A port belongs to the workers of one service."""

from __future__ import annotations

import socket

import pytest

from camcover.cli.ports import reserved_port

HOST = "127.0.0.1"


def worker(port: int) -> socket.socket:
    """What a worker does: share the port, and listen."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((HOST, port))
    made.listen()
    return made


def test_only_the_workers_share_the_reserved_port() -> None:
    with reserved_port(HOST, "0") as held:
        assert held is not None
        port = held.getsockname()[1]
        with worker(port), worker(port), reserved_port(HOST, str(port)) as second:
            assert second is None
    with reserved_port(HOST, str(port)) as after:
        assert after is not None


def test_two_services_that_start_at_once_share_a_new_database() -> None:
    """Neither listens yet."""
    with reserved_port(HOST, "0") as held:
        assert held is not None
        with reserved_port(HOST, str(held.getsockname()[1])) as second:
            assert second is None


def test_orphans_of_another_service_are_not_joined() -> None:
    """They listen, and would share the port with whoever asks for that."""
    with reserved_port(HOST, "0") as held:
        assert held is not None
        port = held.getsockname()[1]
        orphan = worker(port)
    with orphan, reserved_port(HOST, str(port)) as second:
        assert second is None


@pytest.mark.parametrize("host", ["203.0.113.1", "nowhere.invalid"])
def test_an_address_that_cannot_be_bound_is_refused(host: str) -> None:
    with reserved_port(host, "0") as held:
        assert held is None
