"""The desk of the pages for staff: a stored estimate by its name or request id, and whether it comes out the same.

`web.staff` asks it. Messages are read here, and handed on as records.
"""

from __future__ import annotations

from datetime import date

from camcover.api.reproducing import computed_again, difference, existing, request_of
from camcover.engine import InvalidRequest
from camcover.gen.camcover.v1 import estimate_pb2
from camcover.store import EstimateStore, StoredEstimate
from camcover.workflow.estimates_at_hand import EstimateLine, EstimateSums, FoundEstimate
from camcover.workflow.rules_in_force import RulesInForce

__all__ = ["StoredEstimateDesk"]


class StoredEstimateDesk:
    """Looks up what `estimates` keep, and computes it by the releases of `rules`."""

    def __init__(self, rules: RulesInForce, estimates: EstimateStore) -> None:
        """Nothing is asked yet."""
        self._rules, self._estimates = rules, estimates

    def found(self, name: str, subject: str, request_id: str) -> FoundEstimate | None:
        """The estimate of a name, or the one that answered a request id of a subject. Raises `StoreUnavailable`."""
        if name:
            stored = self._estimates.by_name(name)
        else:
            stored = self._estimates.by_keys([(subject, request_id)]).get((subject, request_id))
        return None if stored is None else _shown(stored)

    def difference(self, name: str) -> str:
        """How an estimate differs when it is computed once more, and where first; "" where it does not.

        Raises `UnknownEstimate`, `EstimateErased`, `EstimateNotKept`, `UnknownRelease`, `ReleaseUnusable`.
        """
        stored = existing(name, self._estimates.by_name(name))
        content = request_of(stored)
        try:
            again = computed_again(self._rules, stored, content).message
        except InvalidRequest:
            # No more is said of it: its violations quote the request.
            return "this version refuses its request"
        found = difference(stored, again)
        return "" if found is None else found.said


def _shown(stored: StoredEstimate) -> FoundEstimate:
    """What is kept of an estimate, as a record."""
    message = None if stored.body is None else estimate_pb2.Estimate.FromString(stored.body)
    kept = "erased" if stored.erased_at is not None else "hashes" if message is None else "whole"
    return FoundEstimate(
        name=stored.name,
        subject=stored.subject,
        request_id=(message.request_id if message else "") or stored.request_id or "",
        plan_id=stored.plan_id,
        release=stored.rule_release,
        created_at=stored.created_at,
        erased_at=stored.erased_at,
        kept=kept,
        lines=None if message is None else tuple(map(_line, message.lines)),
        sums=None if message is None else EstimateSums(*_sums(message.totals)),
    )


def _line(line: estimate_pb2.Line) -> EstimateLine:
    reason = "" if line.covered and not line.reason else estimate_pb2.Reason.Name(line.reason)
    return EstimateLine(
        date.fromisoformat(line.date),
        line.therapy,
        line.code,
        line.covered,
        reason.removeprefix("REASON_").replace("_", " ").lower(),
        *_sums(line),
        tuple(each.text for each in line.steps),
    )


def _sums(amounts: estimate_pb2.Line | estimate_pb2.Amounts) -> tuple[int, int, int, int, int]:
    """Charge; what the plan, others and nobody pay; what the patient pays. The last four sum to the first."""
    others = amounts.secondary_paid_cents + amounts.account_paid_cents
    return (
        amounts.charge_cents,
        amounts.plan_paid_cents,
        others,
        amounts.written_off_cents,
        amounts.patient_cents,
    )
