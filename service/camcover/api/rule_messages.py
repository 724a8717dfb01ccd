"""Typed answers of `RuleService` -> messages."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from camcover.api.errors import invalid
from camcover.api.sentences import message_data
from camcover.engine import Violation
from camcover.engine.asking.words import repeated
from camcover.engine.request import FIRST_DATE, LAST_DATE
from camcover.gen.camcover.v1 import impact_pb2
from camcover.gen.camcover.v1 import rule_service_pb2 as messages
from camcover.messages import Message
from camcover.refusals import Refusal
from camcover.rulebook import Diagnostic, Severity
from camcover.rulebook.differences import Change
from camcover.store import Activation, ActivationKind, Release
from camcover.workflow.impact import Impact
from camcover.workflow.reviewing import Validation
from camcover.workflow.rule_tests import TestResult

__all__ = [
    "activation_message",
    "change_message",
    "files_of",
    "impact_message",
    "moment_of",
    "release_message",
    "timestamp",
    "validation_message",
]

_SEVERITIES = {Severity.ERROR: messages.SEVERITY_ERROR, Severity.WARNING: messages.SEVERITY_WARNING}


def files_of(rules: messages.RuleFiles, field: str) -> dict[str, bytes]:
    """Rule files by name. Refuses names that stand twice; `field` is the path of `rules` in the request."""
    files: dict[str, bytes] = {}
    twice: list[Violation] = []
    for place, each in enumerate(rules.files):
        if each.name in files:
            twice.append(repeated(f"{field}.files[{place}].name", each.name))
        files[each.name] = each.content
    if twice:
        raise invalid(*twice)
    return files


def timestamp(when: datetime) -> Timestamp:
    """A time with its zone as a message."""
    message = Timestamp()
    message.FromDatetime(when)
    return message


def moment_of(message: Timestamp, field: str) -> datetime:
    """The time, in UTC. Refuses one outside the years that dates may have; `field` is its path in the request."""
    try:
        when = message.ToDatetime(UTC)
    except ValueError:
        when = None
    if when is None or not FIRST_DATE <= when.date() <= LAST_DATE:
        found = f"{message.seconds} seconds and {message.nanos} nanoseconds after 1970"
        expected = f"a time in the years {FIRST_DATE.year} to {LAST_DATE.year}"
        raise invalid(Violation(field, found, expected, Refusal.DATE_OUT_OF_RANGE))
    return when


def release_message(release: Release, active: str | None) -> messages.Release:
    """A release; `active` is the active one's id."""
    return messages.Release(
        id=release.id,
        digest=release.digest,
        author=release.author,
        message=release.message,
        created_at=timestamp(release.created_at),
        parent=release.parent or "",
        file_count=release.file_count,
        plan_count=release.plan_count,
        active=release.id == active,
    )


def activation_message(activation: Activation) -> messages.Activation:
    """A decision as a message."""
    return messages.Activation(
        number=activation.id,
        release=activation.release_id,
        from_release=activation.from_release or "",
        actor=activation.actor,
        reason=activation.reason,
        created_at=timestamp(activation.created_at),
        effective_at=timestamp(activation.effective_at),
        roll_back=activation.kind is ActivationKind.ROLLBACK,
        cancelled=activation.is_cancelled,
        only_from=activation.only_from or "",
    )


def change_message(change: Change) -> messages.RuleChange:
    """A difference of rules as a message."""
    return messages.RuleChange(
        kind=change.kind,
        document=change.document,
        id=change.id,
        edition=change.edition,
        subject=change.subject,
        field=change.field,
        before=change.before or "",
        after=change.after or "",
        text=str(change),
    )


def impact_message(impact: Impact) -> messages.AnalyzeImpactResponse:
    """What a change does to a book; the messages are named and made like the records."""
    data = asdict(impact)
    before, after = data.pop("release_before"), data.pop("release_after")
    return messages.AnalyzeImpactResponse(before_release=before, after_release=after, impact=impact_pb2.Impact(**data))


def validation_message(validation: Validation) -> messages.ValidateRulesResponse:
    """The result of a validation as a message."""
    return messages.ValidateRulesResponse(
        publishable=validation.is_publishable,
        diagnostics=map(_diagnostic, validation.diagnostics),
        tests=map(_test, validation.tests),
        release=validation.release,
    )


def _diagnostic(diagnostic: Diagnostic) -> messages.Diagnostic:
    return messages.Diagnostic(
        severity=_SEVERITIES[diagnostic.severity],
        code=diagnostic.code,
        file=diagnostic.at.file,
        line=diagnostic.at.line,
        column=diagnostic.at.column,
        message=diagnostic.message,
        hint=diagnostic.hint,
        end_line=diagnostic.ends_at[0],
        end_column=diagnostic.ends_at[1],
        edits=[messages.TextEdit(**each._asdict()) for each in diagnostic.edits],
        **message_data(diagnostic.finding),
        **_hint_data(diagnostic.advice),
    )


def _hint_data(advice: Message | None) -> dict[str, Any]:
    """The fields `hint_id` and `hint_arguments`."""
    if advice is None:
        return {}
    data = message_data(advice)
    return {"hint_id": data["message_id"], "hint_arguments": data["arguments"]}


def _test(test: TestResult) -> messages.RuleTest:
    return messages.RuleTest(plan_id=test.plan, name=test.name, place=test.place, differences=test.differences)
