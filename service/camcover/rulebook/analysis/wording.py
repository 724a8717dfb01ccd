"""Boxes of a grid in words: `any`, `18 or more`, `acupuncturist, physician`, `chronic-low-back-pain, not pregnancy`.

What comes in: a grid and the positions of a row on one axis. What goes out: short texts for a table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from camcover.rulebook.analysis.cells import Box, Grid
from camcover.rulebook.analysis.criteria import Check, Subject, Value, attestations_asked, waits_asked
from camcover.rulebook.analysis.options import OLDEST_MEMBER
from camcover.rulebook.words import waiting_state, waiting_words

__all__ = ["ANY", "AXES", "age_words", "axis_words"]

AXES = (
    Subject.TIER,
    Subject.DIAGNOSIS,
    Subject.SETTING,
    Subject.AGE,
    Subject.ATTESTATION,
    Subject.ROLE,
    Subject.STATUS,
    Subject.WAITING,
    Subject.PRACTITIONER,
    Subject.STATE,
    Subject.LICENSE,
)
"""What the axes of a grid are about, in order."""

_MOST_NAMES = 4
ANY = "any"
_UNKNOWN = "not known"


def axis_words(grid: Grid, axis: int, box: Box) -> str:
    """The words for one axis of a row's box."""
    if len(box[axis]) == len(grid.axes[axis]) and (len(grid.axes[axis]) > 1 or len(grid.axes[axis][0].values) > 1):
        return ANY
    if AXES[axis] is Subject.DIAGNOSIS:
        return _diagnosis_words(grid, box[axis])
    if AXES[axis] is Subject.ATTESTATION:
        return _attestation_words(grid, axis, box[axis])
    if AXES[axis] is Subject.WAITING:
        return _waited_words(grid, axis, box[axis])
    chosen = [value for place in sorted(box[axis]) for value in grid.axes[axis][place].values]
    every = [value for alike in grid.axes[axis] for value in alike.values]
    values: Sequence[Value] = [value for value in chosen if not isinstance(value, tuple)]
    if AXES[axis] is Subject.AGE:
        return age_words(values)
    return _name_words([str(value) for value in values], [str(value) for value in every])


def _name_words(names: Collection[str], every: Collection[str]) -> str:
    """Names, or "all but the others" if these are fewer; an unknown value is named separately."""
    known = [name for name in names if name]
    others = [name for name in every if name and name not in names]
    parts = []
    if known and others:
        parts.append(", ".join(known) if len(known) <= len(others) else f"any but {', '.join(others)}")
    elif known:
        parts.append(known[0] if len(known) == 1 else f"{ANY} that is known")
    if "" in names:
        parts.append(_UNKNOWN)
    whole = len(known) > 1 and not others and "" in names
    return ANY if whole else " or ".join(parts)


def age_words(ages: Iterable[Value]) -> str:
    """Ranges of completed years."""
    given = list(ages)
    years = sorted(age for age in given if isinstance(age, int))
    parts: list[str] = []
    while years:
        end = next((place for place in range(1, len(years)) if years[place] != years[place - 1] + 1), len(years))
        parts.append(_range_words(years[0], years[end - 1]))
        years = years[end:]
    if None in given:
        parts.append(_UNKNOWN)
    return " or ".join(parts)


def _range_words(first: int, last: int) -> str:
    """`18 or more`, `17 or less`, `18 to 64`, `40`."""
    if last == OLDEST_MEMBER:
        return f"{first} or more" if first else f"{ANY} that is known"
    if first == 0:
        return f"{last} or less"
    return f"{first} to {last}" if first < last else str(first)


def _attestation_words(grid: Grid, axis: int, places: Collection[int]) -> str:
    """The attestations that are there, of those that the rules ask for: `referral, not active_treatment`."""
    asked = attestations_asked(grid.checks)
    sets = [value for place in sorted(places) for value in grid.axes[axis][place].values if isinstance(value, tuple)]
    told = ([word if word in value else f"not {word}" for word in asked] for value in sets)
    return " or ".join(", ".join(each) for each in told)


def _waited_words(grid: Grid, axis: int, places: Collection[int]) -> str:
    """Which waiting periods are over of those that the rules ask for: `2 months over`, `before year 2`."""
    asked = [waiting_words(each) for each in waits_asked(grid.checks)]
    sets = [value for place in sorted(places) for value in grid.axes[axis][place].values if isinstance(value, tuple)]
    told = ([waiting_state(word, is_over=word in value) for word in asked] for value in sets)
    return " or ".join(", ".join(each) for each in told)


def _diagnosis_words(grid: Grid, places: Collection[int]) -> str:
    """The sets of diagnoses in the rules' own words: few conjunctions that cover exactly these sets."""
    asked = [(1 << number, check) for number, check in enumerate(grid.checks) if check.subject is Subject.DIAGNOSIS]
    axis = grid.axes[AXES.index(Subject.DIAGNOSIS)]
    if len(axis) == 1:
        codes = axis[0].values[0]
        return ", ".join(codes) if isinstance(codes, tuple) and codes else "none"
    labels = {check.allowed: _label(check) for _, check in asked}
    groups = list(labels)
    sets = [{check.allowed for bit, check in asked if bool(alike.fails & bit) == check.refuses} for alike in axis]
    wanted = [sets[place] for place in sorted(places)]
    refused = [each for place, each in enumerate(sets) if place not in places]
    words: list[str] = []
    while wanted:
        literals = [(group, group in wanted[0]) for group in groups]
        for literal in reversed(list(literals)):
            rest = [each for each in literals if each != literal]
            if not any(_meets(each, rest) for each in refused):
                literals = rest
        wanted = [each for each in wanted if not _meets(each, literals)]
        words.append(", ".join(labels[group] if held else f"not {labels[group]}" for group, held in literals))
    return " or ".join(words)


def _meets(matched: Collection[frozenset[str]], literals: Iterable[tuple[frozenset[str], bool]]) -> bool:
    """Whether a set of diagnoses matches and fails to match the groups as the literals say."""
    return all((group in matched) == held for group, held in literals)


def _label(check: Check) -> str:
    """What a check asks about: its conditions and ICD-10 prefixes by name."""
    if check.block is None:
        return check.key
    if check.refuses:
        names = [str(name) for name in check.block.not_conditions or ()]
    else:
        names = [str(name) for name in (*(check.block.conditions or ()), *(check.block.icd10 or ()))]
    shown = " / ".join(names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown
