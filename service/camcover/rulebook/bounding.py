"""Bounds the findings that are shown: the first faults of a file, the beginning and end of a long text.

What comes in: every diagnostic. What goes out: the ones to show, sorted. A file of 1 MiB may have 50,000 faults, or one
word of a million letters. That is of no use to a person or a program.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, groupby, takewhile

from camcover.messages import Argument, Message, WordList, sentence
from camcover.rulebook.diagnostics import Diagnostic, Severity, declare
from camcover.rulebook.printable import MOST_LETTERS, shortened

__all__ = ["MOST_FINDINGS", "MOST_IN_ALL", "bounded"]

MOST_FINDINGS = 100
"""Errors, and warnings, of one file that are told; of more, how many there are."""

MOST_IN_ALL = 2_000
"""Findings of all files together that are told: errors before warnings."""

MORE_FINDINGS = declare(
    "more-findings",
    Severity.ERROR,
    f"A file has more than {MOST_FINDINGS} errors, or warnings, or all files together more than {MOST_IN_ALL:,}. "
    "Only the first of them are listed; the others are counted.",
    "Correct the listed ones and check again. Many findings often have one cause, such as a wrong indentation.",
)


_MORE_OF_FILE = {each: sentence(f"more-findings-{each}s", "count", "more") for each in Severity}
"""`count` settles the plural, `more` is the same number as it stands in the sentence."""
_MORE_IN_ALL = sentence("more-findings-in-all", "errors", "warnings", "most")
_CORRECT_THOSE_ABOVE = sentence("more-findings-correct-those-above")
_CORRECT_THE_LISTED = sentence("more-findings-correct-the-listed")


def bounded(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics in order of place, each once, no more of a file, and of all, than a reader has use for."""
    ordered = sorted(set(found), key=_order)
    told: list[Diagnostic] = []
    for _, group in groupby(ordered, key=lambda each: each.at.file):
        of_file = list(group)
        kept = [_first([each for each in of_file if each.severity is severity]) for severity in Severity]
        told += sorted((each for some in kept for each in some), key=lambda each: each.at)
    return tuple(told) if len(told) <= MOST_IN_ALL else _first_of_all(told, ordered)


def _order(fault: Diagnostic) -> tuple[str, int, int, str, str]:
    """By place, then by code and by the whole text."""
    at = fault.at
    return at.file, at.line, at.column, fault.code, fault.finding.text


def _first_of_all(told: Sequence[Diagnostic], every: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Of too many findings in many files the first errors, where there is room warnings, and how many there are."""
    kept = set(sorted(told, key=lambda each: each.severity is not Severity.ERROR)[:MOST_IN_ALL])
    left = [each for each in told if each not in kept]
    worst = min(left, key=lambda each: each.severity is not Severity.ERROR)
    errors = sum(each.severity is Severity.ERROR for each in every)
    finding = _MORE_IN_ALL(errors=str(errors), warnings=str(len(every) - errors), most=MOST_IN_ALL)
    more = Diagnostic(MORE_FINDINGS.code, worst.severity, worst.at, finding, _CORRECT_THE_LISTED())
    return (*(each for each in told if each in kept), more)


def _first(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The first of a file's errors or warnings, and how many more there are."""
    told = list(map(_shortened, found[:MOST_FINDINGS]))
    more = len(found) - len(told)
    if more:
        severity, at = found[0].severity, found[MOST_FINDINGS].at
        finding = _MORE_OF_FILE[severity](count=more, more=str(more))
        told.append(Diagnostic(MORE_FINDINGS.code, severity, at, finding, _CORRECT_THOSE_ABOVE()))
    return told


def _shortened(fault: Diagnostic) -> Diagnostic:
    """A fault whose arguments are short; its texts are those of the whole fault."""
    advice = None if fault.advice is None else _short_message(fault.advice)
    return replace(fault, finding=_short_message(fault.finding), advice=advice)


def _short_message(message: Message) -> Message:
    return Message(message.id, tuple([(name, _short_argument(value)) for name, value in message.arguments]))


def _short_argument(value: Argument) -> Argument:
    """A value with every text in it shortened, to ends as long as those that a whole message is shown with."""
    match value:
        case str():
            return shortened(value)
        case Message():
            return _short_message(value)
        case WordList():
            return WordList(_short_list(value.items), value.is_choice)
        case _:
            return value


def _short_list(items: Sequence[Argument]) -> tuple[Argument, ...]:
    """The first and the last items, as many as a whole message shows of them, and `…` for the others."""
    first, last = _shown(items), _shown(items[::-1])
    if first + last >= len(items):
        return tuple(map(_short_argument, items))
    return *map(_short_argument, items[:first]), "…", *map(_short_argument, items[-last:])


def _shown(items: Iterable[Argument]) -> int:
    """How many items fill one of the two ends that a message is shown with."""
    letters = accumulate(len(each.text if isinstance(each, Message) else str(each)) for each in items)
    return 1 + sum(1 for _ in takewhile(lambda sum_so_far: sum_so_far < MOST_LETTERS // 2, letters))
