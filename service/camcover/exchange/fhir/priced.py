"""A request of one person, priced once for its explanation, with what all parts of the explanation read of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from camcover.calendar import ordinal_of, period_start
from camcover.engine import Estimate, EstimateRequest, InvalidRequest, Tables, Violation
from camcover.exchange.fhir.elements import Stamp
from camcover.exchange.fhir.parties import CoveredMember
from camcover.languages import Language
from camcover.messages import Message
from camcover.refusals import Refusal
from camcover.rulebook.records import Limit, Plan, Therapy
from camcover.showing.naming import RuleNames
from camcover.workflow import catalog_entries
from camcover.workflow.pricing import PricedPlan, price_again

__all__ = ["PricedCare", "priced_for"]


@dataclass(frozen=True, slots=True)
class PricedCare:
    """The request, its estimate, and the names of what both mention.

    `editions`: of the plan, the earliest first. `period`: the first and last day of the benefit period that holds the
    last day of service.
    """

    request: EstimateRequest
    answer: PricedPlan
    names: RuleNames
    therapies: Mapping[str, Therapy]
    editions: tuple[Plan, ...]
    subject: CoveredMember
    illustrative: bool
    period: tuple[date, date]

    @property
    def estimate(self) -> Estimate:
        """What the engine says."""
        return self.answer.estimate

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day of service."""
        days = [line.date for line in self.estimate.lines]
        return min(days), max(days)

    @property
    def limits(self) -> dict[str, Limit]:
        """The limits of the plan by id, each as its latest edition has it."""
        benefits = (benefit for plan in self.editions for benefit in plan.benefits.values())
        return {str(limit.id): limit for benefit in benefits for limit in benefit.limits}

    def with_sum(self, accumulator: str) -> Plan:
        """The latest edition that has a sum."""
        return next(plan for plan in reversed(self.editions) if accumulator in plan.accumulators)

    def with_limit(self, limit: str) -> set[str]:
        """The benefits of all editions that have a limit."""
        return {
            str(word)
            for plan in self.editions
            for word, benefit in plan.benefits.items()
            if any(str(each.id) == limit for each in benefit.limits)
        }

    def text(self, message: Message) -> str:
        """A sentence in the reader's language."""
        return self.names.language.text(message)

    def therapy(self, word: str, code: str) -> str:
        """The project's own name of a therapy; where the catalog has none, its code."""
        return self.names.therapy(word) if word else code


def priced_for(tables: Tables, request: EstimateRequest, stamp: Stamp, language: Language) -> PricedCare:
    """Price a request, explained, at the time of the stamp.

    Raises `InvalidRequest`: for a request that cannot be priced, of several members, or with a second plan.
    """
    refused = tuple(_refused(request))
    if refused:
        raise InvalidRequest(refused)
    request = request._replace(explain=True)
    answer = price_again(tables, request, stamp.id, stamp.made_at)
    last = max(day for item in request.items for day in item.dates)
    editions = tuple(tables.plans[request.plan_id].editions)
    in_force = catalog_entries.edition_on(tables, request.plan_id, last) or editions[-1]
    summary = tables.directory[request.plan_id]
    return PricedCare(
        request=request,
        answer=answer,
        names=RuleNames(tables, language),
        therapies=catalog_entries.therapies(tables),
        editions=editions,
        subject=CoveredMember(request.members[0], request.plan_id, summary.name, summary.payer_name),
        illustrative=any(each.illustrative for each in summary.editions),
        period=_benefit_period(in_force, last),
    )


def _refused(request: EstimateRequest) -> Sequence[Violation]:
    """What an explanation of benefits cannot tell."""
    found = []
    if len(request.members) != 1:
        said = f"{len(request.members)} members"
        expected = "one: an explanation of benefits is for one person"
        found.append(Violation("members", said, expected, Refusal.COUNT_OUT_OF_RANGE))
    if request.secondary_plan_id:
        said = f"a second plan, '{request.secondary_plan_id}'"
        expected = "one plan: the guide does not tell what a second one pays"
        found.append(Violation("secondary_plan_id", said, expected, Refusal.UNUSED_STATEMENT))
    return found


def _benefit_period(plan: Plan, day: date) -> tuple[date, date]:
    """The first and the last day of the benefit period that holds a day."""
    month, of_month = plan.benefit_period.month, plan.benefit_period.day
    first = period_start(ordinal_of(day), month, of_month)
    following = period_start(first + 366, month, of_month)
    return date.fromordinal(first), date.fromordinal(following - 1)
