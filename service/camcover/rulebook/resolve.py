"""Resolves references, within a file and across files.

What comes in: decoded files, with the words that each defines and refers to. What goes out: diagnostics for references
to unknown words, editions that overlap or do not cover a plan that needs them, repeated definitions, and fee tables
that refer to themselves. A file that failed to decode still defines its words, so that one fault gives one error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from camcover.messages import Message, sentence
from camcover.rulebook.diagnostics import Diagnostic, Severity, declare
from camcover.rulebook.hints import Aliases, advice, aliases_in
from camcover.rulebook.records import Catalog, Document, Effective, Fees, Place, Plan, Word
from camcover.rulebook.shapes import Context, Reference

__all__ = ["File", "resolve"]


@dataclass(frozen=True, slots=True)
class File:
    """A file after decoding; `record` is None when it failed."""

    name: str
    kind: str
    id: str
    record: Document | None
    context: Context


_NOUNS = {
    "therapy": "therapy",
    "code": "procedure code",
    "condition": "condition",
    "practitioner": "practitioner",
    "modifier": "modifier",
    "place": "place-of-service code",
    "policy": "policy",
    "fees": "fee file",
    "accumulator": "accumulator",
    "tier": "tier",
    "limit": "limit",
    "source": "source",
    "benefit": "benefit",
    "account": "account",
    "sum": "accumulator or limit",
}
_CATALOG_KINDS = ("therapy", "condition", "practitioner", "code", "modifier", "place")
_WRITTEN_IN_CODES = {kind: sentence(f"unknown-{kind}-add-it") for kind in ("code", "modifier", "place")}
"""Kinds of which one that is nearly the same means another thing: what has to be done instead."""
_WHERE = dict.fromkeys(_CATALOG_KINDS, "in the catalog") | dict.fromkeys(("policy", "fees"), "among the rule files")

for _kind, _noun in _NOUNS.items():
    _place = _WHERE.get(_kind, "in this file")
    declare(
        f"unknown-{_kind}",
        Severity.ERROR,
        f"A word must name {'an' if _noun[0] in 'aeiou' else 'a'} {_noun} {_place}, but none has this name.",
        f"Correct the word, or define the {_noun}.",
    )
OVERLAPPING_EDITIONS = declare(
    "overlapping-editions",
    Severity.ERROR,
    "Two editions of one file are in force on the same days, so no rule says which of them applies.",
    "End the earlier edition on the day before the later edition begins.",
)
EDITION_GAP = declare(
    "edition-gap",
    Severity.ERROR,
    "A plan edition refers to a file or a word that is not in force on all days of the edition.",
    "Add an edition of the other file for those days, or shorten the plan's edition.",
)
DUPLICATE_DEFINITION = declare(
    "duplicate-definition",
    Severity.ERROR,
    "Two catalogs that are in force on the same days define the same word.",
    "Keep one of the two definitions.",
)
FEE_CYCLE = declare(
    "fee-cycle",
    Severity.ERROR,
    "The `otherwise` of a fee table refers to another tier, which refers back to this one, so neither gives an amount.",
    "Give one of the tiers amounts, or a percentage of the charge.",
)
NO_CATALOG = declare(
    "no-catalog",
    Severity.ERROR,
    "The files include no catalog, so no therapy, condition or practitioner is known.",
    "Name the folder that holds the catalog, too.",
)

_NONE = {kind: sentence(f"unknown-{kind}-none", "word") for kind in _NOUNS}
_DEFINE_IT = sentence("unknown-word-define-it")
_NO_CATALOG = {kind: sentence(f"no-catalog-for-{kind}", "word") for kind in _CATALOG_KINDS}
_NAME_ITS_FOLDER = sentence("no-catalog-name-its-folder")
_OVERLAPS = sentence("overlapping-editions-overlaps", "kind", "id", "file")
_CHANGE_ONE = sentence("overlapping-editions-change-one", "days")
_FROM = sentence("days-from", "first")
_FROM_TO = sentence("days-from-to", "first", "last")
_ALSO_DEFINED = {
    kind: sentence(f"duplicate-definition-{kind}", "word", "place")
    for kind in ("therapy", "condition", "practitioner", "facts")
}
_KEEP_ONE = sentence("duplicate-definition-keep-one")
_NOT_IN_FORCE = {
    kind: sentence(f"edition-gap-{kind}", "word", "day", "days") for kind in (*_CATALOG_KINDS, "policy", "fees")
}
_ADD_AN_EDITION = sentence("edition-gap-add-an-edition")
_REFER_TO_EACH_OTHER = sentence("fee-cycle-tiers", "tiers")
_GIVE_AMOUNTS = sentence("fee-cycle-give-amounts")


def resolve(files: Sequence[File]) -> Iterator[Diagnostic]:
    """Every fault of reference among `files`."""
    yield from _overlaps(files)
    yield from _duplicate_definitions(files)
    yield from _unknown_words(files)
    for file in files:
        if isinstance(file.record, Fees):
            yield from _fee_cycles(file.record)


def _error(code: str, at: Place, finding: Message, advice: Message | None = None) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, at, finding, advice)


def _overlaps(files: Sequence[File]) -> Iterator[Diagnostic]:
    """Editions of one id that share a day."""
    editions: dict[tuple[str, str], list[Document]] = {}
    for file in files:
        if file.record is not None:
            editions.setdefault((file.kind, file.id), []).append(file.record)
    for (kind, id_), group in editions.items():
        ordered = sorted(group, key=lambda each: (each.heading.effective.start, each.heading.at))
        for earlier, later in pairwise(ordered):
            end = earlier.heading.effective.end
            if end is None or end >= later.heading.effective.start:
                finding = _OVERLAPS(kind=kind, id=id_, file=earlier.heading.at.file)
                told = _CHANGE_ONE(days=_days(earlier.heading.effective))
                yield _error(OVERLAPPING_EDITIONS.code, later.heading.effective.at, finding, told)


def _days(effective: Effective) -> Message:
    """A range in words."""
    first = str(effective.start)
    return _FROM_TO(first=first, last=str(effective.end)) if effective.end else _FROM(first=first)


def _duplicate_definitions(files: Sequence[File]) -> Iterator[Diagnostic]:
    """Words that two catalogs define for the same day; editions of one catalog are `_overlaps`' concern."""
    seen: dict[tuple[str, str], list[tuple[Catalog, Word]]] = {}
    for file in files:
        if not isinstance(file.record, Catalog):
            continue
        for kind in ("therapy", "condition", "practitioner", "facts"):
            for word in file.context.defined.get(kind, {}).values():
                others = seen.setdefault((kind, word), [])
                for other, place in others:
                    if other.heading.id != file.id and other.heading.effective.meets(file.record.heading.effective):
                        finding = _ALSO_DEFINED[kind](word=word, place=str(place.at))
                        yield _error(DUPLICATE_DEFINITION.code, word.at, finding, _KEEP_ONE())
                others.append((file.record, word))


class _Directory:
    """Where each word is defined: across files its ranges of days, and the words of files that failed."""

    def __init__(self, files: Sequence[File]) -> None:
        """Enter every definition of `files`."""
        self.ranges: dict[str, dict[str, list[Effective]]] = {kind: {} for kind in (*_CATALOG_KINDS, "policy", "fees")}
        self.broken: dict[str, set[str]] = {kind: set() for kind in self.ranges}
        self.aliases = {kind: aliases_in(_catalogs(files), kind) for kind in _CATALOG_KINDS[:3]}
        self.has_catalog = any(file.kind == "catalog" for file in files)
        self.has_unreadable = any(not file.kind for file in files)
        self.has_broken_catalog = False
        for file in files:
            self._enter(file)

    def _enter(self, file: File) -> None:
        if file.record is None:
            self._enter_broken(file)
            return
        effective = file.record.heading.effective
        if file.kind in self.ranges:
            self._add(file.kind, file.id, effective)
        if isinstance(file.record, Catalog):
            for kind in _CATALOG_KINDS[:3]:
                for word in file.context.words(kind):
                    self._add(kind, word, effective)
            for therapy in file.record.therapies.values():
                for code in therapy.billed:
                    self._add("code", code, effective)
            for kind, words in (("modifier", file.record.modifiers), ("place", file.record.places_of_service)):
                for word in words:
                    self._add(kind, word, effective)

    def _enter_broken(self, file: File) -> None:
        """A file that failed still defines its words; other words of a broken catalog are unknown."""
        if file.kind == "catalog":
            self.has_broken_catalog = True
            for kind in _CATALOG_KINDS[:3]:
                self.broken[kind].update(file.context.words(kind))
        elif file.kind in self.broken and file.id:
            self.broken[file.kind].add(file.id)

    def _add(self, kind: str, word: str, effective: Effective) -> None:
        self.ranges[kind].setdefault(str(word), []).append(effective)


def _catalogs(files: Sequence[File]) -> list[Catalog]:
    """The catalogs that could be read."""
    return [file.record for file in files if isinstance(file.record, Catalog)]


def _unknown_words(files: Sequence[File]) -> Iterator[Diagnostic]:
    """References that lead nowhere."""
    directory = _Directory(files)
    is_alone = not directory.has_catalog and not directory.has_unreadable
    told = False
    for file in files:
        for reference in file.context.references:
            if reference.kind not in directory.ranges:
                yield from _in_file(file, reference)
            elif reference.kind in _CATALOG_KINDS and is_alone:
                if not told:
                    told = True
                    finding = _NO_CATALOG[reference.kind](word=reference.word)
                    yield _error(NO_CATALOG.code, reference.word.at, finding, _NAME_ITS_FOLDER())
            else:
                yield from _across(file, reference, directory)


def _in_file(file: File, reference: Reference) -> Iterator[Diagnostic]:
    """A word of the file itself."""
    words = _words_of_file(file, reference.kind)
    if words is not None and reference.word not in words:
        yield _unknown(reference, words)


def _words_of_file(file: File, kind: str) -> Mapping[str, object] | None:
    """The words of a kind that a file defines; None when they cannot be told because it failed."""
    if kind != "sum":
        return file.context.defined.get(kind, {})
    if not isinstance(file.record, Plan):
        return None
    own = {str(limit.id): limit for benefit in file.record.benefits.values() for limit in benefit.limits}
    return {**file.record.accumulators, **file.record.limits, **own}


def _unknown(reference: Reference, words: Mapping[str, object], aliases: Aliases = {}) -> Diagnostic:  # noqa: B006 - never changed
    """The fault of an unknown word, with the word that was probably meant, or the list of words."""
    told: Message | None
    if reference.kind in _WRITTEN_IN_CODES:
        told = advice(reference.word, words, cutoff=1) or _WRITTEN_IN_CODES[reference.kind]()
    else:
        told = advice(reference.word, words, aliases=aliases)
    if told is None and not words:
        told = _DEFINE_IT()
    finding = _NONE[reference.kind](word=reference.word)
    return _error(f"unknown-{reference.kind}", reference.word.at, finding, told)


def _across(file: File, reference: Reference, directory: _Directory) -> Iterator[Diagnostic]:
    """A word of another file; a plan needs it on all of its days."""
    word, kind = reference.word, reference.kind
    ranges = directory.ranges[kind].get(word)
    if word in directory.broken[kind]:
        return
    if ranges is None:
        if directory.has_unreadable or (kind in _CATALOG_KINDS and directory.has_broken_catalog):
            return
        yield _unknown(reference, directory.ranges[kind], directory.aliases.get(kind, {}))
    elif isinstance(file.record, Plan):
        gap = _first_gap(file.record.heading.effective, ranges)
        if gap is not None:
            finding = _NOT_IN_FORCE[kind](word=word, day=str(gap), days=_days(file.record.heading.effective))
            yield _error(EDITION_GAP.code, word.at, finding, _ADD_AN_EDITION())


def _first_gap(needed: Effective, ranges: Sequence[Effective]) -> date | None:
    """The first day of `needed` that no range holds."""
    day = needed.start
    for each in sorted(ranges, key=lambda each: each.start):
        if each.start > day:
            break
        if each.end is None:
            return None
        day = max(day, each.end + timedelta(days=1))
    return None if needed.end is not None and day > needed.end else day


def _fee_cycles(fees: Fees) -> Iterator[Diagnostic]:
    """Chains of `P% of <tier>` that come back; each cycle is reported once, at its first table."""
    reported: set[str] = set()
    for start in fees.tiers:
        path = [start]
        while True:
            otherwise = fees.tiers[path[-1]].otherwise
            following = otherwise.tier if otherwise else None
            if following is None or following not in fees.tiers:
                break
            if following in path:
                cycle = path[path.index(following) :]
                if otherwise is not None and not reported & set(cycle):
                    chain = " -> ".join([*cycle, str(following)])
                    yield _error(FEE_CYCLE.code, otherwise.at, _REFER_TO_EACH_OTHER(tiers=chain), _GIVE_AMOUNTS())
                reported |= set(cycle)
                break
            path.append(following)
