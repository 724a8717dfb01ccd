"""Rule files on disk: finds the files of a folder and reads them within bounds.

What comes in: paths of files and folders. What goes out: each file once, with its bytes, under the path that led to it;
and a diagnostic for everything that is not read. It opens nothing outside the given paths, and nothing but regular
files. It reads no more of a file than a rule file may hold. A folder may come from somebody else: a pull request, a
mounted volume.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from camcover.messages import Message, sentence
from camcover.rulebook.diagnostics import Diagnostic, Severity, declare
from camcover.rulebook.nodes import MAX_BYTES, too_large
from camcover.rulebook.records import Place

__all__ = ["FilesFound", "find", "is_hidden", "read"]

UNREADABLE = declare(
    "unreadable-file",
    Severity.ERROR,
    "A file or folder of the rules cannot be read: it is not a regular file, it cannot be opened, its name is not "
    "UTF-8, or it is a link to a missing file or to a place outside the folders that were named.",
    "Put the file itself into the folder, or also name the folder that the link leads to.",
)

_NOT_REGULAR = sentence("unreadable-file-not-regular")
_CANNOT_BE_READ = sentence("unreadable-file-cannot-be-read", "why")
_NO_TARGET = sentence("unreadable-file-link-without-target")
_LEADS_OUT = sentence("unreadable-file-link-leads-out")
_NAME_THE_FOLDER = sentence("unreadable-file-name-the-folder-too")
_PUT_THE_FILE_HERE = sentence("unreadable-file-put-the-file-here")
_NAME_NOT_UTF8 = sentence("unreadable-file-name-not-utf8")
_RENAME = sentence("unreadable-file-rename")

_SUFFIXES = (".yaml", ".yml")


class FilesFound(NamedTuple):
    """The rule files under some paths, in order of name, and what is not read."""

    files: tuple[Path, ...]
    faults: tuple[Diagnostic, ...]


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is no part of the rules: its name begins with a dot."""
    return name.startswith(".")


def find(paths: Sequence[Path]) -> FilesFound:
    """The rule files of folders, at any depth; a file that is named is itself the result.

    Hidden files and folders are left out. A file that several paths lead to is found once, by its own path if that is
    one of them. Links are followed inside the given folders. Raises FileNotFoundError if nothing exists at one of
    `paths`.
    """
    search = _Search(paths)
    for path in paths:
        search.take(path)
    return search.result()


def read(path: Path) -> bytes | Diagnostic:
    """A file's bytes, or why they are not read: never more than a rule file may hold, never from a device or a pipe."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return _unread(path, _NOT_REGULAR())
        # A pipe may have taken the place of the file. Opening it must not wait for somebody who writes to it.
        with open(path, "rb", opener=_open_at_once) as file:
            now = os.fstat(file.fileno())
            if not stat.S_ISREG(now.st_mode):
                return _unread(path, _NOT_REGULAR())
            content = b"" if now.st_size > MAX_BYTES else file.read(MAX_BYTES + 1)
    except OSError as error:
        return _unread(path, _CANNOT_BE_READ(why=str(error.strerror)))
    return too_large(str(path)) if max(now.st_size, len(content)) > MAX_BYTES else content


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _unread(path: Path, finding: Message, advice: Message | None = None) -> Diagnostic:
    """The fault of what is not read; a name that is no text is shown with its bytes written out."""
    name = os.fsencode(path).decode(errors="backslashreplace")
    return Diagnostic(UNREADABLE.code, Severity.ERROR, Place(name, 1, 1), finding, advice)


class _Search:
    """Walks folders, and keeps what it found by the place that it really is at."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._bounds = [Path(os.path.realpath(path)) for path in paths]
        self._found: dict[Path, Path] = {}
        self._walked: set[Path] = set()
        self._faults: dict[Diagnostic, None] = {}

    def take(self, path: Path) -> None:
        """Find what is under a path that was named."""
        if not path.exists():
            raise FileNotFoundError(f"no such file or folder: {path}")
        if not path.is_dir():
            self._enter(path)
            return
        waiting = [path]
        while waiting:
            folder = waiting.pop()
            place = Path(os.path.realpath(folder))
            if place not in self._walked:
                self._walked.add(place)
                waiting += self._folders_in(folder)

    def result(self) -> FilesFound:
        """What was found."""
        return FilesFound(tuple(sorted(self._found.values())), tuple(self._faults))

    def _folders_in(self, folder: Path) -> Iterator[Path]:
        """Enter the rule files of a folder; gives its folders, links last, so that things keep their own names."""
        try:
            with os.scandir(folder) as entries:
                seen = sorted((entry for entry in entries if not is_hidden(entry.name)), key=_links_last)
        except OSError as error:
            self._refuse(folder, _CANNOT_BE_READ(why=str(error.strerror)))
            return
        folders = []
        for entry in seen:
            path = folder / entry.name
            if entry.is_symlink() and not self._may_follow(path):
                continue
            if entry.is_dir():
                folders.append(path)
            elif path.suffix in _SUFFIXES:
                self._enter(path)
        yield from reversed(folders)

    def _may_follow(self, link: Path) -> bool:
        """Whether a link leads to something inside of what was named; a fault where it might have led to rules."""
        place = Path(os.path.realpath(link))
        if any(place.is_relative_to(bound) for bound in self._bounds):
            if link.exists():
                return True
            self._refuse_rules(link, _NO_TARGET())
        elif link.is_dir():
            self._refuse(link, _LEADS_OUT(), _NAME_THE_FOLDER())
        else:
            self._refuse_rules(link, _LEADS_OUT(), _PUT_THE_FILE_HERE())
        return False

    def _refuse_rules(self, link: Path, finding: Message, advice: Message | None = None) -> None:
        if link.suffix in _SUFFIXES:
            self._refuse(link, finding, advice)

    def _refuse(self, path: Path, finding: Message, advice: Message | None = None) -> None:
        self._faults[_unread(path, finding, advice)] = None

    def _enter(self, path: Path) -> None:
        """Keep a file, unless it was found before; by its own path rather than by a link's."""
        try:
            str(path).encode()
        except UnicodeEncodeError:
            self._refuse(path, _NAME_NOT_UTF8(), _RENAME())
            return
        place = Path(os.path.realpath(path))
        if place not in self._found or (self._found[place].is_symlink() and not path.is_symlink()):
            self._found[place] = path


def _links_last(entry: os.DirEntry[str]) -> tuple[bool, str]:
    return entry.is_symlink(), entry.name
