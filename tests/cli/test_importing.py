"""`camcover import`: a new folder of rule files, and what could not be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from advantage_tables import BENEFITS, package, tables
from camcover.cli import app
from exchange_tables import exchange


def run(*words: object) -> tuple[int, str, str]:
    """Status, output and errors of `camcover import`."""
    done = CliRunner().invoke(app, ["import", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def words_of(folder: Path, **texts: str) -> list[object]:
    """`medicare-advantage` with two tables in a folder."""
    plans, benefits = tables(folder, **texts)
    return ["medicare-advantage", "--plans", plans, "--benefits", benefits, "--year", "2026"]


def test_plans_become_files_that_cite_their_tables(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    status, told, _ = run(*words_of(tmp_path), "-o", folder, "--retrieved", "2026-11-26")
    assert (status, told) == (0, f"{folder}: 2 plans; 0 parts of the files could not be read\n")
    text = (folder / "h0001" / "ma-h0001-001-0-2026.yaml").read_text()
    assert "CMS, Medicare plan finder, plan year 2026: plans.csv (SHA-256 " in text
    assert "retrieved: 2026-11-26" in text
    assert (folder / "imported.jsonl").read_text() == ""


def test_a_package_becomes_files(tmp_path: Path) -> None:
    status, _, _ = run("medicare-advantage", "--pbp", package(tmp_path), "--year", "2026", "-o", tmp_path / "out")
    assert status == 0
    assert (tmp_path / "out" / "h0002" / "ma-h0002-003-0-2026.yaml").is_file()


def test_what_could_not_be_read_is_printed_and_listed(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    spoilt = BENEFITS.replace("acupuncture,in,yes,1000,1000", "acupuncture,in,yes,ten,1000")
    status, told, errors = run(*words_of(tmp_path, benefits=spoilt), "-o", folder)
    assert (status, told) == (1, f"{folder}: 1 plan; 3 parts of the files could not be read\n")
    assert errors.startswith("benefits.csv:2: column copay_min_cents: found 'ten'; expected a whole number")
    first, *_ = (json.loads(line) for line in (folder / "imported.jsonl").read_text().splitlines())
    assert first["line"] == 2
    assert [each.name for each in folder.rglob("*.yaml")] == ["ma-h0001-002-0-2026.yaml"]


def test_only_the_plans_that_are_named_are_written(tmp_path: Path) -> None:
    folder, words = tmp_path / "out", words_of(tmp_path)
    status, told, _ = run(*words, "-o", folder, "--plan", "ma-h0001-002-0", "--plan", "ma-h0001-002-0")
    assert (status, told) == (0, f"{folder}: 1 plan; 0 parts of the files could not be read\n")
    assert [each.name for each in folder.rglob("*.yaml")] == ["ma-h0001-002-0-2026.yaml"]
    status, _, errors = run(*words, "-o", tmp_path / "other", "--plan", "H0001-002-0")
    expected = "no such plan, or it could not be read; expected an id such as ma-h0001-001-0"
    assert (status, errors) == (2, f"--plan 'H0001-002-0': {expected}\n")
    plans, benefits = exchange(tmp_path)
    words = ["exchange-puf", "--plans", plans, "--benefits", benefits, "--year", "2026", "-o", tmp_path / "other"]
    status, _, errors = run(*words, "--plan", "puf-1")
    assert (status, errors) == (
        2,
        "--plan 'puf-1': no such plan, or it could not be read; expected an id such as puf-12345oh0010001-01\n",
    )
    assert not (tmp_path / "other").exists()


def test_a_plan_that_the_table_of_plans_does_not_have_is_listed_once(tmp_path: Path) -> None:
    """The benefits of both plans, and the plans without the second."""
    plans, benefits = tables(tmp_path)
    rows = plans.read_text().splitlines(keepends=True)
    plans.write_text("".join(each for each in rows if not each.startswith("H0001-002-0")))
    words = ("medicare-advantage", "--plans", plans, "--benefits", benefits, "--year", "2026", "-o", tmp_path / "out")
    status, told, errors = run(*words)
    assert (status, told) == (1, f"{tmp_path / 'out'}: 1 plan; 1 parts of the files could not be read\n")
    assert "column plan_id: found 'H0001-002-0'; expected a plan of the other file that could be read" in errors


def test_a_folder_is_only_replaced_when_asked(tmp_path: Path) -> None:
    words = [*words_of(tmp_path), "-o", tmp_path / "out"]
    assert run(*words)[0] == 0
    status, told, errors = run(*words)
    assert (status, told) == (2, "")
    assert errors == f"{tmp_path / 'out'}: is not empty; expected a new folder, or --replace\n"
    assert run(*words, "--replace")[0] == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (["--pbp", "."], "expected either --pbp FOLDER, or --plans CSV with --benefits CSV"),
        (["--fees", "../x"], "--fees '../x': expected an id such as medicare-advantage-fees"),
    ],
)
def test_options_that_make_no_sense_end_with_status_2(tmp_path: Path, changes: list[str], expected: str) -> None:
    status, _, errors = run(*words_of(tmp_path), "-o", tmp_path / "out", *changes)
    assert (status, errors) == (2, f"{expected}\n")
    assert not (tmp_path / "out").exists()


def test_a_file_that_gives_nothing_writes_nothing(tmp_path: Path) -> None:
    plans, _ = tables(tmp_path)
    words = ["medicare-advantage", "--plans", plans, "--benefits", plans, "--year", "2026", "-o", tmp_path / "out"]
    status, _, errors = run(*words)
    assert status == 2
    assert errors.endswith("nothing is written\n")
    empty = run(*words_of(tmp_path, plans="H1,,,,,,,,,,\n"), "-o", tmp_path / "out")
    assert (empty[0], "no plan could be read; nothing is written" in empty[2]) == (2, True)
    assert not (tmp_path / "out").exists()


def test_plans_of_the_exchanges_become_files(tmp_path: Path) -> None:
    plans, benefits = exchange(tmp_path)
    words = ["exchange-puf", "--plans", plans, "--benefits", benefits, "--year", "2026", "-o", tmp_path / "out"]
    status, told, _ = run(*words)
    assert (status, told) == (0, f"{tmp_path / 'out'}: 1 plan; 0 parts of the files could not be read\n")
    text = (tmp_path / "out" / "issuer-12345" / "puf-12345oh0010001-01-2026.yaml").read_text()
    assert "public use files, plan year 2026: plans.csv (SHA-256 " in " ".join(text.split())
    status, _, errors = run(*words, "--replace", "--variant", "04")
    assert (status, errors) == (2, "no plan could be read; nothing is written\n")
