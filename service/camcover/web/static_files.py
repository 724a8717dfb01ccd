"""The files that pages load: styles, scripts, the font, the icon. They are read once, and named by what they hold."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["StaticFile", "prefix", "static_file", "static_files"]

FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_FOREVER = "public, max-age=31536000, immutable"


class StaticFile(NamedTuple):
    """One file: its bytes and their type."""

    data: bytes
    media_type: str


@cache
def static_files() -> dict[str, StaticFile]:
    """The files by name."""
    return {
        path.name: StaticFile(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(FOLDER.iterdir())
        if path.suffix in _TYPES
    }


@cache
def prefix() -> str:
    """The path below which they stand. It changes with any of them, so that browsers may keep them for good."""
    digest = hashlib.sha256()
    for name, file in static_files().items():
        digest.update(name.encode() + b"\0" + file.data)
    return f"/static/{digest.hexdigest()[:12]}"


async def static_file(request: Request) -> Response:
    """One file. Of an older set, by its name, too: a page that was loaded before goes on to work."""
    file = static_files().get(request.path_params["name"])
    if file is None:
        return Response("there is no such file\n", 404, media_type="text/plain")
    return Response(file.data, media_type=file.media_type, headers={"cache-control": _FOREVER})
