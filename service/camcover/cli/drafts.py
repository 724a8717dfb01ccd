"""`camcover drafts`: a change of rules that two people see, from its first file to its release."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.table import Table

from camcover.cli.folders import write_files
from camcover.cli.opening import opened
from camcover.cli.options import TableFormat
from camcover.cli.table import screen_for
from camcover.cli.times import future_time, in_both_zones
from camcover.rulebook import load
from camcover.rulebook.loading import named_texts
from camcover.store import DraftStepKind, DraftStore, ReleaseStore
from camcover.workflow import drafting
from camcover.workflow.activation import Decision
from camcover.workflow.draft_states import DraftView
from camcover.workflow.drafting import DraftDecision, DraftSave, drafts_of
from camcover.workflow.errors import moment
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.reviewing import prepared

_WIDTH = 140
"""Columns of a table where the output is no terminal."""

_PREFIX = "drafts/"


def list_drafts(output: TableFormat, database_url: str) -> None:
    """All drafts, the newest first."""
    with _drafts_at(database_url) as (_, store):
        found = drafting.draft_views(store)
    if output is TableFormat.JSON:
        typer.echo(json.dumps(list(map(_data, found)), indent=2, ensure_ascii=False))
        return
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("Draft", "State", "Revision", "Files", "By", "Begun", "Title"):
        table.add_column(name, no_wrap=name != "Title")
    for each in found:
        when, by = moment(each.draft.created_at), ", ".join(each.editors)
        files = str(each.file_count)
        table.add_row(each.draft.id, str(each.state), str(each.revision), files, by, when, each.draft.title)
    screen_for(_WIDTH).print(table, highlight=False)


def show(draft: str, output: TableFormat, database_url: str) -> None:
    """One draft."""
    with _drafts_at(database_url) as (rules, store):
        found, changed = drafting.draft_view(store, _id(draft))
        base = rules.files(found.base)
    if output is TableFormat.JSON:
        files = {name: None if body is None else body.decode(errors="replace") for name, body in changed.items()}
        typer.echo(json.dumps(_data(found) | {"files": files}, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{found.draft.id}: {found.draft.title}\n  {found.state}, revision {found.revision}, on {found.base}")
    if found.reason:
        typer.echo(f"  {found.reason}")
    for step in found.steps:
        said = f": {step.text}" if step.text else ""
        typer.echo(f"  {moment(step.created_at)} {step.actor} {step.kind}, revision {step.revision}{said}")
    for name, body in changed.items():
        for line in _lines(name, base.get(name), body):
            typer.echo(line)


def new(title: str, actor: str, database_url: str) -> None:
    """Begin a draft."""
    with _drafts_at(database_url) as (_, store):
        made = drafting.create_draft(store, actor, title, {})
    typer.echo(made.draft.id)


def edit(draft: str, paths: list[Path], actor: str, revision: int | None, is_rebased: bool, database_url: str) -> None:
    """Save what paths hold as the files of a draft."""
    loaded = load(*paths)
    for fault in loaded.diagnostics:
        typer.echo(f"{fault.at}: {fault.severity}: {fault.sentence}", err=True)
    if any(each.at.file not in loaded.texts for each in loaded.errors):
        typer.echo("not saved: a file cannot be read", err=True)
        raise typer.Exit(1)
    texts: Mapping[str, bytes] = {name: text.encode() for name, text in named_texts(loaded.texts).items()}
    with _drafts_at(database_url) as (rules, store):
        found, _ = drafting.draft_view(store, _id(draft))
        base = found.active if is_rebased and found.active is not None else found.base
        files = {**dict.fromkeys({*rules.files(base), *drafting.snapshot(store, found.draft.id).files}), **texts}
        save = DraftSave(actor, found.revision if revision is None else revision, files, is_rebased)
        saved = drafting.save_draft(store, found.draft.id, save)
    said = f"files that differ from {saved.base}: {saved.file_count}"
    typer.echo(f"{saved.draft.id}: {saved.state}, revision {saved.revision}; {said}")


def export(draft: str, folder: Path, database_url: str) -> None:
    """Write the files of a draft to a folder."""
    with _drafts_at(database_url) as (_, store):
        found = drafting.snapshot(store, _id(draft))
    write_files(folder, found.files)
    typer.echo(f"{folder}: {len(found.files)} files of {found.draft}, revision {found.revision}")


def submit(draft: str, actor: str, message: str, database_url: str) -> None:
    """Ask for a review."""
    with _drafts_at(database_url) as (_, store):
        found, _ = drafting.draft_view(store, _id(draft))
        checked = drafting.snapshot_to(DraftStepKind.PROPOSE, store, found.draft.id, found.revision)
        prepared(checked.files)
        _say(drafting.propose(store, checked, actor, message))


def approve(draft: str, actor: str, revision: int, reason: str, database_url: str) -> None:
    """Approve the files of a revision."""
    with _drafts_at(database_url) as (_, store):
        _say(drafting.decide(store, _id(draft), DraftDecision(actor, revision, is_approved=True, reason=reason)))


def refuse(draft: str, actor: str, reason: str, database_url: str) -> None:
    """Send a draft back."""
    with _drafts_at(database_url) as (_, store):
        found, _ = drafting.draft_view(store, _id(draft))
        decision = DraftDecision(actor, found.revision, is_approved=False, reason=reason)
        _say(drafting.decide(store, found.draft.id, decision))


def publish(draft: str, actor: str, reason: str, at: str | None, database_url: str) -> None:
    """Make an approved draft a release, and that release active."""
    when = future_time(at, "--at", "publish it now") if at else None
    with _drafts_at(database_url) as (rules, store):
        found, _ = drafting.draft_view(store, _id(draft))
        checked = drafting.snapshot_to(DraftStepKind.PUBLISH, store, found.draft.id, found.revision)
        ready = prepared(checked.files)
        made = drafting.publish_draft(rules, checked, ready, Decision(actor, reason), at=when)
    release = made.activation.release_id if made.activation is not None else ""
    typer.echo(f"scheduled: {release} from {in_both_zones(when)}" if when is not None else f"active: {release}")


def withdraw(draft: str, actor: str, reason: str, database_url: str) -> None:
    """Give a draft up."""
    with _drafts_at(database_url) as (_, store):
        _say(drafting.withdraw(store, _id(draft), actor, reason))


@contextmanager
def _drafts_at(database_url: str) -> Iterator[tuple[ReleaseRules, DraftStore]]:
    """The releases of a database, and the drafts beside them."""
    with opened(database_url) as database:
        rules = ReleaseRules(ReleaseStore(database))
        yield rules, drafts_of(rules)


def _id(text: str) -> str:
    """The id of a draft, as it may be given without its beginning."""
    return text if text.startswith(_PREFIX) else f"{_PREFIX}{text}"


def _say(found: DraftView) -> None:
    typer.echo(f"{found.draft.id}: {found.state}, revision {found.revision}")


def _data(found: DraftView) -> dict[str, Any]:
    """A draft as JSON has it."""
    steps = [each._asdict() | {"created_at": each.created_at.isoformat()} for each in found.steps]
    return {
        "id": found.draft.id,
        "title": found.draft.title,
        "owner": found.draft.owner,
        "created_at": found.draft.created_at.isoformat(),
        "state": found.state,
        "reason": found.reason,
        "revision": found.revision,
        "base": found.base,
        "active": found.active,
        "editors": sorted(found.editors),
        "file_count": found.file_count,
        "steps": steps,
    }


def _lines(name: str, before: bytes | None, after: bytes | None) -> Iterator[str]:
    """What differs in a file, line by line."""
    old, new = ((body or b"").decode(errors="replace").splitlines() for body in (before, after))
    names = ("/dev/null" if before is None else name, "/dev/null" if after is None else name)
    return difflib.unified_diff(old, new, *names, lineterm="")
