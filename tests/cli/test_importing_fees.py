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
from price_files import NETWORK, NPI, allowed, entry, in_network, payment, rate, saved

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


def transparency(folder: Path, *words: object) -> tuple[int, str, str]:
    """`camcover import fees transparency` for 2026 into the folder `out` of a folder."""
    usual = ("--year", 2026, "--id", "example-fees", "-o", folder / "out")
    return run("import", "fees", "transparency", *usual, *words)


def test_two_files_are_two_tiers(tmp_path: Path) -> None:
    rates = saved(tmp_path / "rates.json", in_network(entry("97810")))
    content = in_network(out_of_network=[allowed("97810", payment(40))])
    amounts = saved(tmp_path / "amounts.json", content)
    words = ("--in-network", rates, "--allowed-amounts", amounts, "--tier", "preferred", "--outside-tier", "others")
    assert transparency(tmp_path, *words, "--npi", NPI)[0] == 0
    path = tmp_path / "out" / "example-fees-2026-01-01.yaml"
    text = " ".join(path.read_text().split())
    assert f'preferred: codes: "97810": $48.50 cite: "preferred in_network of NPI {NPI}"' in text
    assert 'others: rates: - settings: [office] codes: "97810": $40 cite: "others out_of_network of' in text
    assert "others: what was allowed before, not what is agreed." in text
    assert run("rules", "check", ROOT / "rules" / "catalog", path)[1] == "2 files: 0 errors, 0 warnings\n"


def test_percentages_and_several_amounts_are_listed(tmp_path: Path) -> None:
    several = (rate(), rate({"negotiated_rate": 52}), rate({"negotiated_type": "percentage", "negotiated_rate": 65}))
    rates = saved(tmp_path / "rates.json", in_network(entry("97810", *several), entry("97811")))
    status, told, errors = transparency(tmp_path, "--in-network", rates)
    assert (status, told) == (1, f"{tmp_path / 'out'}: 1 fee file; 2 parts of the files could not be read\n")
    assert "97810, in_network 1, rate 3, price 1: found the negotiated type 'percentage'" in errors
    assert "found 2 amounts from $48.50 to $52.00; expected one; choose providers by --npi" in errors
    assert transparency(tmp_path, "--in-network", rates, "--of-several", "highest", "--replace")[0] == 1
    assert '"97810": $52' in (tmp_path / "out" / "example-fees-2026-01-01.yaml").read_text()


def test_hostile_names_are_text(tmp_path: Path) -> None:
    """A name with the marks of YAML, line ends and what steers a terminal."""
    name = 'x"\n  evil: {a: b}\n\x1b[2J # \u202e'
    rates = saved(tmp_path / "rates.json", in_network(entry("97810"), reporting_entity_name=name, plan_name="]: }"))
    assert transparency(tmp_path, "--in-network", rates, "--network", NETWORK)[0] == 0
    path = tmp_path / "out" / "example-fees-2026-01-01.yaml"
    assert "\x1b" not in path.read_text()
    assert run("rules", "check", ROOT / "rules" / "catalog", path)[1] == "2 files: 0 errors, 0 warnings\n"


def test_a_file_without_a_price_says_why(tmp_path: Path) -> None:
    """Other codes than the catalog's, and prices of institutions alone."""
    knees = in_network(entry("27447"), entry("27130"), entry("97810", rate({"billing_class": "institutional"})))
    rates = saved(tmp_path / "rates.json", knees)
    status, told, errors = transparency(tmp_path, "--in-network", str(rates))
    assert (status, told) == (2, "")
    assert errors.splitlines() == [
        "rates.json: Left out, prices of institutions: 97810 (1).",
        "rates.json: Codes that are not in the catalog, of 3 in all: 27447, 27130.",
        "no amount could be read; nothing is written",
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "expected --in-network, --allowed-amounts or both"),
        (["--id", ""], "--id '': expected an id such as medicare-advantage-fees"),
        (["--in-network", "{rates}", "--npi", "12"], "--npi '12': expected an NPI of ten digits"),
        (["--in-network", "{rates}", "--npi", "1234567890"], "--npi '1234567890': expected an NPI of ten digits"),
        (
            ["--in-network", "{rates}", "--tin", "12-34"],
            "--tin '12-34': expected nine digits, or an NPI",
        ),
        (["--tier", "A"], "--tier 'A': expected a tier such as in_network"),
        (["--outside-tier", ""], "--outside-tier '': expected a tier such as in_network"),
        (["--in-network", "{rates}", "--tier", "x", "--outside-tier", "x"], "--outside-tier 'x': expected another"),
        (
            ["--in-network", "{rates}", "--network", "Other"],
            f"rates.json: Other networks of the file: {NETWORK}.\nno amount could",
        ),
        (["--in-network", "{rates}", "--plan-id", "9"], "rates.json: found no plan_id; expected the plan '9'\nnothing"),
        (["--allowed-amounts", "{rates}"], "rates.json: found no list out_of_network; expected a file of allowed"),
    ],
)
def test_what_makes_no_fee_file_ends_with_status_2(tmp_path: Path, words: list[str], expected: str) -> None:
    rates = saved(tmp_path / "rates.json", in_network(entry("97810")))
    status, told, errors = transparency(tmp_path, *(each.replace("{rates}", str(rates)) for each in words))
    assert (status, told) == (2, "")
    assert errors.startswith(expected)
    assert not (tmp_path / "out").exists()
