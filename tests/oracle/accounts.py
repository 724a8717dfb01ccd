"""Accounts that pay parts of what the member owes (section 4, accounts): read from the page alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from .ledger import Outcome
from .lines import Line, members_of
from .rules import RuleBook
from .values import Json, fixed_period, money, money_or_unlimited

FAMILY = ""
"""Whose account it is, when all members share it."""

PARTS = ("deductible", "copay", "coinsurance", "penalty", "balance_bill", "not_covered")
"""The parts that an account may pay, in order."""


@dataclass(frozen=True)
class AccountPayment:
    """What an account pays of a line, cents."""

    account: str
    cents: int
    to_member: bool


@dataclass
class Balance:
    """What an account holds, cents, in the period that a key stands for."""

    period: tuple[object, ...]
    cents: int


class Accounts:
    """The balances of one plan over a request."""

    def __init__(self, rules: RuleBook, request: Json, days: list[date], *, is_family: bool) -> None:
        """`days`: the dates of the lines, in order."""
        self._rules, self._plan_id, self._is_family = rules, request["plan_id"], is_family
        self._in_force_only = request.get("terms") == "TERMS_IN_FORCE_ONLY"
        self._members = [member["id"] for member in members_of(request)]
        self._days = days
        as_of = date.fromisoformat(request["as_of"]) if request.get("as_of") else days[0]
        self._as_of = as_of
        self._stated = self._stated_balances(request, as_of)
        self._held: dict[tuple[str, str], Balance] = {}

    def _stated_balances(self, request: Json, as_of: date) -> dict[tuple[str, str], list[Balance]]:
        """What the request states, each in its period, of accounts as the edition of `as_of` has them.

        The period of a balance is that of its date, or without one that of `as_of`.
        """
        plans = (self._rules.plan_with_terms(self._plan_id, day, in_force_only=False) for day in [as_of, *self._days])
        edition = self._edition = next(filter(None, plans), {})
        owners = {member["id"]: member.get("account_balances") or [] for member in members_of(request)}
        owners[FAMILY] = request.get("family_account_balances") or []
        found: dict[tuple[str, str], list[Balance]] = {}
        for owner, balances in owners.items():
            for each in balances:
                if each.get("balance_cents") is not None:
                    day = date.fromisoformat(each["date"]) if each.get("date") else as_of
                    period = self._period(edition["accounts"][each["account"]], day)
                    found.setdefault((owner, each["account"]), []).append(Balance(period, each["balance_cents"]))
        return found

    def _period(self, terms: Json, day: date) -> tuple[object, ...]:
        per = terms["per"]
        return (per, *fixed_period(per, day, self._rules.period(self._plan_id, day)))

    def _balance(self, plan: Json, name: str, member: str, day: date) -> Balance:
        """What an account holds for a member on a day."""
        terms = plan["accounts"][name]
        is_shared = self._is_family and "family" in terms
        key = FAMILY if is_shared else member, name
        period = self._period(terms, day)
        held = self._held.get(key)
        if held is None or held.period != period:
            held = Balance(period, self._begun(terms, key, day, is_shared=is_shared))
            self._held[key] = held
        return held

    def _begun(self, terms: Json, key: tuple[str, str], day: date, *, is_shared: bool) -> int:
        """What an account holds when a line first looks at it in the period of a day."""
        amount = money(terms["family" if is_shared else "individual"])
        period, given = self._period(terms, day), self._period(terms, self._as_of)
        stated, held = self._stated.get(key, []), self._held.get(key)
        known_of = {each.period: each.cents for each in stated}
        then = self._edition.get("accounts", {}).get(key[1], {})
        # With another period it starts anew, whatever it held on `as_of`.
        at_as_of = Balance(given, known_of.get(given, amount)) if then.get("per") == terms["per"] else None
        if period == given or period in known_of:
            return known_of.get(period, amount)
        if "carries_over" not in terms:
            return amount
        most = money_or_unlimited(terms["carries_over"])
        every = [held, at_as_of, *stated]
        known = [each for each in every if each and each.period[0] == terms["per"] and each.period < period]
        if not known:
            return amount
        latest = max(known, key=lambda each: each.period)  # of one period the first: what lines left of it
        cents, reached = latest.cents, latest.period
        for _ in range(self._periods_since(terms, day, reached)):
            cents = amount + (cents if most is None else min(cents, most))
        return cents

    def _periods_since(self, terms: Json, day: date, first: tuple[object, ...]) -> int:
        """How many periods begin behind one, up to that of a day: counted day by day."""
        found = set()
        while (period := self._period(terms, day)) != first:
            found.add(period)
            day -= timedelta(days=1)
        return len(found)

    def enter(self, day: date) -> None:
        """Bring what carries over to the period of a line's day, whether the line draws on it or not."""
        plan = self._plan_on(day)
        for name, terms in (plan or {}).get("accounts", {}).items():
            if plan is not None and "carries_over" in terms:
                for member in self._members:
                    self._balance(plan, name, member, day)

    def pay(self, line: Line, outcome: Outcome, owed: dict[str, int]) -> list[AccountPayment]:
        """What accounts pay of a line, of which the parts `owed` are still the patient's."""
        self.enter(line.day)
        plan, benefit = self._plan_on(line.day), outcome.benefit
        if plan is None or not line.therapy or outcome.reason in ("BEFORE_COVERAGE", "AFTER_COVERAGE"):
            return []
        owed, payments = dict(owed), []
        for name, terms in plan.get("accounts", {}).items():
            if not _is_for(terms, line, benefit):
                continue
            balance, paid = self._balance(plan, name, line.member_id, line.day), 0
            for part in (each for each in PARTS if each in terms["pays"]):
                cents = min(owed[part], balance.cents)
                owed[part] -= cents
                balance.cents -= cents
                paid += cents
            if paid:
                payments.append(AccountPayment(name, paid, terms.get("payment_to") == "member"))
        return payments

    def _plan_on(self, day: date) -> Json | None:
        return self._rules.plan_with_terms(self._plan_id, day, in_force_only=self._in_force_only)

    def after(self) -> list[Json]:
        """What the accounts of the last line's edition then hold, by member, or for the family."""
        day = next((day for day in reversed(self._days) if self._plan_on(day) is not None), None)
        plan = self._plan_on(day) if day else None
        if day is None or plan is None:
            return []
        rows = []
        for member in self._members:
            for name, terms in plan.get("accounts", {}).items():
                owner = FAMILY if self._is_family and "family" in terms else member
                cents = self._balance(plan, name, member, day).cents
                rows.append({"account": name, "member_id": owner, "balance_cents": cents})
        return [each for place, each in enumerate(rows) if each not in rows[:place]]


def _is_for(terms: Json, line: Line, benefit: str) -> bool:
    """Whether an account is for a line."""
    named: Iterable[tuple[str, str]] = (("benefits", benefit), ("therapies", line.therapy), ("codes", line.code))
    if not any(terms.get(key) for key, _ in named):
        return True
    return any(word in terms.get(key, []) for key, word in named)
