"""kind: policy, and the criteria that benefits and exclusions share with it (docs/rule-language.md, section 4)."""

from __future__ import annotations

from typing import Any

from camcover.rulebook.grammar.common import CITE, ICD10, STATE, heading, heading_fields, references, reversed_range
from camcover.rulebook.mappings import Field, Record
from camcover.rulebook.records import (
    Ages,
    Attestation,
    Criteria,
    MemberRole,
    MemberStatus,
    Place,
    Policy,
    Setting,
)
from camcover.rulebook.scalars import AGE
from camcover.rulebook.shapes import Choice, Context, ListOf, Value, Values, choice

__all__ = ["ATTESTED", "CRITERIA", "POLICY"]


def _ages(values: Values, at: Place, context: Context) -> Any:
    low, high = values["min"], values["max"]
    if low is not None and high is not None and low > high:
        return reversed_range(context, at, low, high)
    return Ages(low, high, at)


AGES = Record(
    "ages",
    (
        Field("min", Value(AGE), "The youngest age, completed years."),
        Field("max", Value(AGE), "The oldest age, completed years."),
    ),
    _ages,
)
MEMBER = Record(
    "member",
    (
        Field("role", ListOf(choice(MemberRole)), "What the member is under the plan."),
        Field("status", ListOf(choice(MemberStatus)), "By employment, or as a retiree."),
    ),
    lambda values, _at, _: (values["role"], values["status"]),
)
ATTESTED = Field("attested", ListOf(choice(Attestation)), "Each of these is attested.")
CRITERIA = Record(
    "criteria",
    (
        Field("conditions", references("condition"), "Some diagnosis is one of these."),
        Field("icd10", ListOf(ICD10), "Some diagnosis begins with one of these; one union with `conditions`."),
        Field("not_conditions", references("condition"), "No diagnosis is one of these."),
        Field("practitioners", references("practitioner"), "Who gives the service."),
        Field("settings", ListOf(choice(Setting)), "Where the service is given."),
        Field("ages", AGES, "The member's completed years on the date of service."),
        Field("states", ListOf(STATE), "The state of service."),
        Field("licensed", Choice(("required",)), "required: the state of service licenses the practitioner."),
        Field("member", MEMBER, "The member's role and status under the plan.", default=(None, None)),
        ATTESTED,
        Field("not_attested", ListOf(choice(Attestation)), "None of these is attested."),
    ),
    lambda values, at, _: Criteria(
        conditions=values["conditions"],
        icd10=values["icd10"],
        not_conditions=values["not_conditions"],
        practitioners=values["practitioners"],
        settings=values["settings"],
        ages=values["ages"],
        states=values["states"],
        licensed=values["licensed"] is not None,
        at=at,
        attested=values["attested"],
        not_attested=values["not_attested"],
        roles=values["member"][0],
        statuses=values["member"][1],
    ),
)
POLICY = Record(
    "a policy",
    (*heading_fields("policy"), Field("when", CRITERIA, "All of these must hold.", is_required=True), CITE),
    lambda values, at, _: Policy(heading(values, at), values["when"], values["cite"]),
)
