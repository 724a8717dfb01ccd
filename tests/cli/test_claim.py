"""`camcover claim`: tests/exchange has what is read; here is what is printed and priced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli.test_prices import imported
from exchange.billing import CLAIM, FIRST, claim_file
from price_files import NPI, TIN, entry, in_network


def test_a_claim_becomes_a_request_that_is_priced(rules: Path, tmp_path: Path, run: Any) -> None:
    """Charge 110.00, allowed 48.00, all of it deductible: 48.00; its number is the request's id."""
    file = tmp_path / "a.837"
    file.write_text(claim_file(*CLAIM, "NTE*ADD*NAMES ANA"), encoding="utf-8")
    asked = run("claim", file, "--plan", "share-plan", "--tier", "in_network")
    assert asked.exit_code == 0
    assert asked.stderr == f"{file}:{FIRST + 5}: segment NTE: found a segment that is not read; expected none\n"
    used = [{"accumulator": name, "used_cents": 0} for name in ("deductible", "oop_max")]
    request = json.loads(asked.stdout)
    request["members"][0]["accumulators"] = used
    priced = run("estimate", "-", "--rules", rules, stdin=json.dumps(request))
    assert priced.exit_code == 0
    estimate = json.loads(priced.stdout)
    assert (estimate["request_id"], estimate["totals"]["patient_cents"]) == ("c1", 4_800)


def test_a_claim_is_priced_by_what_the_payer_publishes_of_its_provider(rules: Path, tmp_path: Path, run: Any) -> None:
    """48.50 of the provider under the tax number in place of 48.00 of the fee file; all of it is deductible."""
    imported(tmp_path, in_network(entry("97810")))
    file, asked = tmp_path / "a.837", tmp_path / "asked.json"
    file.write_text(claim_file(*CLAIM, biller=[f"REF*EI*{TIN.replace('-', '')}"]), encoding="utf-8")
    read = run("claim", file, "--plan", "share-plan", "--tier", "in_network")
    assert (read.exit_code, read.stderr) == (0, "")
    request = json.loads(read.stdout)
    request["members"][0]["accumulators"] = [{"accumulator": "deductible", "used_cents": 0}]
    asked.write_text(json.dumps(request))
    told = json.loads(run("estimate", asked, "--rules", rules, "--prices", tmp_path / "prices.sqlite").stdout)
    assert told["lines"][0]["patient_cents"] == 4_850
    (cited,) = (each["title"] for each in told["citations"] if each["place"] == f"97810, NPI {NPI}, TIN {TIN}")
    assert cited.startswith("Example Health, as of 2026-02-01: rates.json (SHA-256 ")


def test_a_claim_from_standard_input(run: Any) -> None:
    assert json.loads(run("claim", "-", "--plan", "p", stdin=claim_file(*CLAIM)).stdout)["request_id"] == "c1"


def test_files_that_cannot_be_read_and_claims_that_are_no_request(tmp_path: Path, run: Any) -> None:
    missing = run("claim", tmp_path / "none", "--plan", "p")
    assert (missing.exit_code, missing.stderr) == (1, f"{tmp_path / 'none'}: No such file or directory\n")
    unread = run("claim", "-", "--plan", "p", stdin="no claim")
    assert (unread.exit_code, "does not begin with ISA" in unread.stderr) == (1, True)
    undated = run("claim", "-", "--plan", "p", stdin=claim_file(*CLAIM[:-1]))
    assert undated.exit_code == 2
    assert undated.stderr.splitlines() == [
        f"-:{FIRST + 3}: segment SV1: found no day of service; expected a day (DTP 472); the line is left out",
        "items: found nothing; expected 1 to 500 entries [MISSING_VALUE]",
    ]
