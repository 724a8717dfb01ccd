"""`camcover rules publish` and what follows it: activate, roll back, look, export."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import typer
from rich import box
from rich.table import Table

from camcover.cli.folders import write_files
from camcover.cli.opening import opened
from camcover.cli.options import Switch, TableFormat
from camcover.cli.table import screen_for
from camcover.cli.times import future_time, in_both_zones
from camcover.rulebook import load
from camcover.store import Activation, ActivationKind, Release, ReleaseStore, without_effect
from camcover.workflow import activation
from camcover.workflow.activation import Decision
from camcover.workflow.errors import moment
from camcover.workflow.publishing import prepare
from camcover.workflow.publishing import publish as publish_release
from camcover.workflow.release_names import ACTIVE
from camcover.workflow.release_rules import ReleaseRules, find_release

_WIDTH = 140
"""Columns of a table where the output is no terminal."""


def publish(paths: list[Path], message: str, author: str, database_url: str) -> None:
    """Keep rule files as an immutable release; nothing becomes active by it."""
    if not message.strip():
        raise typer.BadParameter("found no text; expected what has changed", param_hint="--message")
    with opened(database_url) as database:
        release, is_new = publish_release(ReleaseStore(database), prepare(load(*paths)), author, message)
    said = "published" if is_new else f"was published before, by {release.author} on {moment(release.created_at)}:"
    typer.echo(f"{said} {release.id}: {release.plan_count} plans in {release.file_count} files")


def activate(release: str, actor: str, reason: str, at: str | None, expect: str | None, database_url: str) -> None:
    """Make a release the active one, now or at a time; every service on this database follows within two seconds."""
    when = future_time(at, "--at") if at else None
    with opened(database_url) as database:
        store = ReleaseStore(database)
        with store.reading() as ledger:
            found = find_release(ledger, release)
        decision = Decision(actor, reason or found.message, expect)
        _say(activation.activate(ReleaseRules(store), found.id, decision, when), when)
        _warn_of_clock(store)


def rollback(actor: str, reason: str, expect: str | None, database_url: str) -> None:
    """Return to the release that was active before the present one; again and again, as far as there are any."""
    with opened(database_url) as database:
        releases = ReleaseRules(ReleaseStore(database))
        _say(activation.roll_back(releases, Decision(actor, reason, expect)), None)
        _warn_of_clock(releases.store)


def cancel(number: int, actor: str, reason: str, database_url: str) -> None:
    """Call off a scheduled activation before its time."""
    with opened(database_url) as database:
        called_off = activation.cancel(ReleaseStore(database), number, Decision(actor, reason))
    typer.echo(f"called off: activation {number} of {called_off.release_id} on {moment(called_off.effective_at)}")


def list_releases(words: str, limit: int, output: TableFormat, database_url: str) -> None:
    """The releases, newest first, the active one marked."""
    with opened(database_url) as database, ReleaseStore(database).reading() as ledger:
        releases = ledger.releases(limit, words=words)
        active = ledger.active()
    if output is TableFormat.JSON:
        data = [_release_data(each) | {"active": each.id == active} for each in releases]
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    table = _table("", "Release", "Published", "By", "Plans", "Message")
    for each in releases:
        mark = ACTIVE if each.id == active else ""
        table.add_row(mark, each.id, moment(each.created_at), each.author, str(each.plan_count), each.message)
    _print(table)


def show(release: str, output: TableFormat, database_url: str) -> None:
    """One release: who published it, when it was active, and its files."""
    with opened(database_url) as database, ReleaseStore(database).reading() as ledger:
        found = find_release(ledger, release)
        decisions = [each for each in ledger.activations() if each.release_id == found.id]
        files = {name: len(content) for name, content in ledger.files(found.id).items()}
    if output is TableFormat.JSON:
        data = _release_data(found) | {"activations": list(map(_activation_data, decisions)), "files": files}
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{found.id}\n  published {moment(found.created_at)} by {found.author}: {found.message}")
    typer.echo(f"  while {found.parent or 'nothing'} was active; SHA-256 {found.digest}")
    for each in decisions:
        typer.echo(f"  {_said_of(each)}")
    for name, size in files.items():
        typer.echo(f"  {name} ({size} bytes)")


def history(output: TableFormat, database_url: str) -> None:
    """What was active when, by whose decision, and what is scheduled."""
    with opened(database_url) as database, ReleaseStore(database).reading() as ledger:
        decisions = ledger.activations()
        idle = without_effect(decisions, ledger.now())
    if output is TableFormat.JSON:
        typer.echo(json.dumps(list(map(_activation_data, decisions)), indent=2, ensure_ascii=False))
        return
    table = _table("No.", "From", "Release", "In place of", "What", "By", "Reason")
    for each in decisions:
        what = "called off" if each.is_cancelled else "without effect" if each.id in idle else str(each.kind)
        when, instead = moment(each.effective_at), each.from_release or "-"
        table.add_row(str(each.id), when, each.release_id, instead, what, each.actor, each.reason)
    _print(table)


def export(release: str, folder: Path, database_url: str) -> None:
    """Write a release's files to a folder, byte for byte as they were published."""
    with opened(database_url) as database, ReleaseStore(database).reading() as ledger:
        found = find_release(ledger, release)
        files = ledger.files(found.id)
    write_files(folder, files)
    typer.echo(f"{folder}: {len(files)} files of {found.id}")


def four_eyes(switch: Switch, actor: str, database_url: str) -> None:
    """Say whether a release may be activated by the person who published it. Rolling back is always allowed."""
    with opened(database_url) as database:
        is_on = activation.switch_four_eyes(ReleaseStore(database), actor, is_on=switch is Switch.ON)
    if is_on and switch is Switch.OFF:
        typer.echo("four eyes: on, until somebody else says off, too")
    else:
        typer.echo(f"four eyes: {switch}")


def _say(decision: Activation, when: datetime | None) -> None:
    """What was decided."""
    instead = f", in place of {decision.from_release}" if decision.from_release else ""
    if when is not None:
        typer.echo(f"scheduled: {decision.release_id} from {in_both_zones(when)} (activation {decision.id})")
    else:
        typer.echo(f"active: {decision.release_id}{instead} (activation {decision.id})")


def _warn_of_clock(store: ReleaseStore) -> None:
    """Say where a clock was wrong when a decision was made."""
    warning = activation.clock_warning(store)
    if warning:
        typer.echo(f"warning: {warning}", err=True)


def _said_of(decision: Activation) -> str:
    """The words of a decision about a release; the release's name stands before them."""
    what = "rolled back to" if decision.kind is ActivationKind.ROLLBACK else "activated"
    if decision.is_cancelled:
        what = "called off for"
    return f"{what} {moment(decision.effective_at)} by {decision.actor}: {decision.reason}"


def _release_data(release: Release) -> dict[str, object]:
    return release._asdict() | {"created_at": release.created_at.isoformat()}


def _activation_data(decision: Activation) -> dict[str, object]:
    times = {"created_at": decision.created_at.isoformat(), "effective_at": decision.effective_at.isoformat()}
    return decision._asdict() | times


def _table(*names: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in names:
        table.add_column(name, no_wrap=name not in ("Message", "Reason"))
    return table


def _print(table: Table) -> None:
    screen_for(_WIDTH).print(table, highlight=False)
