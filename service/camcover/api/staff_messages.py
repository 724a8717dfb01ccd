"""Questions and answers of staff about rules and the log: messages -> records, records -> messages."""

from __future__ import annotations

import json

from camcover.api.errors import Refused, invalid
from camcover.api.requests import DateReader
from camcover.engine import Violation
from camcover.engine.asking.words import shown
from camcover.engine.compiling.vocabulary import ICD10
from camcover.gen.camcover.v1 import rule_service_pb2 as messages
from camcover.refusals import Refusal
from camcover.rulebook.analysis.cells import LineFacts
from camcover.rulebook.analysis.diagnoses import TooManyCells
from camcover.rulebook.records import STATES
from camcover.store import AuditEntry
from camcover.workflow.analysis import PlacedFinding
from camcover.workflow.decision_tables import (
    BenefitTerms,
    DecisionTable,
    TableQuery,
    TableRow,
    UnknownFact,
)
from camcover.workflow.skeletons import Missing
from camcover.workflow.witnesses import request_data

__all__ = [
    "finding_message",
    "log_entry_message",
    "question_of",
    "refusal_of",
    "table_message",
    "untested_message",
]

_FIELDS = {
    "plan": ("plan_id", Refusal.UNKNOWN_PLAN),
    "therapy": ("therapy", Refusal.UNKNOWN_THERAPY),
    "code": ("code", Refusal.UNKNOWN_CODE),
    "tier": ("tier", Refusal.UNKNOWN_TIER),
    "practitioner": ("practitioner", Refusal.UNKNOWN_PRACTITIONER),
    "condition": ("conditions", Refusal.UNKNOWN_CONDITION),
    "edition": ("date", Refusal.PLAN_NOT_IN_FORCE),
}
"""Of the fact of `UnknownFact`: the field of the request, and the kind of refusal."""


def question_of(request: messages.ExplainRulesRequest) -> TableQuery:
    """The question of a request. Raises `Refused`."""
    dates = DateReader()
    wrong = [
        Violation(f"diagnoses[{place}]", shown(each), "an ICD-10-CM code such as M54.50", Refusal.INVALID_DIAGNOSIS)
        for place, each in enumerate(request.diagnoses)
        if not ICD10.fullmatch(each)
    ]
    if request.state and request.state not in STATES:
        expected = "the USPS code of a state such as WA"
        wrong.append(Violation("state", shown(request.state), expected, Refusal.UNKNOWN_STATE, request.state))
    day = dates.optional("date", request.date)
    wrong += dates.violations
    if wrong:
        raise invalid(*wrong)
    return TableQuery(
        plan_id=request.plan_id,
        therapy=request.therapy,
        code=request.code or None,
        day=day,
        diagnoses=tuple(request.diagnoses),
        conditions=tuple(request.conditions),
        facts=LineFacts(
            tier=request.tier or None,
            setting=request.setting or None,
            age=request.age if request.HasField("age") else None,
            practitioner=request.practitioner or None,
            state=request.state or None,
            attestations=tuple(request.attestations) or None,
            role=request.role or None,
            status=request.status or None,
        ),
    )


def refusal_of(error: UnknownFact | TooManyCells) -> Refused:
    """The refusal of a question that rules cannot answer."""
    if isinstance(error, TooManyCells):
        expected = "more facts in the question"
        return invalid(Violation("", str(error), expected, Refusal.COUNT_OUT_OF_RANGE))
    field, kind = _FIELDS[error.fact]
    found, expected = f"{error.kind} {shown(error.word)}", f"an existing {error.kind}"
    if kind is Refusal.PLAN_NOT_IN_FORCE:
        expected = "a day of one of its editions"
    return invalid(Violation(field, found, expected, kind, error.word, error.nearest))


def table_message(table: DecisionTable) -> messages.DecisionTable:
    """A decision table as a message."""
    return messages.DecisionTable(
        plan_id=table.plan_id,
        therapy=table.therapy,
        codes=map(str, table.codes),
        first=table.first.isoformat(),
        last=table.last.isoformat() if table.last else "",
        cases=map(_case, table.cases),
    )


def _case(row: TableRow) -> messages.DecisionCase:
    first = row.benefits[0] if row.benefits else ""
    place = row.place if first else ""
    terms = BenefitTerms(first, place, row.terms, row.requirements, row.limits, row.accounts)
    return messages.DecisionCase(
        when=[messages.DecisionFact(subject=subject, words=words) for subject, words in row.when.items()],
        verdict=row.verdict,
        benefits=row.benefits,
        reason=row.reason,
        place=row.place,
        terms=_terms(terms),
        then=map(_terms, row.then),
        others=[messages.OtherRule(rule=each.rule, place=each.place, why=each.why) for each in row.others],
        provider_liable=row.provider_liable,
    )


def _terms(terms: BenefitTerms) -> messages.DecisionTerms:
    return messages.DecisionTerms(
        benefit=terms.benefit,
        place=terms.place,
        tiers=[
            messages.DecisionTier(
                tier=each.tier,
                member_pays=each.member_pays,
                provider_liable=each.provider_liable,
                payment=each.payment,
            )
            for each in terms.terms
        ],
        requirements=terms.requirements,
        limits=[messages.DecisionTerm(id=each.limit, text=each.text, rule=each.rule) for each in terms.limits],
        accounts=[messages.DecisionTerm(id=each.account, text=each.text, rule=each.rule) for each in terms.accounts],
    )


def finding_message(finding: PlacedFinding) -> messages.RuleFinding:
    """A finding as a message, with a request that reproduces it."""
    return messages.RuleFinding(
        kind=finding.kind,
        plan_id=finding.plan,
        place=finding.place,
        subject=finding.subject,
        message=finding.message,
        request_json="" if finding.request is None else json.dumps(request_data(finding.request), ensure_ascii=False),
    )


def untested_message(missing: Missing) -> messages.UntestedRule:
    """What no test reaches, as a message."""
    found = missing.unreached
    return messages.UntestedRule(
        plan_id=found.plan, what=found.what, place=found.place, test=missing.test, why=missing.why
    )


def log_entry_message(entry: AuditEntry) -> messages.LogEntry:
    """An entry of the audit log as a message."""
    return messages.LogEntry(
        number=entry.seq,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        subject=entry.subject,
        details=entry.details,
        previous_hash=entry.previous,
        hash=entry.hash,
    )
