"""`make breaking`: what would break callers is named; where there is nothing to compare with, that is said."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of the contract alone, without a release."""
    shutil.copytree(ROOT / "protos", tmp_path / "protos", ignore=shutil.ignore_patterns("__pycache__"))
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "the contract")):
        git(tmp_path, *words)
    return tmp_path


def git(folder: Path, *words: str) -> None:
    """Run git as somebody."""
    somebody = ["-c", "user.name=ana", "-c", "user.email=ana@example"]
    command = ["git", *somebody, *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def compared(folder: Path, *revision: str) -> tuple[int, str]:
    """The exit status of the comparison, and what it prints."""
    command = [sys.executable, str(folder / "protos" / "breaking.py"), *revision]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_without_a_release_nothing_is_compared(repository: Path) -> None:
    assert compared(repository) == (0, "no release in the history: nothing to compare the contract with\n")
    assert compared(repository, "v0") == (2, "v0: git has no protos/ of this revision\n")


def test_a_field_that_is_added_breaks_nothing_and_one_that_is_removed_does(repository: Path) -> None:
    git(repository, "tag", "v1.0.0")
    file = repository / "protos" / "camcover" / "v1" / "estimate_service.proto"
    text = file.read_text(encoding="utf-8")
    last = "  google.protobuf.Timestamp erased_at = 7;\n"
    assert text.count(last) == 1
    file.write_text(text.replace(last, f"{last}  // More.\n  bool more = 8;\n"), encoding="utf-8")
    assert compared(repository) == (0, "the contract breaks nothing of v1.0.0\n")
    file.write_text(text.replace(last, ""), encoding="utf-8")
    status, said = compared(repository)
    assert status != 0
    assert 'Previously present field "7" with name "erased_at" on message "StoredEstimate" was deleted' in said
    status, said = compared(repository, "HEAD")
    assert status != 0


def test_without_a_tag_the_last_release_of_the_changelog_counts(repository: Path) -> None:
    changes, file = repository / "CHANGELOG.md", repository / "protos" / "camcover" / "v1" / "estimate_service.proto"
    changes.write_text("# Changelog\n\n## 0.1.0 - 2026-01-05\n- The first.\n", encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "0.1.0")
    changes.write_text(
        changes.read_text("utf-8").replace("\n\n", "\n\n## Unreleased\n- More.\n\n", 1), encoding="utf-8"
    )
    git(repository, "commit", "-qam", "more")
    status, said = compared(repository)
    assert (status, said.startswith("the contract breaks nothing of ")) == (0, True)
    last = "  google.protobuf.Timestamp erased_at = 7;\n"
    file.write_text(file.read_text("utf-8").replace(last, ""), encoding="utf-8")
    # The field goes in a commit of its own, so that only the release still has it.
    git(repository, "commit", "-qam", "a field goes")
    status, said = compared(repository)
    assert status != 0
    assert 'Previously present field "7" with name "erased_at"' in said
