"""Files -> `RuleSet`: read, decode, resolve, check, in that order.

What comes in: a folder, a file, or texts by name. What goes out: `Loaded`, with every diagnostic; it has the rules only
if there is no error. No rule set is ever loaded in part.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import takewhile
from pathlib import Path
from typing import TypeVar

from camcover.messages import sentence
from camcover.rulebook import checks
from camcover.rulebook.bounding import bounded
from camcover.rulebook.diagnostics import CODES, Diagnostic, Severity, declare, few_searches
from camcover.rulebook.disk import find, read
from camcover.rulebook.extents import located
from camcover.rulebook.grammar import decode, kind_and_id
from camcover.rulebook.nodes import BYTE_ORDER_MARK, parse
from camcover.rulebook.pausing import collector_paused
from camcover.rulebook.recognising import is_rule_file, no_rule_file
from camcover.rulebook.records import Catalog, Document, Fees, Place, Plan, Policy, RuleSet
from camcover.rulebook.resolve import File, resolve
from camcover.rulebook.scalars import Failed
from camcover.rulebook.shapes import Context

__all__ = [
    "CODES",
    "Loaded",
    "digest_of",
    "is_release_id",
    "load",
    "load_files",
    "load_texts",
    "named_texts",
    "release_id",
    "rule_text",
]

NOT_UTF8 = declare(
    "not-utf8",
    Severity.ERROR,
    "The file is not UTF-8 text.",
    "Save it as UTF-8.",
)
NO_RULES = declare(
    "no-rules",
    Severity.ERROR,
    "The file or folder that was named contains no rule file.",
    "Name a file or folder that holds `.yaml` files.",
)

_WRONG_BYTE = sentence("not-utf8-byte", "byte")
_SAVE_AS_UTF8 = sentence("not-utf8-save-as-utf8")
_NO_FILE_HERE = sentence("no-rules-here")

_Document = TypeVar("_Document", bound=Document)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read: `rules` is None when a diagnostic is an error; `texts` by file name, as read."""

    rules: RuleSet | None
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that keep the rules from being used."""
        return tuple(each for each in self.diagnostics if each.severity is Severity.ERROR)


def load(*paths: str | Path, today: date | None = None) -> Loaded:
    """The rules under all of `paths`, judged on `today` (else the machine's date).

    Diagnostics and `texts` name files by their paths; records name them below their common folder.

    Raises FileNotFoundError if nothing exists at a path. A file that exists but cannot be read gives a diagnostic.
    """
    found = find([Path(path) for path in paths])
    contents = {str(file): read(file) for file in found.files}
    files = {path: content for path, content in contents.items() if isinstance(content, bytes)}
    unread = [content for content in contents.values() if isinstance(content, Diagnostic)]
    names = names_below(files)
    read_as = {name: path for path, name in names.items()}
    named = {names[path]: content for path, content in files.items()}
    faults = [*found.faults, *unread]
    return _load_files(named, faults, today, paths=read_as, where=" ".join(map(str, paths)))


def rule_text(file: Path) -> str | Diagnostic:
    """The text of one rule file; a diagnostic where it cannot be read, is no text, no YAML or no rule file."""
    content = read(file)
    text = content if isinstance(content, Diagnostic) else _decoded(str(file), content)
    if isinstance(text, Diagnostic):
        return text
    plain = text.removeprefix(BYTE_ORDER_MARK)
    node, faults = parse(plain, str(file))
    if not is_rule_file(plain, node):
        return no_rule_file(str(file))
    # The last fault is the one that ended the reading.
    return faults[-1] if node is None else text


def load_files(files: Mapping[str, bytes], today: date | None = None) -> Loaded:
    """The rules in `files` (file name -> UTF-8 bytes)."""
    return _load_files(files, [], today, paths={}, where="")


def _load_files(
    files: Mapping[str, bytes], faults: list[Diagnostic], today: date | None, *, paths: Mapping[str, str], where: str
) -> Loaded:
    """The rules in `files`, which were read from `paths` (file name -> path).

    `where`: the searched folders, for the message if there are no files. `faults`: what was not read.
    """
    decoded = {name: _decoded(paths.get(name, name), content) for name, content in files.items()}
    texts = {name: text for name, text in decoded.items() if isinstance(text, str)}
    faults += [text for text in decoded.values() if isinstance(text, Diagnostic)]
    loaded = _load(texts, faults, today, paths)
    if loaded.texts or loaded.errors:
        return loaded
    nothing = Diagnostic(NO_RULES.code, Severity.ERROR, Place(where, 1, 1), _NO_FILE_HERE())
    return Loaded(None, (nothing, *loaded.diagnostics), {})


def _decoded(name: str, content: bytes) -> str | Diagnostic:
    """The text of a file."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        finding = _WRONG_BYTE(byte=str(error.start))
        return Diagnostic(NOT_UTF8.code, Severity.ERROR, Place(name, 1, 1), finding, _SAVE_AS_UTF8())


def load_texts(texts: Mapping[str, str], today: date | None = None) -> Loaded:
    """The rules in `texts` (file name -> YAML)."""
    return _load(texts, [], today, {})


def release_id(digest: str) -> str:
    """The id of the release whose files have this digest: `rules-` and 16 hexadecimal digits."""
    return f"rules-{digest[:16]}"


_RELEASE_ID = re.compile(r"rules-[0-9a-f]{16}")


def is_release_id(text: str) -> bool:
    """Whether a text has the one form of a release's id; to ask before anything is done with an id of a caller's."""
    return _RELEASE_ID.fullmatch(text) is not None


def _today() -> date:
    """The day on which reviews are judged: the machine's own, since rule files are kept by people."""
    return datetime.now().astimezone().date()


def _load(texts: Mapping[str, str], unread: list[Diagnostic], today: date | None, paths: Mapping[str, str]) -> Loaded:
    """Decode every file, resolve, and check when nothing is wrong so far; `unread` names files by `paths` already."""
    with collector_paused():
        return _judge(texts, unread, today or _today(), paths)


def _judge(texts: Mapping[str, str], unread: list[Diagnostic], today: date, paths: Mapping[str, str]) -> Loaded:
    """The rules of `texts`, and every diagnostic."""
    faults: list[Diagnostic] = []
    decoded = [(name, _decode(name, text, faults)) for name, text in texts.items()]
    files = [file for _, file in decoded if file is not None]
    texts = {name: texts[name] for name, file in decoded if file is not None}
    faults += [fault for file in files for fault in file.context.faults]
    with few_searches():
        faults += resolve(files)
    rules = _rule_set(files, texts, paths)
    if not _has_error([*unread, *faults]):
        faults += checks.run(rules, today)
    ordered = bounded([*unread, *(_placed(each, paths) for each in faults)])
    read_as = {paths.get(name, name): text for name, text in texts.items()}
    return Loaded(None if _has_error(ordered) else rules, located(ordered, read_as), read_as)


def _has_error(faults: Iterable[Diagnostic]) -> bool:
    return any(each.severity is Severity.ERROR for each in faults)


def _placed(fault: Diagnostic, paths: Mapping[str, str]) -> Diagnostic:
    """A fault at the path of its file, where that is known."""
    path = paths.get(fault.at.file)
    return fault if path is None else replace(fault, at=replace(fault.at, file=path))


def _decode(name: str, text: str, faults: list[Diagnostic]) -> File | None:
    """One file, None when it is no rule file; what YAML itself refuses goes to `faults`."""
    context = Context(name)
    plain = text.removeprefix(BYTE_ORDER_MARK)
    node, refused = parse(plain, name)
    if not is_rule_file(plain, node):
        faults.append(no_rule_file(name))
        return None
    faults += refused
    kind, id_ = kind_and_id(node)
    if node is None:
        return File(name, kind, id_, None, context)
    with few_searches():
        record = decode(node, context)
    is_whole = not isinstance(record, Failed) and not refused
    return File(name, kind, id_, record if is_whole else None, context)


def _rule_set(files: Sequence[File], texts: Mapping[str, str], paths: Mapping[str, str]) -> RuleSet:
    """The decoded documents by kind and id, editions in order of date."""
    records = [file.record for file in files if file.record is not None]
    return RuleSet(
        catalogs=_editions(records, Catalog),
        policies=_editions(records, Policy),
        fees=_editions(records, Fees),
        plans=_editions(records, Plan),
        texts=dict(texts),
        digest=digest_of(texts),
        paths=paths,
    )


def _editions(records: Sequence[Document], kind: type[_Document]) -> dict[str, tuple[_Document, ...]]:
    """The documents of a kind."""
    groups: dict[str, list[_Document]] = {}
    for record in records:
        if isinstance(record, kind):
            groups.setdefault(str(record.heading.id), []).append(record)
    return {id_: tuple(sorted(group, key=lambda each: each.heading.effective.start)) for id_, group in groups.items()}


def named_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Texts by their name below the folder that all files have in common, in order of name."""
    names = names_below(texts)
    return dict(sorted((names[path], text) for path, text in texts.items()))


def names_below(paths: Iterable[str]) -> dict[str, str]:
    """Each path with its name below the folder that all of them have in common."""
    parts = {path: Path(os.path.normpath(Path(path).absolute())).parts for path in paths}
    folders = [each[:-1] for each in parts.values()] or [()]
    shared = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, zip(*folders, strict=False)))
    return {path: "/".join(each[shared:]) for path, each in parts.items()}


def digest_of(texts: Mapping[str, str]) -> str:
    """SHA-256 over contents and names below their common folder, so that a folder keeps its digest when it moves."""
    whole = hashlib.sha256()
    for part in (part for named in named_texts(texts).items() for part in named):
        encoded = part.encode()
        whole.update(len(encoded).to_bytes(8, "big") + encoded)
    return whole.hexdigest()
