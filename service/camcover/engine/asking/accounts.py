"""Accounts of the primary plan: what they pay of each line, after both plans (docs/rule-language.md, accounts).

What comes in: a question, and the ledger rows of one of its cases. What goes out: `Drawn`. Accounts never change what
the plan pays, so the kernel does not know them. Only this module settles them, for single requests and for batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from camcover.calendar import OrdinalDay, ordinal_of
from camcover.engine.asking.coordination import CUT_IN_ORDER
from camcover.engine.asking.count_periods import period_key, periods_between
from camcover.engine.asking.layout import Layout
from camcover.engine.asking.question import Payment, Question
from camcover.engine.estimate import Reason
from camcover.engine.kernel.tables import Array
from camcover.engine.request import AccountBalance, EstimateRequest
from camcover.money import Cents
from camcover.rulebook.records import Account, Benefit, OwedPart, Payee, PeriodKind

FAMILY = -1
"""Whose account it is, when all members share it; else the member's place."""

Period: TypeAlias = tuple[PeriodKind, int]
"""A period on fixed dates: its kind, and the number that its days share."""

Owned: TypeAlias = tuple[str, int]
"""An account's id, and whose it is."""

_NEVER_PAID = frozenset(map(int, (Reason.UNKNOWN_CODE, Reason.BEFORE_COVERAGE, Reason.AFTER_COVERAGE)))
_PARTS = tuple(OwedPart)
_CUT = tuple(_PARTS.index(OwedPart(name)) for name in CUT_IN_ORDER)


class HeldBalance(NamedTuple):
    """An account's balance in a period, cents."""

    period: Period
    cents: Cents


class Drawn(NamedTuple):
    """What accounts pay of each line, and the last balance of each account that a line reached."""

    payments: Sequence[Sequence[Payment]]
    held: Mapping[Owned, HeldBalance]

    @property
    def total(self) -> int:
        """What they pay of all lines, cents."""
        return sum(each.cents for payments in self.payments for each in payments)


def paid_to_members(drawn: Drawn) -> list[int]:
    """What accounts pay to the member, who pays the provider first, line by line, cents."""
    return [
        sum(each.cents for each in payments if each.account.payment_to is Payee.MEMBER) for payments in drawn.payments
    ]


def owner_of(account: Account, member: int, *, family: bool) -> int:
    """Whose account pays a member's lines: the family's where it shares one."""
    return FAMILY if family and account.family is not None else member


def amount_of(account: Account, owner: int) -> Cents:
    """An account's balance at the beginning of a period, cents."""
    return account.individual if owner != FAMILY or account.family is None else account.family


class Accounts:
    """The accounts of a question's primary plan."""

    def __init__(self, question: Question) -> None:
        """Read what the request states of balances."""
        self._question, self._layout = question, question.primary
        self._stated = stated_balances(question.primary)
        self._known: dict[tuple[int, int, int], tuple[Account, ...]] = {}
        editions = question.primary.plan.editions
        self._carries = any(each.carries_over for edition in editions for each in edition.accounts.values())

    def draw(self, rows: Array, paid_behind: Sequence[int], *, are_empty: bool = False) -> Drawn:
        """What accounts pay of the lines of `rows`, of which a second plan and a contract take `paid_behind`, cents.

        `are_empty`: those whose balance is not stated hold nothing in the period of `as_of`; else their amount.
        """
        held: dict[Owned, HeldBalance] = {}
        columns = [rows[name].tolist() for name in ("segment", "rule", "reason", *_PARTS)]
        lines = zip(self._question.asked.lines, zip(*columns, strict=True), paid_behind, strict=True)
        payments: list[tuple[Payment, ...]] = []
        for (day, place, _), (segment, rule, reason, *owed), behind in lines:
            if self._carries and segment >= 0:
                self._roll(segment, day, held, are_empty=are_empty)
            accounts = self._of_line(segment, rule, place) if segment >= 0 and reason not in _NEVER_PAID else ()
            if accounts:
                _take_off(owed, behind)
            payments.append(tuple(self._pay(accounts, day, place, owed, held=held, are_empty=are_empty)))
        return Drawn(payments, held)

    def _roll(self, segment: int, day: OrdinalDay, held: dict[Owned, HeldBalance], *, are_empty: bool) -> None:
        """Bring what carries over to the period of a day with terms, whether a line draws on it or not."""
        family = self._layout.family
        for account in self._layout.plan.sources.segments[segment].plan.accounts.values():
            for member in range(self._layout.members) if account.carries_over is not None else ():
                own = str(account.id), owner_of(account, member, family=family)
                held[own] = self.balance(account, own, day, held, are_empty=are_empty)

    def _of_line(self, segment: int, rule: int, place: int) -> tuple[Account, ...]:
        """The accounts that are for a line, in order: by the rows of its segment and rule, and its service."""
        found = self._known.get((segment, rule, place))
        if found is None:
            sources, service = self._layout.plan.sources, self._question.asked.services[place]
            decided = sources.rules[rule] if rule >= 0 else None
            benefit = str(decided.id) if isinstance(decided, Benefit) else ""
            accounts = sources.segments[segment].plan.accounts.values()
            found = tuple(each for each in accounts if each.is_for(benefit, service.therapy, service.code))
            self._known[segment, rule, place] = found
        return found

    def _pay(
        self,
        accounts: Sequence[Account],
        day: OrdinalDay,
        place: int,
        owed: list[int],
        *,
        held: dict[Owned, HeldBalance],
        are_empty: bool,
    ) -> Iterator[Payment]:
        """What accounts pay of a line, of which the parts `owed` are left; takes it off parts and balances."""
        member = self._layout.services[place].member
        for account in accounts:
            own = str(account.id), owner_of(account, member, family=self._layout.family)
            balance = self.balance(account, own, day, held, are_empty=are_empty)
            paid = 0
            for part in account.parts:
                number = _PARTS.index(part)
                cents = min(owed[number], balance.cents - paid)
                owed[number] -= cents
                paid += cents
            held[own] = balance._replace(cents=Cents(balance.cents - paid))
            if paid:
                yield Payment(account, Cents(paid))

    def balance(
        self,
        account: Account,
        own: Owned,
        day: OrdinalDay,
        held: Mapping[Owned, HeldBalance],
        *,
        are_empty: bool = False,
    ) -> HeldBalance:
        """An account's balance on a day, before the next line."""
        period = period_on(self._layout, account, day)
        before = held.get(own)
        if before is not None and before.period == period:
            return before
        stated = self._stated.get((own, period))
        if stated is not None:
            return HeldBalance(period, stated)
        amount = amount_of(account, own[1])
        given = self._period_of_as_of(account)
        if period == given:
            return HeldBalance(period, Cents(0) if are_empty else amount)
        if account.carries_over is None:
            return HeldBalance(period, amount)
        if before is not None and before.period[0] is not period[0]:
            before = None
        if given is not None and given < period and (before is None or before.period < given):
            before = HeldBalance(given, self._stated.get((own, given), Cents(0) if are_empty else amount))
        if before is not None:
            before = self._latest(own, before, period)
        return self._rolled(account, before, HeldBalance(period, amount))

    def _period_of_as_of(self, account: Account) -> Period | None:
        """The period of an account that holds `as_of`; None where the edition of then has it over no such period."""
        then = self._layout.plan.editions[self._layout.edition].accounts.get(account.id)
        if then is None or then.per.kind is not account.per.kind:
            return None
        return period_on(self._layout, account, self._layout.as_of)

    def _latest(self, own: Owned, before: HeldBalance, period: Period) -> HeldBalance:
        """The last balance that is known before a period, that of `before` or one that is stated of a later period."""
        known = (HeldBalance(each, cents) for (owner, each), cents in self._stated.items() if owner == own)
        later = (each for each in known if each.period[0] is period[0] and before.period < each.period < period)
        return max(later, key=_period_of, default=before)

    def _rolled(self, account: Account, before: HeldBalance | None, begun: HeldBalance) -> HeldBalance:
        """The balance with which a period begins after earlier ones; `begun`: with nothing carried over."""
        if before is None or account.carries_over is None:
            return begun
        cents, most = before.cents, account.carries_over.at_most
        for _ in range(periods_between(self._layout.plan, begun.period[0], before.period[1], begun.period[1])):
            left = cents if most is None else min(cents, most)
            if cents == begun.cents + left:
                break
            cents = Cents(begun.cents + left)
        return HeldBalance(begun.period, cents)

    def is_open(self, account: Account, own: Owned, day: OrdinalDay) -> bool:
        """Whether the balance on a day hangs on that on `as_of`, of which nothing is stated."""
        period, given = period_on(self._layout, account, day), self._period_of_as_of(account)
        if given is None:
            return False
        is_behind = account.carries_over is not None and period[0] is given[0] and given < period
        is_stated = any(owner == own and given <= each <= period for owner, each in self._stated)
        return not is_stated and (period == given or is_behind)


def _take_off(owed: list[int], cents: int) -> None:
    """Take cents off the parts of a line, in the order of point 28."""
    for number in _CUT:
        cut = min(cents, owed[number])
        owed[number] -= cut
        cents -= cut


def period_on(layout: Layout, account: Account, day: OrdinalDay) -> Period:
    """The period of an account that holds an ordinal day."""
    return account.per.kind, period_key(layout.plan, account.per, day)


def stated_balances(layout: Layout) -> dict[tuple[Owned, Period], Cents]:
    """The balances that the request states, in the period that holds `as_of`, or the date that a balance gives.

    Of each account as the edition has it by which the request is read.
    """
    accounts = layout.plan.editions[layout.edition].accounts
    return {
        ((each.account, owner), period_on(layout, accounts[each.account], day_of(each, layout.as_of))): (
            each.balance_cents
        )
        for owner, balances in balances_of(layout.scope.request)
        for each in balances
        if each.balance_cents is not None
    }


def day_of(balance: AccountBalance, as_of: OrdinalDay) -> OrdinalDay:
    """An ordinal day of the period in which an account holds a stated balance."""
    return as_of if balance.date is None else ordinal_of(balance.date)


def _period_of(balance: HeldBalance) -> Period:
    return balance.period


def balances_of(request: EstimateRequest) -> Iterator[tuple[int, Sequence[AccountBalance]]]:
    """The owner of each list of balances in a request, and the list."""
    for place, member in enumerate(request.members):
        yield place, member.account_balances
    yield FAMILY, request.family_account_balances
