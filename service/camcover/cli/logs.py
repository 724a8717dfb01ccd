"""The log: JSON lines on standard error, written by a thread of its own.

Whoever reads standard error may stop reading: then the pipe is full, and whatever writes to it stands still. So lines
wait in a bounded queue; those that find no room, there or on the disk, are dropped, and counted in a line once there
is room again.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from typing import Final

import orjson
import structlog

__all__ = ["LineWriter", "configure_logs"]

MOST_WAITING = 10_000
"""Lines that wait to be written."""

_LAST_SECONDS = 1.0
"""How long the end of the process waits for its last lines to be written."""


class LineWriter:
    """Writes lines to a file descriptor, never holding up who hands them over."""

    def __init__(self, descriptor: int, most_waiting: int = MOST_WAITING) -> None:
        """Start the thread that writes."""
        self._descriptor = descriptor
        self._lines: queue.Queue[bytes | None] = queue.Queue(most_waiting)
        self._dropped = 0
        self._is_torn = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def put(self, line: bytes) -> None:
        """Hand over a line, without its end."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._count_dropped(1)

    def close(self, seconds: float = _LAST_SECONDS) -> None:
        """Write what waits, at most for so long."""
        try:
            self._lines.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _write(self) -> None:
        line: bytes | None = b""
        while line is not None:
            line = self._lines.get()
            with self._lock:
                dropped, self._dropped = self._dropped, 0
            if dropped and not self._is_written(
                orjson.dumps({"event": "log lines dropped", "level": "warning", "count": dropped})
            ):
                self._count_dropped(dropped)
            if line is not None and not self._is_written(line):
                self._count_dropped(1)

    def _count_dropped(self, count: int) -> None:
        """Tell of so many lines more once there is room."""
        with self._lock:
            self._dropped += count

    def _is_written(self, line: bytes) -> bool:
        """Write a whole line without Python's buffer, because a blocked thread would keep the buffer's lock.

        False where the disk is full or nobody reads any more. After half a line the next begins a new one.
        """
        data = b"\n" * self._is_torn + line + b"\n"
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
                self._is_torn = bool(data)
        except OSError:
            return False
        return True


class _Logger:
    """What structlog writes to."""

    def __init__(self, writer: LineWriter) -> None:
        """Write by `writer`."""
        self.msg = self.debug = self.info = self.warning = self.error = self.critical = writer.put


class _LibraryLogs(logging.Handler):
    """Logs of libraries in the same form, without arguments and tracebacks, because these may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line with its origin and its kind of fault."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        log = structlog.get_logger("camcover.libraries")
        log.log(record.levelno, "library", logger=record.name, place=f"{record.module}:{record.lineno}", kind=kind)


_WRITERS: Final[list[LineWriter]] = []


def configure_logs() -> LineWriter:
    """JSON lines on standard error; the same writer when asked again."""
    if _WRITERS:
        return _WRITERS[0]
    writer = LineWriter(sys.stderr.fileno())
    _WRITERS.append(writer)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: _Logger(writer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_LibraryLogs(logging.WARNING)], force=True)
    return writer
