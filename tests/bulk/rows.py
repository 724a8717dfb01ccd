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


DAYS = st.dates(date(2025, 11, 1), date(2026, 6, 1))

FIRST_SERVICES = maybe(st.dates(date(2024, 10, 1), date(2026, 2, 1)))
FACILITIES = mostly(WORD([None, None, ""]), WORD(["north", "south"]))

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
        "date": mostly(st.none(), DAYS),
        "benefit": mostly(st.none(), WORD(["", "needles", "nedles"])),
        "episode": mostly(st.none(), WORD(["", "knee"])),
        "condition": mostly(st.none(), WORD(["", "back-pain", "headache"])),
    }
)
VISITS = st.fixed_dictionaries(
    {
        "benefit": mostly(WORD(["needles", "hands"]), WORD([None, "nedles"])),
        "visits": maybe(mostly(st.integers(0, 3), WORD([-1, 1_001]))),
    }
)
PRIOR = st.fixed_dictionaries(
    {
        "benefit": mostly(WORD(["needles", "hands"]), WORD([None, "nedles"])),
        "date": mostly(DAYS, st.none()),
        "units": maybe(mostly(st.integers(1, 3), WORD([0, 1_001]))),
        "copay_paid_cents": maybe(mostly(st.integers(0, 2_000), st.just(-1))),
        "plan_paid_cents": maybe(mostly(st.integers(0, 4_000), st.just(-1))),
        "coinsurance_paid_cents": maybe(mostly(st.integers(0, 2_000), st.just(-1))),
        "percentage_cents": maybe(mostly(st.integers(0, 2_000), st.just(-1))),
        "penalty_paid_cents": maybe(mostly(st.integers(0, 2_000), st.just(-1))),
        "episode": mostly(st.none(), WORD(["", "knee"])),
        "condition": mostly(st.none(), WORD(["", "back-pain"])),
        "facility": maybe(WORD(["", "north", "south"])),
    }
)
FEE_USES = st.fixed_dictionaries(
    {
        "date": mostly(DAYS, st.none()),
        "tier": mostly(WORD(["in_network", "out_of_network"]), WORD([None, "in"])),
        "therapy": mostly(WORD([None, "", "massage"]), st.just("masage")),
        "used_cents": maybe(mostly(st.integers(0, 2_000), st.just(-1))),
        "practice_expense_cents": maybe(mostly(st.just(0), WORD([-1, 500]))),
    }
)
CODE_USES = st.fixed_dictionaries(
    {
        "code": mostly(WORD(["97810", "97811"]), WORD([None, "99999"])),
        "date": mostly(DAYS, st.none()),
        "units": maybe(mostly(st.integers(1, 3), WORD([0, 1_001]))),
    }
)
EPISODES = st.fixed_dictionaries(
    {"episode": mostly(WORD(["knee", ""]), st.none()), "start_date": mostly(DAYS, st.none())}
)
ITEMS = st.fixed_dictionaries(
    {
        "therapy": mostly(WORD(["acupuncture", "massage", "reiki"]), WORD([None, "", "acupunctur"])),
        "code": mostly(WORD([None, "", "97810", "97811"]), WORD(["97124", "99999", "97810-25"])),
        "modifiers": mostly(st.none(), st.lists(WORD(["AT", "95", "GZ", "ZZ"]), max_size=2)),
        "units": maybe(mostly(st.integers(1, 4), WORD([0, -1, 1_001]))),
        "minutes": mostly(st.none(), WORD([0, 20, 53, -1, 1_441])),
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
        "episode": mostly(st.none(), WORD(["", "knee"])),
        "first_service": FIRST_SERVICES,
        "facility": FACILITIES,
    }
)
SOUND_ITEMS = st.fixed_dictionaries(
    {
        "therapy": st.just("acupuncture"),
        "code": WORD([None, "97810", "97811"]),
        "units": maybe(st.integers(1, 3)),
        "charge_cents": maybe(st.integers(0, 20_000)),
        "practitioner": WORD([None, "acupuncturist"]),
        "tier": WORD([None, "in_network", "out_of_network"]),
        "diagnoses": maybe(st.lists(WORD(["M54.50", "G43.1"]), max_size=1)),
        "start_date": st.dates(date(2026, 1, 1), date(2026, 12, 1)),
        "sessions": maybe(st.integers(1, 5)),
        "every_days": maybe(st.integers(1, 40)),
        "first_service": FIRST_SERVICES,
        "facility": FACILITIES,
    }
)
SOUND_ROWS: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {
        "request_id": st.just("sound"),
        "plan_id": st.just("share-plan"),
        "age": maybe(st.integers(0, 99)),
        "requirements_as_attested": maybe(st.booleans()),
        "accumulators": maybe(st.just([{"accumulator": "deductible", "used_cents": 2_000}])),
        "items": st.lists(SOUND_ITEMS, min_size=1, max_size=3),
    }
)
"""Rows with nothing wrong, of which a batch prices nearly all by itself."""

BALANCES = st.fixed_dictionaries(
    {
        "account": mostly(WORD(["hra", "hra", "card"]), WORD([None, "hsa"])),
        "balance_cents": maybe(mostly(st.integers(0, 9_000), WORD([-1, 10**9 + 1]))),
        "date": mostly(st.none(), DAYS),
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
        "benefit_visits": mostly(st.none(), st.lists(VISITS, max_size=2)),
        "prior_visits": mostly(st.none(), st.lists(PRIOR, max_size=2)),
        "fee_usage": mostly(st.none(), st.lists(FEE_USES, max_size=1)),
        "code_usage": mostly(st.none(), st.lists(CODE_USES, max_size=1)),
        "episodes": mostly(st.none(), st.lists(EPISODES, max_size=1)),
        "account_balances": mostly(st.none(), st.lists(BALANCES, max_size=2)),
        "family_account_balances": mostly(st.none(), st.lists(BALANCES, max_size=1)),
        "items": mostly(st.lists(ITEMS, min_size=1, max_size=3), maybe(st.just([]))),
    }
)
