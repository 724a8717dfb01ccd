"""A folder of rule files that is written as a whole or not at all.

What comes in: texts by file name. What goes out: the folder. Names come from ids of a closed form, never from a
caller's text, and are checked here once more. Files are written beside the folder first; then one rename puts them
there. A folder that has something in it is refused, unless it may be replaced; then it is replaced as a whole.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import mkdtemp

from camcover.errors import CamcoverError

__all__ = ["FolderRefused", "write_folder"]

_NAME = re.compile(r"([a-z0-9][a-z0-9-]{0,99}/)?[a-z0-9][a-z0-9-]{0,99}\.(yaml|jsonl)")
_MARK = "imported.jsonl"


class FolderRefused(CamcoverError):
    """A folder that may not be written; the message says why."""


def write_folder(folder: Path, files: Iterable[tuple[str, str]], *, may_replace: bool = False) -> int:
    """Write files into a new folder; gives how many.

    `may_replace`: a folder that an import wrote (it holds `imported.jsonl`) is replaced. Raises `FolderRefused` for a
    folder with anything else in it, and OSError where it cannot be written; either way nothing has changed. `files`
    may be made while they are written: what it raises is passed on, and leaves nothing behind.
    """
    check_folder(folder, may_replace=may_replace)
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        count = _write(part, files)
        part.chmod(0o755)
        _put(part, folder, may_replace=may_replace)
    finally:
        if part.exists():
            shutil.rmtree(part)
    return count


def check_folder(folder: Path, *, may_replace: bool) -> None:
    """Raise `FolderRefused` where a folder may not be written."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FolderRefused(f"{folder}: is a file or a link; expected a new folder")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not may_replace:
        raise FolderRefused(f"{folder}: is not empty; expected a new folder, or --replace")
    if not (folder / _MARK).is_file():
        raise FolderRefused(f"{folder}: has no {_MARK}, so no import wrote it; expected a new folder")


def _write(part: Path, files: Iterable[tuple[str, str]]) -> int:
    """Write the files below `part`."""
    count = 0
    for name, text in files:
        if not _NAME.fullmatch(name):
            raise FolderRefused(f"{name!r}: not a name for an imported file")
        path = part / name
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        count += 1
    return count


def _put(part: Path, folder: Path, *, may_replace: bool) -> None:
    """Put a written folder in its place; what stood there goes only when the new one is there."""
    check_folder(folder, may_replace=may_replace)
    if not folder.exists():
        part.rename(folder)
        return
    old = Path(mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    folder.replace(old / "old")
    try:
        part.replace(folder)
    except OSError:
        (old / "old").replace(folder)
        old.rmdir()
        raise
    shutil.rmtree(old, ignore_errors=True)
