"""`camcover rules diff`: what differs between two rule sets, by plan, benefit and field."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import groupby

import typer

from camcover.cli.options import OutputFormat
from camcover.cli.plans import known_plans
from camcover.cli.sources import rules_of
from camcover.rulebook import RuleSet
from camcover.rulebook.differences import Change, differences
from camcover.rulebook.records import Plan

__all__ = ["diff"]

_NOUNS = {
    "plan": ("plan", "plans"),
    "policy": ("policy", "policies"),
    "fees": ("fee file", "fee files"),
    "catalog": ("catalog", "catalogs"),
}


def diff(
    before: str, after: str, output: OutputFormat, plan: list[str] | None, is_status: bool, database_url: str
) -> None:
    """What differs between two rule sets, in words: by plan, benefit and field, never by line."""
    old, new = rules_of(before, database_url), rules_of(after, database_url)
    changes = tuple(_as_read(each, old, new) for each in differences(old, new))
    if plan:
        known_plans(plan, dict.fromkeys([*old.plans, *new.plans]), " in either rule set")
        wanted = _documents_of(plan, old) | _documents_of(plan, new)
        changes = tuple(each for each in changes if (each.document, each.id) in wanted)
    typer.echo(_WRITERS[output](changes))
    raise typer.Exit(1 if is_status and changes else 0)


def _as_read(change: Change, old: RuleSet, new: RuleSet) -> Change:
    """The same, its places with the paths under which the files were read."""
    before, after = (
        replace(place, file=rules.as_read(place.file)) if place is not None else None
        for place, rules in ((change.at_before, old), (change.at_after, new))
    )
    return replace(change, at_before=before, at_after=after)


def _documents_of(wanted: Sequence[str], rules: RuleSet) -> set[tuple[str, str]]:
    """Kind and id of the plans and of what their editions refer to by id."""
    plans = [edition for name in wanted for edition in rules.plans.get(name, ())]
    return {document for edition in plans for document in _references(edition)}


def _references(plan: Plan) -> Iterator[tuple[str, str]]:
    """The plan itself, its fees and its policies."""
    yield "plan", plan.heading.id
    if plan.fees is not None:
        yield "fees", plan.fees
    yield from (("policy", benefit.policy) for benefit in plan.benefits.values() if benefit.policy is not None)


def _summary(changes: Sequence[Change]) -> str:
    """`3 changes in 2 plans, 1 policy`."""
    if not changes:
        return "no differences"
    found = {(each.document, each.id) for each in changes}
    counts = {kind: sum(document == kind for document, _ in found) for kind in _NOUNS}
    where = ", ".join(_count(number, *_NOUNS[kind]) for kind, number in counts.items() if number)
    return f"{_count(len(changes), 'change', 'changes')} in {where}"


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _by_document(changes: Sequence[Change]) -> Iterator[tuple[str, Iterator[Change]]]:
    """The changes of each edition under its title, `plan cascade-silver 2026`."""
    return groupby(changes, key=lambda each: f"{each.document} {each.id} {each.edition}")


def _text(changes: Sequence[Change]) -> str:
    """For people: one full line for each change, to be searched and quoted."""
    return "\n".join([*map(str, changes), _summary(changes)])


def _json(changes: Sequence[Change]) -> str:
    """For programs."""
    return json.dumps([asdict(each) | {"text": str(each)} for each in changes], indent=2, ensure_ascii=False)


def _github(changes: Sequence[Change]) -> str:
    """For a comment on a pull request: Markdown, a list for each edition."""
    lines = [f"**{_summary(changes)}**"]
    for title, group in _by_document(changes):
        lines += ["", f"#### {_markdown(title)}", "", *(f"- {_markdown(change.sentence)}" for change in group)]
    return "\n".join(lines)


def _markdown(text: str) -> str:
    """Text escaped for Markdown, without mentions of people."""
    escaped = re.sub(r"([\\`*_\[\]#|~])", r"\\\1", html.escape(text.replace("->", "\N{RIGHTWARDS ARROW}"), quote=False))
    return escaped.replace("@", "&#64;")


_WRITERS: dict[OutputFormat, Callable[[Sequence[Change]], str]] = {
    OutputFormat.TEXT: _text,
    OutputFormat.JSON: _json,
    OutputFormat.GITHUB: _github,
}
