"""Facts that are not given, as the few ways that make a difference: what a criterion asks for and nobody told.

What comes in: an item, and for each plan the criteria of the rules that name its services. What goes out: sets of
facts, one for each way in which the rules may apply (docs/rule-language.md, points 29 and 40). Raises `TooMany` where
there are too many to try.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum, auto
from itertools import product
from operator import or_
from typing import NamedTuple, TypeAlias

from camcover.calendar import add_months, completed_years, latest_first_service, latest_start
from camcover.engine.compiling.diagnosis_groups import DiagnosisGroups
from camcover.engine.compiling.terms import Candidate, Criterion
from camcover.engine.compiling.vocabulary import STATE_INDEX
from camcover.engine.facts import OpenFact
from camcover.errors import CamcoverError
from camcover.request_bounds import MAX_AGE
from camcover.rulebook.records import MemberRole, MemberStatus

MOST_TRIED = 4_000
"""Sets of facts that are tried for one item."""

_MOST_DIAGNOSES = 32
_MOST_STARTS = 128
_NO_SUCH_DIAGNOSES = ("Z99", "A00", "B99", "T88", "O00")
"""Diagnoses of which one is hardly named by any plan."""


class TooMany(CamcoverError):
    """There are too many ways to try each."""


class AssumedFacts(NamedTuple):
    """What takes the place of facts that are not given; None = nothing does.

    Numbers of a practitioner and a state, an ordinal day of birth or an age in years; for each plan the groups that the
    diagnoses belong to, the role and status of the member, and the ordinal day of enrollment; the ordinal
    day of the first service.
    """

    practitioner: int | None = None
    state: int | None = None
    born: int | None = None
    age: int | None = None
    diagnoses: tuple[int, ...] | None = None
    standing: tuple[tuple[int, int], ...] | None = None
    enrolled: tuple[int, ...] | None = None
    first_service: int | None = None


class DecidingRules(NamedTuple):
    """The rules that may decide a line of the item under one plan, and all given facts that their criteria ask for.

    `plan`: 0 the primary, 1 the second. `practitioners`: how many the catalogs have. `licensure`: for each the mask of
    states that license it, empty if no criterion asks. The last nine fields are facts of the item and its member, -1 =
    not given; `born`, `enrolled` and `first_service` 0 = not given. `day` is the line's, `period` the first day of its
    benefit period; both are 0 where no criterion asks. `liable`: a denial for the diagnosis may be the
    provider's (point 41), so the reason of a denial matters.
    """

    plan: int
    liable: bool
    candidates: tuple[Candidate, ...]
    practitioners: int
    licensure: tuple[int, ...]
    day: int
    period: int
    practitioner: int
    state: int
    born: int
    age: int
    diagnoses: int
    role: int
    status: int
    enrolled: int
    first_service: int


Holds: TypeAlias = Callable[[DecidingRules, AssumedFacts, Criterion], bool]


def values_apart(
    not_given: Sequence[OpenFact], contexts: Sequence[DecidingRules], groups: Sequence[DiagnosisGroups]
) -> list[list[AssumedFacts]]:
    """The values of each kind of facts that criteria tell apart; none where no criterion asks. Raises `TooMany`."""
    criteria = list(dict.fromkeys(each for context in contexts for rule in context.candidates for each in rule.asked))
    asked = facts_asked(criteria)
    open_facts = [fact for fact in not_given if fact in asked]
    if not open_facts:
        return []
    return [
        _apart(_diagnosis_holds, contexts, _values(OpenFact.DIAGNOSIS, open_facts, criteria, contexts, groups=groups)),
        _apart(_age_holds, contexts, _values(OpenFact.AGE, open_facts, criteria, contexts, groups=groups)),
        _apart(_place_holds, contexts, _who_and_where(open_facts, criteria, contexts, groups)),
        _apart(_standing_holds, contexts, _standings(criteria, contexts, len(groups))),
        _apart(_has_waited, contexts, _starts(criteria, contexts, len(groups))),
        _apart(_is_in_year, contexts, _first_services(criteria, contexts)),
    ]


def ways_to_complete(contexts: Sequence[DecidingRules], parts: Sequence[Sequence[AssumedFacts]]) -> list[AssumedFacts]:
    """The sets of facts of which no two make the same rules apply to the item's lines, and their limits allow the same.

    `parts`: as `values_apart` gives them. Raises `TooMany`.
    """
    count = len(contexts)
    for part in parts:
        count *= len(part)
    if count > MOST_TRIED:
        raise TooMany
    found: dict[tuple[object, ...], AssumedFacts] = {}
    for each in product(*parts) if parts else ():
        facts = _together(each)
        key = tuple(
            (_why_not(context, facts, rule), *(_age_holds(context, facts, each) for each in rule.allowances))
            for context in contexts
            for rule in context.candidates
        )
        found.setdefault(key, facts)
    return list(found.values())


def _values(
    fact: OpenFact,
    open_facts: Sequence[OpenFact],
    criteria: Sequence[Criterion],
    contexts: Sequence[DecidingRules],
    *,
    groups: Sequence[DiagnosisGroups],
) -> list[AssumedFacts]:
    """The values of a fact that criteria tell apart; one that changes nothing where it is not open."""
    if fact not in open_facts:
        return [AssumedFacts()]
    match fact:
        case OpenFact.DIAGNOSIS:
            return [AssumedFacts(diagnoses=each) for each in _diagnoses(contexts, groups)]
        case OpenFact.PRACTITIONER:
            return [AssumedFacts(practitioner=each) for each in _practitioners(criteria, contexts)]
        case OpenFact.AGE:
            return list(_ages(criteria, sorted({context.day for context in contexts})))
        case OpenFact.STATE:
            return [AssumedFacts(state=each) for each in _states(criteria, contexts)]
        case _:
            return [AssumedFacts()]


def _who_and_where(
    open_facts: Sequence[OpenFact],
    criteria: Sequence[Criterion],
    contexts: Sequence[DecidingRules],
    groups: Sequence[DiagnosisGroups],
) -> list[AssumedFacts]:
    """Practitioners and states together: a license asks for both."""
    who, where = (
        _values(fact, open_facts, criteria, contexts, groups=groups) for fact in (OpenFact.PRACTITIONER, OpenFact.STATE)
    )
    return [_together(pair) for pair in product(who, where)]


def _standings(criteria: Sequence[Criterion], contexts: Sequence[DecidingRules], plans: int) -> list[AssumedFacts]:
    """The roles and statuses under each plan, where criteria ask for one: what is given, else each."""
    if not any(each.roles or each.statuses for each in criteria):
        return [AssumedFacts()]
    ways: list[list[tuple[int, int]]] = []
    for plan in range(plans):
        own = next((each for each in contexts if each.plan == plan), None)
        role, status = (-1, -1) if own is None else (own.role, own.status)
        roles = [role] if own is None or role >= 0 else list(range(len(MemberRole)))
        statuses = [status] if own is None or status >= 0 else list(range(len(MemberStatus)))
        ways.append(list(product(roles, statuses)))
    return [AssumedFacts(standing=each) for each in product(*ways)]


def _starts(criteria: Sequence[Criterion], contexts: Sequence[DecidingRules], plans: int) -> list[AssumedFacts]:
    """The days of enrollment under each plan that waiting periods tell apart on the lines' days; or the one given.

    From the first of them on every waiting period is over, from the second none. Raises `TooMany`.
    """
    waits = {(each.wait_days, each.wait_months) for each in criteria if each.waits}
    if not waits:
        return [AssumedFacts()]
    ways: list[list[int]] = []
    for plan in range(plans):
        own = [each for each in contexts if each.plan == plan]
        days = {each.day for each in own if each.day > 0}
        if len(days) * len(waits) > _MOST_STARTS:
            raise TooMany
        if not days or own[0].enrolled > 0:
            ways.append([own[0].enrolled if own else 0])
        else:
            ways.append([1, max(days), *sorted({latest_start(day, *wait) for day in days for wait in waits})])
    return [AssumedFacts(enrolled=each) for each in product(*ways)]


def _first_services(criteria: Sequence[Criterion], contexts: Sequence[DecidingRules]) -> list[AssumedFacts]:
    """The days of a first service that years tell apart on the lines' days, if it is not given; 1 = long ago.

    None lies after the first of these days.
    """
    waits = {each.wait_periods for each in criteria if each.wait_periods}
    if not waits or contexts[0].first_service > 0:
        return [AssumedFacts()]
    periods = {each.period for each in contexts if each.period > 0}
    first = min((each.day for each in contexts if each.day > 0), default=1)
    turns = sorted({min(latest_first_service(period, wait), first) for period in periods for wait in waits})
    return [AssumedFacts(first_service=each) for each in (1, *turns, first)]


def _apart(holds: Holds, contexts: Sequence[DecidingRules], values: Sequence[AssumedFacts]) -> list[AssumedFacts]:
    """The values of which no two make the same criteria hold."""
    found: dict[tuple[bool, ...], AssumedFacts] = {}
    for facts in values:
        told = tuple(
            holds(context, facts, each) for context in contexts for rule in context.candidates for each in rule.asked
        )
        found.setdefault(told, facts)
    return list(found.values())


def _together(parts: Sequence[AssumedFacts]) -> AssumedFacts:
    """Facts of several kinds as one set."""
    merged = AssumedFacts()
    for part in parts:
        merged = merged._replace(**{name: value for name, value in part._asdict().items() if value is not None})
    return merged


def facts_asked(criteria: Sequence[Criterion]) -> tuple[OpenFact, ...]:
    """The facts that some criterion asks for."""
    return tuple(fact for fact in OpenFact if _is_asked(fact, criteria))


def _is_asked(fact: OpenFact, criteria: Sequence[Criterion]) -> bool:
    """Whether some criterion asks for a fact."""
    match fact:
        case OpenFact.DIAGNOSIS:
            return any(each.diagnoses or each.not_diagnoses for each in criteria)
        case OpenFact.PRACTITIONER:
            return any(each.asks_practitioner or each.licensed for each in criteria)
        case OpenFact.AGE:
            return any(each.asks_age for each in criteria)
        case OpenFact.STATE:
            return any(each.asks_state or each.licensed for each in criteria)
        case OpenFact.ROLE:
            return any(each.roles for each in criteria)
        case OpenFact.STATUS:
            return any(each.statuses for each in criteria)
        case OpenFact.ENROLLED:
            return any(each.waits for each in criteria)
        case OpenFact.FIRST_SERVICE:
            return any(each.wait_periods for each in criteria)
        case OpenFact.SECOND_MEMBERSHIP:
            return any(each.asks_member for each in criteria)


def _practitioners(criteria: Sequence[Criterion], contexts: Sequence[DecidingRules]) -> list[int]:
    """One practitioner of each kind that criteria and licensure distinguish; an unnamed one represents the rest."""
    count = max(context.practitioners for context in contexts)
    tables = _licensures(criteria, contexts)
    found: dict[tuple[int, ...], int] = {}
    for number in range(count):
        named = tuple(each.practitioners >> number & 1 for each in criteria if each.asks_practitioner)
        found.setdefault(named + tuple(table[number] for table in tables), number)
    return list(found.values())


def _states(criteria: Sequence[Criterion], contexts: Sequence[DecidingRules]) -> list[int]:
    """One state of each kind that criteria and licensure tell apart."""
    masks = [each.states for each in criteria if each.asks_state]
    masks += {mask for table in _licensures(criteria, contexts) for mask in table}
    found: dict[tuple[int, ...], int] = {}
    for number in STATE_INDEX.values():
        found.setdefault(tuple(mask >> number & 1 for mask in masks), number)
    return list(found.values())


def _licensures(criteria: Sequence[Criterion], contexts: Sequence[DecidingRules]) -> list[tuple[int, ...]]:
    """The licensures of the contexts, each once, where a criterion asks for one."""
    if not any(each.licensed for each in criteria):
        return []
    return list(dict.fromkeys(context.licensure for context in contexts if context.licensure))


def _ages(criteria: Sequence[Criterion], days: Sequence[int]) -> Iterator[AssumedFacts]:
    """An age between every two bounds, and every day of birth on which a bound is reached on one of the days."""
    bounds = sorted({bound for each in criteria if each.asks_age for bound in (each.age_min, each.age_max + 1)})
    bounds = [bound for bound in bounds if 0 < bound <= MAX_AGE]
    yield AssumedFacts(age=0)
    yield from (AssumedFacts(age=bound) for bound in bounds)
    # Somebody who reaches a bound on a later day is below it on earlier days.
    yield from (AssumedFacts(born=add_months(day, -12 * bound)) for bound in bounds for day in days[1:])


def _diagnoses(contexts: Sequence[DecidingRules], groups: Sequence[DiagnosisGroups]) -> list[tuple[int, ...]]:
    """The sets of groups, plan by plan, that some diagnoses together belong to; raises `TooMany`."""
    asked = [0] * len(groups)
    for context in contexts:
        for rule in context.candidates:
            for each in rule.criteria:
                asked[context.plan] |= each.diagnoses | each.not_diagnoses
    words = [*_NO_SUCH_DIAGNOSES, *(prefix for each in groups for prefix in each.masks)]
    single = list(
        dict.fromkeys(tuple(each.mask(word) & mask for each, mask in zip(groups, asked, strict=True)) for word in words)
    )
    single = [each for each in single if any(each)]
    found: dict[tuple[int, ...], None] = {(0,) * len(groups): None}
    for groups_of in single:
        found |= dict.fromkeys(tuple(map(or_, groups_of, other)) for other in list(found))
        if len(found) > _MOST_DIAGNOSES:
            raise TooMany
    return list(found)


class _Why(Enum):
    """Whether a rule applies, and where it matters, why it does not."""

    APPLIES = auto()
    NOT = auto()
    NOT_FOR_THE_DIAGNOSIS = auto()
    NOT_BEHIND_ATTESTATIONS = auto()


def _why_not(context: DecidingRules, facts: AssumedFacts, rule: Candidate) -> _Why:
    """Whether the criteria of a rule hold, its settings aside: the first that fails tells why not."""
    is_behind = False
    for asked in rule.criteria:
        is_diagnosis = not _diagnosis_holds(context, facts, asked)
        if is_diagnosis or not all(holds(context, facts, asked) for holds in _BESIDE_DIAGNOSIS):
            if is_behind and context.liable:
                # Where a policy's attestation is missing, that is the reason, and the denial may be the provider's.
                return _Why.NOT_BEHIND_ATTESTATIONS
            return _Why.NOT_FOR_THE_DIAGNOSIS if is_diagnosis and context.liable else _Why.NOT
        is_behind = is_behind or asked.attested != 0
    return _Why.APPLIES


def _diagnosis_holds(context: DecidingRules, facts: AssumedFacts, asked: Criterion) -> bool:
    """Whether what a criterion asks of diagnoses holds."""
    diagnoses = context.diagnoses if facts.diagnoses is None else facts.diagnoses[context.plan]
    return not (asked.diagnoses and not diagnoses & asked.diagnoses) and not diagnoses & asked.not_diagnoses


def _age_holds(context: DecidingRules, facts: AssumedFacts, asked: Criterion) -> bool:
    """Whether what a criterion asks of the age holds on the line's day."""
    if not asked.asks_age:
        return True
    age = facts.age if facts.age is not None else context.age
    born = facts.born if facts.born is not None else context.born
    if born > 0:
        age = completed_years(born, context.day)
    return asked.age_min <= age <= asked.age_max


def _place_holds(context: DecidingRules, facts: AssumedFacts, asked: Criterion) -> bool:
    """Whether what a criterion asks of the practitioner and the state holds."""
    practitioner = context.practitioner if facts.practitioner is None else facts.practitioner
    state = context.state if facts.state is None else facts.state
    return not (
        (asked.asks_practitioner and not _is_in(asked.practitioners, practitioner))
        or (asked.asks_state and not _is_in(asked.states, state))
        or (asked.licensed and (practitioner < 0 or not _is_in(context.licensure[practitioner], state)))
    )


def _standing_holds(context: DecidingRules, facts: AssumedFacts, asked: Criterion) -> bool:
    """Whether what a criterion asks of the member's role and status holds."""
    role, status = (context.role, context.status) if facts.standing is None else facts.standing[context.plan]
    return (not asked.roles or _is_in(asked.roles, role)) and (not asked.statuses or _is_in(asked.statuses, status))


def _has_waited(context: DecidingRules, facts: AssumedFacts, asked: Criterion) -> bool:
    """Whether the waiting period that a criterion asks for, if it does, is over on the line's day."""
    if not asked.waits:
        return True
    enrolled = context.enrolled if facts.enrolled is None else facts.enrolled[context.plan]
    return 0 < enrolled <= latest_start(context.day, asked.wait_days, asked.wait_months)


def _is_in_year(context: DecidingRules, facts: AssumedFacts, asked: Criterion) -> bool:
    """Whether a criterion that asks for a later year with the service has it in the line's benefit period."""
    if not asked.wait_periods:
        return True
    first = context.first_service if facts.first_service is None else facts.first_service
    return 0 < first <= latest_first_service(context.period, asked.wait_periods)


_BESIDE_DIAGNOSIS = (_age_holds, _place_holds, _standing_holds, _has_waited, _is_in_year)
"""Whether a criterion holds in all but its diagnoses."""


def _is_in(mask: int, number: int) -> bool:
    """Whether a set holds a number; -1 is in none."""
    return number >= 0 and bool(mask >> number & 1)
