"""Request in, estimate out: the one way into the engine, for one request and for many.

As in docs/architecture.md: the services become lines; they are laid out for the plan; one call of the kernel
adjudicates the expected case of every request; a secondary plan follows, then each request's range; the ledger is read
into an `Estimate`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from camcover.calendar import OrdinalDay
from camcover.engine.asking.adjudicator import Adjudicator
from camcover.engine.asking.question import Adjudicated, ExpectedCase, Question, UncoveredVisit
from camcover.engine.asking.ranges import PricedCase
from camcover.engine.causes import RangeCauses
from camcover.engine.compiling.compile import Tables
from camcover.engine.estimate import Estimate
from camcover.engine.request import EstimateRequest, InvalidRequest
from camcover.engine.telling.reading import read_estimate
from camcover.money import Cents
from camcover.observing import step

Answered = TypeVar("Answered")

MOST_LINES = 20_000
"""Ledger rows after which a batch is adjudicated, so that memory stays bounded whatever its size."""


class _OfThread(threading.local):
    """Each thread's own adjudicator."""

    def __init__(self) -> None:
        """Make it at the thread's first request."""
        self.adjudicator = Adjudicator()


_THREAD = _OfThread()


def evaluate(tables: Tables, request: EstimateRequest) -> Estimate:
    """The estimate of one request. Raises `InvalidRequest` with every violation."""
    (result,) = evaluate_many(tables, [request])
    if isinstance(result, InvalidRequest):
        raise result
    return result


def evaluate_many(tables: Tables, requests: Sequence[EstimateRequest]) -> list[Estimate | InvalidRequest]:
    """The estimates of many requests, in order. A bad request does not harm the others."""
    return [
        each if isinstance(each, InvalidRequest) else read_estimate(tables, each.question, each.answer)
        for each in adjudicate_many(tables, requests, with_ranges=True)
    ]


def causes_of_range(tables: Tables, request: EstimateRequest) -> RangeCauses:
    """What leads to each end of the range of a request, and what each cause is worth. Raises `InvalidRequest`."""
    return evaluate(tables, request._replace(explain=False, explain_range=True)).range.causes or RangeCauses()


def adjudicate_many(
    tables: Tables, requests: Iterable[EstimateRequest], *, with_ranges: bool = False
) -> list[Adjudicated | InvalidRequest]:
    """The finished ledgers of many requests, in order: a call of the kernel for as many as fit."""

    def answers(adjudicator: Adjudicator, questions: Sequence[Question]) -> list[Adjudicated]:
        found = adjudicator.answers(tables, questions, with_ranges=with_ranges)
        return list(map(Adjudicated, questions, found))

    return _in_batches(tables, requests, answers)


def expect_many(tables: Tables, requests: Iterable[EstimateRequest]) -> list[ExpectedCase | InvalidRequest]:
    """What the patient pays by the expected case of many requests, in order, and the visits that are not covered.

    The same cents as `adjudicate_many`, without ledgers, running sums and ranges.
    """

    def answers(adjudicator: Adjudicator, questions: Sequence[Question]) -> list[ExpectedCase]:
        return list(map(_expected_case, questions, adjudicator.expected(tables, questions)))

    return _in_batches(tables, requests, answers)


def _expected_case(question: Question, case: PricedCase) -> ExpectedCase:
    """A case without the rows, which the workspace writes over."""
    if case.rows["covered"].all():
        return ExpectedCase(Cents(case.patient), ())
    services, covered, owed = question.asked.services, set(), dict[tuple[int, OrdinalDay], int]()
    flags, cents = case.rows["covered"].tolist(), case.rows["not_covered"].tolist()
    for (day, number, _), is_covered, not_covered in zip(question.asked.lines, flags, cents, strict=True):
        visit = services[number].item, day
        owed[visit] = owed.get(visit, 0) + not_covered
        if is_covered:
            covered.add(visit)
    found = (UncoveredVisit(*visit, Cents(cents)) for visit, cents in owed.items() if visit not in covered)
    return ExpectedCase(Cents(case.patient), tuple(found))


def _in_batches(
    tables: Tables,
    requests: Iterable[EstimateRequest],
    answers: Callable[[Adjudicator, Sequence[Question]], Sequence[Answered]],
) -> list[Answered | InvalidRequest]:
    """The answers to requests, in order: they are laid out and adjudicated, as many at once as fit."""
    results: list[Answered | InvalidRequest] = []
    adjudicator, left, is_full = _THREAD.adjudicator, iter(requests), True
    while is_full:
        adjudicator.clear()
        with step("lay_out"):
            waiting = _laid_out(adjudicator, tables, left)
        is_full = adjudicator.first.ledger.used >= MOST_LINES
        with step("kernel"):
            found = iter(answers(adjudicator, [each for each in waiting if isinstance(each, Question)]))
        results += [each if isinstance(each, InvalidRequest) else next(found) for each in waiting]
    return results


def _laid_out(
    adjudicator: Adjudicator, tables: Tables, requests: Iterator[EstimateRequest]
) -> list[Question | InvalidRequest]:
    """Lay out the next requests, as many as fit."""
    waiting: list[Question | InvalidRequest] = []
    for request in requests:
        waiting.append(adjudicator.lay_out(tables, request))
        if adjudicator.first.ledger.used >= MOST_LINES:
            break
    return waiting
