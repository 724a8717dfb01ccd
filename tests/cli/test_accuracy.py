"""`camcover accuracy`: remittances of a payer who decides otherwise in a known way, and what the report says of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from google.protobuf import json_format

from camcover.api.estimates import estimate_message
from camcover.api.json_answer import as_json
from camcover.api.requests import estimate_request
from camcover.cli.accuracy import care_of
from camcover.engine import Tables
from camcover.exchange.remittances.matching import matched
from camcover.exchange.remittances.reading import read_remittance
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.store import KeptEstimates, StoredEstimate, open_database
from camcover.workflow.pricing import price
from exchange.remitting import remittance
from small_rules import COPAY_PLAN, SHARE_PLAN, question, tables

KINDS = ("exact", "allowed", "accumulators", "limit", "coverage", "charge", "terms", "unknown")


@pytest.fixture(scope="module")
def rules() -> Tables:
    """The rules of the estimates."""
    return tables()


@pytest.fixture(scope="module")
def others() -> Tables:
    """The rules of a payer with other terms: 30 % in place of 20 %, a copay of 35.00 in place of 20.00."""
    return tables(
        share=SHARE_PLAN.replace("coinsurance: 20%", "coinsurance: 30%"),
        copay=COPAY_PLAN.replace("$20 per visit", "$35 per visit"),
    )


def estimated(asked: dict[str, Any], rules: Tables) -> estimate_pb2.Estimate:
    """The estimate of a request's fields."""
    message = json_format.ParseDict(asked, request_pb2.EstimatePlanRequest())
    return estimate_message(price(rules, estimate_request(message)), message.request_id)


def drawn(draw: Random, number: str) -> dict[str, Any]:
    """A request of one to three visits under one of the two plans, with sums so far."""
    plan = draw.choice(["share-plan", "share-plan", "copay-plan"])
    code, cents = draw.choice([("97810", 8_000), ("97811", 5_000)])
    days = sorted(draw.sample(range(1, 29), draw.randint(1, 3)))
    item = question()["items"][0] | {
        "dates": [f"2026-03-{day:02d}" for day in days],
        "procedures": [{"code": code, "charge_cents": cents + 100 * draw.randint(0, 40)}],
    }
    used = draw.choice([0, 2_500, 6_000, 10_000])
    sums = [{"accumulator": "oop_max", "used_cents": used + draw.choice([0, 15_000])}]
    member: dict[str, Any] = {"id": "ana", "age": 40, "state": "WA", "accumulators": sums}
    if plan == "share-plan":
        item["tier"] = draw.choice(["in_network", "in_network", "out_of_network"])
        sums.append({"accumulator": "deductible", "used_cents": used})
        member["limit_usage"] = [{"limit": "visits", "used": draw.randint(0, 1)}]
    return question(plan_id=plan, request_id=number, items=[item], members=[member])


def disturbed(draw: Random, asked: dict[str, Any], kind: str) -> dict[str, Any]:
    """The request as the payer sees it: the same but for one kind of facts."""
    changed: dict[str, Any] = json.loads(json.dumps(asked))
    (item,), (member,) = changed["items"], changed["members"]
    (procedure,) = item["procedures"]
    if kind == "allowed":
        procedure["allowed_cents"] = draw.randint(2_500, min(7_000, procedure["charge_cents"]))
    elif kind == "accumulators":
        for each in member["accumulators"]:
            near = [each["used_cents"], 47_000 + 100 * draw.randint(0, 30), 50_000]
            each["used_cents"] = draw.choice(near if each["accumulator"] == "oop_max" else [0, 2_500, 4_321, 10_000])
    elif kind == "limit":
        member["limit_usage"] = [{"limit": "visits", "used": draw.randint(2, 4)}]
    elif kind == "coverage" and asked["plan_id"] == "share-plan":
        item["diagnoses"] = ["R51"]
    elif kind == "coverage":
        changed["requirements"] = "REQUIREMENTS_AS_ATTESTED"
    elif kind == "charge":
        procedure["charge_cents"] += 100 * draw.randint(1, 20)
    return changed


def causes_of(kind: str, rules: Tables, payers: Tables, count: int) -> Counter[str]:
    """How many lines of the remittances of such a payer have which main cause."""
    draw = Random(f"{kind}")  # noqa: S311 - the same draws each time
    asked = [drawn(draw, f"r{number}") for number in range(count)]
    if kind == "limit":
        asked = [each for each in asked if each["plan_id"] == "share-plan"]
    decided = [estimated(disturbed(draw, each, kind), payers if kind == "terms" else rules) for each in asked]
    claims = read_remittance(remittance(decided)).claims
    found = matched(claims, [care_of(estimated(each, rules)) for each in asked])
    assert not found.unmatched
    assert all(sum(each.causes.values()) == each.error_cents for each in found.lines)
    return Counter(str(each.main_cause or "exact") for each in found.lines)


def test_a_payer_who_decides_as_estimated_finds_every_line_exact(rules: Tables, others: Tables) -> None:
    assert set(causes_of("exact", rules, others, 12)) == {"exact"}


@pytest.mark.parametrize("kind", KINDS[1:-1])
def test_a_known_disturbance_is_what_explains_the_difference(kind: str, rules: Tables, others: Tables) -> None:
    found = causes_of(kind, rules, others, 15)
    wrong = sum(found.values()) - found[kind] - found["exact"]
    assert found[kind] > 0
    assert wrong <= LEFT[kind], found


LEFT = {"allowed": 0, "accumulators": 0, "limit": 0, "coverage": 0, "charge": 0, "terms": 0}
"""Lines of these draws whose cause is taken for another one."""


def kept(estimates: Sequence[estimate_pb2.Estimate], file: Path) -> Path:
    """A file with estimates, one a line."""
    file.write_text("".join(f"{as_json(each).decode()}\n" for each in estimates), encoding="utf-8")
    return file


def test_the_report_as_table_and_as_json(rules: Tables, tmp_path: Path, run: Any) -> None:
    """small_rules.question: 41.60, then twice 9.60; with 25.00 used in place of 60.00: 48.00, 31.20, 9.60.

    The first two visits cost 6.40 and 21.60 more than estimated, the third is exact: 28.00 in all, 9.33 a line.
    """
    asked = question(request_id="r1")
    seen = json.loads(json.dumps(asked))
    seen["members"][0]["accumulators"][0]["used_cents"] = 2_500
    file = tmp_path / "a.835"
    file.write_text(remittance([estimated(seen, rules)]), encoding="utf-8")
    estimates = kept([estimated(asked, rules)], tmp_path / "estimates.jsonl")
    found = json.loads(run("accuracy", file, "--estimates", estimates, "--format", "json").stdout)
    whole = found["all"]
    assert (whole["lines"], whole["exact"], whole["total_error_cents"], found["unmatched"]) == (3, 1, 2_800, 0)
    (cause,) = [each for each in whole["causes"] if each["lines"]]
    assert cause == {"cause": "accumulators", "lines": 2, "cents": 2_800, "absolute_cents": 2_800}
    assert [each["name"] for each in found["rules"]] == ["share-plan/needles"]
    page = tmp_path / "accuracy.html"
    told = run("accuracy", file, "--estimates", estimates, "--html", page).stdout
    assert "share-plan/needles" in page.read_text(encoding="utf-8")
    unwritten = run("accuracy", file, "--estimates", estimates, "--html", tmp_path / "no" / "where.html")
    assert (unwritten.exit_code, unwritten.stderr.strip()) == (
        1,
        f"{tmp_path / 'no' / 'where.html'}: No such file or directory",
    )
    assert told.startswith("3 lines compared, 0 without an estimate. 1 (33.3 %) right to the cent.")
    for words in ("other sums so far", "$28.00", "share-plan/needles", "acupuncture", "$9.33"):
        assert words in told


def test_estimates_that_a_service_keeps(rules: Tables, tmp_path: Path, run: Any) -> None:
    """Those of the caller alone, and not those of which only hashes are kept."""
    url = f"sqlite:///{tmp_path / 'kept.sqlite'}"
    answer = estimated(question(request_id="r1"), rules)
    file = tmp_path / "a.835"
    file.write_text(remittance([answer]), encoding="utf-8")
    database = open_database(url)
    database.upgrade()
    made, whole = datetime(2026, 3, 1, tzinfo=UTC), answer.SerializeToString()
    KeptEstimates(database).keep(
        [
            StoredEstimate(
                f"estimates/{number}", subject, None, b"f", "share-plan", "rules-0", made, body, body, b"d" * 32
            )
            for number, (subject, body) in enumerate([("anyone", whole), ("anyone", None), ("bob", whole)])
        ]
    )
    database.close()
    found = json.loads(run("accuracy", file, "--database-url", url, "--format", "json").stdout)
    assert (found["all"]["lines"], found["all"]["exact"]) == (3, 3)
    assert run("accuracy", file, "--database-url", url, "--subject", "eve").exit_code == 1


def test_what_is_refused(rules: Tables, tmp_path: Path, run: Any) -> None:
    file = tmp_path / "a.835"
    file.write_text(remittance([estimated(question(request_id="r1"), rules)]), encoding="utf-8")
    other = kept([estimated(question(request_id="z"), rules)], tmp_path / "other.jsonl")
    other.write_text(other.read_text(encoding="utf-8").replace('"ana"', '"bob"'), encoding="utf-8")
    none = run("accuracy", file, "--estimates", other)
    assert (none.exit_code, none.stderr.strip()) == (1, "none of 3 lines was estimated")
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('\n{"plan": 1}\n', encoding="utf-8")
    refused = run("accuracy", file, "--estimates", wrong)
    assert (refused.exit_code, f"{wrong}:2: " in refused.stderr) == (1, True)
    assert run("accuracy", file).exit_code == 2
    assert run("accuracy", tmp_path / "none", "--estimates", other).exit_code == 1
    unread = run("accuracy", wrong, "--estimates", other)
    assert (unread.exit_code, "found a text that does not begin with ISA" in unread.stderr) == (1, True)
