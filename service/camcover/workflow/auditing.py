"""Compares the database with its audit log: each release, file, decision, setting and step of a draft with its entry.

What comes in: a database. What goes out: what was checked, or the first difference. It cannot see two things. Of
estimates only erasures are in the log; those that were erased must not be there again. And it cannot tell that somebody
rebuilt the complete database with its log, unless the last hash was noted elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from camcover.rulebook import digest_of
from camcover.rulebook import release_id as id_of
from camcover.store import Activation, AuditEntry, AuditFault, Database, DraftBook, DraftStepKind, Ledger, Release
from camcover.store.audit import checked_entries
from camcover.store.drafts import digest_of_draft, step_details
from camcover.store.listing import there_again

__all__ = ["Checked", "Verified", "checked", "verify"]


class Verified(NamedTuple):
    """What is as it was written."""

    entries: int
    last_hash: str
    releases: int
    decisions: int
    settings: int
    drafts: int


class Checked(NamedTuple):
    """What came of a check: how many entries are as written and the last hash, or the first thing that is not."""

    entries: int
    last_hash: str
    fault: str


def checked(database: Database) -> Checked:
    """What `verify` finds, as words. Raises `StoreUnavailable`."""
    try:
        found = verify(database)
    except AuditFault as fault:
        return Checked(0, "", str(fault))
    return Checked(found.entries, found.last_hash, "")


class _AuditSubjects:
    """The objects that the log has entries for, by their kind."""

    def __init__(self) -> None:
        self.releases: dict[str, AuditEntry] = {}
        self.decisions: dict[int, AuditEntry] = {}
        self.cancellations: dict[int, AuditEntry] = {}
        self.settings: dict[int, AuditEntry] = {}
        self.erasures: dict[str, AuditEntry] = {}
        self.draft_steps: dict[tuple[str, int], AuditEntry] = {}

    def add(self, entry: AuditEntry) -> None:
        """Sort an entry in; one about what the others are not about is passed over."""
        match entry.action:
            case "publish":
                self.releases[entry.subject] = entry
            case "activate" | "rollback":
                self.decisions[_details(entry).get("activation", 0)] = entry
            case "cancel":
                self.cancellations[_details(entry).get("activation", 0)] = entry
            case "set":
                self.settings[entry.seq] = entry
            case "erase":
                self.erasures[entry.subject] = entry
            case action if action in _OF_DRAFTS:
                self.draft_steps[entry.subject, _details(entry).get("number", 0)] = entry


_OF_DRAFTS = {f"draft-{kind}" for kind in DraftStepKind}


def verify(database: Database, known: str = "") -> Verified:
    """Check the log, and everything that it tells of, as of one moment. `known`: a last hash noted earlier.

    Raises `AuditFault` with the first thing that is not as written, `StoreUnavailable`.
    """
    told, count, last = _AuditSubjects(), 0, "0" * 64
    with database.snapshot() as connection:
        for entry in checked_entries(connection, known):
            told.add(entry)
            count, last = entry.seq, entry.hash
        ledger = Ledger(connection)
        releases = _check_releases(ledger, told)
        decisions = _check_decisions(ledger, told)
        settings = _check_settings(ledger, told)
        _check_erasures(connection, told)
        drafts = _check_drafts(DraftBook(connection), told)
    return Verified(count, last, releases, decisions, settings, drafts)


def _check_releases(ledger: Ledger, told: _AuditSubjects) -> int:
    """Each release to its publication, its files to its digest."""
    ids = ledger.ids()
    _same_keys("release", told.releases, ids)
    for release_id in ids:
        release = ledger.release(release_id)
        if release is not None:
            _check_release(release, told.releases[release_id])
            _check_files(ledger, release)
            _check_tables(ledger, release)
    return len(ids)


def _check_release(release: Release, entry: AuditEntry) -> None:
    """A release to its publication; entries of before revision 0005 tell less of it."""
    _same(f"release {release.id}", entry, {"author": entry.actor} | _timed(entry), release._asdict())
    if release.id != id_of(release.digest):
        raise AuditFault(f"release {release.id}: its digest {release.digest} belongs to another release")


def _check_files(ledger: Ledger, release: Release) -> None:
    """The files of a release to its digest, which is in the log."""
    for name, digest, body in ledger.contents(release.id):
        if hashlib.sha256(body).hexdigest() != digest:
            raise AuditFault(f"release {release.id}: {name} was changed after it was published")
    try:
        texts = {name: body.decode() for name, body in ledger.files(release.id).items()}
    except UnicodeDecodeError as error:
        raise AuditFault(f"release {release.id}: one of its files is not text: {error}") from error
    if digest_of(texts) != release.digest:
        raise AuditFault(f"release {release.id}: its files differ from the published files")


def _check_tables(ledger: Ledger, release: Release) -> None:
    """The compiled rules of a release to the digests that the log has of them."""
    for schema, found in ledger.stored_digests(release.id).items():
        if found != ledger.digest_of(release.id, schema):
            raise AuditFault(f"release {release.id}: its compiled rules differ from those that the log records")


def _check_decisions(ledger: Ledger, told: _AuditSubjects) -> int:
    """Each decision, and each that was called off, to its entry."""
    decisions = {each.id: each for each in ledger.activations()}
    cancelled = {each.activation: each for each in ledger.cancellations()}
    _same_keys("activation", told.decisions, decisions)
    _same_keys("cancellation of activation", told.cancellations, cancelled)
    for number, decision in decisions.items():
        _check_decision(decision, told.decisions[number])
    for number, each in cancelled.items():
        entry = told.cancellations[number]
        written = {"actor": entry.actor, "reason": _details(entry).get("reason")}
        _same(f"cancellation of activation {number}", entry, written, {"actor": each.actor, "reason": each.reason})
    return len(decisions)


def _check_decision(decision: Activation, entry: AuditEntry) -> None:
    written = {"actor": entry.actor, "kind": entry.action, "release": entry.subject, **_timed(entry)}
    found = {
        "actor": decision.actor,
        "kind": str(decision.kind),
        "release": decision.release_id,
        "activation": decision.id,
        "from": decision.from_release,
        "reason": decision.reason,
        "created_at": decision.created_at,
        "effective_at": decision.effective_at,
        "only_from": decision.only_from,
    }
    _same(f"activation {decision.id}", entry, {"only_from": None} | written, found)


def _check_settings(ledger: Ledger, told: _AuditSubjects) -> int:
    """Each setting to its entry. Versions before revision 0005 kept the newest of each key alone."""
    settings = {each.entry: each for each in ledger.settings()}
    newest = {entry.subject: seq for seq, entry in told.settings.items()}
    missing = sorted(set(newest.values()) - settings.keys())
    if missing:
        raise AuditFault(f"the setting of entry {missing[0]} is missing")
    for number, each in settings.items():
        entry = told.settings.get(number)
        if entry is None:
            raise AuditFault(f"setting {each.key} = {each.value}: no entry of the log records it")
        written = {"key": entry.subject, **_details(entry)}
        _same(f"setting {each.key}", entry, written, {"key": each.key, "value": each.value})
    return len(newest)


def _check_erasures(connection: Connection, told: _AuditSubjects) -> None:
    """That nothing which was erased is there again, say from a backup."""
    for name in there_again(connection, told.erasures):
        raise AuditFault(f"{name} is there again, but entry {told.erasures[name].seq} records that it was erased")


def _check_drafts(book: DraftBook, told: _AuditSubjects) -> int:
    """Each step of each draft to its entry, and the files of each revision to the digest that it tells."""
    drafts = {each.id: each for each in book.drafts()}
    steps = {(each.draft_id, each.number): each for found in book.steps().values() for each in found}
    _same_keys("step of a draft", told.draft_steps, steps)
    if set(drafts) != {draft_id for draft_id, _ in steps}:
        raise AuditFault("a draft has no step, or a step no draft")
    for key, step in steps.items():
        entry = told.draft_steps[key]
        written = {"actor": entry.actor, "kind": entry.action} | _details(entry)
        found = {"actor": step.actor, "kind": f"draft-{step.kind}"} | step_details(drafts[step.draft_id], step)
        nothing = dict.fromkeys(written.keys() | found.keys())
        _same(f"step {step.number} of {step.draft_id}", entry, nothing | written, nothing | found)
        is_saved = step.kind in (DraftStepKind.CREATE, DraftStepKind.SAVE)
        if is_saved and digest_of_draft(step.base, book.files(step.draft_id, step.revision)) != step.digest:
            raise AuditFault(f"{step.draft_id}: files of revision {step.revision} were changed after they were saved")
    return len(drafts)


def _same_keys(what: str, told: Mapping[Any, AuditEntry], found: Iterable[Any]) -> None:
    """Raise AuditFault unless the log and the database have the same keys."""
    there = set(found)
    missing, untold = sorted(told.keys() - there), sorted(there - told.keys())
    if missing:
        raise AuditFault(f"{what} {missing[0]} is missing, but entry {told[missing[0]].seq} records it")
    if untold:
        raise AuditFault(f"{what} {untold[0]}: no entry of the log records it")


def _same(what: str, entry: AuditEntry, written: Mapping[str, object], found: Mapping[str, object]) -> None:
    """That each thing which the entry tells is so."""
    for key in sorted(written.keys() & found.keys()):
        if written[key] != found[key]:
            raise AuditFault(f"{what}: {key} is {found[key]!r}, but entry {entry.seq} records {written[key]!r}")


def _timed(entry: AuditEntry) -> dict[str, Any]:
    """The details of an entry, its times as times."""
    details = _details(entry)
    times = {key: datetime.fromisoformat(details[key]) for key in ("created_at", "effective_at") if key in details}
    return details | times


def _details(entry: AuditEntry) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(entry.details)
    return found
