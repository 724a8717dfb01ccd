"""Episodes of care: which of them have counts of limits of their own, and on which day each began.

What comes in: a request. What goes out: `Episodes`: the rows of counts behind those of the members, and a first day for
each row (docs/rule-language.md, point 49). An episode is one member's; the one without a name has the member's own row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import NamedTuple

from camcover.calendar import OrdinalDay, ordinal_of
from camcover.engine.asking.words import repeated, shown
from camcover.engine.request import EstimateRequest, Violation
from camcover.refusals import Refusal

__all__ = ["Episodes", "episode_violations", "episodes_of"]

Episode = tuple[int, str]
"""The place of its member, and its name; empty = the one without a name."""


class Episodes(NamedTuple):
    """The owners of counts: members first, then episodes with a name.

    `rows`: of those with a name. `starts`: the first ordinal day of each row's episode. `visited`: the episodes that a
    service or a dated visit belongs to; `stated`: those of which the request says when they began.
    """

    members: int
    rows: Mapping[Episode, int]
    starts: Sequence[OrdinalDay]
    visited: frozenset[Episode] = frozenset()
    stated: frozenset[Episode] = frozenset()

    @property
    def owners(self) -> int:
        """How many rows there are."""
        return self.members + len(self.rows)

    def row(self, member: int, episode: str) -> int:
        """The row of counts of a member's episode."""
        return self.rows[member, episode] if episode else member

    def began(self, row: int) -> OrdinalDay | None:
        """The first ordinal day of a row's episode; None where nothing that the request says tells of it."""
        episode = (row, "") if row < self.members else list(self.rows)[row - self.members]
        return self.starts[row] if episode in self.visited or episode in self.stated else None

    def names_of(self, member: int) -> Iterator[tuple[str, int]]:
        """Each episode of a member with its row, the one without a name first."""
        yield "", member
        yield from ((name, row) for (owner, name), row in self.rows.items() if owner == member)


@cache
def no_episodes(members: int) -> Episodes:
    """Of a plan that asks for none: the rows of the members alone."""
    return Episodes(members, {}, (OrdinalDay(0),) * members)


def episodes_of(request: EstimateRequest) -> Episodes:
    """The episodes that items and use so far name, and when each began: as stated, else with its first visit.

    Raises KeyError for a member that the request does not have.
    """
    places = {member.id: place for place, member in enumerate(request.members)}
    first_day = min(map(ordinal_of, _dates(request)))
    visits: dict[Episode, OrdinalDay] = {(place, ""): first_day for place in places.values()}
    seen: set[Episode] = set()
    for episode, day in _visits(request, places):
        visits[episode] = min(visits[episode], day) if episode in seen else day
        seen.add(episode)
    for place, member in enumerate(request.members):
        for use in (*member.use.limit_usage, *member.secondary_use.limit_usage):
            visits.setdefault((place, use.episode), first_day)
    stated = {
        (place, each.episode): ordinal_of(each.started_on)
        for place, member in enumerate(request.members)
        for each in member.episodes
    }
    named = [episode for episode in dict.fromkeys([*visits, *stated]) if episode[1]]
    rows = {episode: len(places) + number for number, episode in enumerate(named)}
    owners = [*((place, "") for place in range(len(places))), *named]
    starts = [stated[each] if each in stated else visits[each] for each in owners]
    return Episodes(len(places), rows, starts, frozenset(seen), frozenset(stated))


def _dates(request: EstimateRequest) -> Iterator[date]:
    return (day for item in request.items for day in item.dates)


def _visits(request: EstimateRequest, places: Mapping[str, int]) -> Iterator[tuple[Episode, OrdinalDay]]:
    """The first date of each item, and each dated visit before the estimate, with its episode."""
    for item in request.items:
        member = places[item.member_id] if item.member_id else 0
        yield (member, item.episode), min(map(ordinal_of, item.dates))
    for place, person in enumerate(request.members):
        for visit in (*person.use.prior_visits, *person.secondary_use.prior_visits):
            yield (place, visit.episode), ordinal_of(visit.date)


def episode_violations(request: EstimateRequest) -> Iterator[Violation]:
    """Episodes that are stated twice, or are said to begin after a date of service of theirs."""
    places = {member.id: place for place, member in enumerate(request.members)}
    for place, member in enumerate(request.members):
        names = [each.episode for each in member.episodes]
        for number, each in enumerate(member.episodes):
            path = f"members[{place}].episodes[{number}]"
            if each.episode in names[:number]:
                yield repeated(f"{path}.episode", each.episode)
            days = [
                day
                for item in request.items
                if places.get(item.member_id or request.members[0].id) == place and item.episode == each.episode
                for day in item.dates
            ]
            if days and min(days) < each.started_on:
                found = (
                    f"the start {each.started_on} of episode {shown(each.episode)}, and a service of it on {min(days)}"
                )
                yield Violation(
                    f"{path}.start_date", found, "a start not after its services", Refusal.CONTRADICTORY_STATEMENTS
                )
