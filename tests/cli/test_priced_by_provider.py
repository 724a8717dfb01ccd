"""Commands and a service that look prices of providers up: small_rules.question has the figures."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from camcover.bulk import REQUEST_SCHEMA
from camcover.cli import app
from cli.test_prices import imported
from pdf_reading import read_pdf
from price_files import NPI, Json, entry, in_network, rate
from processes import address_of, end, forked_service
from small_rules import question

PLAN = question(items=[question()["items"][0] | {"provider": NPI}])
"""At 48.50: the last 40.00 of the deductible + 20 % of 8.50 = 41.70, then 9.70 twice: 61.10."""


def test_an_estimate_has_the_price_of_its_provider(rules: Path, tmp_path: Path) -> None:
    imported(tmp_path, in_network(entry("97810")))
    request = tmp_path / "request.json"
    request.write_text(json.dumps(PLAN))
    words = ["estimate", str(request), "--rules", str(rules)]
    done = CliRunner().invoke(app, [*words, "--prices", str(tmp_path / "prices.sqlite")])
    told = json.loads(done.stdout)
    assert told["totals"]["patient_cents"] == 6110
    (cited,) = (each for each in told["citations"] if each["place"] == f"97810, NPI {NPI}")
    assert cited["title"].startswith("Example Health, as of 2026-02-01: rates.json (SHA-256 ")
    without = json.loads(CliRunner().invoke(app, words).stdout)
    assert without["totals"]["patient_cents"] == 6080


def asked_and_priced(folder: Path, item: Json) -> tuple[Path, Path]:
    """A request of one item, and the file of prices of `NPI`, 48.50 for 97810."""
    imported(folder, in_network(entry("97810")))
    request = folder / "request.json"
    request.write_text(json.dumps(question(items=[item])))
    return request, folder / "prices.sqlite"


def test_ways_are_compared_with_the_care_at_its_providers_prices(rules: Path, tmp_path: Path, run: Any) -> None:
    """`PLAN` costs 61.10, by the fee file 60.80. Of five visits the last is above the plan's four, and costs 80.00.

    The first four cost 41.70 + 3 x 9.70 = 70.80: 150.80 in all, and 10.00 less where the last is paid at 70.00.
    """
    request, prices = asked_and_priced(tmp_path, PLAN["items"][0])
    words = ("optimize", request, "--rules", rules, "--prices", prices)
    told = run(*words, "--tiers", "out_of_network").stdout.splitlines()
    assert told[0] == "As planned you would pay $61.10."
    source = f"Example Health, as of 2026-02-01: rates.json (SHA-256 {_digest(tmp_path)})"
    assert told[-3:] == [
        "acupuncture: only other dates were tried. The price in your request holds for this provider.",
        "",
        f"The price of 97810, NPI {NPI} comes from: {source}.",
    ]
    days = ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30"]
    asked_and_priced(tmp_path, PLAN["items"][0] | {"dates": days})
    found = json.loads(run(*words, "--self-pay", "0=7000", "--format", "json").stdout)
    (way,) = found["ways"]
    assert (found["patient_cents"], way["patient_cents"], way["saved_cents"]) == (15_080, 14_080, 1_000)
    cited = [{"place": f"97810, NPI {NPI}", "title": source, "url": "", "rule": ""}]
    assert (found["citations"], way["citations"]) == (cited, cited)


def test_letters_tables_and_packets_have_the_prices_of_providers(rules: Path, tmp_path: Path, run: Any) -> None:
    request, prices = asked_and_priced(tmp_path, PLAN["items"][0])
    words = ("--rules", rules, "--prices", prices)
    assert run("letter", request, *words, "-o", tmp_path / "letter.pdf").exit_code == 0
    assert "You would pay about $61.10" in read_pdf((tmp_path / "letter.pdf").read_bytes()).text
    assert run("visits", request, *words, "-o", tmp_path / "visits.csv").exit_code == 0
    assert [row.split(",")[5] for row in (tmp_path / "visits.csv").read_text().splitlines()[1:]] == [
        "41.70",
        "9.70",
        "9.70",
    ]
    packet = run("fhir", request, *words).stdout
    assert '"value": 61.10' in packet
    assert f"Example Health, as of 2026-02-01: rates.json (SHA-256 {_digest(tmp_path)}), 97810, NPI {NPI}" in packet
    assert json.loads(packet)["id"] != json.loads(run("fhir", request, "--rules", rules).stdout)["id"]


def _digest(folder: Path) -> str:
    return hashlib.sha256((folder / "rates.json").read_bytes()).hexdigest()[:16]


@pytest.mark.parametrize("command", ["estimate", "optimize", "fhir", "letter -o {to}.pdf", "visits -o {to}.csv"])
def test_a_file_of_prices_that_is_broken_ends_the_command(rules: Path, tmp_path: Path, run: Any, command: str) -> None:
    """Its first page is whole, so that it opens; the others are gone."""
    request, prices = asked_and_priced(tmp_path, PLAN["items"][0])
    whole = prices.read_bytes()
    prices.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    name, *options = command.format(to=tmp_path / "made").split()
    done = run(name, request, "--rules", rules, "--prices", prices, *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"{prices}: the file of prices cannot be read\n"


def _book(folder: Path) -> Path:
    """A book of the one plan of `PLAN`, and of the same by the fee file."""
    sums = [{"accumulator": "deductible", "used_cents": 6000}]
    item = {"therapy": "acupuncture", "code": "97810", "charge_cents": 8000, "practitioner": "acupuncturist"}
    item |= {"tier": "in_network", "diagnoses": ["M54.50"], "start_date": date(2026, 3, 2), "sessions": 3}
    rows = [
        {"plan_id": "share-plan", "age": 40, "state": "WA", "accumulators": sums, "items": [each]}
        for each in (item | {"provider": NPI}, item)
    ]
    pq.write_table(pa.Table.from_pylist(rows, REQUEST_SCHEMA), folder / "book.parquet")
    return folder / "book.parquet"


def test_a_book_has_the_prices_of_its_providers(rules: Path, tmp_path: Path, run: Any) -> None:
    imported(tmp_path, in_network(entry("97810")))
    output = tmp_path / "plans.parquet"
    words = ("bulk", "estimate", _book(tmp_path), output, "--rules", rules, "--prices", tmp_path / "prices.sqlite")
    done = run(*words)
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [
            "2 plans priced, 6 lines; 0 rows rejected",
            "1 of 1 services that name a provider have a published price",
            f"{tmp_path}/plans.sources.parquet says where the prices come from",
        ],
    )
    assert pq.read_table(output)["patient_cents"].to_pylist() == [6110, 6080]
    (cited,) = pq.read_table(tmp_path / "plans.sources.parquet").to_pylist()
    assert (cited["row"], cited["item_index"], cited["code"], cited["provider"]) == (0, 0, "97810", NPI)
    assert (cited["allowed_cents"], cited["source"]) == (
        4850,
        f"Example Health, as of 2026-02-01: rates.json (SHA-256 {_digest(tmp_path)})",
    )


def test_a_book_cites_no_price_of_a_row_that_is_refused(rules: Path, tmp_path: Path, run: Any) -> None:
    """The second row has the price, and a taxonomy that no practitioner of the catalog has."""
    imported(tmp_path, in_network(entry("97810")))
    rows = pq.read_table(_book(tmp_path)).to_pylist()
    rows[1]["items"][0] |= {"provider": NPI, "practitioner": None, "taxonomy": "363A00000X"}
    pq.write_table(pa.Table.from_pylist(rows, REQUEST_SCHEMA), tmp_path / "book.parquet")
    words = ("--rules", rules, "--prices", tmp_path / "prices.sqlite")
    done = run("bulk", "estimate", tmp_path / "book.parquet", tmp_path / "plans.parquet", *words)
    assert done.stdout.splitlines()[0] == "1 plans priced, 3 lines; 1 rows rejected"
    assert pq.read_table(tmp_path / "plans.sources.parquet")["row"].to_pylist() == [0]
    same = run("bulk", "estimate", tmp_path / "plans.sources.parquet", tmp_path / "plans.parquet", *words)
    assert same.exit_code == 2
    assert "plans.sources.parquet is the input or would overwrite it; expected another file" in same.stderr


def test_a_book_and_a_file_of_prices_that_is_broken_or_on_spark(rules: Path, tmp_path: Path, run: Any) -> None:
    _, prices = asked_and_priced(tmp_path, PLAN["items"][0])
    whole = prices.read_bytes()
    prices.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    output = tmp_path / "plans.parquet"
    words = ("bulk", "estimate", _book(tmp_path), output, "--rules", rules, "--prices", prices)
    done = run(*words)
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, f"{prices}: the file of prices cannot be read")
    assert not output.exists()
    refused = run(*words, "--spark", "local[1]")
    assert refused.exit_code == 2
    assert "--prices does not go with --spark" in refused.stderr


def test_an_estimate_of_what_is_no_file_of_prices(rules: Path, tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text(json.dumps(PLAN))
    done = CliRunner().invoke(app, ["estimate", str(request), "--rules", str(rules), "--prices", str(request)])
    assert done.exit_code == 2
    expected = "found no prices (file is not a database); expected a file of `camcover prices import`"
    assert done.stderr == f"{request}: {expected}\n"


def test_a_service_has_prices_of_its_own(rules: Path) -> None:
    done = CliRunner().invoke(app, ["estimate", "-", "--server", "127.0.0.1:1", "--prices", str(rules / "fees.yaml")])
    assert done.exit_code == 2
    assert "--prices needs --rules" in done.stderr


@pytest.mark.processes
def test_a_service_looks_prices_up_and_takes_a_file_that_replaces_the_first(
    rules: Path, tmp_path: Path, run: Any
) -> None:
    """At 60.00: 40.00 of the deductible + 20 % of 20.00, then 12.00 twice: 68.00."""
    imported(tmp_path, in_network(entry("97810")))
    prices, database = tmp_path / "prices.sqlite", f"sqlite:///{tmp_path / 'estimates.sqlite'}"
    words = ("--rules", rules, "--listen", "127.0.0.1:0", "--database-url", database, "--prices", prices)
    found = []
    with forked_service(*words) as process:
        address = address_of(process)
        for dollars in (48.5, 60):
            imported(tmp_path, in_network(entry("97810", rate({"negotiated_rate": dollars}))))
            told = json.loads(run("estimate", "-", "--server", address, stdin=json.dumps(PLAN)).stdout)
            found.append(told["totals"]["patient_cents"])
        end(process)
    assert found == [6110, 6800]


def test_settings_with_what_is_no_file_of_prices_are_refused(rules: Path, tmp_path: Path, run: Any) -> None:
    settings, fees = tmp_path / "settings.toml", rules / "fees.yaml"
    settings.write_text(f'rules = ["{rules}"]\ndatabase-url = "off"\nprices = "{fees}"\n')
    done = run("config", "check", settings)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{fees}: found no prices (file is not a database)")
