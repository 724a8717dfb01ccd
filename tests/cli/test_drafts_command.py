"""`camcover drafts`: two people bring a change live by commands alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from small_rules import COPAY_PLAN

Command = Callable[..., Any]
DEARER = COPAY_PLAN.replace("copay: $20", "copay: $30")


@pytest.fixture
def staff(run: Any, rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command as ana, on a database in which the small rules are active."""
    monkeypatch.setenv("CAMCOVER_DATABASE_URL", f"sqlite:///{tmp_path / 'drafts.sqlite'}")
    monkeypatch.setenv("CAMCOVER_USER", "ana")
    assert run("rules", "publish", rules, "-m", "first").exit_code == 0
    assert run("rules", "activate", "latest").exit_code == 0
    return run  # type: ignore[no-any-return]


def done(staff: Command, *arguments: object, status: int = 0) -> str:
    """What a command of drafts says, on standard output or, where it fails, on standard error."""
    result = staff("drafts", *arguments)
    assert result.exit_code == status, result.output
    text: str = result.stdout if status == 0 else result.stderr
    return text


def test_a_change_goes_live(staff: Command, tmp_path: Path) -> None:
    draft = done(staff, "new", "A copay of 30").strip()
    folder = tmp_path / "work"
    assert f"4 files of {draft}, revision 1" in done(staff, "export", draft, folder)
    assert "expected a new or empty folder" in done(staff, "export", draft, folder, status=2)
    (folder / "copay.yaml").write_text(DEARER, encoding="utf-8")
    said = done(staff, "edit", draft, folder)
    assert said.startswith(f"{draft}: open, revision 2; files that differ from rules-")
    assert said.endswith(": 1\n")
    shown = done(staff, "show", draft.removeprefix("drafts/"))
    assert "-    in_network: {member_pays: [{copay: $20 per visit}]}" in shown
    assert "+    in_network: {member_pays: [{copay: $30 per visit}]}" in shown
    assert done(staff, "submit", draft, "-m", "As the letter says.") == f"{draft}: proposed, revision 2\n"
    assert "another person must approve it" in done(staff, "approve", draft, "--revision", "2", status=1)
    assert "found revision 2" in done(staff, "approve", draft, "--revision", "1", "--as", "ben", status=1)
    assert done(staff, "refuse", draft, "--reason", "Which letter?", "--as", "ben").startswith(f"{draft}: sent-back")
    done(staff, "submit", draft, "-m", "That of May.")
    done(staff, "approve", draft, "--revision", "2", "--as", "ben")
    (found,) = json.loads(done(staff, "list", "--format", "json"))
    assert (found["state"], found["editors"], found["file_count"]) == ("approved", ["ana"], 1)
    assert done(staff, "publish", draft, "--reason", "agreed").startswith("active: rules-")
    assert staff("rules", "export", "active", tmp_path / "live").exit_code == 0
    assert (tmp_path / "live" / "copay.yaml").read_text(encoding="utf-8") == DEARER
    live = json.loads(done(staff, "show", draft, "--format", "json"))
    assert (live["state"], list(live["files"])) == ("published", ["copay.yaml"])
    assert "published" in done(staff, "list")


def test_what_no_longer_is_there_is_removed_and_errors_are_told(staff: Command, tmp_path: Path) -> None:
    draft = done(staff, "new", "Without share-plan").strip()
    folder = tmp_path / "work"
    done(staff, "export", draft, folder)
    (folder / "share.yaml").unlink()
    (folder / "copay.yaml").write_text(DEARER.replace("[acupuncture, massage]", "[acupunture]"), encoding="utf-8")
    result = staff("drafts", "edit", draft, folder)
    assert result.exit_code == 0
    assert "copay.yaml:16:17: error: there is no therapy 'acupunture'" in result.stderr
    assert json.loads(done(staff, "show", draft, "--format", "json"))["files"]["share.yaml"] is None
    assert "acupunture" in done(staff, "submit", draft, status=1)
    assert "found revision 2" in done(staff, "edit", draft, folder, "--revision", "1", status=1)
    (folder / "fees.yaml").write_bytes(b"kind: fees\n\xff")
    assert "not saved: a file cannot be read" in done(staff, "edit", draft, folder, status=1)
    assert done(staff, "withdraw", draft, "--reason", "not needed").startswith(f"{draft}: withdrawn")
    assert "withdrawn" in done(staff, "submit", draft, status=1)


def test_a_draft_is_scheduled_and_takes_over_a_moved_base(staff: Command, rules: Path, tmp_path: Path) -> None:
    draft = done(staff, "new", "A copay of 30").strip()
    folder = tmp_path / "work"
    done(staff, "export", draft, folder)
    (folder / "copay.yaml").write_text(DEARER, encoding="utf-8")
    done(staff, "edit", draft, folder)
    catalog = rules / "catalog.yaml"
    catalog.write_text(catalog.read_text(encoding="utf-8") + "# looked through\n", encoding="utf-8")
    assert staff("rules", "publish", rules, "-m", "second").exit_code == 0
    assert staff("rules", "activate", "latest").exit_code == 0
    assert "rules-" in done(staff, "submit", draft, status=1)
    (folder / "catalog.yaml").write_bytes(catalog.read_bytes())
    assert done(staff, "edit", draft, folder, "--rebase").endswith(": 1\n")
    done(staff, "submit", draft)
    done(staff, "approve", draft, "--revision", "3", "--as", "ben")
    assert "in the past" in done(staff, "publish", draft, "--reason", "x", "--at", "2020-01-01T00:00", status=2)
    said = done(staff, "publish", draft, "--reason", "agreed", "--at", "2999-01-01T00:00+00:00")
    assert said.startswith("scheduled: rules-")


def test_an_unknown_draft_is_told(staff: Command) -> None:
    for draft in ("drafts/0123456789abcdef", "x", "../x"):
        assert f"{draft.removeprefix('drafts/')}'" in done(staff, "show", draft, status=1)
