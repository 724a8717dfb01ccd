"""Which addresses of the web may be asked without encryption."""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["is_private_origin"]


def is_private_origin(url: str) -> bool:
    """Whether `url` is http on this machine's loopback, as for tests and development."""
    place = urlsplit(url)
    return place.scheme == "http" and place.hostname in {"127.0.0.1", "::1", "localhost"}
