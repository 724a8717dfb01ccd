"""Request in, estimate out: the one way into the engine, for one request and for many.

As in docs/architecture.md: the services become lines; they are laid out for the plan; one call of the kernel
adjudicates the expected case of every request; a secondary plan follows, then each request's range; the ledger is read
into an `Estimate`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

from camcover.engine.asking.adjudicator import Adjudicator
from camcover.engine.asking.question import Adjudicated, Question
from camcover.engine.compiling.compile import Tables
from camcover.engine.estimate import Estimate
from camcover.engine.request import EstimateRequest, InvalidRequest
from camcover.engine.telling.reading import read_estimate
from camcover.observing import step

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


def adjudicate_many(
    tables: Tables, requests: Iterable[EstimateRequest], *, with_ranges: bool = False
) -> list[Adjudicated | InvalidRequest]:
    """The finished ledgers of many requests, in order: a call of the kernel for as many as fit."""
    results: list[Adjudicated | InvalidRequest] = []
    adjudicator, left, is_full = _THREAD.adjudicator, iter(requests), True
    while is_full:
        adjudicator.clear()
        with step("lay_out"):
            waiting = _laid_out(adjudicator, tables, left)
        is_full = adjudicator.first.ledger.used >= MOST_LINES
        with step("kernel"):
            results += _answered(adjudicator, tables, waiting, with_ranges=with_ranges)
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


def _answered(
    adjudicator: Adjudicator, tables: Tables, waiting: Sequence[Question | InvalidRequest], *, with_ranges: bool
) -> list[Adjudicated | InvalidRequest]:
    """Adjudicate what is laid out."""
    questions = [each for each in waiting if isinstance(each, Question)]
    answers = iter(adjudicator.answers(tables, questions, with_ranges=with_ranges))
    return [each if isinstance(each, InvalidRequest) else Adjudicated(each, next(answers)) for each in waiting]
