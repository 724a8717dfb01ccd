"""All lines that a request may ask of a service, sorted into finitely many cells; no rule divides a cell.

What comes in: a stretch, a service, and the facts that narrow the question. What goes out: a `Grid`. For each aspect of
a line it has classes of values; the values of a class meet and fail the same criteria. It also has the `patterns`:
which criteria of which rules fail together on some line, each with such a line. The grid is exact: every line falls
into one cell, and the cell's pattern alone tells how the rules decide the line (docs/rule-language.md, section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, combinations, product
from typing import NamedTuple

from camcover.rulebook.analysis.criteria import (
    Check,
    Subject,
    Value,
    attestations_asked,
    checks_of,
    licensing_states,
    waits_asked,
)
from camcover.rulebook.analysis.diagnoses import Codes, TooManyCells, diagnosis_sets
from camcover.rulebook.analysis.options import OLDEST_MEMBER
from camcover.rulebook.analysis.services import Service, Stretch
from camcover.rulebook.checks.regions import ends_first, normalised
from camcover.rulebook.records import STATES, Attestation, MemberRole, MemberStatus, RuleSet, Setting
from camcover.rulebook.words import waiting_words

MOST_CELLS = 200_000
"""Patterns, or sets of diagnoses, of one service that are looked at; more are refused, not sampled."""

UNKNOWN_AGE = -1
"""Completed years of `LineFacts` that are known to be not given; no criterion is met by them."""

_USUAL_AGE = 40

_BEFORE_WHO = 8
"""Axes before those of practitioner, state and license, which do not occur in every combination."""

_Values = tuple[Value | Codes, ...]


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What is known of the line; None = open. An empty text or tuple, or UNKNOWN_AGE, is known to be not given."""

    tier: str | None = None
    diagnoses: Codes | None = None
    setting: str | None = None
    age: int | None = None
    practitioner: str | None = None
    state: str | None = None
    attestations: tuple[str, ...] | None = None
    role: str | None = None
    status: str | None = None
    waited: tuple[str, ...] | None = None


class CellLine(NamedTuple):
    """One line in the respects that decide which rule applies; "" and None: not known. Attestations: all there are.

    `waited`: the waiting periods that are over, in words; None where no rule has one.
    """

    tier: str
    diagnoses: Codes
    setting: str
    age: int | None
    attestations: tuple[str, ...]
    role: str
    status: str
    waited: tuple[str, ...] | None
    practitioner: str
    state: str


@dataclass(frozen=True, slots=True)
class EquivalenceClass:
    """Values that no rule distinguishes; the first one represents them. `fails` masks the checks they fail.

    For diagnoses the one value is the fewest codes that make the set; for a license it is "yes" or "no".
    """

    values: tuple[Value | Codes, ...]
    fails: int


class PractitionerInState(NamedTuple):
    """A practitioner and a state that stand for their places on the axes, and for the place on that of the license."""

    practitioner: str
    state: str
    places: tuple[int, int, int]


Box = tuple[frozenset[int], ...]
"""Places on each axis of a grid."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one service in one stretch; `spans` masks the checks of each rule.

    `axes` are in the order of the fields of `CellLine`; the last one says whether the state licenses the practitioner.
    Since state and practitioner determine the license, `whos` holds the combinations that occur.
    """

    stretch: Stretch
    service: Service
    checks: tuple[Check, ...]
    spans: tuple[int, ...]
    axes: tuple[tuple[EquivalenceClass, ...], ...]
    whos: tuple[PractitionerInState, ...]

    def first_failures(self, fails: int) -> int:
        """Of a mask of failed checks only the first of each rule."""
        kept = 0
        for span in self.spans:
            own = fails & span
            kept |= own & -own
        return kept

    def places_of(self, fails: int) -> tuple[int, ...]:
        """The place on each axis of a line, by the mask of all checks that it fails."""
        return tuple(_place_on(axis, fails) for axis in self.axes)

    def patterns(self, box: Box | None = None) -> dict[int, CellLine]:
        """Each set of first failed checks that some line has, with one such line.

        `box` narrows each axis. Raises `TooManyCells`.
        """
        places = box or tuple(frozenset(range(len(axis))) for axis in self.axes)
        found: dict[int, _Values] = {0: ()}
        for axis, chosen in zip(self.axes[:_BEFORE_WHO], places[:_BEFORE_WHO], strict=True):
            found = self._extended(found, [(axis[place].fails, axis[place].values[:1]) for place in sorted(chosen)])
        joint: dict[int, _Values] = {}
        for who in self.whos:
            if all(place in chosen for place, chosen in zip(who.places, places[_BEFORE_WHO:], strict=True)):
                parts = zip(self.axes[_BEFORE_WHO:], who.places, strict=True)
                joint.setdefault(sum(axis[place].fails for axis, place in parts), (who.practitioner, who.state))
        return {mask: CellLine._make(values) for mask, values in self._extended(found, joint.items()).items()}

    def _extended(self, found: Mapping[int, _Values], choices: Iterable[tuple[int, _Values]]) -> dict[int, _Values]:
        """Each pattern so far with each choice of the next axis."""
        more = list(choices)
        extended: dict[int, _Values] = {}
        for mask, values in found.items():
            for fails, chosen in more:
                extended.setdefault(self.first_failures(mask | fails), values + chosen)
            if len(extended) > MOST_CELLS:
                raise TooManyCells(MOST_CELLS)
        return extended


def _place_on(axis: Sequence[EquivalenceClass], fails: int) -> int:
    """The place of the class that fails just those checks of `fails` that the axis is about."""
    asked = 0
    for alike in axis:
        asked |= alike.fails
    return next(place for place, alike in enumerate(axis) if alike.fails == fails & asked)


def grid_of(stretch: Stretch, service: Service, rules: RuleSet, facts: LineFacts | None = None) -> Grid:
    """The cells of a service. Raises `TooManyCells`."""
    known = facts or LineFacts()
    checks = tuple(checks_of(service.rules, rules, stretch.first))
    licensing = licensing_states(rules, stretch.first, service.therapy)
    ages: tuple[Value, ...] = (_USUAL_AGE, *range(_USUAL_AGE), *range(_USUAL_AGE + 1, OLDEST_MEMBER + 1), None)
    practitioners = _alike(checks, {Subject.PRACTITIONER}, _values(known.practitioner, (*licensing, "")))
    states = _alike(checks, {Subject.STATE}, _values(known.state, (*STATES, "")))
    asked = sum(1 << number for number, check in enumerate(checks) if check.subject is Subject.LICENSE)
    licensed = {"yes": 0, "no": asked} if asked else {"not asked": 0}
    licenses = tuple(EquivalenceClass((word,), fails) for word, fails in licensed.items())
    if asked and (known.state is not None or known.practitioner is not None):
        practitioners, states = _by_license(checks, known, licensing)
        asked, licenses = 0, (EquivalenceClass(("said by practitioner and state",), 0),)
    axes = (
        _alike(checks, {Subject.TIER}, _values(known.tier, tuple(map(str, stretch.plan.tiers)))),
        _diagnoses(checks, known.diagnoses),
        _alike(checks, {Subject.SETTING}, _values(known.setting, tuple(map(str, Setting)))),
        _alike(checks, {Subject.AGE}, ages if known.age is None else (known.age,)),
        _alike(checks, {Subject.ATTESTATION}, _attestations(checks, known.attestations)),
        _alike(checks, {Subject.ROLE}, _of_member(checks, Subject.ROLE, known.role, MemberRole)),
        _alike(checks, {Subject.STATUS}, _of_member(checks, Subject.STATUS, known.status, MemberStatus)),
        _alike(checks, {Subject.WAITING}, _waited(checks, known.waited)),
        practitioners,
        states,
        licenses,
    )
    spans = tuple(_mask(checks, number) for number in range(len(service.rules)))
    return Grid(stretch, service, checks, spans, axes, _whos(practitioners, states, licensing if asked else None))


def _values(known: str | None, all_values: tuple[Value, ...]) -> tuple[Value, ...]:
    """The values of an axis: the known one alone, or all."""
    return all_values if known is None else (known,)


def _of_member(checks: Sequence[Check], subject: Subject, known: str | None, words: type[StrEnum]) -> tuple[Value, ...]:
    """The values of a fact of the member; what no check asks for is not given."""
    is_asked = any(check.subject is subject for check in checks)
    return _values(known, (*map(str, words), "") if is_asked else ("",))


def _attestations(checks: Sequence[Check], known: tuple[str, ...] | None) -> Iterator[Value]:
    """All attestations except a part of those that the checks ask for, for each part, the empty one first.

    If the attestations are known, only these.
    """
    if known is not None:
        yield known
        return
    asked = attestations_asked(checks)
    for missing in chain.from_iterable(combinations(asked, size) for size in range(len(asked) + 1)):
        yield tuple(str(each) for each in Attestation if each not in missing)


def _waited(checks: Sequence[Check], known: tuple[str, ...] | None) -> Iterator[Value]:
    """The waiting periods that may be over together, all of them first, or the known ones; None: none is asked for."""
    asked = waits_asked(checks)
    if known is not None or not asked:
        yield known
        return
    for going_on in chain.from_iterable(combinations(asked, size) for size in range(len(asked) + 1)):
        over = [each for each in asked if each not in going_on]
        if not any(ends_first(short, long) for short, long in product(going_on, over)):
            yield tuple(map(waiting_words, over))


def _mask(checks: Sequence[Check], rule: int) -> int:
    """The bits of a rule's checks."""
    return sum(1 << number for number, check in enumerate(checks) if check.rule == rule)


def _alike(
    checks: Sequence[Check],
    subjects: Collection[Subject],
    values: Iterable[Value],
    is_licensed: Callable[[Value], bool] = lambda _: True,
) -> tuple[EquivalenceClass, ...]:
    """Values by the checks they fail, in order of first appearance."""
    asked = [(1 << number, check) for number, check in enumerate(checks) if check.subject in subjects]
    classes: dict[int, list[Value]] = {}
    for value in values:
        licensed = is_licensed(value)
        meets = (check.is_met_by(value) if check.subject is not Subject.LICENSE else licensed for _, check in asked)
        fails = sum(bit for (bit, _), met in zip(asked, meets, strict=True) if not met)
        classes.setdefault(fails, []).append(value)
    return tuple(EquivalenceClass(tuple(members), fails) for fails, members in classes.items())


def _by_license(
    checks: Sequence[Check], known: LineFacts, licensing: Mapping[str, frozenset[str]]
) -> tuple[tuple[EquivalenceClass, ...], tuple[EquivalenceClass, ...]]:
    """Practitioners and states where one of the two is known: the license then follows from the other alone."""
    if known.state is not None:
        state = known.state
        names = _values(known.practitioner, (*licensing, ""))
        both = {Subject.PRACTITIONER, Subject.LICENSE}
        by_name = _alike(checks, both, names, lambda name: state in licensing.get(str(name), ()))
        return by_name, _alike(checks, {Subject.STATE}, (state,))
    places = licensing.get(known.practitioner or "", frozenset())
    by_state = _alike(checks, {Subject.STATE, Subject.LICENSE}, (*STATES, ""), lambda state: state in places)
    return _alike(checks, {Subject.PRACTITIONER}, (known.practitioner,)), by_state


def _diagnoses(checks: Sequence[Check], known: Codes | None) -> tuple[EquivalenceClass, ...]:
    """The sets of diagnoses that the checks tell apart, or the one that is known."""
    asked = [(number, check) for number, check in enumerate(checks) if check.subject is Subject.DIAGNOSIS]
    if known is not None:
        plain = [normalised(code) for code in known]
        sets = {sum(1 << number for number, check in asked if any(map(check.matches, plain))): known}
    else:
        sets = diagnosis_sets(asked, MOST_CELLS)
    meets = sum(1 << number for number, check in asked if not check.refuses)
    return tuple(EquivalenceClass((codes,), matched ^ meets) for matched, codes in sets.items())


def _whos(
    practitioners: Sequence[EquivalenceClass],
    states: Sequence[EquivalenceClass],
    licensing: Mapping[str, frozenset[str]] | None,
) -> tuple[PractitionerInState, ...]:
    """The places on the last three axes that occur together; `licensing` None: no rule asks for a license."""
    found: dict[tuple[int, int, int], PractitionerInState] = {}
    for (place, one), (other, second) in product(enumerate(practitioners), enumerate(states)):
        pairs = product(one.values, second.values) if licensing else [(one.values[0], second.values[0])]
        for practitioner, state in pairs:
            is_unlicensed = licensing is not None and state not in licensing.get(str(practitioner), ())
            places = (place, other, int(is_unlicensed))
            found.setdefault(places, PractitionerInState(str(practitioner), str(state), places))
    return tuple(found.values())
