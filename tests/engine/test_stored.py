"""Compiled rules in a file: the same answers, and nothing read that is not whole, ours and of this version."""

from __future__ import annotations

import hashlib
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import orjson
import pytest

import camcover
from camcover.engine.compiling import stored
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.stored import (
    OtherVersion,
    UnreadableTables,
    is_own_file,
    is_stored,
    read_tables,
    write_tables,
)
from camcover.engine.compiling.stored_schema import schema_digest
from small_rules import SHARE_PLAN as TEXT
from small_rules import estimate, question, tables

RULES = tables()
KEPT_FILES = Path(__file__).parent / "stored_files"
PREAMBLE = 90
"""18 bytes of format, 32 of schema, 8 of length, 32 of the header's digest."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The small rules, stored."""
    path = tmp_path / "rules"
    write_tables(RULES, path)
    return path


def used(path: Path) -> None:
    """Read everything that a file holds."""
    found = read_tables(path)
    assert len(dict(found.directory)) == len([found.plans[each] for each in found.plans])


def body_of(content: bytes) -> int:
    """Where the body of a file begins."""
    return PREAMBLE + int.from_bytes(content[50:58], "little")


def header_of(content: bytes) -> dict[str, object]:
    """The header of a file."""
    found: dict[str, object] = orjson.loads(content[PREAMBLE : body_of(content)])
    return found


def with_header(content: bytes, **changed: object) -> bytes:
    """A file whose header says something else, all its digests right."""
    body = body_of(content)
    header = orjson.dumps(header_of(content) | changed)
    header += b" " * (-(PREAMBLE + len(header)) % 64)
    digest = hashlib.sha256(header).digest()
    return content[:50] + len(header).to_bytes(8, "little") + digest + header + content[body:]


def test_stored_tables_give_the_same_answers(file: Path) -> None:
    found = read_tables(file)
    assert found.digest == RULES.digest
    assert list(found.plans) == sorted(RULES.plans)
    assert dict(found.directory) == dict(RULES.directory)
    for asked in (question(explain=True), question(plan_id="copay-plan", members=[{"id": "ana"}], explain=True)):
        assert estimate(found, asked) == estimate(RULES, asked)


def test_use_before_storing_changes_nothing_in_the_file(file: Path, tmp_path: Path) -> None:
    estimate(RULES, question())
    write_tables(RULES, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


def test_stored_tables_can_be_stored_again(file: Path, tmp_path: Path) -> None:
    write_tables(read_tables(file), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


def test_only_stored_plans_are_found(file: Path) -> None:
    found = read_tables(file)
    assert all(plan_id in found.plans for plan_id in RULES.plans)
    for unknown in ("", "a", "copay-plam", "copay-plan-2", "nowhere", "share-pla", "zebra"):
        assert unknown not in found.plans
        assert found.plans.get(unknown) is None
    assert len(found.plans) == len(found.directory) == 2


def test_is_stored_recognises_the_format(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("format: camcover/1\n", encoding="utf-8")
    assert is_stored(file)
    assert is_stored(KEPT_FILES / "version-1.compiled")
    assert not is_stored(other)
    assert not is_stored(tmp_path)


def test_every_flipped_bit_is_refused(file: Path) -> None:
    """Every bit of the preamble, and 600 drawn ones of header, head and words: none is ever used."""
    content = file.read_bytes()
    head = int(str(header_of(content)["head_bytes"]))
    body, dice = body_of(content), np.random.default_rng(11)
    regions = (range(PREAMBLE, body), range(body, body + head), range(body + head, len(content)))
    bits = [place * 8 + bit for place in range(PREAMBLE) for bit in range(8)]
    bits += [int(each) for region in regions for each in dice.integers(8 * region.start, 8 * region.stop, 200)]
    for number in bits:
        flipped = bytearray(content)
        flipped[number // 8] ^= 1 << number % 8
        file.write_bytes(flipped)
        with pytest.raises(UnreadableTables):
            used(file)


def test_a_file_of_another_length_is_refused(file: Path) -> None:
    content, dice = file.read_bytes(), np.random.default_rng(12)
    lengths = [*range(PREAMBLE + 1), body_of(content), len(content) - 1, *map(int, dice.integers(0, len(content), 100))]
    for length in lengths:
        file.write_bytes(content[:length])
        with pytest.raises(UnreadableTables):
            used(file)
    file.write_bytes(content + b"\0")
    with pytest.raises(UnreadableTables, match="bytes, expected"):
        used(file)


def test_files_of_other_versions_are_recognised() -> None:
    """The first format, which held pickles; and the present one, written by a version with another schema."""
    for name in ("version-1.compiled", "other-schema.compiled"):
        with pytest.raises(
            OtherVersion, match=rf"{name} was compiled by another version of camcover; compile the rule"
        ):
            read_tables(KEPT_FILES / name)


def test_the_schema_is_checked_first(file: Path) -> None:
    """What stands behind another schema may be anything; it is not called altered."""
    content = file.read_bytes()
    assert content[18:50] == schema_digest()
    file.write_bytes(content[:18] + hashlib.sha256(b"another").digest() + b"whatever")
    with pytest.raises(OtherVersion):
        read_tables(file)


class Call:
    """What a pickle would call if anybody read it."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("was-run",)


def test_a_file_with_a_pickle_runs_nothing(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pickle in place of the vocabulary, all digests right: it is no JSON, and nothing is called."""
    monkeypatch.chdir(tmp_path)
    content = file.read_bytes()
    body, evil = body_of(content), pickle.dumps(Call())
    head = evil + bytes(-len(evil) % 64)
    head += content[body : body + int(str(header_of(content)["head_bytes"]))]
    words = content[body + int(str(header_of(content)["head_bytes"])) :]
    altered = with_header(
        content[:body] + head + words,
        size=len(head) + len(words),
        head_bytes=len(head),
        head_sha256=hashlib.sha256(head).hexdigest(),
        vocabulary=[0, len(evil)],
    )
    file.write_bytes(altered)
    with pytest.raises(UnreadableTables):
        used(file)
    with pytest.raises(OtherVersion):
        read_tables(KEPT_FILES / "version-1.compiled")
    assert not (tmp_path / "was-run").exists()


def test_nothing_in_the_package_can_unpickle() -> None:
    """Neither a module that makes objects from bytes is imported, nor is numpy allowed to do it."""
    folder = Path(camcover.__file__).parent
    for source in (each for each in folder.rglob("*.py") if "gen" not in each.relative_to(folder).parts):
        text = source.read_text(encoding="utf-8")
        for word in (
            "import pickle",
            "import marshal",
            "import shelve",
            "import dill",
            "allow_pickle=True",
            "np.load(",
        ):
            assert word not in text, source


@pytest.mark.parametrize(
    "changed",
    [
        {"size": -1},
        {"head_bytes": 1 << 60},
        {"head_bytes": "1"},
        {"arrays": []},
        {"arrays": [[0, 1 << 60]] * 16},
        {"arrays": [[0]] * 16},
        {"arrays": [[-64, 1]] * 16},
        {"arrays": [[0, True]] * 16},
        {"plans": [1, 2]},
        {"plans": None},
        {"vocabulary": [1 << 40, 1]},
        {"vocabulary": 7},
        {"directory_bytes": 1 << 40},
        {"unknown": 1},
    ],
)
def test_a_header_with_wrong_positions_is_refused(file: Path, changed: dict[str, object]) -> None:
    """Its digests are right, so that somebody made it so: refused all the same."""
    file.write_bytes(with_header(file.read_bytes(), **changed))
    with pytest.raises(UnreadableTables):
        used(file)


def test_the_words_of_another_plan_are_refused(file: Path) -> None:
    """The file says that copay-plan is copay-plam, all digests right; its words know better."""
    content = file.read_bytes()
    body, head_bytes = body_of(content), int(str(header_of(content)["head_bytes"]))
    head = content[body : body + head_bytes].replace(b"copay-plan", b"copay-plam")
    file.write_bytes(with_header(content[:body] + head + content[body + head_bytes :], head_sha256=digest(head)))
    with pytest.raises(UnreadableTables, match="found the words of plan copay-plan, expected those of copay-plam"):
        used(file)


def digest(content: bytes) -> str:
    """The SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def test_only_regular_files_are_opened(file: Path, tmp_path: Path) -> None:
    """A pipe would wait for somebody to write; a link may lead anywhere."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(file)
    for each in (tmp_path / "pipe", tmp_path, Path(os.devnull)):
        with pytest.raises(UnreadableTables, match="not a regular file"):
            read_tables(each)
    assert read_tables(tmp_path / "link").digest == RULES.digest
    with pytest.raises(OSError, match="symbolic links"):
        read_tables(tmp_path / "link", follows_links=False)
    whole = digest(file.read_bytes())
    assert is_own_file(file, whole)
    for each in (tmp_path / "pipe", tmp_path / "link", tmp_path / "nowhere"):
        assert not is_own_file(each, whole)
    assert not is_own_file(file, digest(b""))


def test_the_plans_used_last_are_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for two of three: share-plan is asked again before the third comes, so that it stays and copay-plan goes."""
    three = tables(other=TEXT.replace("id: share-plan", "id: other-plan"))
    write_tables(three, file)
    monkeypatch.setattr(stored, "_KEPT_PLANS", 2)
    found: Tables = read_tables(file)
    share, copay = found.plans["share-plan"], found.plans["copay-plan"]
    assert found.plans["share-plan"] is share
    _ = found.plans["other-plan"]
    assert found.plans["share-plan"] is share
    assert found.plans["copay-plan"] is not copay
    assert found.plans["copay-plan"].editions == copay.editions


def test_many_threads_read_plans(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for one of two plans, eight threads: each gets the plan that it asks for."""
    monkeypatch.setattr(stored, "_KEPT_PLANS", 1)
    found = read_tables(file)
    asked = ["share-plan", "copay-plan"] * 200
    with ThreadPoolExecutor(8) as pool:
        assert [each.id for each in pool.map(found.plans.__getitem__, asked)] == asked
