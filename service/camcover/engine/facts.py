"""Facts of an item that a criterion may ask for and that the request does not give (docs/rule-language.md, point 40).

What comes in: a request. What goes out: which facts are open, item by item, and what follows where none is assumed.
"""

from __future__ import annotations

from enum import Enum

from camcover.engine.estimate import Reason
from camcover.engine.request import EstimateRequest, Member, PlannedService


class Fact(Enum):
    """What a criterion may ask for; the value is how a sentence calls it."""

    DIAGNOSIS = "diagnosis"
    PRACTITIONER = "practitioner"
    AGE = "age"
    STATE = "state of service"


_REASONS = {
    Fact.DIAGNOSIS: (Reason.DIAGNOSIS_NOT_COVERED,),
    Fact.PRACTITIONER: (Reason.PRACTITIONER_NOT_COVERED, Reason.UNLICENSED),
    Fact.AGE: (Reason.AGE,),
    Fact.STATE: (Reason.STATE, Reason.UNLICENSED),
}


def member_of(request: EstimateRequest, item: PlannedService) -> Member:
    """The member whose service an item is: the one it names, else the first."""
    if len(request.members) == 1:
        return request.members[0]
    return next((each for each in request.members if each.id == item.member_id), request.members[0])


def facts_not_given(request: EstimateRequest, item: PlannedService) -> tuple[Fact, ...]:
    """The facts that neither an item nor its member gives."""
    member = member_of(request, item)
    missing: list[Fact] = []
    if not item.diagnoses and not item.conditions:
        missing.append(Fact.DIAGNOSIS)
    if not item.practitioner:
        missing.append(Fact.PRACTITIONER)
    if member.age is None and member.birth_date is None:
        missing.append(Fact.AGE)
    if not item.state and not member.state:
        missing.append(Fact.STATE)
    return tuple(missing)


def reasons_not_given(request: EstimateRequest, item: PlannedService) -> frozenset[Reason]:
    """The reasons that are due to a fact which is not given, where a line is refused for one of them."""
    return frozenset(reason for fact in facts_not_given(request, item) for reason in _REASONS[fact])
