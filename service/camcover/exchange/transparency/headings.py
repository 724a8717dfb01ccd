"""What a Transparency in Coverage file says of itself: who reports, of which plan, as of which day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from camcover.exchange.cells import one_line_of
from camcover.exchange.json_stream import JsonStream
from camcover.exchange.notes import Unread, UnreadableFile, quoted

__all__ = ["HEADING", "check_plan", "heading_text", "told_of"]

HEADING = frozenset({"reporting_entity_name", "plan_name", "plan_id", "last_updated_on"})
"""The fields at the top that are kept."""

_LONGEST = 120


def heading_text(value: Any) -> str:
    """A text of the heading as it may stand in a rule file; empty where it is none."""
    return one_line_of(value[:_LONGEST]) if isinstance(value, str) else ""


def check_plan(stream: JsonStream, heading: Mapping[str, str], plan_id: str) -> None:
    """Raise `UnreadableFile` where a plan is asked for and the file names another one, or none."""
    found = heading.get("plan_id", "")
    if plan_id and found != plan_id:
        told = f"the plan {quoted(found)}" if found else "no plan_id"
        raise UnreadableFile([Unread(stream.name, 0, "", told, f"the plan {quoted(plan_id)}")])


def told_of(heading: Mapping[str, str]) -> str:
    """`Example Health, plan Silver One, as of 2026-01-15`."""
    plan, day = heading.get("plan_name", ""), heading.get("last_updated_on", "")
    parts = [heading.get("reporting_entity_name", ""), plan and f"plan {plan}", day and f"as of {day}"]
    return ", ".join(part for part in parts if part) or "a payer that is not named"
