"""The cheapest ways to the same care: a search over networks, practitioners, settings and dates, by branch and bound.

What comes in: a request, and what may change. What goes out: for each set of kinds of changes the way that costs the
patient least, where it is cheaper than every way with fewer kinds. What a way costs is the patient's total of its
expected case, in cents, as the kernel adjudicates it. docs/optimizing.md says what is searched.

A branch settles one service after the other, in the order of their first days. Visits before the first possible day of
every service that is not settled yet cost what they cost, whatever follows: their sum is the bound of the branch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from camcover.engine import EstimateRequest, InvalidRequest, Tables, evaluate
from camcover.engine.asking.claim import as_far_as_known
from camcover.engine.evaluate import adjudicate_many
from camcover.money import Cents
from camcover.workflow.care_choices import CareChange, MayChange, ServiceChoice, choices_of, has_agreed_price, unusable

__all__ = ["MOST_PRICED", "CheaperWay", "CheaperWays", "cheaper_ways"]

MOST_PRICED = 20_000
"""Plans of care that one search prices at most, unless its caller says otherwise."""

_Chosen: TypeAlias = tuple[int, ...]
"""The number of each item's choice, in the order of the branches."""


class CheaperWay(NamedTuple):
    """A way to the same care: what the patient pays, which kinds of changes it is, each item's choice, its request."""

    patient_cents: Cents
    kinds: CareChange
    choices: tuple[ServiceChoice, ...]
    request: EstimateRequest


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
    present = evaluate(tables, request._replace(explain=False))
    violations = tuple(unusable(tables, request, may))
    if violations:
        raise InvalidRequest(violations)
    search = _WaySearch(tables, request, may, most_priced)
    search.run(Cents(present.totals.patient_cents))
    found = search.ways()
    names_others = bool(may.tiers or may.practitioners or may.settings)
    kept = tuple(place for place, item in enumerate(request.items) if names_others and has_agreed_price(item))
    return CheaperWays(Cents(present.totals.patient_cents), found, search.priced, search.is_proven, kept)


class _WaySearch:
    """One search; `run` fills `best`: for each set of kinds the best way that was found."""

    def __init__(self, tables: Tables, request: EstimateRequest, may: MayChange, most_priced: int) -> None:
        first = min(day for item in request.items for day in item.dates)
        plain = as_far_as_known(request, tables.vocabulary)._replace(explain=False, as_of=request.as_of or first)
        self.tables, self.request, self.most = tables, plain, most_priced
        every = [choices_of(tables, plain, place, may) for place in range(len(plain.items))]
        first_days = [min(min(each.item.dates) for each in choices) for choices in every]
        self.order = sorted(range(len(every)), key=first_days.__getitem__)
        self.choices = [every[place] for place in self.order]
        self.first_days = [first_days[place] for place in self.order]
        index = tables.plans[plain.plan_id]
        # A second plan and accounts pay from sums of their own; there no bound is taken from a part of the visits.
        self.has_bounds = not plain.secondary_plan_id and not index.has_accounts
        self.best: dict[CareChange, tuple[_Rank, _Chosen]] = {}
        self.known: dict[_Chosen, int | None] = {}
        self.priced, self.is_proven = 1, True

    def run(self, present: Cents) -> None:
        """Search; `present`: what the patient pays as planned."""
        as_is = (0,) * len(self.choices)
        self.known[as_is] = present
        self.best[CareChange.NONE] = (_Rank(present, 0, 0), as_is)
        self._single_changes(as_is)
        waiting = [_Branch((), CareChange.NONE, _Rank(0, 0, 0))]
        while waiting and self.is_proven:
            branch = waiting.pop()
            if self._is_beaten(branch):
                continue
            children = [each for each in self._children(branch) if not self._is_beaten(each)]
            if len(branch.chosen) + 1 == len(self.choices):
                self._settle(children)
            else:
                bounded = self._bounded(children)
                # The last is taken first: the one of the best rank.
                waiting += sorted(bounded, key=lambda each: each.rank, reverse=True)

    def ways(self) -> tuple[CheaperWay, ...]:
        """What was found: of each set of kinds the best way, if it is cheaper than with fewer of these kinds."""
        found = []
        for kinds, (rank, chosen) in self.best.items():
            fewer = (each.cents for other, (each, _) in self.best.items() if other != kinds and other & kinds == other)
            if kinds and rank.cents < min(fewer):
                places = sorted(zip(self.order, self._picked(chosen), strict=True), key=lambda each: each[0])
                choices = tuple(choice for _, choice in places)
                found.append(CheaperWay(Cents(rank.cents), kinds, choices, self._asked(chosen)))
        return tuple(sorted(found, key=lambda each: (each.patient_cents, each.kinds.bit_count(), each.kinds)))

    def _single_changes(self, as_is: _Chosen) -> None:
        """Price each change of one item, and the best of all items together, so that good ways are known early."""
        singles = [
            (place, (*as_is[:place], number, *as_is[place + 1 :]))
            for place, choices in enumerate(self.choices)
            for number in range(1, len(choices))
        ]
        self._settle([self._branch(chosen) for _, chosen in singles])
        best = list(as_is)
        for place, chosen in singles:
            tried = (*as_is[:place], best[place], *as_is[place + 1 :])
            if self._cents(chosen) < self._cents(tried):
                best[place] = chosen[place]
        self._settle([self._branch(tuple(best))])

    def _cents(self, chosen: _Chosen) -> tuple[bool, int]:
        """What is known of a whole way, cents; one that is not priced comes after all others."""
        cents = self.known.get(chosen)
        return cents is None, cents or 0

    def _picked(self, chosen: _Chosen) -> list[ServiceChoice]:
        return [choices[number] for choices, number in zip(self.choices, chosen, strict=False)]

    def _branch(self, chosen: _Chosen, cents: int = 0) -> _Branch:
        """The branch of these choices, which costs at least so many cents."""
        picked, kinds = self._picked(chosen), CareChange.NONE
        for each in picked:
            kinds |= each.kinds
        rank = _Rank(cents, sum(each.changes for each in picked), sum(abs(each.days) for each in picked))
        return _Branch(chosen, kinds, rank)

    def _children(self, branch: _Branch) -> list[_Branch]:
        """The branch with each choice of the next item."""
        numbers = range(len(self.choices[len(branch.chosen)]))
        return [self._branch((*branch.chosen, number), branch.rank.cents) for number in numbers]

    def _is_beaten(self, branch: _Branch) -> bool:
        """Whether none of its ways can be told: one with the same kinds of changes, or fewer, is as good."""
        return any(rank <= branch.rank for kinds, (rank, _) in self.best.items() if kinds & branch.kinds == kinds)

    def _settle(self, branches: Sequence[_Branch]) -> None:
        """Price whole ways, as many as the bound lets, and keep the best of each set of kinds."""
        new = [each for each in branches if each.chosen not in self.known]
        for branch, cents in zip(new, self._prices([self._asked(each.chosen) for each in new]), strict=False):
            self.known[branch.chosen] = cents
            rank = branch.rank._replace(cents=cents or 0)
            if cents is not None and (branch.kinds not in self.best or rank < self.best[branch.kinds][0]):
                self.best[branch.kinds] = (rank, branch.chosen)

    def _bounded(self, branches: Sequence[_Branch]) -> list[_Branch]:
        """The branches with their bounds: what the visits cost that lie before every unsettled item."""
        if not self.has_bounds or not branches:
            return list(branches)
        horizon = min(self.first_days[len(branches[0].chosen) :])
        asked, places = [], []
        for place, branch in enumerate(branches):
            cut = [
                item._replace(dates=tuple(day for day in item.dates if day < horizon))
                for item in (each.item for each in self._picked(branch.chosen))
            ]
            items = tuple(item for item in cut if item.dates)
            if items:
                places.append(place)
                asked.append(self.request._replace(items=items))
        found = list(branches)
        for place, cents in zip(places, self._prices(asked), strict=False):
            rank = found[place].rank
            found[place] = found[place]._replace(rank=rank._replace(cents=max(rank.cents, cents or 0)))
        return found

    def _asked(self, chosen: _Chosen) -> EstimateRequest:
        """The request of a whole way."""
        items = list(self.request.items)
        for place, each in zip(self.order, self._picked(chosen), strict=True):
            items[place] = each.item
        return self.request._replace(items=tuple(items))

    def _prices(self, requests: Sequence[EstimateRequest]) -> list[int | None]:
        """What the patient pays, cents, of as many as the bound lets; None = that cannot be asked, such as no terms."""
        left = self.most - self.priced
        if len(requests) > left:
            self.is_proven = False
        results = adjudicate_many(self.tables, requests[: max(left, 0)])
        self.priced += len(results)
        return [None if isinstance(each, InvalidRequest) else each.answer.patient_cents for each in results]
