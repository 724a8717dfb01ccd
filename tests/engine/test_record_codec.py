"""Records as JSON: everything that rules can hold comes back, and nothing but records of the declared types is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import IntEnum
from typing import Any

import orjson
import pytest

from camcover.engine import compile_rules
from camcover.engine.compiling import stored_schema
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.plan_summary import PlanSummary
from camcover.engine.compiling.record_codec import ROOTS, WrongRecords, decode, encode, record_types
from camcover.engine.compiling.stored_schema import declarations, schema_digest
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.engine.kernel import codes
from camcover.engine.kernel import tables as columns
from camcover.money import Cents
from camcover.rulebook.records import Accumulator, Attestation, Effective, Limit, Measure, Place, TestExpect, Word
from every_construct import rule_set

TABLES = compile_rules(rule_set())
AT = Place("plan.yaml", 3, 7)


def test_every_field_of_every_record_survives_the_round_trip() -> None:
    """The rule set in which every field of every record is given; words keep their places."""
    for plan in TABLES.plans.values():
        found = decode(encode(plan, PlanIndex), PlanIndex)
        for each in (each.name for each in fields(PlanIndex) if each.name not in ("sources", "by_service", "groups")):
            assert getattr(found, each) == getattr(plan, each), each
        assert (found.groups.bits, found.groups.masks) == (plan.groups.bits, plan.groups.masks)
        assert {key: tuple(value) for key, value in plan.by_service.items()} == found.by_service
        for field in fields(plan.sources):
            rows = getattr(plan.sources, field.name)
            assert list(getattr(found.sources, field.name).items()) == list(rows.items()), field.name
        tier, again = next(iter(plan.editions[0].tiers)), next(iter(found.editions[0].tiers))
        assert isinstance(tier, Word)
        assert isinstance(again, Word)
        assert again.at == tier.at
    assert decode(encode(TABLES.vocabulary, Vocabulary), Vocabulary) == TABLES.vocabulary


def test_a_shared_record_is_shared_again_after_reading() -> None:
    """A segment's plan is its edition, not a copy of it."""
    for plan in TABLES.plans.values():
        found = decode(encode(plan, PlanIndex), PlanIndex)
        assert all(each.plan is found.editions[each.edition] for each in found.segments)


def test_plain_values_of_several_types() -> None:
    """A test's lines hold texts, amounts and truths; 1 is no truth, and a word keeps its place."""
    lines: Mapping[int, Mapping[str, int | str | bool]] = {-1: {"covered": True, "patient": 1, "reason": Word("x", AT)}}
    expect = TestExpect(
        Cents(1), None, None, None, None, None, (1, None), None, lines, {"deductible": 2}, {"hra": 3}, AT
    )
    found = decode(encode(expect, TestExpect), TestExpect)
    assert found == expect
    assert [type(each) for each in found.lines[-1].values()] == [bool, int, Word]
    assert found.lines[-1]["reason"].at == AT


def parts(value: object, declared: Any) -> tuple[list[str], list[list[Any]], Any]:
    """What is written for a value."""
    texts, records, root = orjson.loads(encode(value, declared))
    return texts, records, root


ACCUMULATOR = next(iter(next(iter(TABLES.plans.values())).editions[0].accumulators.values()))
KINDS = list(record_types())


def number(kind: type) -> int:
    """The number that stands for a class."""
    return KINDS.index(kind)


@pytest.mark.parametrize("wrong", [None, True, 1.5, "x", -1, 10**6, [], {}, [0], 2**63 - 1])
def test_any_value_in_place_of_another_is_refused_or_of_its_type(wrong: object) -> None:
    """Each value of each record of an accumulator in turn: what comes back, if anything, has the declared types."""
    texts, records, root = parts(ACCUMULATOR, Accumulator)
    for row in range(len(records)):
        for place in range(len(records[row])):
            changed = [list(each) for each in records]
            changed[row][place] = wrong
            try:
                found = decode(orjson.dumps([texts, changed, root]), Accumulator)
            except WrongRecords:
                continue
            assert encode(found, Accumulator)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x05N.",
        b"null",
        b"[]",
        b"[[],[]]",
        b"[[],[],0,0]",
        b"[[1],[],null]",
        b"[{},[],null]",
        b"[[],{},null]",
        b"[[],[],0]",
        b"[[],[[]],0]",
        b"[[],[[-1]],0]",
        b"[[],[[true]],0]",
        b"[[],[[100000]],0]",
        b'[[],[["camcover.rulebook.records.Place"]],0]',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_bytes_that_are_no_records_are_refused(content: bytes) -> None:
    for declared in (*ROOTS, Place, Accumulator):
        with pytest.raises(WrongRecords):
            decode(content, declared)


def test_a_record_of_another_class_is_refused() -> None:
    """A place where an accumulator is expected; and one that stands behind the record that refers to it."""
    place = [number(Place), 0, 1, 1]
    with pytest.raises(WrongRecords, match="expected Accumulator, found Place"):
        decode(orjson.dumps([["f"], [place], 0]), Accumulator)
    with pytest.raises(WrongRecords):
        decode(orjson.dumps([["f"], [[number(Effective), 1, None, 1], place], 0]), Effective)


def test_an_unknown_member_of_an_enumeration_is_refused() -> None:
    content = encode(_limit(), Limit).replace(b'"visits"', b'"hours"')
    with pytest.raises(WrongRecords, match="expected a member of Measure, found 'hours'"):
        decode(content, Limit)


def _limit() -> Limit:
    plan = next(iter(TABLES.plans.values())).editions[0]
    limits = [limit for benefit in plan.benefits.values() for limit in benefit.limits]
    return next(each for each in limits if each.measure is Measure.VISITS)


def test_a_repeated_key_is_refused() -> None:
    summary = next(iter(TABLES.directory.values()))
    declared = Mapping[str, PlanSummary]
    texts, records, root = parts({"a": summary, "b": summary}, declared)
    texts[texts.index("b")] = "a"
    with pytest.raises(WrongRecords, match="found one twice"):
        decode(orjson.dumps([texts, records, root]), declared)


@pytest.mark.parametrize(
    ("value", "declared"),
    [
        (1, str),
        (True, int),
        (1, bool),
        ("2026-01-01", date),
        (AT, Effective),
        (object(), Place),
        ("visits", Measure),
        (Attestation.REFERRAL, Measure),
        (1.5, float),
        (b"", bytes),
    ],
)
def test_a_value_of_an_undeclared_type_cannot_be_written(value: object, declared: Any) -> None:
    with pytest.raises(TypeError):
        encode(value, declared)


def test_the_classes_that_are_made_are_records_of_the_package() -> None:
    """Data without behaviour at their making: no class with an `__init__` or `__new__` of its own but `Word`."""
    for kind in record_types():
        assert kind.__module__.startswith(("camcover.rulebook.records", "camcover.engine.compiling"))
        assert not hasattr(kind, "__post_init__")


def test_the_schema_names_every_column_field_and_member() -> None:
    lines = {line.partition(":")[0]: line for line in declarations()}
    assert "('last_assumed', '<i4')" in lines["array segments"]
    assert "of: <enum 'CoinsuranceOf'>" in lines["record camcover.rulebook.records.plan.CoinsuranceStep"]
    assert lines["enum camcover.engine.kernel.codes.StepKind"].endswith(
        "COINSURANCE_ALLOWED=6, COPAY_DAY=7, COPAY_BANDS=8, COPAY_FACILITY=9"
    )
    assert "VISITS='visits'" in lines["enum camcover.rulebook.records.limit_terms.Measure"]


def test_a_changed_column_field_member_or_source_changes_the_schema(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Each change alone gives another digest."""

    class StepKind(IntEnum):
        DEDUCTIBLE = 0
        COPAY_DAY = 1

    StepKind.__module__ = codes.__name__

    @dataclass(frozen=True, slots=True)
    class Other:
        cents: int

    def digest() -> bytes:
        schema_digest.cache_clear()
        return schema_digest()

    found = {digest()}
    types = record_types()
    with monkeypatch.context() as patched:
        patched.setattr(codes, "StepKind", StepKind)
        found.add(digest())
    with monkeypatch.context() as patched:
        patched.setattr(stored_schema, "record_types", lambda: {**types, Place: types[Limit]})
        found.add(digest())
    with monkeypatch.context() as patched:
        patched.setitem(columns.RULE_DTYPES, "limits", columns.STEP)
        found.add(digest())
    with monkeypatch.context() as patched:
        (tmp_path / "engine" / "compiling").mkdir(parents=True)
        (tmp_path / "engine" / "compiling" / "compile.py").write_text("# repaired\n", encoding="utf-8")
        patched.setattr(stored_schema, "__file__", str(tmp_path / "engine" / "compiling" / "stored_schema.py"))
        found.add(digest())
    schema_digest.cache_clear()
    assert len(found) == 5
