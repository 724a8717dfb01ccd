"""The cheapest ways to the same care, by branch and bound: over networks, practitioners, settings, dates, self-pay.

What comes in: a request, and what may change. What goes out: for each set of kinds of changes the way that costs the
patient least, where it is cheaper than every way with fewer kinds. What a way costs is the patient's total of its
expected case, in cents, as the kernel adjudicates it. docs/optimizing.md says what is searched.

A branch settles one service after the other, in the order of their first days. Visits before the first possible day of
every service that is not settled yet cost what they cost, whatever follows: their sum is the bound of the branch.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import date
from typing import NamedTuple, TypeAlias

from camcover.engine import EstimateRequest, InvalidRequest, Tables, evaluate
from camcover.engine.asking.claim import as_far_as_known
from camcover.engine.request import PlannedService
from camcover.money import Cents
from camcover.workflow.care_choices import (
    CareChange,
    MayChange,
    ServiceChoice,
    choices_of,
    has_agreed_price,
    too_many,
    unusable,
)
from camcover.workflow.way_prices import AskedWay, WayPrice, way_prices

__all__ = ["MOST_PRICED", "CheaperWay", "CheaperWays", "WaySearch", "cheaper_ways"]

MOST_PRICED = 20_000
"""Plans of care that one search prices at most, unless its caller says otherwise."""

_AT_ONCE = 1_000
"""Plans of care that are priced in one go, unless the caller says otherwise."""

_Chosen: TypeAlias = tuple[int, ...]
"""The number of each item's choice, in the order of the branches."""

_Steps: TypeAlias = Generator[None, None, None]
"""Pauses after each batch that is priced."""


class CheaperWay(NamedTuple):
    """A way to the same care: what the patient pays, which kinds of changes it is, and each item's choice.

    `request`: what the plan is asked, None = nothing. `paid_oneself`: visits that are paid without the plan, by the
    place of their item; they are not in `request`.
    """

    patient_cents: Cents
    kinds: CareChange
    choices: tuple[ServiceChoice, ...]
    request: EstimateRequest | None
    paid_oneself: tuple[tuple[int, date], ...]


class CheaperWays(NamedTuple):
    """What was found: the patient's total as planned, and the ways, the cheapest first.

    `priced`: plans of care that were priced; `is_proven`: nothing was left out because of the bound on them;
    `kept`: places of the items whose stated allowed amount kept them in their network, practitioner and setting.
    """

    patient_cents: Cents
    ways: tuple[CheaperWay, ...]
    priced: int
    is_proven: bool
    kept: tuple[int, ...]


class _Rank(NamedTuple):
    """How a way compares: less is better."""

    cents: int
    changes: int
    days: int


class _Branch(NamedTuple):
    """Some items' choices. No way of this branch has a lower rank, or fewer kinds of changes."""

    chosen: _Chosen
    kinds: CareChange
    rank: _Rank


def cheaper_ways(
    tables: Tables, request: EstimateRequest, may: MayChange, *, most_priced: int = MOST_PRICED
) -> CheaperWays:
    """The cheapest ways to have the care of a request. Raises `InvalidRequest` for the request and what may change."""
    present = evaluate(tables, request._replace(explain=False, explain_range=False)).totals.patient_cents
    search = WaySearch(tables, request, Cents(present), may, most_priced=most_priced)
    while search.advance():
        pass
    return search.found()


class WaySearch:
    """One search, step by step, so that its caller can give it up between two of them."""

    def __init__(
        self,
        tables: Tables,
        request: EstimateRequest,
        present: Cents,
        may: MayChange,
        *,
        most_priced: int = MOST_PRICED,
        at_once: int = _AT_ONCE,
    ) -> None:
        """Search the ways to the care of a request that can be priced; `present`: what the patient pays as planned.

        One call of the kernel prices at most `at_once` plans of care. Raises `InvalidRequest` for what may change.
        """
        first = min(day for item in request.items for day in item.dates)
        plain = as_far_as_known(request, tables.vocabulary)
        plain = plain._replace(explain=False, explain_range=False, as_of=request.as_of or first)
        violations = tuple(unusable(tables, request, may)) or tuple(too_many(tables, plain, may))
        if violations:
            raise InvalidRequest(violations)
        self._tables, self._request, self._most, self._at_once = tables, plain, most_priced, at_once
        every = [choices_of(tables, plain, place, may) for place in range(len(plain.items))]
        first_days = [min(min(each.item.dates) for each in choices) for choices in every]
        self._order = sorted(range(len(every)), key=first_days.__getitem__)
        self._choices = [every[place] for place in self._order]
        self._first_days = [first_days[place] for place in self._order]
        index = tables.plans[plain.plan_id]
        # A second plan and accounts pay from their own sums, so the cost of some visits is no bound for all.
        self._has_bounds = not plain.secondary_plan_id and not index.has_accounts
        as_is = (0,) * len(every)
        self._best: dict[CareChange, tuple[_Rank, _Chosen]] = {CareChange.NONE: (_Rank(present, 0, 0), as_is)}
        self._known: dict[_Chosen, WayPrice | None] = {as_is: WayPrice(present, plain)}
        self._priced, self._is_proven = 1, True
        names_others = bool(may.tiers or may.practitioners or may.settings)
        self._kept = tuple(place for place, item in enumerate(request.items) if names_others and has_agreed_price(item))
        self._present = present
        self._steps = self._run(as_is)

    def advance(self) -> bool:
        """Price some plans of care, less than twice `at_once`; whether there may be more to do."""
        before = self._priced
        while self._priced < before + self._at_once:
            if next(self._steps, self) is self:
                return False
        return True

    def found(self) -> CheaperWays:
        """What was found: of each set of kinds the best way, if it is cheaper than with fewer of these kinds."""
        ways = []
        for kinds, (rank, chosen) in self._best.items():
            fewer = (each.cents for other, (each, _) in self._best.items() if other != kinds and other & kinds == other)
            price = self._known[chosen]
            if kinds and price is not None and rank.cents < min(fewer):
                places = sorted(zip(self._order, self._picked(chosen), strict=True), key=lambda each: each[0])
                choices = tuple(choice for _, choice in places)
                ways.append(CheaperWay(price.patient_cents, kinds, choices, price.request, price.paid_oneself))
        ways.sort(key=lambda each: (each.patient_cents, each.kinds.bit_count(), each.kinds))
        return CheaperWays(self._present, tuple(ways), self._priced, self._is_proven, self._kept)

    def _run(self, as_is: _Chosen) -> _Steps:
        """Search: `_best` then has for each set of kinds the best way that was found."""
        yield from self._single_changes(as_is)
        waiting = [_Branch((), CareChange.NONE, _Rank(0, 0, 0))]
        while waiting and self._is_proven:
            branch = waiting.pop()
            if self._is_beaten(branch):
                continue
            children = [each for each in self._children(branch) if not self._is_beaten(each)]
            if len(branch.chosen) + 1 == len(self._choices):
                yield from self._settle(children)
            else:
                bounded = yield from self._bounded(children)
                # The last branch is taken first, so the one of the best rank comes last.
                waiting += sorted(bounded, key=lambda each: each.rank, reverse=True)

    def _single_changes(self, as_is: _Chosen) -> _Steps:
        """Price each change of one item, and the best of all items together, so that good ways are known early."""
        singles = [
            (place, (*as_is[:place], number, *as_is[place + 1 :]))
            for place, choices in enumerate(self._choices)
            for number in range(1, len(choices))
        ]
        yield from self._settle([self._branch(chosen) for _, chosen in singles])
        best = list(as_is)
        for place, chosen in singles:
            tried = (*as_is[:place], best[place], *as_is[place + 1 :])
            if self._cents(chosen) < self._cents(tried):
                best[place] = chosen[place]
        yield from self._settle([self._branch(tuple(best))])

    def _cents(self, chosen: _Chosen) -> tuple[bool, int]:
        """What is known of a whole way, cents; one that is not priced comes after all others."""
        price = self._known.get(chosen)
        return price is None, price.patient_cents if price else 0

    def _picked(self, chosen: _Chosen) -> list[ServiceChoice]:
        return [choices[number] for choices, number in zip(self._choices, chosen, strict=False)]

    def _branch(self, chosen: _Chosen, cents: int = 0) -> _Branch:
        """The branch of these choices, which costs at least so many cents."""
        picked, kinds = self._picked(chosen), CareChange.NONE
        for each in picked:
            kinds |= each.kinds
        rank = _Rank(cents, sum(each.changes for each in picked), sum(abs(each.days) for each in picked))
        return _Branch(chosen, kinds, rank)

    def _children(self, branch: _Branch) -> list[_Branch]:
        """The branch with each choice of the next item."""
        numbers = range(len(self._choices[len(branch.chosen)]))
        return [self._branch((*branch.chosen, number), branch.rank.cents) for number in numbers]

    def _is_beaten(self, branch: _Branch) -> bool:
        """Whether none of its ways can be told: one with the same kinds of changes, or fewer, is as good."""
        return any(rank <= branch.rank for kinds, (rank, _) in self._best.items() if kinds & branch.kinds == kinds)

    def _settle(self, branches: Sequence[_Branch]) -> _Steps:
        """Price whole ways, as many as the bound lets, and keep the best of each set of kinds."""
        new = [each for each in branches if each.chosen not in self._known]
        prices = yield from self._prices([self._asked(each.chosen) for each in new])
        for branch, price in zip(new, prices, strict=False):
            self._known[branch.chosen] = price
            if price is not None:
                rank = branch.rank._replace(cents=price.patient_cents)
                if branch.kinds not in self._best or rank < self._best[branch.kinds][0]:
                    self._best[branch.kinds] = (rank, branch.chosen)

    def _bounded(self, branches: Sequence[_Branch]) -> Generator[None, None, list[_Branch]]:
        """The branches with their bounds: what the visits cost that lie before every unsettled item."""
        if not self._has_bounds or not branches:
            return list(branches)
        horizon = min(self._first_days[len(branches[0].chosen) :])
        asked, places = [], []
        for place, branch in enumerate(branches):
            part = self._asked_before(branch.chosen, horizon)
            if part.request.items:
                places.append(place)
                asked.append(part)
        found = list(branches)
        prices = yield from self._prices(asked)
        for place, price in zip(places, prices, strict=False):
            rank = found[place].rank
            if price is not None:
                found[place] = found[place]._replace(rank=rank._replace(cents=max(rank.cents, price.patient_cents)))
        return found

    def _asked(self, chosen: _Chosen) -> AskedWay:
        """The request of a whole way."""
        items = list(self._request.items)
        self_pay: list[Cents | None] = [None] * len(items)
        for place, each in zip(self._order, self._picked(chosen), strict=True):
            items[place], self_pay[place] = each.item, each.self_pay_cents
        return AskedWay(self._request._replace(items=tuple(items)), tuple(self_pay))

    def _asked_before(self, chosen: _Chosen, horizon: date) -> AskedWay:
        """The visits of a branch before a day."""
        items: list[PlannedService] = []
        self_pay: list[Cents | None] = []
        for each in self._picked(chosen):
            dates = tuple(day for day in each.item.dates if day < horizon)
            if dates:
                items.append(each.item._replace(dates=dates))
                self_pay.append(each.self_pay_cents)
        return AskedWay(self._request._replace(items=tuple(items)), tuple(self_pay))

    def _prices(self, ways: Sequence[AskedWay]) -> Generator[None, None, list[WayPrice | None]]:
        """The prices of as many ways as the bound lets, a step for each batch; None = that cannot be asked."""
        found: list[WayPrice | None] = []
        while len(found) < len(ways):
            left = self._most - self._priced
            batch = ways[len(found) : len(found) + min(self._at_once, left)]
            if not batch:
                self._is_proven = False
                break
            prices, again = way_prices(self._tables, batch, left - len(batch))
            found += prices
            self._priced += min(len(batch) + again, left)
            self._is_proven &= len(batch) + again <= left
            yield
        return found
