"""Drafts: messages -> files, records -> messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from camcover.api.errors import invalid
from camcover.api.rule_messages import timestamp, validation_message
from camcover.engine import Violation
from camcover.engine.asking.words import repeated
from camcover.gen.camcover.v1 import draft_pb2
from camcover.gen.camcover.v1 import rule_service_pb2 as messages
from camcover.refusals import Refusal
from camcover.store import DraftStep
from camcover.workflow.draft_checks import DraftCheck
from camcover.workflow.draft_states import DraftState, DraftView

__all__ = ["STATES", "changes_of", "check_message", "draft_message", "file_messages", "step_message"]

STATES = {
    DraftState.OPEN: draft_pb2.DRAFT_STATE_OPEN,
    DraftState.PROPOSED: draft_pb2.DRAFT_STATE_PROPOSED,
    DraftState.APPROVED: draft_pb2.DRAFT_STATE_APPROVED,
    DraftState.SCHEDULED: draft_pb2.DRAFT_STATE_SCHEDULED,
    DraftState.PUBLISHED: draft_pb2.DRAFT_STATE_PUBLISHED,
    DraftState.SENT_BACK: draft_pb2.DRAFT_STATE_SENT_BACK,
    DraftState.WITHDRAWN: draft_pb2.DRAFT_STATE_WITHDRAWN,
}


def changes_of(files: Iterable[draft_pb2.DraftFile]) -> dict[str, bytes | None]:
    """Files by name; None: removed. Refuses names that stand twice, and a removal that is none."""
    changes: dict[str, bytes | None] = {}
    wrong: list[Violation] = []
    for place, each in enumerate(files):
        if each.name in changes:
            wrong.append(repeated(f"files[{place}].name", each.name))
        is_removed = each.WhichOneof("change") == "removed"
        if is_removed and not each.removed:
            path, expected = f"files[{place}].removed", "true, or content in its place"
            wrong.append(Violation(path, "false", expected, Refusal.CONTRADICTORY_STATEMENTS))
        changes[each.name] = None if is_removed else each.content
    if wrong:
        raise invalid(*wrong)
    return changes


def file_messages(files: Mapping[str, bytes | None]) -> list[draft_pb2.DraftFile]:
    """Files of a draft as messages."""
    return [
        draft_pb2.DraftFile(name=name, removed=True) if body is None else draft_pb2.DraftFile(name=name, content=body)
        for name, body in files.items()
    ]


def draft_message(found: DraftView) -> draft_pb2.Draft:
    """A draft as a message."""
    approval, activation = found.approval, found.activation
    return draft_pb2.Draft(
        id=found.draft.id,
        title=found.draft.title,
        owner=found.draft.owner,
        created_at=timestamp(found.draft.created_at),
        state=STATES[found.state],
        state_reason=found.reason,
        base=found.base,
        base_active=found.base == found.active,
        revision=found.revision,
        digest=found.digest,
        file_count=found.file_count,
        editors=found.editors,
        approved_by=approval.actor if approval else "",
        release=activation.release_id if activation else "",
        activation=activation.id if activation else 0,
        effective_at=timestamp(activation.effective_at) if activation else None,
    )


def step_message(step: DraftStep) -> draft_pb2.DraftStep:
    """A step as a message."""
    return draft_pb2.DraftStep(
        number=step.number,
        kind=str(step.kind),
        actor=step.actor,
        at=timestamp(step.created_at),
        revision=step.revision,
        digest=step.digest,
        text=step.text,
        file=step.file,
        line=step.line,
        release=step.release_id or "",
        activation=step.activation_id or 0,
    )


def check_message(check: DraftCheck) -> messages.CheckDraftResponse:
    """The result of a check as a message."""
    whole = validation_message(check.validation)
    has_error = any(each.severity == messages.SEVERITY_ERROR for each in whole.diagnostics)
    return messages.CheckDraftResponse(
        whole=check.is_whole,
        file_count=check.file_count,
        sound=not has_error and not any(each.differences for each in whole.tests),
        diagnostics=whole.diagnostics,
        tests=whole.tests,
    )
