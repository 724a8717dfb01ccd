"""Random accounts of a plan, and what a request states of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from .accounts import PARTS
from .dice import Dice, dollars
from .ledger import is_family_coverage
from .random_shared import ALL_CODES, THERAPIES, Document
from .rules import RuleBook
from .values import fixed_period, money

PERIODS = ["benefit_period", "calendar_year", "month", "lifetime", "week", "day", "quarter"]


def accounts(dice: Dice, benefits: list[str]) -> Document:
    """One or two accounts with small amounts, so that they run out."""
    return {name: _account(dice, benefits) for name in dice.some(["hra", "flex-card"], 1, 2)}


def _account(dice: Dice, benefits: list[str]) -> Document:
    individual = dice.cents(0, 150)
    terms: Document = {"individual": dollars(individual), "per": dice.pick(PERIODS), "pays": _parts(dice)}
    if dice.chance(40):
        terms["family"] = dollars(individual * dice.pick([2, 3, 4]) // 2)
    if dice.chance(25):
        terms["therapies"] = dice.some(THERAPIES, 1, 2)
    if dice.chance(20):
        terms["codes"] = dice.some(ALL_CODES, 1, 2)
    if dice.chance(20):
        terms["benefits"] = dice.some(benefits, 1, 2)
    if dice.chance(40):
        terms["payment_to"] = "member"
    if terms["per"] != "lifetime" and dice.chance(40):
        terms["carries_over"] = dice.pick(["unlimited", dollars(dice.cents(0, 60))])
    return terms


def _parts(dice: Dice) -> list[str]:
    """Often the whole cost share, and more of it."""
    if dice.chance(50):
        return [*PARTS[:3], *dice.some(PARTS[3:], 0, 3)]
    return dice.some(PARTS, 1, 4)


def change(dice: Dice, terms: Document) -> None:
    """Another amount, other parts, now and then another period."""
    if dice.chance(40):
        terms["individual"] = dollars(dice.cents(0, 150))
        if "family" in terms:
            terms["family"] = dollars(money(terms["individual"]) * 2)
    if dice.chance(25):
        terms["pays"] = _parts(dice)
    if dice.chance(20):
        terms["per"] = dice.pick([each for each in PERIODS if each != "lifetime" or "carries_over" not in terms])


def add_balances(dice: Dice, asked: Document, editions: list[Document]) -> None:
    """What some of the accounts hold."""
    for name, terms in editions[0].get("accounts", {}).items():
        if "family" in terms and dice.chance(50) and asked.get("coverage") != "COVERAGE_SELF_ONLY":
            # It makes family coverage, under which the members have no account of their own.
            asked.setdefault("family_account_balances", []).append(_balance(dice, name, money(terms["family"])))
    for name, terms in editions[0].get("accounts", {}).items():
        if "family" not in terms or not is_family_coverage(asked, asked["members"]):
            for member in asked["members"]:
                if dice.chance(50):
                    own = _balance(dice, name, money(terms["individual"]))
                    member.setdefault("account_balances", []).append(own)


def add_dated_balances(dice: Dice, asked: Document, editions: list[Document], *, first: date, as_of: date) -> None:
    """What accounts hold in the periods that hold the first date of service, where these are not those of `as_of`.

    Of accounts that are alike in every edition, so that the periods are.
    """
    rules, plan_id = RuleBook(editions), editions[0]["id"]
    for name, terms in editions[0].get("accounts", {}).items():
        if any(each.get("accounts", {}).get(name, {}).get("per") != terms["per"] for each in editions):
            continue
        own, then = (fixed_period(terms["per"], day, rules.period(plan_id, day)) for day in (as_of, first))
        is_shared = "family" in terms and is_family_coverage(asked, asked["members"])
        owners = [(asked, "family_account_balances", "family")] if is_shared else []
        owners += [] if is_shared else [(each, "account_balances", "individual") for each in asked["members"]]
        for owner, key, whose in owners if own != then else []:
            if dice.chance(60):
                entry = {
                    "account": name,
                    "balance_cents": dice.number(0, money(terms[whose])),
                    "date": first.isoformat(),
                }
                owner.setdefault(key, []).append(entry)


def _balance(dice: Dice, name: str, amount: int) -> dict[str, Any]:
    """A balance, often less than the amount and seldom more."""
    if dice.chance(10):
        return {"account": name}
    cents = amount + 1_234 if dice.chance(10) else dice.number(0, amount)
    return {"account": name, "balance_cents": cents}


def complete_balances(dice: Dice, request: Document, editions: list[Document], as_of: date, days: list[date]) -> None:
    """Balances that are not given: anything up to the amount; of the edition by which the request is read."""
    rules = RuleBook(editions)
    found = (rules.plan_with_terms(request["plan_id"], day, in_force_only=False) for day in [as_of, *days])
    plan = next(filter(None, found), None)
    is_family = is_family_coverage(request, request["members"])
    for name, terms in (plan or {}).get("accounts", {}).items():
        if len({each.get("accounts", {}).get(name, {}).get("individual") for each in editions}) > 1:
            # The first line's edition says the most that it may be, not the one of `as_of`.
            continue
        is_shared = is_family and "family" in terms
        owners = [(request, "family_account_balances")] if is_shared else []
        owners += [] if is_shared else [(member, "account_balances") for member in request["members"]]
        for owner, key in owners:
            stated = owner.setdefault(key, [])
            stated[:] = [each for each in stated if each["account"] != name or "balance_cents" in each]
            if not any(each["account"] == name for each in stated) and dice.chance(85):
                amount = money(terms["family" if is_shared else "individual"])
                cents = dice.pick([0, amount, dice.number(0, amount)])
                stated.append({"account": name, "balance_cents": cents})
