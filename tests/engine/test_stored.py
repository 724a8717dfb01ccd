"""Compiled rules in a file: the same answers, and nothing read that is not whole, ours and of this version."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from camcover.engine.compile import Tables
from camcover.engine.stored import UnreadableTables, is_stored, read_tables, write_tables
from small_rules import estimate, question, tables

RULES = tables()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The small rules, stored."""
    path = tmp_path / "rules"
    write_tables(RULES, path)
    return path


def test_the_same_answers(file: Path) -> None:
    stored = read_tables(file)
    assert stored.digest == RULES.digest
    assert list(stored.plans) == sorted(RULES.plans)
    assert dict(stored.directory) == dict(RULES.directory)
    for asked in (question(explain=True), question(plan_id="copay-plan", members=[{"id": "ana"}], explain=True)):
        assert estimate(stored, asked) == estimate(RULES, asked)


def test_what_was_asked_before_changes_nothing_in_the_file(file: Path, tmp_path: Path) -> None:
    estimate(RULES, question())
    write_tables(RULES, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


def test_what_was_stored_can_be_stored_again(file: Path, tmp_path: Path) -> None:
    write_tables(read_tables(file), tmp_path / "again")
    assert estimate(read_tables(tmp_path / "again"), question()) == estimate(RULES, question())


def test_a_plan_that_does_not_exist(file: Path) -> None:
    stored = read_tables(file)
    assert all(plan_id in stored.plans for plan_id in RULES.plans)
    for unknown in ("", "a", "copay-plam", "copay-plan-2", "nowhere", "share-pla", "zebra"):
        assert unknown not in stored.plans
        assert stored.plans.get(unknown) is None
    assert len(stored.plans) == len(stored.directory) == 2


def test_is_stored(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("format: camcover/1\n", encoding="utf-8")
    assert is_stored(file)
    assert not is_stored(other)
    assert not is_stored(tmp_path)


def altered(file: Path, change: Any) -> Path:
    """The file with its bytes changed."""
    file.write_bytes(change(file.read_bytes()))
    return file


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: b"format: camcover/1\n" + content, "no compiled rules of this version"),
        (lambda content: content[:-10], "bytes; expected"),
        (lambda content: content[:18] + (2).to_bytes(8, "little") + content[26:], "its header is not readable"),
        (lambda content: content.replace(b'"first_day"', b'"first-day"', 1), "'segments' is of another version"),
    ],
)
def test_a_file_that_is_not_as_it_was_written(file: Path, change: Any, said: str) -> None:
    with pytest.raises(UnreadableTables, match=said):
        read_tables(altered(file, change))


def test_words_that_were_altered_are_refused_when_they_are_read(file: Path) -> None:
    stored = read_tables(altered(file, lambda content: content.replace(b"not_a_benefit", b"not_a_banefit")))
    with pytest.raises(UnreadableTables, match="altered since it was written"):
        stored.plans["share-plan"]


def test_nothing_but_records_is_made(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pickle that would call something else is refused, whoever wrote it."""

    class Call:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return print, ("called",)

    monkeypatch.setattr(pickle, "dumps", lambda _, protocol: _dumps(Call(), protocol))
    write_tables(RULES, file)
    with pytest.raises(UnreadableTables, match="records of another version"):
        read_tables(file)


_dumps = pickle.dumps


def test_plans_beyond_those_at_hand_are_read_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camcover.engine.stored._KEPT_PLANS", 1)
    stored: Tables = read_tables(file)
    first = stored.plans["share-plan"]
    assert stored.plans["share-plan"] is first
    assert stored.plans["copay-plan"].id == "copay-plan"
    again = stored.plans["share-plan"]
    assert again is not first
    assert again.editions == first.editions
