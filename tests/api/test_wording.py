"""Every rule of the .proto, broken: what is said has the path, what was found, what was expected, in words.

The rules are read from the descriptors, so that a new field or rule is tried without anybody remembering it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

import protovalidate
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from camcover.api.validation import violations_of
from camcover.gen.buf.validate import validate_pb2
from camcover.gen.camcover.v1 import catalog_service_pb2, draft_pb2, estimate_service_pb2, request_pb2, rule_service_pb2
from camcover.refusals import Refusal

FILES = (request_pb2, estimate_service_pb2, catalog_service_pb2, rule_service_pb2, draft_pb2)
MESSAGES = [message for file in FILES for message in file.DESCRIPTOR.message_types_by_name.values()]
VALIDATOR = protovalidate.Validator()
RELEASE = "rules-0123456789abcdef"
ANYBODY = rule_service_pb2.SyntheticBook(members=1)

NOT_RULES = {"ignore", "string", "bytes", "int32", "int64", "enum", "repeated", "items"}
"""Names of blocks of rules, and of the option that says when none is looked at."""

METACHARACTERS = set("^$*+?\\|[]{}")
TEXTS = ["?", "a\x00b", "", "../x", "x" * 5_000]
"""Texts of which every regular expression refuses some."""


class Rule(NamedTuple):
    """A rule: of which message and field (None: of the message itself), in which blocks, its name and value."""

    message: Any
    field: Any
    blocks: tuple[str, ...]
    name: str
    value: Any

    def __str__(self) -> str:
        where = self.message.name if self.field is None else f"{self.message.name}.{self.field.name}"
        return ".".join([where, *self.blocks, self.name])


def rules() -> Iterator[Rule]:
    """Every rule of every message."""
    for message in MESSAGES:
        for cel in message.GetOptions().Extensions[validate_pb2.message].cel:
            yield Rule(message, None, (), "cel", cel.id)
        for oneof in message.oneofs:
            if oneof.GetOptions().Extensions[validate_pb2.oneof].required:
                yield Rule(message, oneof, (), "required", value=True)
        for field in message.fields:
            yield from _rules_in(message, field, (), field.GetOptions().Extensions[validate_pb2.field])


def _rules_in(message: Any, field: Any, blocks: tuple[str, ...], block: Any) -> Iterator[Rule]:
    for each, value in block.ListFields():
        if each.name not in NOT_RULES:
            yield Rule(message, field, blocks, each.name, value)
        elif each.message_type is not None:
            yield from _rules_in(message, field, (*blocks, each.name), value)


def broken(rule: Rule) -> tuple[Any, str]:
    """A message that breaks the rule, and the path at which it does."""
    message = GetMessageClass(rule.message)()
    if rule.field is None or rule.name == "required":
        return message, "" if rule.field is None else rule.field.name
    value = _breaking(rule)
    name = rule.field.name
    if not rule.field.is_repeated:
        setattr(message, name, value)
        return message, name
    if "items" in rule.blocks:
        getattr(message, name).append(value)
        return message, f"{name}[0]"
    getattr(message, name).extend(value)
    return message, name


def _breaking(rule: Rule) -> Any:
    """A value that breaks a rule."""
    assert rule.name in BREAKING, f"say in BREAKING what breaks the rule {rule}"
    return BREAKING[rule.name](rule)


def _entries(field: Any, count: int) -> list[Any]:
    """So many entries of a list."""
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return [GetMessageClass(field.message_type)() for _ in range(count)]
    return ["x"] * count


BREAKING: dict[str, Callable[[Rule], Any]] = {
    "gte": lambda rule: rule.value - 1,
    "lte": lambda rule: rule.value + 1,
    "min_len": lambda rule: "x" * (rule.value - 1),
    "max_len": lambda rule: "x" * (rule.value + 1),
    "pattern": lambda rule: next(text for text in TEXTS if not re.search(rule.value, text)),
    "in": lambda _: "?",
    "defined_only": lambda _: 9_999,
    "min_items": lambda rule: _entries(rule.field, rule.value - 1),
    "max_items": lambda rule: _entries(rule.field, rule.value + 1),
    "unique": lambda rule: _entries(rule.field, 2),
    "line": lambda _: "a\x00b",
    "lines": lambda _: "a\x00b",
    "release_id": lambda _: "a\x00b",
    "cel": lambda _: "a\x00b",
}
"""What breaks a rule, by its name."""


@pytest.mark.parametrize("rule", list(rules()), ids=str)
def test_a_broken_rule_is_told_in_words(rule: Rule) -> None:
    message, path = broken(rule)
    told = violations_of(message)
    raw = VALIDATOR.collect_violations(message)
    at = [each for each, found in zip(told, raw, strict=True) if each.field == path and _is_of(rule, found)]
    assert at, told
    for each in at:
        _is_in_words(each.description)
        assert each.refusal.status == "INVALID_ARGUMENT"


def _is_of(rule: Rule, found: Any) -> bool:
    """Whether what was found breaks this rule, or the bound on the other side of it."""
    if not isinstance(found.proto.rule_id, str) or found.proto.rule is None:
        return rule.field is None or rule.name == "required"
    names = [str(element.field_name) for element in found.proto.rule.elements]
    names.append(found.proto.rule_id.rpartition(".")[2])
    return rule.name in names or {rule.name, *names} >= {"gte", "lte"}


def _is_in_words(description: str) -> None:
    """`found ...; expected ...`, with nothing of a regular expression or of protovalidate's own texts."""
    parts = re.fullmatch(r"found (.+?); expected (.+?)(; did you mean .+\?)?", description)
    assert parts, description
    assert not METACHARACTERS & set(parts[2]), description
    assert not re.search(r"must |does not match|pattern|docs/api", parts[2]), description
    assert description.isprintable()
    assert len(parts[1]) < 120


def test_what_was_found_is_cut_and_escaped() -> None:
    (wrong,) = violations_of(request_pb2.Procedure(code="\u202e<script>" * 1_000))
    assert wrong.found == repr(("\u202e<script>" * 7)[:60]) + "..."


@pytest.mark.parametrize(
    ("state", "meant"), [("wa", "; did you mean 'WA'?"), ("OR ", "; did you mean 'OR'?"), ("wax", "")]
)
def test_another_case_is_what_was_meant(state: str, meant: str) -> None:
    (wrong,) = violations_of(request_pb2.Member(state=state))
    expected = "the USPS code of a state such as WA"
    assert wrong.description == f"found {state!r}; expected {expected}{meant}"


def test_the_words_of_an_enumeration_are_listed() -> None:
    wrong = violations_of(
        request_pb2.EstimatePlanRequest(plan_id="a", coverage=cast("Any", 7), items=[request_pb2.PlannedService()])
    )
    assert [(each.field, each.description, each.refusal) for each in wrong] == [
        (
            "coverage",
            "found value 7; expected one of COVERAGE_UNSPECIFIED (0), COVERAGE_SELF_ONLY (1), COVERAGE_FAMILY (2)",
            Refusal.UNKNOWN_VALUE,
        )
    ]


@pytest.mark.parametrize(
    ("message", "field", "fields"),
    [
        (rule_service_pb2.DiffReleasesRequest(), "after", ("after_release", "after_rules")),
        (rule_service_pb2.AnalyzeImpactRequest(after_release=RELEASE), "book", ("parquet", "synthetic")),
        (rule_service_pb2.AnalyzeImpactRequest(synthetic=ANYBODY), "after", ("after_release", "after_rules")),
    ],
)
def test_of_several_fields_none_is_given(message: Any, field: str, fields: tuple[str, str]) -> None:
    (wrong,) = violations_of(message)
    assert (wrong.field, wrong.refusal) == (field, Refusal.MISSING_VALUE)
    assert wrong.description == f"found nothing; expected one of {fields[0]}, {fields[1]}"


def test_a_decision_of_two_names_both() -> None:
    message = rule_service_pb2.ActivateReleaseRequest(release=RELEASE, roll_back=True, reason="why")
    (wrong,) = violations_of(message)
    said = "found release and roll_back and reason; expected one of release, roll_back, cancel_number"
    assert (wrong.field, wrong.description) == ("", said)
