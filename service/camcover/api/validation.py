"""The rules that stand in the .proto, enforced: every violation at once, each with its field's path."""

from __future__ import annotations

import protovalidate
from google.protobuf.message import Message

from camcover.api.errors import invalid
from camcover.api.plain_rules import surely_valid
from camcover.api.wording import worded
from camcover.engine import Violation

__all__ = ["make_ready", "validate", "violations_of"]

_VALIDATOR = protovalidate.Validator()


def violations_of(message: Message) -> list[Violation]:
    """What in `message` breaks a rule of its .proto."""
    if surely_valid(message):
        return []
    return [worded(message, found) for found in _VALIDATOR.collect_violations(message)]


def make_ready(message: Message) -> None:
    """Compile the rules of a message's kind, also those that only a message with a fault asks for."""
    surely_valid(message)
    _VALIDATOR.collect_violations(message)


def validate(message: Message) -> None:
    """Raise `Refused` (INVALID_ARGUMENT, every violation) when `message` breaks a rule of its .proto."""
    violations = violations_of(message)
    if violations:
        raise invalid(*violations)
