"""`camcover import fees`: fee files that price, and what ends the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from camcover.cli import app
from fee_tables import RVU_2025, RVU_2026, ZIPS, indices, schedule

ROOT = Path(__file__).parents[2]
ORIGINAL_MEDICARE = ROOT / "rules" / "payers" / "original-medicare"


def run(*words: object) -> tuple[int, str, str]:
    """Status, output and errors of `camcover`."""
    done = CliRunner().invoke(app, [*map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def medicare(folder: Path, *words: object, **texts: str) -> tuple[int, str, str]:
    """`camcover import fees medicare` with two files of a folder, into its folder `out`."""
    rvu, gpci = schedule(folder, **texts)
    return run("import", "fees", "medicare", "--rvu", rvu, "--gpci", gpci, "-o", folder / "out", *words)


def test_a_zip_code_chooses_the_locality(tmp_path: Path) -> None:
    (tmp_path / "zips.txt").write_text(ZIPS)
    words = ("--zip", "98101", "--zips", tmp_path / "zips.txt", "--retrieved", "2026-11-26")
    assert medicare(tmp_path, *words) == (
        0,
        f"{tmp_path / 'out'}: 1 fee file; 0 parts of the files could not be read\n",
        "",
    )
    text = (tmp_path / "out" / "medicare-fees-wa-02-2025-01-01.yaml").read_text()
    assert "Relative Value File October Release, with geographic indices: rvu.csv (SHA-256 " in text
    assert "zips.txt (SHA-256 " in text
    assert "retrieved: 2026-11-26" in text


def test_every_locality_has_a_file(tmp_path: Path) -> None:
    assert medicare(tmp_path)[0] == 0
    assert len(list((tmp_path / "out").glob("*.yaml"))) == 109


@pytest.mark.parametrize(("setting", "share_cents"), [("office", 1010), ("outpatient_hospital", 655)])
def test_an_estimate_of_original_medicare_in_seattle(tmp_path: Path, setting: str, share_cents: int) -> None:
    """20 percent behind the deductible, of 50.49 in an office (10.098) and of 32.73 in a hospital (6.546).

    The amounts of 97810 are worked out in tests/exchange/test_physician_fees.py.
    """
    rules = tmp_path / "rules"
    shutil.copytree(ORIGINAL_MEDICARE, rules, ignore=lambda _, names: [each for each in names if "fees" in each])
    (rules / "plan-2026.yaml").unlink()
    assert medicare(tmp_path, "--locality", "WA-02", "--id", "medicare-part-b-fees")[0] == 0
    visit: dict[str, Any] = {
        "practitioner": "physician",
        "diagnoses": ["M54.50"],
        "tier": "participating",
        "setting": setting,
        "dates": ["2025-03-03"],
        "procedures": [{"code": "97810", "units": 1}],
    }
    member = {
        "id": "ana",
        "age": 70,
        "state": "WA",
        "accumulators": [{"accumulator": "deductible", "used_cents": 25700}],
    }
    request = {"plan_id": "original-medicare-part-b", "members": [member], "items": [visit]}
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request))
    words = ("--rules", ROOT / "rules" / "catalog", "--rules", rules, "--rules", tmp_path / "out")
    status, printed, errors = run("estimate", path, *words)
    assert (status, errors) == (0, "")
    told = json.loads(printed)
    assert told["totals"]["patient_cents"] == share_cents
    assert any("National Physician Fee Schedule" in each["title"] for each in told["citations"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--zip", "98101"], "expected --locality, or --zip with --zips, or none of them"),
        (["--locality", "XX-01"], "--locality 'XX-01': expected one of the table, such as WA-02, ZZ-00, ZZ-01"),
        (["--id", "fees"], "--id fees: 109 localities; expected one"),
        (["--id", "../x"], "--id '../x': expected an id such as medicare-advantage-fees"),
        (["--tier", "In Network"], "--tier 'In Network': expected a tier such as in_network"),
    ],
)
def test_options_that_make_no_sense_end_with_status_2(tmp_path: Path, words: list[str], expected: str) -> None:
    assert medicare(tmp_path, *words) == (2, "", f"{expected}\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"rvu": RVU_2026}, "gpci.csv:1: found indices of 2025; expected those of 2026, as the values"),
        ({"gpci": indices(97)}, "gpci.csv: found 98 localities; expected 109, one for each locality of the year"),
        ({"rvu": RVU_2025.replace(",A,", ",X,")}, "no amount could be read"),
    ],
)
def test_files_that_give_nothing_write_nothing(tmp_path: Path, texts: dict[str, str], expected: str) -> None:
    status, told, errors = medicare(tmp_path, **texts)
    assert (status, told) == (2, "")
    assert errors.startswith(expected)
    assert errors.endswith("nothing is written\n")
    assert not (tmp_path / "out").exists()


def test_another_number_of_localities_can_be_asked_for(tmp_path: Path) -> None:
    assert medicare(tmp_path, "--localities", "98", gpci=indices(97))[0] == 0


def test_what_could_not_be_read_is_listed(tmp_path: Path) -> None:
    status, told, errors = medicare(tmp_path, "--locality", "WA-02", rvu=RVU_2025.replace("0.61", "#REF!"))
    assert (status, told) == (1, f"{tmp_path / 'out'}: 1 fee file; 1 parts of the files could not be read\n")
    assert errors == "rvu.csv:10: column work rvu: found '#REF!'; expected a number such as 0.74\n"
    assert json.loads((tmp_path / "out" / "imported.jsonl").read_text())["line"] == 10
