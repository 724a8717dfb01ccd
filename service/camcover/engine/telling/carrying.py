"""The state after an estimate's last line, in the form in which a request takes it (point 42).

What comes in: a question and the answer to its expected case. What goes out: `UseAfter`. A request for later lines that
states it gives the same cents for them as one request for all lines (docs/rule-language.md, point 42).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial

from camcover.calendar import OrdinalDay
from camcover.engine.asking.dated_visits import counts_toward
from camcover.engine.asking.facilities import facility_of
from camcover.engine.asking.layout import Layout
from camcover.engine.asking.question import Answer, Outcome, Question
from camcover.engine.asking.scope import Scope
from camcover.engine.asking.use_before import Visits
from camcover.engine.compiling.known_limits import leaves_out
from camcover.engine.compiling.slots import slot_key
from camcover.engine.estimate import UseAfter
from camcover.engine.kernel.running_state import SumRow, VisitsRow
from camcover.engine.kernel.tables import UNTOUCHED
from camcover.engine.request import (
    AccumulatorUse,
    BenefitVisits,
    CodeUse,
    EpisodeStart,
    FeeUse,
    PriorVisit,
    UseSoFar,
)
from camcover.engine.telling.account_state import balances_after
from camcover.engine.telling.fees_taken import cents_taken, fees_shared
from camcover.engine.telling.limit_state import LimitReader
from camcover.money import Cents
from camcover.request_bounds import MAX_CENTS, MAX_UNITS
from camcover.rulebook.records import (
    Benefit,
    CountedFor,
    Measure,
    Plan,
)

_NO_VISITS = Visits()
_NO_SUM = SumRow(Cents(0), Cents(0))


def use_after(question: Question, answer: Answer) -> UseAfter:
    """The state after the last line of the expected case, under both plans.

    It is true of the last line's day that has terms under the primary plan, or of the request's own `as_of` where that
    is later.
    """
    last = _last_day(question, question.primary)
    as_of = question.primary.as_of if last is None else max(last, question.primary.as_of)
    first = _StateReader(question, question.primary, answer.primary, as_of, last_with_terms=last)
    day, ids = date.fromordinal(as_of), tuple(member.id for member in question.request.members)
    balances = balances_after(question, answer, first.plan, as_of)
    episodes = tuple(map(partial(_episode_starts, question), range(len(ids))))
    if question.secondary is None or answer.secondary is None:
        return UseAfter(day, ids, first.members(), (), first.family(), (), *balances, episodes)
    last = _last_day(question, question.secondary)
    second = _StateReader(question, question.secondary, answer.secondary, as_of, last_with_terms=last)
    return UseAfter(day, ids, first.members(), second.members(), first.family(), second.family(), *balances, episodes)


def _episode_starts(question: Question, member: int) -> tuple[EpisodeStart, ...]:
    """When a member's episodes began, where a limit of one of the plans counts from there on (point 49)."""
    for layout in (question.primary, question.secondary):
        if layout is not None and layout.plan.counts_from_episodes:
            episodes = layout.scope.episodes
            return tuple(
                EpisodeStart(name, date.fromordinal(began))
                for name, row in episodes.names_of(member)
                if (began := episodes.began(row)) is not None
            )
    return ()


def _last_day(question: Question, layout: Layout) -> OrdinalDay | None:
    """The last line's ordinal day on which a plan has terms."""
    last = question.last_terms(layout)
    return None if last is None else last[0]


class _StateReader:
    """Reads the state of one plan after the last line."""

    def __init__(
        self,
        question: Question,
        layout: Layout,
        outcome: Outcome,
        as_of: OrdinalDay,
        *,
        last_with_terms: OrdinalDay | None,
    ) -> None:
        """`as_of`: the ordinal day that the state is true of; `last_with_terms`: of the lines under this plan."""
        self._question, self._layout, self._outcome, self._as_of = question, layout, outcome, as_of
        self._index = layout.plan
        self._period = self._index.period_of(as_of)
        segment = self._index.terms_on(as_of)
        edition = layout.edition if segment is None else segment.edition
        request, secondary = question.request, layout is question.secondary
        first_day, self._last_day = question.asked.lines[0][0], question.asked.lines[-1][0]
        known = layout.scope.episodes, layout.scope.facilities
        self._scope = Scope(self._index, edition, request, secondary, as_of, first_day, *known)
        self._limits = LimitReader(question, layout, outcome, self._scope, as_of=as_of)
        self._maxima = self._index.maxima(edition, family=layout.family)
        self._sums_period = layout.given_period if last_with_terms is None else self._index.period_of(last_with_terms)
        lines, first = question.asked.lines, len(question.asked.lines)
        while first and lines[first - 1][0] == self._last_day:
            first -= 1
        self._lines_of_last_day = tuple(
            (number, lines[number][1], outcome.ledger[number]) for number in range(first, len(lines))
        )
        """Each with its number, the place of its service, and its row."""

    @property
    def plan(self) -> Plan:
        """The edition by which a request reads the state."""
        return self._index.editions[self._scope.edition]

    def members(self) -> tuple[UseSoFar, ...]:
        """What each member has used."""
        return tuple(map(self._member, range(self._layout.members)))

    def _member(self, member: int) -> UseSoFar:
        """What one member has used."""
        visits = self._visits(member)
        return UseSoFar(
            tuple(self._sums(member, self._maxima.member)),
            tuple(self._limits.uses(member)),
            tuple(self._benefit_visits(visits)),
            tuple(self._visits_of_last_day(member, visits)),
            tuple(self._fees_of_last_day(member)),
            code_usage=tuple(self._codes_of_last_day(member)),
        )

    def family(self) -> tuple[AccumulatorUse, ...]:
        """The family's sums, under family coverage."""
        return tuple(self._sums(self._layout.members, self._maxima.family)) if self._layout.family else ()

    def _sums(self, owner: int, maxima: tuple[int, ...]) -> Iterator[AccumulatorUse]:
        """An owner's sums, at most what the edition lets a request state; zero where a later period has begun."""
        rows = self._outcome.state.sums[owner * len(maxima) : (owner + 1) * len(maxima)]
        for name, row, maximum in zip(self._index.accumulators, rows, maxima, strict=True):
            found = row if self._sums_period == self._period else _NO_SUM
            used = found.used if maximum < 0 else min(found.used, maximum)
            yield AccumulatorUse(name, Cents(used), Cents(min(found.last_quarter, used)))

    # Visits

    def _visits(self, member: int) -> Sequence[tuple[str, VisitsRow, Visits]]:
        """A member's visits under each benefit that a line touched or the request stated: its row, what is stated."""
        benefits, given = self._index.benefits, self._layout.given.prior
        prior, first = given[member].visits if given else {}, member * len(benefits)
        rows = self._outcome.state.visits[first : first + len(benefits)]
        return [
            (benefit, row, prior.get(number, _NO_VISITS))
            for (benefit, number), row in zip(benefits.items(), rows, strict=True)
            if row.period != UNTOUCHED or number in prior
        ]

    def _benefit_visits(self, visits: Sequence[tuple[str, VisitsRow, Visits]]) -> Iterator[BenefitVisits]:
        """The visits under each benefit in the benefit period."""
        for benefit, row, stated in visits:
            yield BenefitVisits(benefit, row.number if row.period == self._period else self._visits_before(stated))

    def _visits_before(self, stated: Visits) -> int:
        """What the request gave as visits in the benefit period."""
        used = stated.stated if self._period == self._layout.given_period else 0
        return used + (stated.dated if self._period == self._layout.first_period else 0)

    def _visits_of_last_day(self, member: int, visits: Sequence[tuple[str, VisitsRow, Visits]]) -> Iterator[PriorVisit]:
        """The visits of the last line's day, which may go on."""
        for benefit, row, _ in visits:
            if row.day == self._last_day:
                paid = self._plan_paid(member, benefit)
                yield PriorVisit(
                    benefit,
                    date.fromordinal(row.day),
                    1,
                    Cents(row.copay_paid),
                    paid,
                    Cents(row.coinsurance_paid),
                    Cents(row.percentages),
                    Cents(row.penalty_paid),
                    *self._counted_for(member, benefit, paid),
                    facility_of(row.copay_scope, self._scope.facilities),
                )

    def _counted_for(self, member: int, benefit: str, paid: Cents | None) -> tuple[str, str]:
        """The episode and the condition for which a visit of the last day is counted; of several any one.

        They are those of a line for which every limit has counted, so that the visit is part of what is stated (point
        39): a visit is counted once, and by a limit that counts what the plan pays once it pays. `paid`: of this visit.
        """
        for visit in self._scope.use_of(member).prior_visits:
            if visit.benefit == benefit and visit.date.toordinal() == self._last_day:
                return visit.episode, visit.condition
        if not (self._index.counts_episodes or self._index.condition_masks):
            return "", ""
        found = list(self._named_by_lines(member, benefit))
        counted = (each for each in found if self._has_counted(member, benefit, *each, paid=paid))
        return next(counted, (found[0][0], "") if found else ("", ""))

    def _named_by_lines(self, member: int, benefit: str) -> Iterator[tuple[str, str]]:
        """The episode and the condition of the last day's lines under a benefit, where plans count them."""
        index, rests, rows = self._index, self._outcome.rests, dict(self._layout.rows)
        for number, place, row in self._lines_of_last_day:
            if self._layout.services[place].member != member or not row.covered:
                continue
            for rule in dict.fromkeys((row.rule, rests[number].row.rule if number in rests else row.rule)):
                decided = self._layout.plan.sources.rules[rule] if rule >= 0 else None
                if isinstance(decided, Benefit) and decided.id == benefit:
                    item = self._question.request.items[self._question.asked.services[place].item]
                    episode = item.episode if index.counts_episodes else ""
                    yield episode, self._condition_met(decided, rows[place].diagnoses)

    def _condition_met(self, benefit: Benefit, diagnoses: int) -> str:
        """The first condition in a benefit's list that the diagnoses of a line meet (point 49)."""
        listed = benefit.when.conditions or () if benefit.when else ()
        return next((str(each) for each in listed if self._index.condition_masks.get(str(each), 0) & diagnoses), "")

    def _has_counted(self, member: int, benefit: str, episode: str, condition: str, *, paid: Cents | None) -> bool:
        """Whether a benefit's limits that count each episode or condition have counted the last day for these.

        A limit is not asked whose statement need not hold the visit: it leaves lines out (point 43), or it counts
        visits that the plan pays for, and the plan has not paid this one (point 39).
        """
        terms, width, slots = self.plan.benefits.get(benefit), len(self._index.slots), self._outcome.state.slots
        owners = dict(self._scope.episodes.names_of(member))
        for limit in terms.limits if terms else ():
            if limit.counted_for not in (CountedFor.EPISODE, CountedFor.CONDITION):
                continue
            is_of_episode = limit.counted_for is CountedFor.EPISODE
            key = slot_key(benefit, limit, "" if is_of_episode else condition)
            is_unpaid = limit.measure is Measure.VISITS and not counts_toward(limit, paid)
            if is_unpaid or leaves_out(self._index, key):
                continue
            slot = self._index.slots.get(key)
            owner = owners.get(episode if is_of_episode else "")
            if slot is None or owner is None:
                return False
            count = slots[owner * width + slot]
            if count.day != self._last_day or not (count.used or limit.measure is Measure.MONEY):
                return False
        return True

    def _fees_of_last_day(self, member: int) -> Iterator[FeeUse]:
        """What the lines of the last day took of shared fees, and what the request stated of that day."""
        index, stated = self._index, self._scope.use_of(member).fee_usage
        if not (index.shares_fees or stated):
            return
        taken: dict[tuple[str, str], int] = {}
        highest: dict[tuple[str, str], int] = {}
        for use in stated:
            if use.date.toordinal() == self._last_day:
                taken[use.tier, use.therapy] = taken.get((use.tier, use.therapy), 0) + use.used_cents
                highest[use.tier, ""] = max(highest.get((use.tier, ""), 0), use.practice_expense_cents)
        names = list(index.tiers)
        for _, place, row in self._lines_of_last_day:
            asked = self._question.asked.services[place]
            if self._layout.services[place].member != member or row.segment < 0 or asked.allowed >= 0:
                continue
            segment = index.segments[row.segment - index.first_segment]
            highest[names[row.tier], ""] = max(highest.get((names[row.tier], ""), 0), row.expense)
            for therapy in fees_shared(segment, names[row.tier], row, asked.therapy):
                key = names[row.tier], therapy
                taken[key] = taken.get(key, 0) + cents_taken(segment, names[row.tier], row)
        for tier, therapy in dict.fromkeys([*taken, *highest]):
            cents, expense = taken.get((tier, therapy), 0), highest.get((tier, therapy), 0)
            if cents or expense:
                yield FeeUse(
                    date.fromordinal(self._last_day), tier, therapy, Cents(min(cents, MAX_CENTS)), Cents(expense)
                )

    def _codes_of_last_day(self, member: int) -> Iterator[CodeUse]:
        """The units of codes covered on the last day, with what the request stated of that day, where it may matter."""
        if not self._index.has_code_edits:
            return
        units: dict[str, int] = {}
        for use in self._scope.use_of(member).code_usage:
            if use.date.toordinal() == self._last_day:
                units[use.code] = units.get(use.code, 0) + use.units
        services = self._question.asked.services
        for _, place, row in self._lines_of_last_day:
            code = services[place].code
            if code and row.covered and self._layout.services[place].member == member:
                units[code] = units.get(code, 0) + row.covered_units
        for code, count in units.items():
            if count:
                yield CodeUse(code, date.fromordinal(self._last_day), min(count, MAX_UNITS))

    def _plan_paid(self, member: int, benefit: str) -> Cents | None:
        """What the plan paid of a visit of the last day, cents; None where it began before and no entry says so."""
        entries = self._scope.use_of(member).prior_visits
        same = [each for each in entries if each.benefit == benefit and each.date.toordinal() == self._last_day]
        known = [each.plan_paid_cents for each in same if each.plan_paid_cents is not None]
        if same and not known:
            return None
        paid: int = sum(known)
        for number, place, row in self._lines_of_last_day:
            if self._layout.services[place].member == member and row.covered:
                rest = self._outcome.rests.get(number)
                handed = rest.row.plan_paid if rest else 0
                paid += self._paid_under(benefit, row.rule, row.plan_paid - handed)
                paid += self._paid_under(benefit, rest.row.rule, handed) if rest else 0
        return Cents(paid)

    def _paid_under(self, benefit: str, rule_row: int, cents: int) -> int:
        """What the plan paid where a row of `rules` is the benefit, else nothing."""
        return cents if cents and self._is_of(rule_row, benefit) else 0

    def _is_of(self, rule_row: int, benefit: str) -> bool:
        """Whether a row of `rules` is the benefit."""
        rule = self._layout.plan.sources.rules[rule_row]
        return isinstance(rule, Benefit) and rule.id == benefit
