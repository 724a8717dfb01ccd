"""S11, the audit log: who did what to rules and data, to be filtered, checked and taken along."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from camcover.web.rendering import attachment
from camcover.web.staff.frame import framed, led_to, told_moment
from camcover.web.staff.visits import StaffPage, Visit, whole_number
from camcover.workflow.audit_reading import AuditEntry, AuditQuery, audit_page, audit_table
from camcover.workflow.auditing import checked
from camcover.workflow.roles import Role

__all__ = ["PAGES"]

_MOST_LISTED = 50
_LONGEST_NUMBER = 18
_DIGEST = re.compile("[0-9a-f]{64}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")
_CHECKED = "audit log checked"


class ShownEntry(NamedTuple):
    """An entry with its details as pairs of words."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: tuple[tuple[str, str], ...]
    hash: str


class CheckedLog(NamedTuple):
    """What came of a check of the log: when, by whom, and how many entries are as written, or what is not."""

    at: datetime
    by: str
    entries: int
    last_hash: str
    fault: str


async def _show(visit: Visit) -> Response:
    """The entries that are asked for, newest first."""
    wanted, below = _wanted(visit), _number(visit.asked("below"))
    found = await visit.site.look(audit_page, visit.site.releases.store.database, wanted, _MOST_LISTED, below)
    return framed(
        visit,
        "audit.html",
        "Audit log",
        entries=[_entry(each) for each in found.entries],
        more=found.more,
        actions=found.actions,
        wanted=wanted,
        query=urlencode({name: value for name, value in wanted._asdict().items() if value}),
        checked=visit.site.kept.get(_CHECKED),
    )


async def _check(visit: Visit) -> Response:
    """Compare the database with its log, and say what came of it."""
    database = visit.site.releases.store.database
    found = await visit.site.look(checked, database)
    visit.site.kept[_CHECKED] = CheckedLog(visit.site.now(), visit.person.subject, *found)
    return led_to("/audit")


async def _table(visit: Visit) -> Response:
    """The entries that are asked for as a file."""
    text = await visit.site.look(audit_table, visit.site.releases.store.database, _wanted(visit))
    return attachment(text.encode(), "audit.csv", "text/csv")


def _wanted(visit: Visit) -> AuditQuery:
    return AuditQuery(visit.asked("actor"), visit.asked("action"), visit.asked("subject"))


def _entry(entry: AuditEntry) -> ShownEntry:
    """An entry of the log to show."""
    told: Any = json.loads(entry.details)
    pairs = told.items() if isinstance(told, dict) else [("", told)]
    words = tuple((name.replace("_", " "), _words(value)) for name, value in pairs if name != "created_at")
    at = datetime.fromisoformat(entry.at)
    return ShownEntry(entry.seq, at, entry.actor, entry.action, entry.subject, words, entry.hash)


def _words(value: object) -> str:
    """A value of an entry's details: a time as the pages show it, a digest by its beginning."""
    text = "none" if value is None else str(value)
    if _DIGEST.fullmatch(text):
        return f"{text[:12]}…"
    return told_moment(datetime.fromisoformat(text)) if _MOMENT.fullmatch(text) else text


def _number(text: str) -> int:
    """The number of an entry in an address; 0 for anything else."""
    return (whole_number(text) or 0) if len(text) <= _LONGEST_NUMBER else 0


PAGES = (
    StaffPage("/audit", _show, _check, needs=Role.RULES_READ),
    StaffPage("/audit/entries.csv", _table),
)
