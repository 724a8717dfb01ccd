"""Whose rules a change of rule files touches, for people who may change those of some payers alone.

A plan belongs to the payers that its editions name, before and after the change; fees and a policy to the payers of
the plans that use them. Whatever else differs, as the catalog, belongs to all. The bytes of a file count: a comment in
another payer's file is a change of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from camcover.rulebook import RuleSet, load_files, named_texts
from camcover.rulebook.loading import names_below
from camcover.rulebook.records import Document, Plan
from camcover.store import ReleaseStore
from camcover.workflow.errors import PayerNotAllowed
from camcover.workflow.publishing import sound

__all__ = ["LATER", "SETTINGS", "Touched", "active_files", "check_payers", "for_all_payers", "touched"]

LATER = "what others decide until then; activate at once"
SETTINGS = "what holds for the rules of all payers"
"""What goes beyond the payers of a caller, whichever they are: decisions for later, settings of the database."""

_MOST_NAMED = 5

_Id = tuple[str, str]
"""A kind of document, and the id of one."""


class Touched(NamedTuple):
    """What differs: the payers to whom it belongs, and the files that belong to no payer alone."""

    payers: frozenset[str]
    shared: tuple[str, ...]


def touched(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Touched:
    """What differs between two sets of rule files. Raises `RulesRefused` where either has errors."""
    old, new = sound(load_files(before)), sound(load_files(after))
    owners: dict[_Id, set[str]] = {}
    for rules in (old, new):
        for id_, payer in _owned(rules):
            owners.setdefault(id_, set()).add(payer)
    # Both sides name files by their paths below the common folder, as stored releases do.
    one, other = named_texts(old.texts), named_texts(new.texts)
    changed = {name for name in {*one, *other} if one.get(name) != other.get(name)}
    of_files: dict[str, set[str]] = {name: set() for name in changed}
    shared = set()
    for rules in (old, new):
        for id_, file in _documents(rules):
            if file in changed:
                of_files[file] |= owners.get(id_, set())
                if id_ not in owners:
                    shared.add(file)
    shared |= {file for file, payers in of_files.items() if not payers}
    return Touched(frozenset().union(*of_files.values()), tuple(sorted(shared)))


def active_files(store: ReleaseStore, payers: Iterable[str], subject: str) -> tuple[str, dict[str, bytes]]:
    """The active release and its files, for somebody who may change the rules of these payers alone.

    Raises `PayerNotAllowed` if none is active: the first release changes all rules.
    """
    with store.reading() as ledger:
        active = ledger.active()
        if active is None:
            raise PayerNotAllowed(subject, payers, "the rules of all payers, because no release is active yet")
        return active, ledger.files(active)


def for_all_payers(payers: frozenset[str] | None, subject: str, beyond: str) -> None:
    """Raise `PayerNotAllowed` for somebody who may change the rules of some payers alone; `beyond`: what is asked."""
    if payers is not None:
        raise PayerNotAllowed(subject, payers, beyond)


def check_payers(found: Touched, payers: frozenset[str], subject: str) -> None:
    """Raise `PayerNotAllowed` where a change goes beyond the payers whose rules `subject` may change."""
    foreign = sorted(found.payers - payers)
    if foreign:
        raise PayerNotAllowed(subject, payers, f"the rules of {_some(foreign)}")
    if found.shared:
        raise PayerNotAllowed(subject, payers, f"files that belong to no single payer: {_some(found.shared)}")


def _owned(rules: RuleSet) -> Iterator[tuple[_Id, str]]:
    """Documents with the payers to whom they belong."""
    for id_, editions in rules.plans.items():
        for plan in editions:
            for owned in (("plan", id_), *_used_by(plan)):
                yield owned, str(plan.payer.id)


def _used_by(plan: Plan) -> Iterator[_Id]:
    """The fees and policies of a plan's edition."""
    if plan.fees is not None:
        yield "fees", plan.fees
    for benefit in plan.benefits.values():
        if benefit.policy is not None:
            yield "policy", benefit.policy


def _documents(rules: RuleSet) -> Iterator[tuple[_Id, str]]:
    """Every document with its file."""
    kinds: tuple[tuple[str, Mapping[str, tuple[Document, ...]]], ...] = (
        ("plan", rules.plans),
        ("fees", rules.fees),
        ("policy", rules.policies),
        ("catalog", rules.catalogs),
    )
    names = names_below(rules.texts)
    for kind, documents in kinds:
        for id_, editions in documents.items():
            yield from (((kind, id_), names[each.heading.at.file]) for each in editions)


def _some(names: tuple[str, ...] | list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" (and {more} more)" if more > 0 else "")
