"""The rules that stand in the .proto, enforced: every violation at once, each with its field's path."""

from __future__ import annotations

import re

import protovalidate
from google.protobuf.message import Message

from camcover.api.errors import Refused, bad_request
from camcover.engine import Violation

__all__ = ["validate", "violations_of"]

_VALIDATOR = protovalidate.Validator()

_UNWANTED = {
    "string.line": re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"),
    "string.lines": re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"),
}
"""What the rules of protos/camcover/v1/text.proto refuse, to name the first of it."""


def violations_of(message: Message) -> list[Violation]:
    """What in `message` breaks a rule of its .proto."""
    return [
        Violation(_path(violation.proto.field), _words(violation))
        for violation in _VALIDATOR.collect_violations(message)
    ]


def validate(message: Message) -> None:
    """Raise `Refused` (INVALID_ARGUMENT, every violation) when `message` breaks a rule of its .proto."""
    violations = violations_of(message)
    if violations:
        raise Refused(bad_request(violations))


def _words(violation: protovalidate.Violation) -> str:
    """What is wrong; of a control character which it is, and where it stands, from 1."""
    unwanted = _UNWANTED.get(violation.proto.rule_id)
    found = unwanted.search(str(violation.field_value)) if unwanted else None
    if found is not None:
        return f"has a control character (U+{ord(found[0]):04X}) at position {found.start() + 1}"
    return violation.proto.message or "is not valid"


def _path(field: object) -> str:
    """`items[0].procedures[1].code`."""
    path = ""
    for element in getattr(field, "elements", ()):
        path += f".{element.field_name}" if path else element.field_name
        subscript = element.subscript
        if subscript is not None and subscript.field == "index":
            path += f"[{subscript.value}]"
    return path
