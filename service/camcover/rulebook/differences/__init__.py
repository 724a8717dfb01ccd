"""The differences of two rule sets in words: `cascade-silver 2026: acupuncture, in network: copay 30.00 -> 40.00`.

What comes in: two checked rule sets. What goes out: one `Change` for each fact that differs, by document, part and
field. Positions, layout, comments and file names are not facts. An order is a fact only if it decides what applies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from camcover.rulebook.differences.change import Change, ChangeKind
from camcover.rulebook.differences.comparing import Comparison
from camcover.rulebook.differences.matching import matched_editions
from camcover.rulebook.facts import document_part
from camcover.rulebook.facts.words import edition_words
from camcover.rulebook.records import Document, RuleSet

__all__ = ["Change", "ChangeKind", "differences"]

_Editions = Mapping[str, tuple[Document, ...]]
_Pair = tuple[Document | None, Document | None]


def differences(before: RuleSet, after: RuleSet) -> tuple[Change, ...]:
    """Every difference: plans first, then policies, fees and catalogs, each by id and edition, in the order of files.

    Documents whose files have the same text are the same and are not looked at.
    """
    kinds: tuple[tuple[str, _Editions, _Editions], ...] = (
        ("plan", before.plans, after.plans),
        ("policy", before.policies, after.policies),
        ("fees", before.fees, after.fees),
        ("catalog", before.catalogs, after.catalogs),
    )
    found: list[Change] = []
    for kind, old, new in kinds:
        one, other = _by_id(old), _by_id(new)
        for id_ in sorted({*one, *other}):
            for pair in matched_editions(one.get(id_, ()), other.get(id_, ())):
                if not _has_same_text(pair, before.texts, after.texts):
                    found += _document_changes(kind, pair, is_known=id_ in one and id_ in other)
    return tuple(found)


def _by_id(editions: _Editions) -> dict[str, list[Document]]:
    """The editions by the id that stands in them."""
    groups: dict[str, list[Document]] = {}
    for document in (document for group in editions.values() for document in group):
        groups.setdefault(str(document.heading.id), []).append(document)
    return groups


def _has_same_text(pair: _Pair, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether both documents are there and their files have one text."""
    old, new = pair
    if old is None or new is None:
        return False
    text = before.get(old.heading.at.file)
    return text is not None and text == after.get(new.heading.at.file)


def _document_changes(kind: str, pair: _Pair, *, is_known: bool) -> Iterator[Change]:
    """What differs between two editions; where one is missing, that it was added or removed."""
    old, new = pair
    document = new or old
    if document is None:
        return
    comparison = Comparison(kind, str(document.heading.id), edition_words(document.heading.effective))
    part = document_part(document)
    if old is not None and new is not None:
        yield from comparison.changes("", document_part(old), part)
    else:
        yield comparison.whole("edition" if is_known else kind, "", part, is_added=new is not None)
