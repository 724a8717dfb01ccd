"""By what it is seen that another file stands at a path."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

__all__ = ["FileMark", "mark_of"]

FileMark: TypeAlias = tuple[int, int, int, int]
"""What changes when another file stands at a path: device, inode, size and time of the last change."""


def mark_of(file: Path) -> FileMark | None:
    """The mark of a file; None where it cannot be looked at."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
