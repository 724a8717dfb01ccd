"""Bytes as texts for addresses: base64 in the alphabet of RFC 4648, section 5, with or without padding."""

from __future__ import annotations

import base64
import binascii

__all__ = ["from_base64", "in_base64"]


def in_base64(content: bytes) -> str:
    """The text for bytes, padded."""
    return base64.urlsafe_b64encode(content).decode()


def from_base64(text: str) -> bytes | None:
    """The decoded bytes of a text; None if it is not base64."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
