"""Request in, estimate out: the one way into the engine, for one request and for many.

Numbered as in docs/architecture.md: expand the services to lines; lay them out for the plan; adjudicate the bounding
cases in one call of the kernel; coordinate with a secondary plan; read the ledger into an `Estimate`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from camcover.engine.cases import Case, Outcome, PrimaryResult, adjudicate_cases
from camcover.engine.compile import Tables
from camcover.engine.coordination import secondary_paid
from camcover.engine.estimate import Estimate
from camcover.engine.expansion import expand
from camcover.engine.prepare import Prepared, member_violations, plan_named, prepare
from camcover.engine.question import Answer, Question
from camcover.engine.ranges import bounding_cases
from camcover.engine.reading import read_estimate
from camcover.engine.request import Coordination, EstimateRequest, InvalidRequest, Violation


def evaluate(tables: Tables, request: EstimateRequest) -> Estimate:
    """The estimate of one request. Raises `InvalidRequest` with every violation."""
    (result,) = evaluate_many(tables, [request])
    if isinstance(result, InvalidRequest):
        raise result
    return result


def evaluate_many(tables: Tables, requests: Sequence[EstimateRequest]) -> list[Estimate | InvalidRequest]:
    """The estimates of many requests, in order, through one call of the kernel.

    A bad request does not harm the others.
    """
    questions = [question_of(tables, request) for request in requests]
    answers = iter(answer_all(tables, [one for one in questions if isinstance(one, Question)]))
    return [one if isinstance(one, InvalidRequest) else read_estimate(tables, one, next(answers)) for one in questions]


def question_of(tables: Tables, request: EstimateRequest) -> Question | InvalidRequest:
    """Check and lay out a request; all that is wrong with it comes back at once."""
    violations: list[Violation] = [*member_violations(request)]
    lines = expand(request, tables.vocabulary, violations)
    primary_index = plan_named(tables, request.plan_id, "plan_id", violations)
    secondary_index = None
    if request.secondary_plan_id:
        secondary_index = plan_named(tables, request.secondary_plan_id, "secondary_plan_id", violations)
    if primary_index is None or not lines:
        return InvalidRequest(tuple(violations))
    primary = prepare(tables, primary_index, request, lines, violations, secondary=False)
    secondary = None
    if secondary_index is not None:
        secondary = prepare(tables, secondary_index, request, lines, violations, secondary=True)
    if violations:
        return InvalidRequest(tuple(violations))
    cases = bounding_cases(tables, request, primary, secondary)
    return Question(request, lines, primary, secondary, cases)


def answer_all(tables: Tables, questions: Sequence[Question]) -> list[list[Answer]]:
    """The answers to every case of every question, the expected case first.

    One call of the kernel for the primary plans, one for the secondary ones.
    """
    if not questions:
        return []
    flat = [(one, primary, secondary) for one in questions for primary, secondary in one.cases]
    outcomes = adjudicate_cases(tables, [one.primary for one, _, _ in flat], [case for _, case, _ in flat])
    behind = _secondary_outcomes(tables, flat, outcomes)
    answers = iter(
        Answer(outcome, second, _paid_behind(one.request.coordination, outcome, second))
        for (one, _, _), outcome, second in zip(flat, outcomes, behind, strict=True)
    )
    return [[next(answers) for _ in one.cases] for one in questions]


def _secondary_outcomes(
    tables: Tables, flat: Sequence[tuple[Question, Case, Case | None]], outcomes: Sequence[Outcome]
) -> list[Outcome | None]:
    """The secondary plans' outcomes where there are any, each behind its primary's ledger."""
    places: list[int] = []
    prepared: list[Prepared] = []
    cases: list[Case] = []
    after: list[PrimaryResult | None] = []
    for place, ((one, _, case), outcome) in enumerate(zip(flat, outcomes, strict=True)):
        if one.secondary is not None and case is not None:
            maintenance = one.request.coordination is Coordination.MAINTENANCE_OF_BENEFITS
            places.append(place)
            prepared.append(one.secondary)
            cases.append(case)
            after.append(PrimaryResult(outcome.ledger, maintenance))
    results: list[Outcome | None] = [None] * len(flat)
    if places:
        for place, outcome in zip(places, adjudicate_cases(tables, prepared, cases, after), strict=True):
            results[place] = outcome
    return results


def _paid_behind(method: Coordination, primary: Outcome, secondary: Outcome | None) -> NDArray[np.int64]:
    """What the secondary plan pays of each line; zeros without one."""
    if secondary is None:
        return np.zeros(len(primary.ledger), dtype=np.int64)
    return secondary_paid(method, primary.ledger, secondary.ledger)
