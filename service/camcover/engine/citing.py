"""Where a rule stands and where it was published: `file:line`, and the source's title with the place in it."""

from __future__ import annotations

from typing import Protocol

from camcover.engine.estimate import Citation
from camcover.rulebook.records import Heading, Place


class Cited(Protocol):
    """A record that stands in a file and may say where its figures were published."""

    @property
    def cite(self) -> str | None:
        """`eoc p.12`, or None."""

    @property
    def at(self) -> Place:
        """Where the record stands."""


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
