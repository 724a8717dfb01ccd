"""Bounds the findings that are shown: the first faults of a file, the beginning and end of a long message.

What comes in: every diagnostic. What goes out: the ones to show, sorted. A file of 1 MiB may have 50,000 faults, or one
word of a million letters. That is of no use to a person or a program.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from camcover.rulebook.diagnostics import Diagnostic, Severity, declare

__all__ = ["MOST_FINDINGS", "MOST_IN_ALL", "bounded"]

MOST_FINDINGS = 100
"""Errors, and warnings, of one file that are told; of more, how many there are."""

MOST_IN_ALL = 2_000
"""Findings of all files together that are told: errors before warnings."""

MOST_LETTERS = 400
"""The longest message and the longest hint."""

MORE_FINDINGS = declare(
    "more-findings",
    Severity.ERROR,
    f"A file has more than {MOST_FINDINGS} errors, or warnings, or all files together more than {MOST_IN_ALL:,}. "
    "Only the first of them are listed; the others are counted.",
    "Correct the listed ones and check again. Many findings often have one cause, such as a wrong indentation.",
)


def bounded(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics in order of place, each once, no more of a file, and of all, than a reader has use for."""
    ordered = sorted(set(found), key=lambda each: (each.at.file, each.at.line, each.at.column, each.code, each.message))
    told: list[Diagnostic] = []
    for _, group in groupby(ordered, key=lambda each: each.at.file):
        of_file = list(group)
        kept = [_first([each for each in of_file if each.severity is severity]) for severity in Severity]
        told += sorted((each for some in kept for each in some), key=lambda each: each.at)
    return tuple(told) if len(told) <= MOST_IN_ALL else _first_of_all(told, ordered)


def _first_of_all(told: Sequence[Diagnostic], every: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Of too many findings in many files the first errors, where there is room warnings, and how many there are."""
    kept = set(sorted(told, key=lambda each: each.severity is not Severity.ERROR)[:MOST_IN_ALL])
    left = [each for each in told if each not in kept]
    worst = min(left, key=lambda each: each.severity is not Severity.ERROR)
    errors = sum(each.severity is Severity.ERROR for each in every)
    warnings = len(every) - errors
    message = f"all files have {errors} errors and {warnings} warnings; only {MOST_IN_ALL:,} of them are listed"
    hint = "correct the listed ones and check again"
    more = Diagnostic(MORE_FINDINGS.code, worst.severity, worst.at, message, hint)
    return (*(each for each in told if each in kept), more)


def _first(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The first of a file's errors or warnings, and how many more there are."""
    told = list(map(_shortened, found[:MOST_FINDINGS]))
    more = len(found) - len(told)
    if more:
        severity, at = found[0].severity, found[MOST_FINDINGS].at
        message = f"this file has {more} more {severity}{'s' * (more > 1)} from here on, not listed"
        told.append(Diagnostic(MORE_FINDINGS.code, severity, at, message, "correct those above and check again"))
    return told


def _shortened(fault: Diagnostic) -> Diagnostic:
    if max(len(fault.message), len(fault.hint)) <= MOST_LETTERS:
        return fault
    return replace(fault, message=_cut(fault.message), hint=_cut(fault.hint))


def _cut(text: str) -> str:
    """A text without its middle, where it is too long."""
    half = MOST_LETTERS // 2
    return text if len(text) <= MOST_LETTERS else f"{text[:half]} … {text[-half:]}"
