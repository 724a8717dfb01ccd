"""Where a rule stands and where it was published: `file:line`, and the source's title with the place in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter

from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.sources import Sources
from camcover.engine.estimate import Citation
from camcover.engine.kernel.workspace import LedgerRow
from camcover.rulebook.records import Heading, Place


def rule_place(at: Place) -> str:
    """`file:line`."""
    return f"{at.file}:{at.line}"


def citation(cite: str | None, heading: Heading, at: Place) -> Citation | None:
    """The source that `cite` names, looked up in the file's heading; None when the record cites nothing."""
    if not cite:
        return None
    name, _, place = cite.partition(" ")
    source = heading.sources.get(name)
    title = source.title if source else name
    return Citation(place=place, title=title, url=(source.url or "") if source else "", rule=rule_place(at))


def citation_text(cite: str | None, heading: Heading) -> str:
    """`Evidence of Coverage 2026, p.12`; empty when nothing is cited, and plain for files without public figures."""
    if not cite:
        return "illustrative figures" if heading.illustrative else ""
    name, _, place = cite.partition(" ")
    source = heading.sources.get(name)
    title = source.title if source else name
    return f"{title}, {place}" if place else title


Decided = tuple[int, int, int, int, int]
"""(segment, rule, criteria, limit, covered) of a ledger row: what its sources follow from."""

deciding: Callable[[LedgerRow], Decided] = attrgetter("segment", "rule", "criteria", "limit", "covered")
"""These of a ledger row."""


def citations_of(index: PlanIndex, decided: Decided) -> tuple[Citation, ...]:
    """The sources of one ledger row: benefit or exclusion, policy, limit, accumulators, fee tables.

    Worked out once for each way in which a plan can decide a line.
    """
    found = index.cited.get(decided)
    if found is None:
        found = index.cited[decided] = tuple(_citations(index.sources, decided))
    return found


def _citations(sources: Sources, decided: Decided) -> Iterator[Citation]:
    segment_row, rule_row, criteria, limit_row, covered = decided
    if segment_row < 0:
        return
    segment = sources.segments[segment_row]
    heading = segment.plan.heading
    places: list[tuple[str | None, Heading, Place]] = []
    if rule_row >= 0:
        rule = sources.rules[rule_row]
        places.append((rule.cite, heading, rule.at))
    if criteria >= 0 and (policy := sources.criteria[criteria].policy) is not None:
        places.append((policy.cite, policy.heading, policy.heading.at))
    if limit_row >= 0:
        limit = sources.limits[limit_row]
        places.append((limit.cite, heading, limit.at))
    if covered:
        places += [(each.cite, heading, each.at) for each in segment.plan.accumulators.values()]
    if segment.fees is not None:
        places += [(each.cite, segment.fees.heading, each.at) for each in segment.fees.tiers.values()]
    for cite, source, at in places:
        cited = citation(cite, source, at)
        if cited is not None:
            yield cited
