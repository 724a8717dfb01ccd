"""All real plans of the plan finder's tables, where those lie beside the project: they load, check and price."""

from __future__ import annotations

from camcover.exchange.medicare_advantage.table import read_table
from camcover.exchange.medicare_advantage.terms import draft_of
from extent import EXTENT
from imported_plans import loaded
from public_tables import path_of

ONE_OF = 1 if EXTENT == "nightly" else 160


def test_all_real_plans_load_and_their_tests_pass() -> None:
    """Each without a part that could not be read; all of them in `make nightly`, else one of 160."""
    plans, benefits = path_of("medicare-advantage-*-plans.csv.gz"), path_of("medicare-advantage-*-benefits.csv.gz")
    found = read_table(plans, benefits, 2026)
    assert found.unread == []
    assert len(found.plans) > 1000
    chosen = found.plans[::ONE_OF]
    rules, _ = loaded(draft_of(each, '{title: "CMS, Medicare plan finder"}') for each in chosen)
    assert len(rules.plans) == len(chosen)
