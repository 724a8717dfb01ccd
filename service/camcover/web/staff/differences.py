"""What differs between two releases, as the pages show it: by document, with both values and their places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import NamedTuple, TypeVar

from camcover.rulebook.differences import Change, ChangeKind
from camcover.rulebook.records import Place
from camcover.web.staff.visits import StaffSite
from camcover.workflow.release_history import files_of_release
from camcover.workflow.reviewing import changes

__all__ = [
    "ChangedBenefit",
    "ChangedDocument",
    "ChangedFact",
    "ReleaseDifferences",
    "SharedDifference",
    "differences_of",
    "grouped",
]

MOST_SHOWN = 500
"""Differences on one page; the number of all is told."""

Key = TypeVar("Key")

_PLAN = "plan"
_WORDS = {_PLAN: "Plan", "policy": "Policy", "fees": "Fees", "catalog": "Catalog"}


class ChangedFact(NamedTuple):
    """One difference. `gone` and `come` are values in words, empty where there is none; places where they stand."""

    what: str
    gone: str
    come: str
    at_gone: Place | None
    at_come: Place | None


class ChangedDocument(NamedTuple):
    """The differences of one document in one edition."""

    name: str
    facts: tuple[ChangedFact, ...]


class ChangedBenefit(NamedTuple):
    """How many facts of a benefit differ, and where the first stands on both sides, None where it is not there.

    The same of what benefits share.
    """

    facts: int
    at_before: Place | None
    at_after: Place | None


class SharedDifference(NamedTuple):
    """What differs of what several benefits share: the words for it, and how many facts where."""

    words: str
    changed: ChangedBenefit


class ReleaseDifferences(NamedTuple):
    """What differs from release `before` to release `after`.

    `total`: how many facts, also those that are not shown; `benefits`: the facts that lie in each benefit of a plan;
    `plans`: those of each plan outside its benefits; `others`: those of each document that is no plan.
    """

    before: str
    after: str
    documents: tuple[ChangedDocument, ...]
    total: int
    benefits: Mapping[tuple[str, str], ChangedBenefit]
    plans: Mapping[str, ChangedBenefit]
    others: tuple[SharedDifference, ...]

    def beside(self, plan_id: str) -> tuple[SharedDifference, ...]:
        """What differs that a benefit of a plan shares: of the plan itself, else of documents that plans share."""
        own = self.plans.get(plan_id)
        return self.others if own is None else (SharedDifference("the plan itself", own),)

    @property
    def left_out(self) -> int:
        """How many are not shown."""
        return self.total - sum(len(each.facts) for each in self.documents)


async def differences_of(site: StaffSite, before: str, after: str) -> ReleaseDifferences:
    """What differs; kept, since releases never change.

    Raises `UnknownRelease`, `RulesRefused` where this version finds an error in one of them.
    """

    async def made() -> ReleaseDifferences:
        """The differences, from the files of both releases."""
        sides = await site.read(files_of_release, before), await site.read(files_of_release, after)
        return grouped(before, after, await site.work(changes, *sides))

    return await site.once((before, after), made)


def grouped(before: str, after: str, found: tuple[Change, ...]) -> ReleaseDifferences:
    """Differences by document, in their order."""
    groups = groupby(found[:MOST_SHOWN], lambda each: (each.document, each.id, each.edition))
    documents = tuple(
        ChangedDocument(f"{_WORDS[document]} {id_}, {edition}", tuple(map(_fact, each)))
        for (document, id_, edition), each in groups
    )
    shared = [each for each in found if not each.benefit]
    return ReleaseDifferences(
        before,
        after,
        documents,
        len(found),
        benefits=_counted(((each.id, each.benefit), each) for each in found if each.benefit),
        plans=_counted((each.id, each) for each in shared if each.document == _PLAN),
        others=tuple(
            SharedDifference(f"{_WORDS[document].lower()} {name}", changed)
            for (document, name), changed in _counted(
                ((each.document, each.id), each) for each in shared if each.document != _PLAN
            ).items()
        ),
    )


def _counted(found: Iterable[tuple[Key, Change]]) -> dict[Key, ChangedBenefit]:
    """Differences by a key: how many, and the places of the first ones that have some."""
    by_key: dict[Key, list[Change]] = {}
    for key, each in found:
        by_key.setdefault(key, []).append(each)
    return {
        key: ChangedBenefit(
            len(facts),
            next((each.at_before for each in facts if each.at_before is not None), None),
            next((each.at_after for each in facts if each.at_after is not None), None),
        )
        for key, facts in by_key.items()
    }


def _fact(change: Change) -> ChangedFact:
    what = ": ".join(filter(None, (change.subject, change.field))) or "the whole document"
    gone, come = change.before or "", change.after or ""
    if change.members_added or change.members_removed:
        gone, come = ", ".join(change.members_removed), ", ".join(change.members_added)
    if not gone and change.kind is ChangeKind.REMOVED:
        gone = "there"
    if not come and change.kind is ChangeKind.ADDED:
        come = "new"
    return ChangedFact(what, gone, come, change.at_before, change.at_after)
