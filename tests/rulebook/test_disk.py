"""Rule files on real disks: hidden ones, links, mounted volumes, files that are none, and files of strangers."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from camcover.rulebook import Loaded, as_text, load, load_texts
from camcover.rulebook.disk import find, read
from camcover.rulebook.nodes import MAX_BYTES
from small_rules import TEXTS

TODAY = date(2026, 6, 1)
STOLEN = "AWS_SECRET_ACCESS_KEY=hunter2"
WORKFLOW = "name: rules\non: [pull_request]\njobs: {check: {runs-on: ubuntu-latest}}\n"


def names(folder: Path, *others: Path) -> list[str]:
    """The files found, by their name below the first folder."""
    return [file.relative_to(folder).as_posix() for file in find([folder, *others]).files]


def mounted(folder: Path) -> Path:
    """A folder as Kubernetes mounts a ConfigMap, one of its keys in a folder of its own."""
    kept = folder / "..2026_11_25_01"
    for place, (name, text) in enumerate(TEXTS.items()):
        file = kept / ("sub" if place else "") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (folder / "..data").symlink_to(kept.name)
    for entry in kept.iterdir():
        (folder / entry.name).symlink_to(f"..data/{entry.name}")
    return folder


def loaded(folder: Path) -> Loaded:
    return load(folder, today=TODAY)


def codes(folder: Path) -> list[tuple[str, str]]:
    """The diagnostics as (name of the file, code), but that the small rules have no tests."""
    found = [(Path(each.at.file).name, each.code) for each in loaded(folder).diagnostics]
    return [each for each in found if each[1] != "plan-without-tests"]


def test_a_mounted_config_map_shows_each_file_once(tmp_path: Path) -> None:
    first, *others = TEXTS
    assert names(mounted(tmp_path)) == sorted([first, *(f"sub/{name}" for name in others)])
    assert loaded(tmp_path).rules is not None


def test_the_release_is_that_of_plain_files(tmp_path: Path) -> None:
    """A digest is over contents and names below the common folder, wherever the files really are."""
    plain, volume = tmp_path / "plain", tmp_path / "volume"
    for folder in (plain, volume / "..data"):
        folder.mkdir(parents=True)
        for name, text in TEXTS.items():
            (folder / name).write_text(text, encoding="utf-8")
    for name in TEXTS:
        (volume / name).symlink_to(f"..data/{name}")
    one, other = loaded(plain).rules, loaded(volume).rules
    assert one is not None
    assert other is not None
    assert one.digest == other.digest


@pytest.mark.parametrize(
    "name", ["._share.yaml", ".ipynb_checkpoints/share-checkpoint.yaml", ".github/workflows/rules.yml", ".yaml"]
)
def test_hidden_files_and_folders_are_not_read(name: str, rules: Path) -> None:
    hidden = rules / name
    hidden.parent.mkdir(parents=True, exist_ok=True)
    hidden.write_bytes(b"\x00\x05\x16\x07 no rules")
    assert codes(rules) == []


def test_a_hidden_folder_that_is_named_is_read(tmp_path: Path) -> None:
    """Nobody names what is not meant; the point is only that a folder's own hidden ones are no part of it."""
    folder = tmp_path / ".rules"
    folder.mkdir()
    (folder / "a.yaml").touch()
    assert names(folder) == ["a.yaml"]
    assert find([folder / "a.yaml"]).files == (folder / "a.yaml",)


def test_a_file_that_two_paths_lead_to_is_read_once_by_its_own(rules: Path) -> None:
    (rules / "a-link.yaml").symlink_to("share.yaml")
    (rules / "again").symlink_to(".")
    (rules / "deep").mkdir()
    (rules / "deep" / "up").symlink_to("..")
    assert names(rules, rules / "deep", rules / "share.yaml") == sorted(TEXTS)
    assert loaded(rules).rules is not None


@pytest.mark.parametrize("kind", ["file", "folder", "proc", "device"])
def test_a_link_out_of_the_folder_is_named_and_nothing_of_it_is_shown(kind: str, rules: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text(STOLEN, encoding="utf-8")
    target = {
        "file": outside / "secret.yaml",
        "folder": outside,
        "proc": Path("/proc/self/environ"),
        "device": Path("/dev/zero"),
    }[kind]
    (rules / "x.yaml").symlink_to(target)
    found = loaded(rules)
    assert codes(rules) == [("x.yaml", "unreadable-file")]
    assert found.rules is None
    shown = as_text(found.diagnostics, found.texts)
    assert "leads out of the rules folder" in shown
    assert STOLEN not in shown
    assert len(shown.splitlines()) == 1


def test_a_link_is_followed_where_its_folder_is_named_as_well(rules: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (rules / "catalog.yaml").rename(shared / "catalog.yaml")
    (rules / "catalog.yaml").symlink_to(shared / "catalog.yaml")
    assert load(rules, today=TODAY).rules is None
    assert load(rules, shared, today=TODAY).rules is not None


def test_a_link_out_to_a_file_without_rules_is_ignored(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (rules / "notes.txt").symlink_to(tmp_path / "notes.txt")
    (rules / ".venv").symlink_to(tmp_path)
    assert codes(rules) == []


def test_a_dangling_link_is_an_error(rules: Path) -> None:
    (rules / "self.yaml").symlink_to("self.yaml")
    (rules / "gone.yaml").symlink_to("nowhere")
    assert codes(rules) == [("gone.yaml", "unreadable-file"), ("self.yaml", "unreadable-file")]


def test_a_pipe_is_not_waited_for(rules: Path) -> None:
    """Also where it is named itself; a folder that is called as a file is walked."""
    os.mkfifo(rules / "pipe.yaml")
    (rules / "folder.yaml").mkdir()
    assert codes(rules) == [("pipe.yaml", "unreadable-file")]
    (error,) = load(rules / "pipe.yaml", today=TODAY).errors
    assert error.message == "this is not a regular file"


def test_a_huge_file_is_not_read(rules: Path) -> None:
    """3 GB that take no room on the disk: its size alone refuses it."""
    with (rules / "big.yaml").open("wb") as file:
        file.truncate(3 << 30)
    assert codes(rules) == [("big.yaml", "too-large")]


@pytest.mark.parametrize(("size", "is_read"), [(MAX_BYTES, True), (MAX_BYTES + 1, False)])
def test_a_file_is_read_up_to_the_bound_to_the_byte(size: int, is_read: bool, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"#" * size)
    assert isinstance(read(tmp_path / "a.yaml"), bytes) is is_read


def test_a_file_without_permission_is_an_error(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so that the refusal is played."""

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert {each.message for each in loaded(rules).errors} >= {"this cannot be read: Permission denied"}


def test_a_folder_without_permission_is_an_error(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    assert ("rules", "unreadable-file") in codes(rules)


def test_a_name_that_is_not_utf8_is_an_error(rules: Path) -> None:
    try:
        (rules / os.fsdecode(b"\xff.yaml")).touch()
    except OSError:
        pytest.skip("this disk takes no such name")
    (error,) = loaded(rules).errors
    assert error.at.file == f"{rules}/\\xff.yaml"
    assert error.message == "the name of this file is not UTF-8"


@pytest.mark.parametrize(
    "text",
    [
        WORKFLOW,
        "- hosts: all\n  tasks: []\n",
        "a: {{ .Values.a }}\n",
        "a: 1\n---\nb: 2\n",
        "a: &x 1\nb: *x\na: 2\n",
        "kind: Deployment\nspec: {image: registry.example/camcover}\n",
        "[" * 5_000,
    ],
)
def test_a_yaml_file_that_is_no_rule_file_is_named_once_and_left_out(text: str) -> None:
    found = load_texts(TEXTS | {"other.yml": text}, TODAY)
    assert [each.code for each in found.diagnostics if each.at.file == "other.yml"] == ["not-a-rule-file"]
    alone = load_texts(TEXTS, TODAY)
    assert len(found.diagnostics) == len(alone.diagnostics) + 1
    assert found.rules is not None
    assert alone.rules is not None
    assert found.rules.digest == alone.rules.digest
    assert set(found.texts) == set(TEXTS)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("format: camcover/2\nkind: plan\n", "invalid-word"),
        ("format: camcover\n", "missing-key"),
        ("fromat: camcover/1\nkind: plan\n", "unknown-key"),
        ("fromat: camcover/1\nname: x\n", "missing-key"),
        ("kind: plan\n", "missing-key"),
        ("format: camcover/1\nkind: plna\n", "invalid-word"),
        ("format: camcover/1\nkind: [plan\n", "syntax"),
        ("format camcover/1\nkind: plan\n: [", "syntax"),
        ("kind: plan\n\tid: x\n", "syntax"),
        ("", "syntax"),
        ("# to be written\n", "syntax"),
        ("for", "unexpected-shape"),
    ],
)
def test_a_file_meant_as_a_rule_file_stays_an_error(text: str, code: str) -> None:
    """Also half of a file, as an editor may leave it for a moment: its plan must not be dropped without a word."""
    found = load_texts(TEXTS | {"meant.yaml": text}, TODAY)
    assert found.rules is None
    assert {each.at.file for each in found.errors} == {"meant.yaml"}
    assert code in {each.code for each in found.errors}


def test_a_folder_without_rule_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ci.yml").write_text(WORKFLOW, encoding="utf-8")
    assert [each.code for each in load(tmp_path, today=TODAY).diagnostics] == ["no-rules", "not-a-rule-file"]


def test_records_name_files_below_their_folder_and_findings_by_path(tmp_path: Path) -> None:
    """What is made of records goes to callers; what is wrong is shown to whoever named the folder."""
    folder = tmp_path / "rules"
    (folder / "plans").mkdir(parents=True)
    for name, text in TEXTS.items():
        (folder / ("plans" if name == "copay.yaml" else ".") / name).write_text(text, encoding="utf-8")
    found = load(folder)
    assert found.rules is not None
    (plan,) = found.rules.plans["copay-plan"]
    assert plan.heading.at.file == "plans/copay.yaml"
    assert set(found.rules.texts) == {"catalog.yaml", "fees.yaml", "share.yaml", "plans/copay.yaml"}
    path = str(folder / "plans" / "copay.yaml")
    assert path in {each.at.file for each in found.diagnostics}
    assert path in found.texts
    assert found.rules.as_read("plans/copay.yaml:3") == f"{path}:3"
    assert found.rules.as_read("plans/copay.yaml") == path
    assert found.rules.as_read("other.yaml:3") == "other.yaml:3"
    assert found.rules.digest == load_texts(found.rules.texts).rules.digest  # type: ignore[union-attr]


def test_the_same_file_twice_is_one_file(tmp_path: Path) -> None:
    """A single file is named by itself."""
    (tmp_path / "copay.yaml").write_text(TEXTS["copay.yaml"].replace("fees: fees", "fees: no"), encoding="utf-8")
    found = load(tmp_path / "copay.yaml", tmp_path)
    assert {each.at.file for each in found.errors} == {str(tmp_path / "copay.yaml")}
