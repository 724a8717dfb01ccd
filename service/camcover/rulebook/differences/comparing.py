"""Two versions of a part, fact by fact and part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from camcover.rulebook.differences.change import Change, ChangeKind
from camcover.rulebook.differences.matching import Matched, alike, common_title, matched_facts, matched_parts
from camcover.rulebook.facts import Fact, Part, is_same
from camcover.rulebook.records import Place

__all__ = ["Comparison"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of one edition of a document, and how its changes are labelled; `benefit`: inside which they are."""

    document: str
    id: str
    edition: str
    benefit: str = ""

    def changes(self, subject: str, before: Part, after: Part) -> Iterator[Change]:
        """What differs between two versions of the part that is called `subject`."""
        if is_same(before.record, after.record):
            return
        for old, new in matched_facts(before, after):
            yield from self._of_fact(subject, old, new)
        new_parts = list(after.parts())
        pairs = matched_parts(list(before.parts()), new_parts)
        for one, other in pairs:
            title = ", ".join(filter(None, (subject, common_title(one, other))))
            inside = self._inside(one or other)
            if one is not None and other is not None:
                yield from inside.of_part(title, one, other)
            elif (part := one or other) is not None:
                yield inside.whole(part.noun, title, part, is_added=other is not None)
        yield from self._of_orders(subject, pairs, new_parts)

    def _inside(self, part: Part | None) -> Comparison:
        """How changes of a part are labelled."""
        return replace(self, benefit=part.label) if part is not None and part.noun == "benefit" else self

    def whole(self, noun: str, subject: str, part: Part, *, is_added: bool) -> Change:
        """That only one of the versions has a part."""
        if is_added:
            return self._change(ChangeKind.ADDED, subject, noun, (None, part.summary), places=(None, part.at))
        return self._change(ChangeKind.REMOVED, subject, noun, (part.summary, None), places=(part.at, None))

    def of_part(self, subject: str, one: Part, other: Part) -> Iterator[Change]:
        """What differs inside a part, or only that something does."""
        found = list(self.changes(subject, one, other))
        if one.as_one and len(found) > 1:
            yield self._change(ChangeKind.CHANGED, subject, "", (None, None), places=(one.at, other.at))
        else:
            yield from found

    def _of_fact(self, subject: str, old: Fact | None, new: Fact | None) -> Iterator[Change]:
        """A fact of one or both versions: nothing if they agree, only the amounts if all else agrees."""
        if old is None or new is None or old.words is None or new.words is None:
            yield from self._of_presence(subject, old, new)
        elif old.members is not None and new.members is not None:
            yield from self._of_members(subject, old, new, Counter(old.members), after=Counter(new.members))
        elif old.shape and old.shape == new.shape:
            for one, other in zip(old.amounts, new.amounts, strict=True):
                yield from self._of_fact(subject, one, other)
        elif old.words != new.words:
            words, places = (old.words, new.words), (old.at, new.at)
            yield self._change(ChangeKind.CHANGED, subject, new.field, words, places=places)

    def _of_presence(self, subject: str, old: Fact | None, new: Fact | None) -> Iterator[Change]:
        """A fact that at most one of the versions states."""
        if old is not None and old.words is not None:
            yield self._change(ChangeKind.REMOVED, subject, old.field, (old.words, None), places=(old.at, None))
        if new is not None and new.words is not None:
            yield self._change(ChangeKind.ADDED, subject, new.field, (None, new.words), places=(None, new.at))

    def _of_members(
        self, subject: str, old: Fact, new: Fact, before: Counter[str], *, after: Counter[str]
    ) -> Iterator[Change]:
        """A set: the members that were added and removed."""
        gained, lost = tuple((after - before).elements()), tuple((before - after).elements())
        if gained or lost:
            at_before = getattr(lost[0], "at", old.at) if lost else old.at
            at_after = getattr(gained[0], "at", new.at) if gained else new.at
            words, places = (old.words, new.words), (at_before, at_after)
            change = self._change(ChangeKind.CHANGED, subject, new.field, words, places=places)
            yield replace(change, members_added=tuple(map(str, gained)), members_removed=tuple(map(str, lost)))

    def _of_orders(self, subject: str, pairs: Sequence[Matched[Part]], new_parts: Sequence[Part]) -> Iterator[Change]:
        """Each order with a meaning: the part of it in which members of both versions have another place."""
        position = {id(part): number for number, part in enumerate(new_parts)}
        both = [(one, other) for one, other in pairs if one is not None and other is not None]
        for order in dict.fromkeys(one.order for one, _ in both if one.order):
            old = [pair for pair in both if pair[0].order == order]
            new = sorted(old, key=lambda pair: position[id(pair[1])])
            start = alike(old, new)
            if start < len(old):
                end = len(old) - alike(old[::-1], new[::-1])
                titles = tuple(", then ".join(common_title(*pair) for pair in each[start:end]) for each in (old, new))
                places = (old[start][0].at, new[start][1].at)
                yield self._change(ChangeKind.CHANGED, subject, order, (titles[0], titles[1]), places=places)

    def _change(
        self,
        kind: ChangeKind,
        subject: str,
        field: str,
        words: tuple[str | None, str | None],
        *,
        places: tuple[Place | None, Place | None],
    ) -> Change:
        """A change with its words and places before and after."""
        return Change(kind, self.document, self.id, self.edition, subject, field, *words, *places, benefit=self.benefit)
