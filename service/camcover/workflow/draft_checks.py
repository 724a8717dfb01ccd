"""The check of a draft: quick while it is written, of the plans alone that the changed files concern, or of all rules.

What comes in: the files of the base, and those of the draft as a whole. What goes out: a `Validation`, and how many
files it is about. Kinds and references are taken from the text of a file by their form, so that no other file has to be
read; a reference too many only means that one more file is checked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from camcover.workflow.reviewing import Validation, validate_files

__all__ = ["DraftCheck", "check_draft", "concerned", "files_of_plans", "plans_in"]

_HEADS = re.compile(r"^(kind|id):[ ]*[\"']?([A-Za-z0-9_-]+)", re.MULTILINE)
_REFERENCES = re.compile(r"\b(fees|policy):[ ]*[\"']?([A-Za-z0-9_-]+)")
_SHARED = ("fees", "policy")


class DraftCheck(NamedTuple):
    """What was found; `is_whole`: in all files of the draft."""

    validation: Validation
    is_whole: bool
    file_count: int


class _File(NamedTuple):
    """What a file says of itself: its kind and id (empty where it does not), and the shared files that it names."""

    kind: str
    id: str
    refers_to: frozenset[tuple[str, str]]


def check_draft(before: Mapping[str, bytes], after: Mapping[str, bytes], *, is_whole: bool) -> DraftCheck:
    """Check what the differences between the base and the draft concern, and run its tests; or everything."""
    names = set(after) if is_whole else concerned(before, after)
    found = validate_files({name: content for name, content in after.items() if name in names})
    if len(names) < len(after):
        # A part of the rules is no release.
        found = found._replace(release="")
    return DraftCheck(found, len(names) == len(after), len(names))


def concerned(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> set[str]:
    """The names of files in `after` to be checked together: changed ones, what they refer to, and what refers to them.

    Every file where a catalog was changed, or a file that does not say what it is.
    """
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    files = {name: _file(content) for name, content in after.items()}
    touched = [_file(side[name]) for name in changed for side in (before, after) if name in side]
    if any(each.kind not in ("plan", *_SHARED) or not each.id for each in touched):
        return set(after)
    shared = {(each.kind, each.id) for each in touched if each.kind in _SHARED}
    plans = {each.id for each in touched if each.kind == "plan"} | _naming(files.values(), shared)
    return _with_plans(files, plans, shared) | (changed & set(files))


def files_of_plans(files: Mapping[str, bytes], plan_ids: Collection[str]) -> dict[str, bytes]:
    """All editions of some plans, with the shared files that they name, the catalogs, and files of no known kind."""
    names = _with_plans({name: _file(content) for name, content in files.items()}, plan_ids, ())
    return {name: content for name, content in files.items() if name in names}


def plans_in(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """The ids of the plans that files are, in order."""
    found = map(_file, files.values())
    return tuple(sorted({each.id for each in found if each.kind == "plan" and each.id}))


def _with_plans(files: Mapping[str, _File], plans: Collection[str], shared: Collection[tuple[str, str]]) -> set[str]:
    """The names of the files of plans, and of what goes with them; `shared` files go with them, too."""
    named = {*shared}.union(*(each.refers_to for each in files.values() if each.kind == "plan" and each.id in plans))
    return {name for name, each in files.items() if _is_with(each, plans, named)}


def _naming(files: Iterable[_File], shared: Collection[tuple[str, str]]) -> set[str]:
    """The ids of plans that name one of some shared files."""
    return {each.id for each in files if each.kind == "plan" and not each.refers_to.isdisjoint(shared)}


def _is_with(file: _File, plans: Collection[str], named: Collection[tuple[str, str]]) -> bool:
    """Whether a file is checked with plans and the shared files that they name; a catalog always is."""
    if file.kind == "plan":
        return file.id in plans
    return file.kind not in _SHARED or (file.kind, file.id) in named


def _file(content: bytes) -> _File:
    text = content.decode(errors="replace")
    heads: dict[str, str] = {}
    for key, word in _HEADS.findall(text):
        heads.setdefault(key, word)
    return _File(heads.get("kind", ""), heads.get("id", ""), frozenset(_REFERENCES.findall(text)))
