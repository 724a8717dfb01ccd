"""iCalendar (RFC 5545): content lines, escaped and folded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

__all__ = ["DayEvent", "calendar"]

_LINE_OCTETS = 75
_END = "\r\n"
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


class DayEvent(NamedTuple):
    """An event of a whole day: what it is in a few words, and its text, which may have several lines."""

    day: date
    summary: str
    text: str


def calendar(events: Iterable[DayEvent], language: str) -> str:
    """A calendar of events that take up no time of their days; `language`: of their texts (BCP 47).

    Each event gets an id of its own, so that calendars of two people never overwrite each other.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Camcover//Plan of care//EN"]
    for each in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{uuid4()}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{each.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{each.day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY;LANGUAGE={language}:{_escaped(each.summary)}",
            f"DESCRIPTION;LANGUAGE={language}:{_escaped(each.text)}",
            "CLASS:PRIVATE",
            "STATUS:TENTATIVE",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) + _END for line in lines)


def _escaped(text: str) -> str:
    """A text as a value: without control characters, and with what has a meaning escaped."""
    return "".join(each for each in text if each == "\n" or each.isprintable()).translate(_ESCAPES)


def _folded(line: str) -> str:
    """A line in parts of at most 75 octets, of which no character is cut; further parts begin with a space."""
    parts, part, octets = [], "", 0
    for each in line:
        size = len(each.encode())
        if octets + size > _LINE_OCTETS:
            parts.append(part)
            part, octets = " ", 1
        part += each
        octets += size
    return _END.join([*parts, part])
