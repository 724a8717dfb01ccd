"""Keeps callers who may change the rules of some payers alone to these: what they publish, and what they activate.

What differs from the active release counts, in both. A decision is bound to the release that was active when it was
looked at. Scheduled activations are not for such callers: until their time others may change rules, and a release that
takes effect later would undo that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from camcover.api.access import CALLER
from camcover.api.pools import Pool
from camcover.api.worker_process import WorkerProcess
from camcover.gen.camcover.v1 import rule_service_pb2 as messages
from camcover.store import in_force
from camcover.workflow.activation import Decision
from camcover.workflow.payers import LATER, active_files, check_payers, for_all_payers, touched
from camcover.workflow.release_rules import ReleaseRules

__all__ = ["PayerLimits"]

_Files = Mapping[str, bytes]


class PayerLimits:
    """Checks calls by the payers of their caller; who may change all rules passes at once."""

    def __init__(self, releases: Callable[[], ReleaseRules], worker_process: WorkerProcess, pool: Pool) -> None:
        """Compare with what is active in `releases`: rule files in the worker process, the database in `pool`."""
        self._releases, self._worker_process, self._pool = releases, worker_process, pool

    async def check_files(self, files: _Files) -> None:
        """Raise `PayerNotAllowed` where files differ from the active release in what the caller may not change."""
        if CALLER.get().payers is not None:
            _, before = await self._pool.run(self._active)
            await self._check(before, files)

    async def checked(self, request: messages.ActivateReleaseRequest, decision: Decision) -> Decision:
        """A decision, bound to the release that was active when the check allowed it.

        Raises `PayerNotAllowed`.
        """
        caller = CALLER.get()
        if caller.payers is None:
            return decision
        if request.cancel_number or request.HasField("effective_at"):
            for_all_payers(caller.payers, caller.subject, LATER)
        active, before = await self._pool.run(self._active)
        after = await self._pool.run(self._wanted, request)
        if after is not None:  # what is not there is refused by the decision itself
            await self._check(before, after)
        return decision if decision.expected else decision._replace(expected=active)

    async def _check(self, before: _Files, after: _Files) -> None:
        caller = CALLER.get()
        if caller.payers is not None:
            found = await self._worker_process.run(touched, before, after)
            check_payers(found, caller.payers, caller.subject)

    def _active(self) -> tuple[str, _Files]:
        """The active release and its files. Raises `PayerNotAllowed` if none is active: the first changes all rules."""
        caller = CALLER.get()
        return active_files(self._releases().store, caller.payers or (), caller.subject)

    def _wanted(self, request: messages.ActivateReleaseRequest) -> _Files | None:
        """The files of the release that a request would make active; None where there is none."""
        with self._releases().store.reading() as ledger:
            stack = in_force(ledger.activations(), ledger.now())
            before = stack[-2] if len(stack) > 1 else None
            wanted = before if request.roll_back else request.release
            return ledger.files(wanted) if wanted and ledger.release(wanted) else None
