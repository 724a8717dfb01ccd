"""No change of a rule set is lost: every field of every record is changed in turn, and a difference must tell of it.

The records are walked by their dataclass fields, not by what the comparison knows of them, so that a field that is new
in the rule language fails here until it is compared. Left out are positions, and the copies of the plan's pools inside
its benefits, which are the pools themselves.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

import pytest

from camcover.rulebook import RuleSet, records
from camcover.rulebook.differences import differences
from camcover.rulebook.records import Benefit, Document, Limit, Place
from every_construct import rule_set

HERE = Place("new.yaml", 7, 7)
GROUPS = ("plans", "policies", "fees", "catalogs")
NAMED = (getattr(records, name) for name in sorted(records.__all__))
COMPARED: list[type[Any]] = [kind for kind in NAMED if is_dataclass(kind) and isinstance(kind, type)]
NOT_IN_DOCUMENTS = (records.RuleSet, records.Place)

Path = tuple[str, ...]


def _variants(value: Any, annotation: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Other values that a field of this type may have in place of `value`, with the path to what is other in them."""
    kinds = [kind for kind in _alternatives(annotation) if kind is not type(None)]
    if len(kinds) < len(_alternatives(annotation)) and value is not None:
        yield path, None
    if value is None:
        yield path, _sample(kinds[0])
    elif is_dataclass(value):
        yield from _of_record(value, path)
    elif isinstance(value, tuple):
        yield from _of_tuple(value, kinds[0], path)
    elif isinstance(value, Mapping):
        yield from _of_mapping(value, kinds[0], path)
    else:
        yield path, _other(value)


def _of_record(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    hints = get_type_hints(type(value))
    for field in fields(value):
        if field.name == "at":
            continue
        here = (*path, f"{type(value).__name__}.{field.name}")
        for where, other in _variants(getattr(value, field.name), hints[field.name], here):
            yield where, replace(value, **{field.name: other})


def _of_tuple(value: tuple[Any, ...], annotation: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Each item changed, the last one gone, one more."""
    arguments = get_args(annotation)
    is_list = len(arguments) == 2 and arguments[1] is Ellipsis
    for place, item in enumerate(value):
        if path[-1] == f"{Benefit.__name__}.limits" and isinstance(item, Limit) and item.shared:
            continue
        for where, other in _variants(item, arguments[0 if is_list else place], (*path, str(place))):
            yield where, (*value[:place], other, *value[place + 1 :])
    if is_list:
        if value:
            yield (*path, "less"), value[:-1]
        yield (*path, "more"), (*value, _sample(arguments[0]))


def _of_mapping(value: Mapping[Any, Any], annotation: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Each value changed, each key gone, one more."""
    key_kind, value_kind = get_args(annotation)
    for key, item in value.items():
        for where, other in _variants(item, value_kind, (*path, str(key))):
            yield where, {**value, key: other}
        yield (*path, f"without {key}"), {each: item for each, item in value.items() if each != key}
    yield (*path, "more"), {**value, _sample(key_kind): _sample(value_kind)}


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def _other(value: Any) -> Any:
    """Another value of the same type; of a place in an enumeration every other would do, the next is taken."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, StrEnum):
        members = list(type(value))
        return members[(members.index(value) + 1) % len(members)]
    if isinstance(value, int):
        return value + 1
    if isinstance(value, date):
        return value + timedelta(days=1)
    assert isinstance(value, str)
    return f"{value}x"


def _sample(annotation: Any) -> Any:
    """Some value of a type."""
    kind = _alternatives(annotation)[0]
    if isinstance(kind, NewType):
        return _sample(kind.__supertype__)
    if get_origin(kind) is tuple:
        arguments = get_args(kind)
        return tuple(_sample(each) for each in arguments if each is not Ellipsis)
    if get_origin(kind) is Mapping:
        key_kind, value_kind = get_args(kind)
        return {_sample(key_kind): _sample(value_kind)}
    if kind is Place:
        return HERE
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{field.name: _sample(hints[field.name]) for field in fields(kind)})  # type: ignore[operator]
    if issubclass(kind, StrEnum):
        return next(iter(kind))
    return {bool: True, int: 77, str: "new", date: date(2026, 7, 7), type(None): None}[kind]


def _mutants(rules: RuleSet) -> Iterator[tuple[Document, Path, RuleSet]]:
    """The rule set with one field of one document changed; no texts, since a record is not what its file says."""
    for group in GROUPS:
        for id_, editions in getattr(rules, group).items():
            for document in editions:
                for path, other in _of_record(document, ()):
                    changed: dict[str, Any] = {group: {**getattr(rules, group), id_: (other,)}}
                    yield document, path, replace(rules, **changed, texts={})


RULES = rule_set()
MUTANTS = list(_mutants(RULES))


@pytest.mark.parametrize(
    "kind", [each for each in COMPARED if each not in NOT_IN_DOCUMENTS], ids=lambda each: each.__name__
)
def test_every_field_is_changed_in_the_sample(kind: Any) -> None:
    changed = {step for _, path, _ in MUTANTS for step in path}
    expected = {f"{kind.__name__}.{field.name}" for field in fields(kind) if field.name != "at"}
    assert expected <= changed


def test_every_changed_field_is_told() -> None:
    before = replace(RULES, texts={})
    for document, path, after in MUTANTS:
        changes = differences(before, after)
        assert changes, path
        assert all(str(each).startswith(document.heading.id) for each in changes), path
        assert all(each.at_before or each.at_after for each in changes), path
        assert all(each.sentence for each in changes), path


def test_every_changed_field_is_told_in_both_directions() -> None:
    before = replace(RULES, texts={})
    for _, path, after in MUTANTS:
        assert len(differences(after, before)) == len(differences(before, after)), path


def test_no_two_fields_are_told_alike() -> None:
    """Two other values give other sentences, unless one is inside the other, as the only criterion in a `when`."""
    before = replace(RULES, texts={})
    seen: dict[str, Path] = {}
    for _, path, after in MUTANTS:
        told = repr([replace(each, at_before=None, at_after=None) for each in differences(before, after)])
        other = seen.setdefault(told, path)
        shared = min(len(path), len(other))
        assert other is path or path[:shared] == other[:shared], (path, other)
