"""Lines of a date in the order in which their codes are judged (docs/rule-language.md, point 48).

What comes in: services and lines, in units. What goes out: the same, where a line stands before one that its code waits
for, in order of rank. A procedure whose minutes come to no unit is no line, so that no code waits for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

from camcover.engine.asking.asked import Asked, AskedLine
from camcover.engine.compiling.vocabulary import Vocabulary

__all__ = ["do_codes_wait", "in_code_order"]


def in_code_order(asked: Asked, vocabulary: Vocabulary) -> Asked:
    """The services and lines, those of each date in their order."""
    if not vocabulary.ranks or not _may_wait({service.code for service in asked.services}, vocabulary.waits_for):
        return asked
    lines: list[AskedLine] = []
    for _, group in groupby(asked.lines, key=lambda line: line[0]):
        of_day = list(group)
        if do_codes_wait([asked.services[place].code for _, place, _ in of_day], vocabulary.waits_for):
            of_day.sort(key=lambda line: vocabulary.ranks.get(asked.services[line[1]].code, 0))
        lines += of_day
    return asked._replace(lines=lines)


def do_codes_wait(codes: Sequence[str], waits_for: Mapping[str, frozenset[str]]) -> bool:
    """Whether one of a day's codes stands before one that it waits for."""
    behind: set[str] = set()
    for code in reversed(codes):
        if code in waits_for and not behind.isdisjoint(waits_for[code]):
            return True
        behind.add(code)
    return False


def _may_wait(codes: Collection[str], waits_for: Mapping[str, frozenset[str]]) -> bool:
    """Whether one of a request's codes waits for another, on whatever dates they are."""
    return any(code in waits_for and not waits_for[code].isdisjoint(codes) for code in codes)
