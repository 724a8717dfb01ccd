"""The audit log as people read it: newest first, by person, kind and subject; and as a table to take along."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from typing import NamedTuple

from camcover.store import AuditEntry, AuditLog, Database
from camcover.store.audit import AuditQuery

__all__ = ["AuditEntry", "AuditPage", "AuditQuery", "audit_page", "audit_table", "inert"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets take a text that begins so for a formula, and run it."""

_COLUMNS = ("number", "at", "actor", "action", "subject", "details", "previous_hash", "hash")


class AuditPage(NamedTuple):
    """Some entries, newest first; `more`: the number below which the next page begins, 0 where there is none.

    `actions`: every kind of entry that the log has.
    """

    entries: tuple[AuditEntry, ...]
    more: int
    actions: tuple[str, ...]


def audit_page(database: Database, wanted: AuditQuery, most: int, below: int = 0) -> AuditPage:
    """At most so many of the entries that are wanted; with a number below `below`, if that is given.

    Raises `StoreUnavailable`.
    """
    log = AuditLog(database)
    found = log.newest(wanted, most + 1, below)
    return AuditPage(tuple(found[:most]), found[most - 1].seq if len(found) > most else 0, tuple(log.actions()))


def audit_table(database: Database, wanted: AuditQuery) -> str:
    """All entries that are wanted as CSV (RFC 4180), in their order. Raises `StoreUnavailable`.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    with closing(AuditLog(database).entries()) as entries:
        for entry in entries:
            if wanted.fits(entry):
                writer.writerow([entry.seq, *map(inert, entry[1:])])
    return out.getvalue()


def inert(text: str) -> str:
    """A text of a table that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
