"""Random rows of bulk input over the small rules: sound ones, and ones with everything that may be wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

Row = dict[str, Any]

WORD = st.sampled_from


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value or null."""
    return st.none() | values


def mostly(right: st.SearchStrategy[Any], wrong: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Nineteen times of twenty the one, else the other."""
    return st.integers(0, 19).flatmap(lambda number: wrong if number == 7 else right)


SUMS = st.fixed_dictionaries(
    {
        "accumulator": mostly(WORD(["deductible", "oop_max"]), WORD(["deductable", ""])),
        "used_cents": maybe(mostly(st.integers(0, 10_000), WORD([-1, 10**9 + 1, 2**40]))),
        "last_quarter_cents": maybe(mostly(st.just(0), st.integers(-1, 20_000))),
    }
)
LIMITS = st.fixed_dictionaries(
    {
        "limit": mostly(WORD(["visits", "budget"] * 3 + ["month", "both"]), WORD([None, "visit"])),
        "used": maybe(mostly(st.integers(0, 4), WORD([-1, 1_001]))),
        "used_cents": maybe(mostly(WORD([0, 0, 0, 2_000, 9_000]), WORD([-1, 10**10]))),
    }
)
ITEMS = st.fixed_dictionaries(
    {
        "therapy": mostly(WORD(["acupuncture", "massage", "reiki"]), WORD([None, "", "acupunctur"])),
        "code": mostly(WORD([None, "", "97810", "97811"]), WORD(["97124", "99999", "97810-25"])),
        "modifiers": mostly(st.none(), st.lists(WORD(["AT", "95", "GZ", "ZZ"]), max_size=2)),
        "units": maybe(mostly(st.integers(1, 4), WORD([0, -1, 1_001]))),
        "charge_cents": maybe(mostly(st.integers(0, 20_000), WORD([-1, 10**9 + 1]))),
        "allowed_cents": maybe(mostly(st.integers(0, 20_000), WORD([-5, 2**41]))),
        "practitioner": mostly(WORD([None, "acupuncturist"]), st.just("acupuncturer")),
        "taxonomy": mostly(st.none(), WORD(["", "171100000X", "171199999X"])),
        "place_of_service": mostly(st.none(), WORD(["", "11", "12", "99"])),
        "setting": mostly(WORD([None, "office", "home"]), st.just("moon")),
        "tier": mostly(WORD([None, "in_network", "out_of_network"]), st.just("in")),
        "state": mostly(WORD([None, "WA", "OR"]), st.just("XX")),
        "diagnoses": maybe(st.lists(mostly(WORD(["M54.50", "m5459", "G43.1"]), WORD(["back", ""])), max_size=2)),
        "conditions": maybe(st.lists(mostly(WORD(["back-pain"]), WORD(["back-ache"])), max_size=1)),
        "attestations": maybe(st.lists(mostly(WORD(["referral", "advance_notice"]), WORD(["note"])), max_size=2)),
        "start_date": mostly(st.dates(date(2025, 11, 1), date(2027, 2, 1)), WORD([None, date(1989, 1, 1)])),
        "sessions": maybe(mostly(st.integers(1, 5) | st.integers(6, 40), WORD([0, -1, 501]))),
        "every_days": maybe(mostly(st.integers(1, 40) | st.just(1), WORD([0, 367]))),
    }
)
BALANCES = st.fixed_dictionaries(
    {
        "account": mostly(WORD(["hra", "hra", "card"]), WORD([None, "hsa"])),
        "balance_cents": maybe(mostly(st.integers(0, 9_000), WORD([-1, 10**9 + 1]))),
    }
)
ROWS: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {
        "request_id": maybe(st.text("ab", max_size=3)),
        "plan_id": mostly(WORD(["share-plan", "copay-plan"]), WORD([None, "share-plam"])),
        "birth_date": mostly(st.none(), st.dates(date(1950, 1, 1), date(2026, 6, 1))),
        "age": maybe(mostly(st.integers(0, 99), WORD([-1, 131]))),
        "state": mostly(WORD([None, "WA"]), st.just("ZZ")),
        "covered_from": mostly(st.none(), st.dates(date(2025, 11, 1), date(2026, 9, 1))),
        "covered_to": mostly(st.none(), st.dates(date(2026, 1, 1), date(2027, 2, 1))),
        "role": mostly(WORD([None, "subscriber", "child"]), st.just("husband")),
        "status": mostly(WORD([None, "active", "retiree"]), st.just("cobra")),
        "wellness_incentive": maybe(st.booleans()),
        "enrolled_on": mostly(st.none(), st.dates(date(2025, 10, 1), date(2026, 6, 1))),
        "family_coverage": maybe(st.booleans()),
        "as_of": maybe(st.dates(date(2025, 12, 1), date(2027, 1, 1))),
        "requirements_as_attested": maybe(st.booleans()),
        "terms_in_force_only": maybe(st.booleans()),
        "accumulators": maybe(st.lists(SUMS, max_size=2)),
        "family_accumulators": mostly(st.none(), st.lists(SUMS, max_size=2)),
        "limit_usage": maybe(st.lists(LIMITS, max_size=2)),
        "benefit_visits": mostly(st.none(), st.just([{"benefit": "needles", "visits": 1}])),
        "prior_visits": mostly(st.none(), st.just([{"benefit": "needles", "date": None, "units": None}])),
        "account_balances": mostly(st.none(), st.lists(BALANCES, max_size=2)),
        "family_account_balances": mostly(st.none(), st.lists(BALANCES, max_size=1)),
        "items": mostly(st.lists(ITEMS, min_size=1, max_size=3), maybe(st.just([]))),
    }
)
