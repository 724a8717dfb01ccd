"""Facts that a criterion may ask for and that an item does not give (docs/rule-language.md, point 40).

What comes in: a request. What goes out: the open facts, item by item, and what follows if none is assumed.
"""

from __future__ import annotations

from enum import Enum

from camcover.engine.estimate import Reason
from camcover.engine.request import EstimateRequest, Member, PlannedService


class OpenFact(Enum):
    """What a criterion may ask for; the value is how a sentence calls it."""

    DIAGNOSIS = "diagnosis"
    PRACTITIONER = "practitioner"
    AGE = "age"
    STATE = "state of service"
    ROLE = "role under the plan"
    STATUS = "status under the plan"
    ENROLLED = "day of enrollment"
    FIRST_SERVICE = "day of the first service"
    SECOND_MEMBERSHIP = "membership under the secondary plan"


_REASONS = {
    OpenFact.DIAGNOSIS: (Reason.DIAGNOSIS_NOT_COVERED,),
    OpenFact.PRACTITIONER: (Reason.PRACTITIONER_NOT_COVERED, Reason.UNLICENSED),
    OpenFact.AGE: (Reason.AGE,),
    OpenFact.STATE: (Reason.STATE, Reason.UNLICENSED),
    OpenFact.ROLE: (Reason.MEMBER_ROLE,),
    OpenFact.STATUS: (Reason.MEMBER_STATUS,),
    OpenFact.ENROLLED: (Reason.WAITING_PERIOD,),
    OpenFact.FIRST_SERVICE: (),
    OpenFact.SECOND_MEMBERSHIP: (),
}


def member_of(request: EstimateRequest, item: PlannedService) -> Member:
    """The member whose service an item is: the one it names, else the first."""
    if len(request.members) == 1:
        return request.members[0]
    return next((each for each in request.members if each.id == item.member_id), request.members[0])


def facts_not_given(request: EstimateRequest, item: PlannedService) -> tuple[OpenFact, ...]:
    """The facts that neither an item nor its member gives, those of the membership aside."""
    member = member_of(request, item)
    missing: list[OpenFact] = []
    if not item.diagnoses and not item.conditions:
        missing.append(OpenFact.DIAGNOSIS)
    if not item.practitioner:
        missing.append(OpenFact.PRACTITIONER)
    if member.age is None and member.birth_date is None:
        missing.append(OpenFact.AGE)
    if not item.state and not member.state:
        missing.append(OpenFact.STATE)
    return tuple(missing)


def membership_not_given(request: EstimateRequest, item: PlannedService) -> tuple[OpenFact, ...]:
    """The facts of how a member stands under a plan that a request does not give; of a second plan all in one."""
    member = member_of(request, item)
    own, second = member.membership, member.secondary_membership
    missing: list[OpenFact] = []
    if not own.role:
        missing.append(OpenFact.ROLE)
    if not own.status:
        missing.append(OpenFact.STATUS)
    if own.enrolled_on is None:
        missing.append(OpenFact.ENROLLED)
    if item.first_service is None:
        missing.append(OpenFact.FIRST_SERVICE)
    if request.secondary_plan_id and not (second.role and second.status and second.enrolled_on):
        missing.append(OpenFact.SECOND_MEMBERSHIP)
    return tuple(missing)


def reasons_not_given(request: EstimateRequest, item: PlannedService) -> frozenset[Reason | OpenFact]:
    """The reasons that are due to a fact which is not given, where a line is refused for one of them.

    A reason that two facts share stands for the enrollment alone; a first service that is not given stands for itself.
    """
    missing = (*facts_not_given(request, item), *membership_not_given(request, item))
    found: set[Reason | OpenFact] = {reason for fact in missing for reason in _REASONS[fact]}
    return frozenset(found | ({OpenFact.FIRST_SERVICE} & set(missing)))
