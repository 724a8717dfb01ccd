"""Reading the body of a call over HTTP: bounded before it is unpacked, and before it is parsed.

A JSON text becomes the bytes of its message, which then are read as those of a call over gRPC. So the bounds, their
order and the reasons are the same.
"""

from __future__ import annotations

import zlib

from google.protobuf.message import Message

from camcover.api.intake import Intake, unreadable
from camcover.api.json_request import message_of
from camcover.refusals import Refusal

__all__ = ["JsonReader", "unpacked"]

_GZIP = 31
"""What zlib calls a gzip stream."""


class JsonReader:
    """Reads the messages of one method from JSON."""

    def __init__(self, intake: Intake) -> None:
        """Bound and read messages by `intake`; a text may have as many bytes as a message."""
        self._intake = intake

    def message(self, data: bytes | None) -> Message:
        """The message. Raises `Refused` and `InvalidRequest` with all that keeps the text from being one."""
        if data is None:
            return self._intake.message(None)
        self._intake.refuse_above(len(data))
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            found = f"a byte that is no UTF-8, at place {error.start}"
            raise unreadable(found, "one object of JSON", Refusal.INVALID_JSON) from None
        return self._intake.message(message_of(text, self._intake.empty()).SerializeToString())


def unpacked(data: bytes, intake: Intake) -> bytes:
    """What a body that gzip packed holds; never more than one byte too much. Raises `Refused`."""
    stream = zlib.decompressobj(_GZIP)
    try:
        content = stream.decompress(data, intake.most_bytes + 1)
    except zlib.error:
        content = b""
    intake.refuse_above(len(content))
    if not stream.eof or stream.unused_data:
        raise unreadable(f"{len(data)} bytes that cannot be unpacked", "one gzip stream", Refusal.MALFORMED_MESSAGE)
    return content
