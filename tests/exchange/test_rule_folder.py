"""A folder that is written as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from camcover.exchange.rule_folder import FolderRefused, write_folder

FILES = [("imported.jsonl", ""), ("h0001/ma-h0001-001-0-2026.yaml", "format: camcover/1\n")]


def listed(folder: Path) -> list[str]:
    """All files below a folder, and what lies beside it."""
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def test_files_lie_in_a_new_folder(tmp_path: Path) -> None:
    assert write_folder(tmp_path / "new" / "plans", FILES) == 2
    assert listed(tmp_path) == ["new/plans/h0001/ma-h0001-001-0-2026.yaml", "new/plans/imported.jsonl"]


def test_a_folder_with_something_in_it_is_refused_unless_an_import_wrote_it(tmp_path: Path) -> None:
    folder = tmp_path / "plans"
    write_folder(folder, FILES)
    with pytest.raises(FolderRefused, match="is not empty; expected a new folder, or --replace"):
        write_folder(folder, FILES)
    write_folder(folder, FILES[:1], may_replace=True)
    assert listed(tmp_path) == ["plans/imported.jsonl"]
    (folder / "imported.jsonl").rename(folder / "mine.yaml")
    with pytest.raises(FolderRefused, match="no import wrote it"):
        write_folder(folder, FILES, may_replace=True)
    assert listed(tmp_path) == ["plans/mine.yaml"]


def test_a_file_or_a_link_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link"):
        with pytest.raises(FolderRefused, match="is a file or a link"):
            write_folder(tmp_path / name, FILES, may_replace=True)


@pytest.mark.parametrize("name", ["../x.yaml", "/etc/x.yaml", "a/b/c.yaml", "A.yaml", "x.py", ".x.yaml", "x.yaml\n"])
def test_no_name_leads_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(FolderRefused, match="not a name for an imported file"):
        write_folder(tmp_path / "plans", [*FILES, (name, "")])
    assert listed(tmp_path) == []


def test_nothing_is_left_of_what_fails_on_the_way(tmp_path: Path) -> None:
    def files() -> Iterator[tuple[str, str]]:
        yield FILES[0]
        raise KeyError

    with pytest.raises(KeyError):
        write_folder(tmp_path / "plans", files())
    assert list(tmp_path.iterdir()) == []
