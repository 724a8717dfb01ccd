"""A client of pages that sends a part of a form, and then nothing more."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message

__all__ = ["Slow"]


class Slow:
    """An ASGI client that sends a part of a form; then `then`, or nothing for ever."""

    def __init__(self, then: Message | None = None) -> None:
        """Begin with `plan=`."""
        self._events: list[Message] = [{"type": "http.request", "body": b"plan=", "more_body": True}]
        self._events += [] if then is None else [then]
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        """The next event."""
        if not self._events:
            await asyncio.Event().wait()
        return self._events.pop(0)

    async def send(self, message: Message) -> None:
        """Take a part of the reply."""
        self.sent.append(message)

    async def post(
        self, app: ASGIApp, path: str, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[bytes, bytes]]:
        """Send to an application; the status and the headers of the reply."""
        told = {"content-type": "application/x-www-form-urlencoded"} | (headers or {})
        raw = [(name.encode(), value.encode()) for name, value in told.items()]
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": raw}
        await app(scope, self.receive, self.send)
        return self.sent[0]["status"], dict(self.sent[0]["headers"])
