"""Accounts that pay the member's share: what is left in cash, what they hold, and how they are told."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.api.catalog_servicer import _describe
from camcover.engine import Estimate
from camcover.engine.estimate import Line
from camcover.engine.request import AccountBalance, InvalidRequest
from camcover.gen.camcover.v1.catalog_service_pb2 import PlanEdition
from camcover.money import Cents
from camcover.workflow.coverage import check_coverage
from small_rules import COPAY_PLAN, SHARE_PLAN, estimate, question, tables, typed

NONE_USED = [{"limit": "visits", "used": 0}]
SHARE = "pays: [deductible, copay, coinsurance]"


UNKNOWN_SUMS = {
    "id": "ana",
    "age": 40,
    "state": "WA",
    "limit_usage": NONE_USED,
    "account_balances": [{"account": "hra", "balance_cents": 5_000}],
}
"""A member of whom the balance is known, and no sum."""


def with_accounts(accounts: str, plan: str = SHARE_PLAN) -> str:
    """A plan of the small rules with `accounts:`, one a line."""
    lines = "".join(f"  {each.strip()}\n" for each in accounts.strip().splitlines())
    return plan.replace("benefits:\n", f"accounts:\n{lines}benefits:\n", 1)


def asked(accounts: str, balances: dict[str, int] | None = None, **others: Any) -> Estimate:
    """The small question under share-plan with accounts, what ana's hold stated."""
    request = question()
    stated = [{"account": name, "balance_cents": cents} for name, cents in (balances or {}).items()]
    request["members"] = [request["members"][0] | {"account_balances": stated, "limit_usage": NONE_USED}]
    return estimate(tables(share=with_accounts(accounts)), request | others)


def cash(found: Estimate) -> list[tuple[int, int]]:
    """(What accounts pay, what is left in cash) of each line."""
    return [(line.account_paid_cents, line.patient_cents) for line in found.lines]


def by_account(line: Line) -> dict[str, int]:
    return {each.account: each.amount_cents for each in line.account_payments}


def after(found: Estimate) -> dict[tuple[str, str], int]:
    return {(each.account, each.member_id): each.balance_cents for each in found.accounts_after}


# What an account pays. The shares of the three visits are 40.00 + 1.60, 9.60 and 9.60.


def test_an_account_pays_the_whole_cost_share() -> None:
    """A balance of 100.00 pays 41.60 + 9.60 + 9.60 = 60.80: nothing is due in cash, 39.20 are left."""
    found = asked(f"hra: {{individual: $100, per: benefit_period, {SHARE}}}", {"hra": 10_000})
    assert cash(found) == [(4_160, 0), (960, 0), (960, 0)]
    assert (found.totals.account_paid_cents, found.totals.patient_cents) == (6_080, 0)
    assert after(found) == {("hra", "ana"): 3_920}
    assert (found.range.low_cents, found.range.high_cents) == (0, 0)


def test_an_account_pays_until_its_balance_is_used_up() -> None:
    """Of 45.00 go 41.60 to the first visit and 3.40 to the second: 6.20 and 9.60 in cash."""
    found = asked(f"hra: {{individual: $100, per: benefit_period, {SHARE}}}", {"hra": 4_500})
    assert cash(found) == [(4_160, 0), (340, 620), (0, 960)]
    assert after(found) == {("hra", "ana"): 0}


def test_accumulators_count_the_full_share_when_an_account_pays_it() -> None:
    """The parts of each line, and both sums, are those of the plan without the account."""
    found = asked(f"hra: {{individual: $100, per: benefit_period, {SHARE}}}", {"hra": 10_000})
    plain = estimate(tables(), question())
    parts = ("deductible_cents", "copay_cents", "coinsurance_cents", "plan_paid_cents", "written_off_cents")
    assert [[getattr(line, name) for name in parts] for line in found.lines] == [
        [getattr(line, name) for name in parts] for line in plain.lines
    ]
    assert found.accumulators_after == plain.accumulators_after
    assert [line.adjustments for line in found.lines] == [line.adjustments for line in plain.lines]


def test_an_account_pays_only_the_parts_it_names() -> None:
    """Coinsurance alone: 1.60 of the first visit, 40.00 of deductible are left."""
    found = asked("hra: {individual: $100, per: benefit_period, pays: [coinsurance]}", {"hra": 10_000})
    assert cash(found) == [(160, 4_000), (960, 0), (960, 0)]


def test_an_account_may_pay_uncovered_charges() -> None:
    """Reiki at 80.00 is nobody's benefit: an allowance of 60.00 pays 60.00 of it."""
    item = question()["items"][0] | {"therapy": "reiki", "procedures": [], "charge_cents": 8_000}
    item["dates"] = ["2026-03-02"]
    found = asked(
        "otc: {individual: $60, per: quarter, pays: [not_covered], therapies: [reiki]}", {"otc": 6_000}, items=[item]
    )
    assert cash(found) == [(6_000, 2_000)]


def test_several_accounts_pay_in_file_order() -> None:
    """10.00 of a card for any share, then an account for coinsurance: of 40.00 + 1.60 the card pays deductible."""
    accounts = f"""
        card: {{individual: $10, per: calendar_year, {SHARE}}}
        hra: {{individual: $5, per: calendar_year, pays: [coinsurance]}}"""
    found = asked(accounts, {"card": 1_000, "hra": 500})
    assert [by_account(line) for line in found.lines] == [{"card": 1_000, "hra": 160}, {"hra": 340}, {}]
    assert cash(found) == [(1_160, 3_000), (340, 620), (0, 960)]


@pytest.mark.parametrize(
    ("scope", "paid"),
    [
        ("", 960),
        (", therapies: [acupuncture]", 960),
        (", therapies: [reiki]", 0),
        (", codes: ['97810']", 960),
        (", codes: ['97124']", 0),
        (", benefits: [needles]", 960),
        (", therapies: [reiki], benefits: [needles]", 960),
    ],
)
def test_an_account_pays_only_lines_of_its_benefits_therapies_or_codes(scope: str, paid: int) -> None:
    """Of the second visit's 9.60."""
    found = asked(f"hra: {{individual: $100, per: benefit_period, {SHARE}{scope}}}", {"hra": 10_000})
    assert found.lines[1].account_paid_cents == paid


# Periods and balances


def test_each_period_begins_with_the_full_amount() -> None:
    """7.00 a month, 2.00 of March's left; the visits are on 2 March, 9 March, 6 April: 2.00, nothing, 7.00."""
    item = question()["items"][0] | {"dates": ["2026-03-02", "2026-03-09", "2026-04-06"]}
    found = asked(f"card: {{individual: $7, per: month, {SHARE}}}", {"card": 200}, items=[item])
    assert cash(found) == [(200, 3_960), (0, 960), (700, 260)]
    assert after(found) == {("card", "ana"): 0}


@pytest.mark.parametrize(
    ("carried", "paid", "left"),
    [
        # Of 50.00 in March 8.40 are left: 15.40 in April; of 5.80 then, 12.80 in May and 19.80 in June.
        ("unlimited", [4_160, 960, 960], 1_020),
        # At most 2.00: 9.00 in April, nothing left of it; 7.00 in May, 9.00 in June.
        ("$2", [4_160, 900, 900], 0),
        ("$0", [4_160, 700, 700], 0),
    ],
)
def test_what_a_period_leaves_may_go_into_the_next(carried: str, paid: list[int], left: int) -> None:
    """7.00 a month; visits on 2 March, 6 April and 1 June."""
    item = question()["items"][0] | {"dates": ["2026-03-02", "2026-04-06", "2026-06-01"]}
    account = f"card: {{individual: $7, per: month, {SHARE}, carries_over: {carried}}}"
    found = asked(account, {"card": 5_000}, items=[item])
    assert ([each for each, _ in cash(found)], after(found)) == (paid, {("card", "ana"): left})
    assert (found.range.low_cents, found.range.high_cents) == (found.totals.patient_cents,) * 2


def test_what_a_period_leaves_goes_over_days_without_an_edition() -> None:
    """50.00 in April; 30.00 more from 1 June, when an edition with other periods begins; 48.00 are the deductible's."""
    early = with_accounts(f"hra: {{individual: $30, per: benefit_period, {SHARE}, carries_over: unlimited}}")
    late = early.replace("from: 2026-01-01", "from: 2026-06-01").replace("calendar_year\nfees", "{starts: 04-01}\nfees")
    member = question()["members"][0] | {"account_balances": [{"account": "hra", "balance_cents": 5_000}]}
    item = question()["items"][0] | {"dates": ["2026-06-22"]}
    request = question(as_of="2026-04-27", members=[member], items=[item])
    found = estimate(tables(share=early.replace("to: 2026-12-31", "to: 2026-04-30"), late=late), request)
    assert (cash(found), after(found)) == ([(4_800, 0)], {("hra", "ana"): 3_200})


def test_an_unknown_balance_is_unknown_in_what_it_leaves() -> None:
    """Expected in February 7.00, so 14.00 in March; else 7.00, of shares of 41.60."""
    item = question()["items"][0] | {"dates": ["2026-03-02"]}
    account = f"card: {{individual: $7, per: month, {SHARE}, carries_over: unlimited}}"
    found = asked(account, items=[item], as_of="2026-02-20")
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (2_760, 2_760, 3_460)


def test_a_balance_may_be_above_the_amount() -> None:
    """Money of an earlier year: 50.00 where a year's amount is 20.00."""
    found = asked(f"hra: {{individual: $20, per: benefit_period, {SHARE}}}", {"hra": 5_000})
    assert cash(found) == [(4_160, 0), (840, 120), (0, 960)]


def test_an_unknown_balance_is_assumed_full_and_widens_the_range() -> None:
    """Expected the whole 50.00: 60.80 - 50.00 = 10.80; from nothing in it, 60.80, to that."""
    found = asked(f"hra: {{individual: $50, per: benefit_period, {SHARE}}}")
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (1_080, 1_080, 6_080)
    told = [each.text for each in found.range.assumptions]
    assert (
        "We do not know how much member ana has left in the account hra. We expect $50.00 in a benefit period. "
        "The range goes down to nothing."
    ) in told


def test_range_with_open_sums_and_an_account_that_pays_the_whole_share() -> None:
    """At best the maximum is met, and nothing is owed; at worst 48.00 + 48.00 + 4.00 of deductible, 20 % of 44.00.

    That is 108.80, of which the account pays 50.00: 58.80 in cash.
    """
    found = asked(f"hra: {{individual: $50, per: benefit_period, {SHARE}}}", members=[UNKNOWN_SUMS])
    assert (found.range.low_cents, found.range.high_cents) == (0, 5_880)
    assert not any(each.id == "assumed-too-much-unknown" for each in found.range.assumptions)


def test_range_with_open_sums_and_an_account_that_pays_a_part() -> None:
    """What is saved on the deductible may be owed as coinsurance, which this one does not pay: the range is widened."""
    found = asked("hra: {individual: $50, per: benefit_period, pays: [deductible]}", members=[UNKNOWN_SUMS])
    assert (found.range.low_cents, found.range.high_cents) == (0, 24_000)
    assert any(each.id == "assumed-too-much-unknown" for each in found.range.assumptions)


# Families


def family(**balances: int) -> dict[str, Any]:
    """Two members who each have the small question's last two visits, everything met but the coinsurance."""
    used = [{"accumulator": "deductible", "used_cents": 10_000}, {"accumulator": "oop_max", "used_cents": 10_000}]
    members = [{"id": name, "age": 40, "state": "WA", "accumulators": used} for name in ("ana", "ben")]
    item = question()["items"][0] | {"dates": ["2026-03-09", "2026-03-16"]}
    stated = [{"account": name, "balance_cents": cents} for name, cents in balances.items()]
    return question(
        members=members,
        items=[item | {"member_id": "ana"}, item | {"member_id": "ben"}],
        family_account_balances=stated,
    )


def test_a_family_shares_one_account() -> None:
    """25.00 for four visits of 9.60, by date ana's first: 9.60, 9.60, 5.80, nothing."""
    share = with_accounts(f"hra: {{individual: $100, family: $150, per: benefit_period, {SHARE}}}")
    found = estimate(tables(share=share), family(hra=2_500))
    assert [line.member_id for line in found.lines] == ["ana", "ben", "ana", "ben"]
    assert cash(found) == [(960, 0), (960, 0), (580, 380), (0, 960)]
    assert after(found) == {("hra", ""): 0}


def test_each_member_has_an_account_where_no_family_amount_is_given() -> None:
    """12.00 each: 9.60 and 2.40."""
    share = with_accounts(f"hra: {{individual: $12, per: benefit_period, {SHARE}}}")
    found = estimate(tables(share=share), family())
    assert cash(found) == [(960, 0), (960, 0), (240, 720), (240, 720)]
    assert after(found) == {("hra", "ana"): 0, ("hra", "ben"): 0}


# Beside other rules


def test_a_second_plan_pays_first() -> None:
    """Of 41.60 a second plan pays 28.00, off the coinsurance of 1.60, then the deductible: 13.60 are left to pay."""
    request = question(secondary_plan_id="copay-plan")
    accounts = f"hra: {{individual: $10, per: benefit_period, {SHARE}}}"
    request["members"][0]["account_balances"] = [{"account": "hra", "balance_cents": 1_000}]
    line = estimate(tables(share=with_accounts(accounts)), request).lines[0]
    assert (line.secondary_paid_cents, line.account_paid_cents, line.patient_cents) == (2_800, 1_000, 360)


def test_accounts_of_a_second_plan_pay_nothing() -> None:
    copay = with_accounts(f"hra: {{individual: $10, per: benefit_period, {SHARE}}}", COPAY_PLAN)
    found = estimate(tables(copay=copay), question(secondary_plan_id="copay-plan"))
    assert [line.account_paid_cents for line in found.lines] == [0, 0, 0]


def test_an_account_may_pay_the_member() -> None:
    """The first visit's 41.60 are due, and come back; the plan pays the provider."""
    found = asked(f"hra: {{individual: $100, per: benefit_period, {SHARE}, payment_to: member}}", {"hra": 10_000})
    line = found.lines[0]
    assert (line.patient_cents, line.due_at_service_cents, line.reimbursed_cents) == (0, 4_160, 4_160)


def test_no_account_pays_for_an_unknown_code() -> None:
    item = question()["items"][0] | {"procedures": [{"code": "00000", "charge_cents": 8_000}], "dates": ["2026-03-02"]}
    del item["therapy"]
    found = asked("hra: {individual: $100, per: benefit_period, pays: [not_covered]}", {"hra": 10_000}, items=[item])
    assert cash(found) == [(0, 8_000)]


# Carrying on, refusals, words


def test_the_state_after_the_estimate_holds_the_balances() -> None:
    found = asked(f"hra: {{individual: $100, per: benefit_period, {SHARE}}}", {"hra": 5_000})
    assert found.use_after.account_balances == ((AccountBalance("hra", Cents(0)),),)
    assert found.use_after.family_account_balances == ()


@pytest.mark.parametrize(
    ("balances", "field", "kind"),
    [
        ([{"account": "hsa"}], "members[0].account_balances[0].account", "UNKNOWN_ACCOUNT"),
        ([{"account": "card"}, {"account": "card"}], "members[0].account_balances[1].account", "REPEATED"),
        ([{"account": "hra", "balance_cents": 1}], "members[0].account_balances[0].account", "UNUSED_STATEMENT"),
    ],
)
def test_contradictory_balances_are_refused(balances: list[dict[str, Any]], field: str, kind: str) -> None:
    accounts = f"""
        hra: {{individual: $100, family: $200, per: benefit_period, {SHARE}}}
        card: {{individual: $100, per: benefit_period, {SHARE}}}"""
    request = question(coverage="COVERAGE_FAMILY")
    request["members"][0]["account_balances"] = balances
    with pytest.raises(InvalidRequest) as refused:
        estimate(tables(share=with_accounts(accounts)), request)
    assert [(each.field, each.refusal.name) for each in refused.value.violations] == [(field, kind)]


def test_a_balance_may_be_of_the_first_dates_period() -> None:
    """10.00 are left in March, 5.00 as of 10 April, and at most 4.00 go into the next month: 54.00 in May.

    The shares are 41.60, 9.60 and 9.60.
    """
    card = f"card: {{individual: $50, per: month, {SHARE}, carries_over: $4}}"
    stated = [
        {"account": "card", "balance_cents": 500},
        {"account": "card", "balance_cents": 1_000, "date": "2026-03-01"},
    ]
    member = question()["members"][0] | {"account_balances": stated, "limit_usage": NONE_USED}
    item = question()["items"][0] | {"dates": ["2026-03-02", "2026-04-02", "2026-05-04"]}
    found = asked(card, members=[member], items=[item], as_of="2026-04-10")
    assert cash(found) == [(1_000, 3_160), (500, 460), (960, 0)]
    assert found.range.low_cents == found.range.high_cents
    assert after(found) == {("card", "ana"): 4_040}


def test_an_account_over_another_period_starts_anew() -> None:
    """Until June the card is per month, then per quarter: July begins with 50.00, not with what spring left.

    41.60 of them are paid. What was left on 2 March decides nothing, so that nothing is open.
    """
    per_month = with_accounts(f"card: {{individual: $50, per: month, {SHARE}, carries_over: unlimited}}")
    first = per_month.replace("to: 2026-12-31", "to: 2026-06-30")
    later = per_month.replace("from: 2026-01-01", "from: 2026-07-01").replace("per: month", "per: quarter")
    item = question()["items"][0] | {"dates": ["2026-07-02"]}
    member = question()["members"][0] | {"limit_usage": NONE_USED}
    found = estimate(tables(share=first, later=later), question(members=[member], items=[item]))
    assert after(found) == {("card", "ana"): 840}
    assert found.range.low_cents == found.range.high_cents == 0


def test_a_balance_behind_as_of_is_the_one_that_is_carried_over() -> None:
    """As of 2 February 50.00 are left, on 1 March 2.00: April has 50.00 and these. The shares are 41.60 and 9.60."""
    card = f"card: {{individual: $50, per: month, {SHARE}, carries_over: unlimited}}"
    stated = [
        {"account": "card", "balance_cents": 5_000},
        {"account": "card", "balance_cents": 200, "date": "2026-03-01"},
    ]
    member = question()["members"][0] | {"account_balances": stated, "limit_usage": NONE_USED}
    item = question()["items"][0] | {"dates": ["2026-04-02", "2026-04-03"]}
    found = asked(card, members=[member], items=[item], as_of="2026-02-02")
    assert after(found) == {("card", "ana"): 5_200 - 4_160 - 960}


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (["2026-03-31"], "found date 2026-03-31 of account card, in the period that holds as_of (2026-03-02)"),
        (["2026-04-03"], "expected a date on or before 2026-04-02, the first date of service"),
        (["2026-02-01", "2026-01-01"], "a second time"),
    ],
)
def test_a_balance_of_another_period_that_cannot_be_is_refused(days: list[str], told: str) -> None:
    card = f"card: {{individual: $50, per: month, {SHARE}}}"
    stated = [{"account": "card", "balance_cents": 100, "date": day} for day in days]
    item = question()["items"][0] | {"dates": ["2026-04-02"]}
    with pytest.raises(InvalidRequest) as refused:
        asked(card, members=[question()["members"][0] | {"account_balances": stated}], items=[item])
    assert told in str(refused.value)


def test_contradictory_family_balances_are_refused() -> None:
    rules = tables(share=with_accounts(f"card: {{individual: $100, per: benefit_period, {SHARE}}}"))
    stated = {"family_account_balances": [{"account": "card", "balance_cents": 1}]}
    with pytest.raises(InvalidRequest) as refused:
        estimate(rules, question(**stated))
    (wrong,) = refused.value.violations
    assert wrong.description == (
        "found the family's balance of card, but each member has a separate one; "
        "expected the balance in account_balances of each member"
    )
    with pytest.raises(InvalidRequest) as refused:
        estimate(rules, question(coverage="COVERAGE_SELF_ONLY", **stated))
    assert [each.refusal.name for each in refused.value.violations] == ["CONTRADICTORY_STATEMENTS"]


def test_the_explanation_names_what_an_account_pays() -> None:
    accounts = f"hra: {{individual: $45, per: benefit_period, {SHARE}, cite: eoc p.9}}"
    found = asked(accounts, {"hra": 4_500}, explain=True)
    steps = found.lines[1].steps
    assert [step.message.text for step in steps[-2:]] == [
        "The account hra pays $3.40 of your share.",
        "You pay $6.20 in cash.",
    ]
    assert steps[-2].citation.startswith("Evidence of coverage")


def test_check_coverage_names_the_accounts() -> None:
    accounts = f"""
        hra: {{individual: $45, family: $90, per: benefit_period, {SHARE}, benefits: [needles]}}
        otc: {{individual: $60, per: quarter, pays: [not_covered], therapies: [reiki]}}"""
    accounts = accounts.replace("family: $90", "carries_over: $20, family: $90")
    rules = tables(share=with_accounts(accounts))
    told = check_coverage(rules, typed(question())).accounts
    words = (
        "$45.00 in a benefit period for the deductible, copays, and coinsurance, or $90.00 for a family together, "
        "only for the benefit needles; what is left goes into the next period, at most $20.00"
    )
    assert [(each.account, each.text) for each in told] == [("hra", words)]
    message = PlanEdition()
    _describe(message, rules.plans["share-plan"].editions[0])
    assert [(each.id, each.individual_cents, each.family_cents) for each in message.accounts] == [
        ("hra", 4_500, 9_000),
        ("otc", 6_000, 0),
    ]
