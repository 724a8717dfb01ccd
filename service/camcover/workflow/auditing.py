"""Compares the database with its audit log: each release, file, decision and setting with its log entry.

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
from camcover.store import Activation, AuditEntry, AuditFault, Database, Ledger, Release
from camcover.store.audit import checked_entries
from camcover.store.listing import there_again

__all__ = ["Verified", "verify"]


class Verified(NamedTuple):
    """What is as it was written."""

    entries: int
    last_hash: str
    releases: int
    decisions: int
    settings: int


class _AuditSubjects:
    """The objects that the log has entries for, by their kind."""

    def __init__(self) -> None:
        self.releases: dict[str, AuditEntry] = {}
        self.decisions: dict[int, AuditEntry] = {}
        self.cancellations: dict[int, AuditEntry] = {}
        self.settings: dict[int, AuditEntry] = {}
        self.erasures: dict[str, AuditEntry] = {}

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
    return Verified(count, last, releases, decisions, settings)


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
    }
    _same(f"activation {decision.id}", entry, written, found)


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
