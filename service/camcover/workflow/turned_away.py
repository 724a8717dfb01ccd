"""The criteria that turned a line away, for every benefit: what a test has reached of them; and where its lines lie.

What comes in: a request that was adjudicated under one plan edition. What goes out: for each line, and for each rule
that was judged before the deciding one (all rules, if none decided), the first criterion that failed. The ledger names
only one of these: the criterion of the first benefit.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from camcover.calendar import OrdinalDay, completed_years, latest_first_service, latest_start
from camcover.engine.asking.layout import LaidService
from camcover.engine.asking.question import Adjudicated
from camcover.engine.compiling.compile_rows import ATTESTATION_BITS
from camcover.engine.estimate import Reason
from camcover.engine.kernel.codes import LOWER_COST_SHARE
from camcover.engine.kernel.workspace import LedgerRow
from camcover.engine.request import Member, PlannedService
from camcover.rulebook.analysis.cells import UNKNOWN_AGE, Grid, LineFacts, grid_of
from camcover.rulebook.analysis.criteria import Check, Subject, condition_entries
from camcover.rulebook.analysis.decisions import failed_checks
from camcover.rulebook.analysis.services import Rule, Stretch, service_of, stretches_of
from camcover.rulebook.records import Plan, RuleSet, Setting
from camcover.rulebook.words import waiting_length, waiting_words

__all__ = ["AskedLine", "asked_lines", "criteria_that_failed", "waited_on"]

_BY_NO_RULE = (Reason.BEFORE_COVERAGE, Reason.AFTER_COVERAGE)

_REFUSED = (
    Reason.TIER_NOT_COVERED,
    Reason.DIAGNOSIS_NOT_COVERED,
    Reason.PRACTITIONER_NOT_COVERED,
    Reason.SETTING_NOT_COVERED,
    Reason.AGE,
    Reason.STATE,
    Reason.UNLICENSED,
    Reason.MEMBER_ROLE,
    Reason.MEMBER_STATUS,
    Reason.WAITING_PERIOD,
    Reason.ATTESTATION_NOT_COVERED,
)


class AskedLine(NamedTuple):
    """A line of a request: the one cell that it lies in, the rule that decided it (None: none did), and the outcome.

    `taken_on`: the subjects of facts that are not given and were taken to be as the rule asks (points 40 and 43).
    """

    grid: Grid
    rule: Rule | None
    row: LedgerRow
    taken_on: frozenset[Subject]

    @property
    def reason(self) -> str:
        """The criterion's reason with which it was refused; empty where no criterion refused it."""
        return Reason(self.row.reason).name if self.row.reason in _REFUSED else ""

    @property
    def fails(self) -> int:
        """The mask of all checks that it fails."""
        return sum(axis[0].fails for axis in self.grid.axes)


def criteria_that_failed(rules: RuleSet, plan: Plan, found: Adjudicated) -> Iterator[Check]:
    """The criteria of `plan` that turned lines of a request away, with repetitions."""
    for line in asked_lines(rules, plan, found):
        until = None if line.reason else line.rule
        yield from (check for pattern in line.grid.patterns() for check in failed_checks(line.grid, pattern, until))


def asked_lines(rules: RuleSet, plan: Plan, found: Adjudicated) -> Iterator[AskedLine]:
    """The lines of a request on days of the edition `plan`, except those outside of the member's coverage."""
    stretches, sources = stretches_of(plan, rules), found.question.primary.plan.sources
    request, asked = found.question.request, found.question.asked
    for (ordinal, place, _), row in zip(asked.lines, found.answer.primary.ledger, strict=True):
        day, service = date.fromordinal(ordinal), asked.services[place]
        stretch = next((each for each in stretches if each.holds(day)), None)
        if stretch is None or row.reason in _BY_NO_RULE:
            continue
        item = request.items[service.item]
        member = next((each for each in request.members if each.id == item.member_id), request.members[0])
        period = found.question.primary.plan.period_of(OrdinalDay(ordinal))
        attested = _attested(found.question.primary.services[place], assumed=request.assume_requirements)
        facts = _facts(rules, stretch, item, member, attested=attested, ordinal=ordinal, period=period)
        grid = grid_of(stretch, service_of(stretch, service.therapy, service.code), rules, facts)
        rule = sources.rules[row.rule] if row.rule >= 0 else None
        yield AskedLine(grid, rule, row, _open(facts) if request.assume_requirements else frozenset())


def _open(facts: LineFacts) -> frozenset[Subject]:
    """What facts do not give; attestations and waiting periods may always be more than the given ones."""
    found = {Subject.ATTESTATION, Subject.WAITING}
    found |= {Subject.DIAGNOSIS} if not facts.diagnoses else set()
    found |= {Subject.AGE} if facts.age == UNKNOWN_AGE else set()
    found |= {Subject.PRACTITIONER, Subject.LICENSE} if not facts.practitioner else set()
    found |= {Subject.STATE, Subject.LICENSE} if not facts.state else set()
    found |= {Subject.ROLE} if not facts.role else set()
    found |= {Subject.STATUS} if not facts.status else set()
    return frozenset(found)


def _attested(laid: LaidService, *, assumed: bool) -> tuple[str, ...]:
    """The attestations of a line, given by item or modifier, or `assumed`: all that may be (point 43)."""
    mask = laid.attested | (~(laid.lacking | LOWER_COST_SHARE) if assumed else 0)
    return tuple(str(each) for each, bit in ATTESTATION_BITS.items() if mask & bit)


def _age_on(member: Member, ordinal: int) -> int | None:
    """A member's completed years on a day; None where they are not known."""
    return member.age if member.birth_date is None else completed_years(member.birth_date.toordinal(), ordinal)


def waited_on(
    plan: Plan, enrolled_on: date | None, ordinal: int, *, first_service: date | None, period: int
) -> tuple[str, ...]:
    """The waiting periods of a plan's benefits that are over on a day, in words; none where the start is not known.

    `period`: the first ordinal day of the day's benefit period.
    """
    whens = (benefit.when for benefit in plan.benefits.values())
    found = dict.fromkeys(when.waiting_period for when in whens if when is not None and when.waiting_period)
    over: list[str] = []
    for each in found:
        days, months, periods = waiting_length(each)
        start = first_service if periods else enrolled_on
        latest = latest_first_service(period, periods) if periods else latest_start(ordinal, days, months)
        if start is not None and start.toordinal() <= latest:
            over.append(waiting_words(each))
    return tuple(over)


def _facts(
    rules: RuleSet,
    stretch: Stretch,
    item: PlannedService,
    member: Member,
    *,
    attested: tuple[str, ...],
    ordinal: int,
    period: int,
) -> LineFacts:
    """A request's facts of a service, as far as criteria ask for them; `period`: the first day of the day's."""
    age, membership = _age_on(member, ordinal), member.membership
    return LineFacts(
        tier=item.tier or str(next(iter(stretch.plan.tiers))),
        diagnoses=(*item.diagnoses, *condition_entries(rules, stretch.first, item.conditions)),
        setting=str(item.setting or Setting.OFFICE),
        age=UNKNOWN_AGE if age is None else age,
        practitioner=item.practitioner,
        state=item.state or member.state,
        attestations=attested,
        role=membership.role,
        status=membership.status,
        waited=waited_on(
            stretch.plan, membership.enrolled_on, ordinal, first_service=item.first_service, period=period
        ),
    )
