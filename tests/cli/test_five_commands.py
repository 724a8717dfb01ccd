"""From a CMS file, a payer's answer and a payer's prices to an estimate, in five commands (docs/fees.md)."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from advantage_tables import tables
from camcover.cli import app
from exchange.answers import answer
from exchange_tables import BENEFIT, exchange
from price_files import NPI, OTHER_NPI, entry, group, in_network, rate, saved

RULES = Path(__file__).parents[2] / "rules"
CATALOG = RULES / "catalog"
PLAN = "puf-12345oh0010001-01"
ACUPUNCTURE = BENEFIT | {
    "CopayInnTier1": "Not Applicable",
    "CoinsInnTier1": "20.00% Coinsurance after deductible",
}
"""In network 20 percent behind the deductible of $3,000, of 12 visits a year."""

MEMBER = answer(
    "EB*1*IND*30**HM~EB*C*IND*30***23*3000*****Y",
    "EB*C*IND*30***29*40*****Y",
    "EB*G*IND*30***23*9000*****Y",
    "EB*G*IND*30***29*6040*****Y",
    "EB*F*IND*64***23***VS*12*N*Y",
    "EB*F*IND*64***29***VS*9*N*Y",
)
"""$40 of the deductible and $6,040 of the maximum are left, and 9 of the visits."""

VISITS = {
    "plan_id": PLAN,
    "explain": True,
    "members": [{"id": "ana", "age": 40, "state": "OH"}],
    "items": [
        {
            "practitioner": "acupuncturist",
            "diagnoses": ["M54.50"],
            "tier": "in_network",
            "dates": ["2026-03-09", "2026-03-16"],
            "procedures": [{"code": "97810"}, {"code": "97811"}],
        }
    ],
}

RATES = in_network(
    entry("97810", rate({"service_code": ["11"]}), rate({"negotiated_rate": 60}, references=[2])),
    entry("97811", rate({"service_code": ["11"], "negotiated_rate": 36.25})),
    groups=[group(), group(2, npi=OTHER_NPI)],
)
"""97810 at 48.50 and 97811 at 36.25 for the one provider, 97810 at 60.00 for the other."""


def run(*words: object) -> str:
    """The output of `camcover`, which ends with status 0."""
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_five_commands_give_a_cited_estimate(tmp_path: Path) -> None:
    """Two visits of 97810 and 97811 at 48.50 and 36.25 in an office; $40 of the deductible are left.

    First visit: 97810 is 40.00 of the deductible and 20 percent of 8.50, 1.70: 41.70. 97811 is 20 percent of 36.25:
    7.25. Second visit: 20 percent of 48.50 and of 36.25: 9.70 and 7.25. In all 41.70 + 7.25 + 9.70 + 7.25 = 65.90.
    """
    plans, benefits = exchange(tmp_path, benefits=[ACUPUNCTURE])
    rates = saved(tmp_path / "rates.json.gz", RATES)
    (tmp_path / "member.271").write_text(MEMBER)
    (tmp_path / "visits.json").write_text(json.dumps(VISITS))
    asked, rules = tmp_path / "asked.json", tmp_path / "rules.compiled"

    run(
        *("import", "exchange-puf", "--year", 2026, "--plans", plans, "--benefits", benefits),
        *("--fees", "example-fees", "--retrieved", "2026-11-26", "-o", tmp_path / "plans"),
    )
    run(
        *("import", "fees", "transparency", "--year", 2026, "--id", "example-fees", "--in-network", rates),
        *("--npi", NPI, "--retrieved", "2026-11-26", "-o", tmp_path / "fees"),
    )
    run("rules", "compile", CATALOG, tmp_path / "plans", tmp_path / "fees", "-o", rules)
    asked.write_text(
        run(
            *("eligibility", tmp_path / "member.271", "--plan", PLAN, "--rules", rules),
            *("--request", tmp_path / "visits.json"),
        )
    )
    told = json.loads(run("estimate", asked, "--rules", rules))
    assert [line["patient_cents"] for line in told["lines"]] == [4170, 725, 970, 725]
    assert told["totals"]["patient_cents"] == 6590
    assert told["range"]["low_cents"] == told["range"]["high_cents"] == 6590
    cited = [each["title"] for each in told["citations"]]
    assert any(each.startswith("CMS, Health Insurance Exchange public use files, plan year 2026") for each in cited)
    assert any(
        each.startswith("Example Health, as of 2026-02-01, negotiated rates (Transparency in Coverage): rates.json.gz")
        for each in cited
    )

    table = " ".join(run("estimate", asked, "--rules", rules, "--format", "table").split())
    assert "$65.90" in table
    assert f"in_network of NPI {NPI}" in table


def test_the_same_five_commands_for_one_medicare_advantage_plan(tmp_path: Path) -> None:
    """Supplemental acupuncture of the neck costs $10.00 a visit, below the rate of 48.50: 20.00 for two visits."""
    plan = "ma-h0001-001-0"
    plans, benefits = tables(tmp_path)
    rates = saved(tmp_path / "rates.json.gz", RATES)
    (tmp_path / "member.271").write_text(
        answer("EB*1*IND*30**HN", "EB*G*IND*30***23*4000*****Y", "EB*G*IND*30***29*3000*****Y")
    )
    item = VISITS["items"][0] | {"diagnoses": ["M54.2"], "procedures": [{"code": "97810"}]}  # type: ignore[index]
    (tmp_path / "visits.json").write_text(json.dumps(VISITS | {"plan_id": plan, "items": [item]}))
    asked, rules = tmp_path / "asked.json", tmp_path / "rules.compiled"
    run(
        *("import", "medicare-advantage", "--year", 2026, "--plans", plans, "--benefits", benefits, "--plan", plan),
        *("--fees", "example-fees", "-o", tmp_path / "plans"),
    )
    run(
        *("import", "fees", "transparency", "--year", 2026, "--id", "example-fees", "--in-network", rates),
        *("--npi", NPI, "-o", tmp_path / "fees"),
    )
    policies = RULES / "payers" / "original-medicare"
    run("rules", "compile", CATALOG, policies, tmp_path / "plans", tmp_path / "fees", "-o", rules)
    asked.write_text(
        run(
            *("eligibility", tmp_path / "member.271", "--plan", plan, "--rules", rules),
            *("--request", tmp_path / "visits.json"),
        )
    )
    told = json.loads(run("estimate", asked, "--rules", rules))
    assert [(line["allowed_cents"], line["patient_cents"]) for line in told["lines"]] == [(4850, 1000), (4850, 1000)]
    cited = [each["title"] for each in told["citations"]]
    assert any(each.startswith("CMS, Medicare plan finder, plan year 2026: plans.csv") for each in cited)
    assert any(each.startswith("Example Health, as of 2026-02-01, negotiated rates") for each in cited)
