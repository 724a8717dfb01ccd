"""What a user of the analysis names: kinds of findings, and the age of a member."""

from __future__ import annotations

from enum import StrEnum

from camcover.request_bounds import AGE

__all__ = ["OLDEST_MEMBER", "FindingKind"]

OLDEST_MEMBER = AGE.most
"""Completed years up to which ages are told apart: the most that a request may state."""


class FindingKind(StrEnum):
    """What `rules analyze` looks for, by the words of `--fail-on`."""

    GAPS = "gaps"
    OVERLAPS = "overlaps"
    DEAD = "dead"
    LIMITS = "limits"
    CLIFFS = "cliffs"
