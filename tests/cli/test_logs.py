"""The log never holds up who writes to it: a reader that stalls costs lines, which are counted."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from itertools import chain, repeat

import pytest

from camcover.cli.logs import LineWriter


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe, closed afterwards."""
    reader, writer = os.pipe()
    yield reader, writer
    for each in (reader, writer):
        try:
            os.close(each)
        except OSError:
            continue


def read_all(reader: int) -> list[bytes]:
    """All lines that a pipe has, until its other end closes."""
    with os.fdopen(os.dup(reader), "rb") as file:
        return file.read().splitlines()


def test_lines_come_in_order(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    lines = LineWriter(writer)
    for number in range(100):
        lines.put(b"%d" % number)
    lines.close(60)
    os.close(writer)
    assert read_all(reader) == [b"%d" % number for number in range(100)]


def test_a_reader_that_stalls_holds_up_nobody(pipe: tuple[int, int]) -> None:
    """The pipe is full: of a thousand lines some ten wait, and the others are counted."""
    reader, writer = pipe
    full = filled(writer)
    lines = LineWriter(writer, most_waiting=10)
    for number in range(1_000):
        lines.put(b"%d" % number)
    while full:
        full -= len(os.read(reader, full))
    lines.close(60)
    os.close(writer)
    *written, last = read_all(reader)
    counted = [json.loads(line)["count"] for line in [*written, last] if line.startswith(b"{")]
    numbers = [int(line) for line in [*written, last] if not line.startswith(b"{")]
    assert numbers[:10] == list(range(10))
    assert numbers == sorted(set(numbers))
    assert len(numbers) + sum(counted) == 1_000


def filled(writer: int) -> int:
    """Fill a pipe; gives the number of bytes that it took."""
    os.set_blocking(writer, False)
    count = 0
    try:
        while True:
            count += os.write(writer, b"x" * 512)
    except BlockingIOError:
        os.set_blocking(writer, True)
    return count


def test_a_reader_that_is_gone(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.close(reader)
    lines = LineWriter(writer)
    for _ in range(10):
        lines.put(b"unread")
    lines.close(60)
    assert not lines._thread.is_alive()


def test_lines_for_which_a_disk_has_no_room_are_counted(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """One line fits, half of the next, then nothing for a while: the half stays by itself, and two lines are lost."""
    reader, writer = pipe
    room, write = chain((100, 3, 0, 0, 0), repeat(100)), os.write

    def full(descriptor: int, data: bytes) -> int:
        """Write as a disk with so much room."""
        if descriptor != writer:
            return write(descriptor, data)
        size = next(room)
        if not size:
            raise OSError(errno.ENOSPC, "no room")
        return write(descriptor, data[:size])

    monkeypatch.setattr(os, "write", full)
    lines = LineWriter(writer)
    for line in (b"first", b"second", b"third", b"fourth"):
        lines.put(line)
    lines.close(60)
    os.close(writer)
    first, half, *others = read_all(reader)
    assert (first, half) == (b"first", b"sec")
    counted = [json.loads(line)["count"] for line in others if line.startswith(b"{")]
    assert [line for line in others if not line.startswith(b"{")] == [b"fourth"]
    assert sum(counted) == 2
