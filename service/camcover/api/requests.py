"""Messages -> typed requests. What the .proto's rules cannot see (a 31 February) comes back as violations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

from camcover.engine import EstimateRequest, InvalidRequest, Violation
from camcover.engine.asking.violations import NO_SECOND_PLAN
from camcover.engine.asking.words import MOST_VIOLATIONS, outside_years, provider_violations, shown, too_many_sessions
from camcover.engine.request import (
    FIRST_DATE,
    LAST_DATE,
    NO_MEMBERSHIP,
    AccountBalance,
    AccumulatorUse,
    BenefitVisits,
    CodeUse,
    Coordination,
    Coverage,
    EpisodeStart,
    FeeUse,
    LimitUse,
    Member,
    Membership,
    PlannedService,
    PriorVisit,
    Procedure,
    UseSoFar,
)
from camcover.gen.camcover.v1 import request_pb2 as messages
from camcover.money import Cents
from camcover.refusals import Refusal
from camcover.rulebook.records import Attestation, Setting

__all__ = ["estimate_request", "member", "planned_service"]

FIRST_YEAR, LAST_YEAR = FIRST_DATE.year, LAST_DATE.year

FIRST_BIRTH_YEAR = 1880
"""The first year in which a member may be born, and covered."""

_LAST_DAY = LAST_DATE.toordinal()

_SETTINGS: dict[str, Setting | None] = {"": None} | {str(setting): setting for setting in Setting}
_ATTESTATIONS = {str(attestation): attestation for attestation in Attestation}

_COORDINATION = {
    messages.COORDINATION_UNSPECIFIED: Coordination.STANDARD,
    messages.COORDINATION_STANDARD: Coordination.STANDARD,
    messages.COORDINATION_NON_DUPLICATION: Coordination.NON_DUPLICATION,
    messages.COORDINATION_MAINTENANCE_OF_BENEFITS: Coordination.MAINTENANCE_OF_BENEFITS,
    messages.COORDINATION_MEDICARE_SECONDARY: Coordination.MEDICARE_SECONDARY,
    messages.COORDINATION_MEDICAID: Coordination.MEDICAID,
}


class DateReader:
    """Reads dates, and gathers what is wrong with them and with what else the .proto's rules cannot see."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self.violations: list[Violation] = []

    def parse(self, path: str, text: str, first_year: int = FIRST_YEAR) -> date | None:
        """The date of an ISO 8601 text; None, with a violation, when there is no such day."""
        try:
            day = date.fromisoformat(text)
        except ValueError:
            found, expected = f"{shown(text)}, which is not a calendar date", "a date such as 2026-01-31"
            self.refuse(path, found, expected, Refusal.INVALID_DATE)
            return None
        if not first_year <= day.year <= LAST_YEAR:
            self.violations.append(outside_years(path, day, first_year))
            return None
        return day

    def refuse(self, path: str, found: str, expected: str, refusal: Refusal) -> None:
        """Note what is wrong with the statements about dates."""
        self.violations.append(Violation(path, found, expected, refusal))

    def optional(self, path: str, text: str, first_year: int = FIRST_YEAR) -> date | None:
        """None for an empty text."""
        return self.parse(path, text, first_year) if text else None


def estimate_request(message: messages.EstimatePlanRequest) -> EstimateRequest:
    """The typed request of a valid message. Raises `InvalidRequest` with all that is wrong with its dates."""
    dates = DateReader()
    if message.coordination == messages.COORDINATION_STANDARD and not message.secondary_plan_id:
        # The engine cannot tell this from no coordination. It refuses other statements about a missing second plan.
        dates.refuse("coordination", "coordination without a second plan", NO_SECOND_PLAN, Refusal.UNUSED_STATEMENT)
    members = tuple(_member(f"members[{place}]", each, place, dates) for place, each in enumerate(message.members))
    request = EstimateRequest(
        plan_id=message.plan_id,
        items=tuple(_service(f"items[{place}]", each, dates) for place, each in enumerate(message.items)),
        members=members or (Member(),),
        coverage=_coverage(message),
        family_accumulators=_sums(message.family_accumulators),
        as_of=dates.optional("as_of", message.as_of),
        assume_requirements=message.requirements != messages.REQUIREMENTS_AS_ATTESTED,
        assume_terms=message.terms != messages.TERMS_IN_FORCE_ONLY,
        secondary_plan_id=message.secondary_plan_id,
        coordination=_COORDINATION[message.coordination],
        secondary_family_accumulators=_sums(message.secondary_family_accumulators),
        explain=message.explain,
        family_account_balances=_balances("family_account_balances", message.family_account_balances, dates),
        explain_range=message.explain_range,
    )
    if dates.violations:
        raise InvalidRequest(tuple(dates.violations))
    return request


def member(path: str, message: messages.Member) -> Member:
    """One member alone. Raises `InvalidRequest` with every date that is none."""
    dates = DateReader()
    person = _member(path, message, 0, dates)
    if dates.violations:
        raise InvalidRequest(tuple(dates.violations))
    return person


def planned_service(path: str, message: messages.PlannedService, today: date) -> PlannedService:
    """One service alone; without dates, today. Raises `InvalidRequest` with all that is wrong with its dates."""
    dates = DateReader()
    if not any((message.dates, message.start_date, message.sessions, message.every_days)):
        dated = messages.PlannedService()
        dated.CopyFrom(message)
        dated.dates.append(today.isoformat())
        message = dated
    service = _service(path, message, dates)
    if dates.violations:
        raise InvalidRequest(tuple(dates.violations))
    return service


def _coverage(message: messages.EstimatePlanRequest) -> Coverage:
    """As stated; else family where there are several members or sums of a family, self-only otherwise (point 38)."""
    if message.coverage == messages.COVERAGE_UNSPECIFIED:
        sums = message.family_accumulators or message.secondary_family_accumulators
        has_family_sums = bool(sums or message.family_account_balances)
        return Coverage.FAMILY if len(message.members) > 1 or has_family_sums else Coverage.SELF_ONLY
    return Coverage.FAMILY if message.coverage == messages.COVERAGE_FAMILY else Coverage.SELF_ONLY


def _member(path: str, message: messages.Member, place: int, dates: DateReader) -> Member:
    return Member(
        message.id or str(place + 1),
        dates.optional(f"{path}.birth_date", message.birth_date, first_year=FIRST_BIRTH_YEAR),
        message.age if message.HasField("age") else None,
        message.state,
        _use(_OWN(message), f"{path}.", dates),
        _use(_SECONDARY(message), f"{path}.secondary_", dates),
        _membership(f"{path}.membership", message.membership, dates)
        if message.HasField("membership")
        else NO_MEMBERSHIP,
        _membership(f"{path}.secondary_membership", message.secondary_membership, dates)
        if message.HasField("secondary_membership")
        else NO_MEMBERSHIP,
        account_balances=_balances(f"{path}.account_balances", message.account_balances, dates),
        episodes=_episodes(f"{path}.episodes", message.episodes, dates),
    )


def _use(lists: tuple[Any, ...], path: str, dates: DateReader) -> UseSoFar:
    """What a member used under a plan; `lists`: as `_OWN` or `_SECONDARY` takes them, `path`: how their paths begin.

    A list that is empty is not read.
    """
    sums, limits, visits, dated, fees, codes = lists
    return UseSoFar(
        _sums(sums) if sums else (),
        _limits(f"{path}limit_usage", limits, dates) if limits else (),
        _visits(visits) if visits else (),
        _prior_visits(f"{path}prior_visits", dated, dates) if dated else (),
        _fee_usage(f"{path}fee_usage", fees, dates) if fees else (),
        _code_usage(f"{path}code_usage", codes, dates) if codes else (),
    )


_USED = ("accumulators", "limit_usage", "benefit_visits", "prior_visits", "fee_usage", "code_usage")
_OWN, _SECONDARY = attrgetter(*_USED), attrgetter(*(f"secondary_{name}" for name in _USED))
"""What a member used under the plan, and under the second plan, as a message has it."""


def _episodes(path: str, episodes: Iterable[messages.EpisodeStart], dates: DateReader) -> tuple[EpisodeStart, ...]:
    parsed = [
        (each.episode, dates.parse(f"{path}[{place}].start_date", each.start_date, first_year=FIRST_BIRTH_YEAR))
        for place, each in enumerate(episodes)
    ]
    return tuple(EpisodeStart(name, day) for name, day in parsed if day is not None)


def _balances(path: str, balances: Iterable[messages.AccountBalance], dates: DateReader) -> tuple[AccountBalance, ...]:
    return tuple(
        AccountBalance(
            each.account,
            Cents(each.balance_cents) if each.HasField("balance_cents") else None,
            dates.optional(f"{path}[{place}].date", each.date),
        )
        for place, each in enumerate(balances)
    )


def _membership(path: str, message: messages.Membership, dates: DateReader) -> Membership:
    return Membership(
        dates.optional(f"{path}.covered_from", message.covered_from, first_year=FIRST_BIRTH_YEAR),
        dates.optional(f"{path}.covered_to", message.covered_to, first_year=FIRST_BIRTH_YEAR),
        message.role,
        message.status,
        dates.optional(f"{path}.enrolled_on", message.enrolled_on, first_year=FIRST_BIRTH_YEAR),
        message.wellness_incentive if message.HasField("wellness_incentive") else None,
    )


def _sums(uses: Iterable[messages.AccumulatorUse]) -> tuple[AccumulatorUse, ...]:
    return tuple(
        AccumulatorUse(
            use.accumulator,
            Cents(use.used_cents) if use.HasField("used_cents") else None,
            Cents(use.last_quarter_cents),
        )
        for use in uses
    )


def _limits(path: str, uses: Iterable[messages.LimitUse], dates: DateReader) -> tuple[LimitUse, ...]:
    return tuple(
        LimitUse(
            use.limit,
            use.used,
            Cents(use.used_cents),
            dates.optional(f"{path}[{place}].date", use.date),
            use.benefit,
            use.episode,
            use.condition,
        )
        for place, use in enumerate(uses)
    )


def _visits(uses: Iterable[messages.BenefitVisits]) -> tuple[BenefitVisits, ...]:
    return tuple(BenefitVisits(use.benefit, use.visits) for use in uses)


def _prior_visits(path: str, visits: Iterable[messages.PriorVisit], dates: DateReader) -> tuple[PriorVisit, ...]:
    parsed = [(visit, dates.parse(f"{path}[{place}].date", visit.date)) for place, visit in enumerate(visits)]
    return tuple(
        PriorVisit(
            visit.benefit,
            day,
            visit.units or 1,
            Cents(visit.copay_paid_cents),
            Cents(visit.plan_paid_cents) if visit.HasField("plan_paid_cents") else None,
            Cents(visit.coinsurance_paid_cents),
            Cents(visit.percentage_cents),
            Cents(visit.penalty_paid_cents),
            visit.episode,
            visit.condition,
            visit.facility,
        )
        for visit, day in parsed
        if day is not None
    )


def _fee_usage(path: str, uses: Iterable[messages.FeeUse], dates: DateReader) -> tuple[FeeUse, ...]:
    parsed = [(use, dates.parse(f"{path}[{place}].date", use.date)) for place, use in enumerate(uses)]
    return tuple(
        FeeUse(day, use.tier, use.therapy, Cents(use.used_cents), Cents(use.practice_expense_cents))
        for use, day in parsed
        if day is not None
    )


def _code_usage(path: str, uses: Iterable[messages.CodeUse], dates: DateReader) -> tuple[CodeUse, ...]:
    parsed = [(use, dates.parse(f"{path}[{place}].date", use.date)) for place, use in enumerate(uses)]
    return tuple(CodeUse(use.code, day, use.units or 1) for use, day in parsed if day is not None)


def _service(path: str, message: messages.PlannedService, dates: DateReader) -> PlannedService:
    if message.provider or message.tax_number:
        dates.violations.extend(provider_violations(path, message.provider, message.tax_number))
    return PlannedService(
        _service_dates(path, message, dates),
        message.member_id,
        message.therapy,
        tuple(
            [_procedure(f"{path}.procedures[{place}]", each, dates) for place, each in enumerate(message.procedures)]
        ),
        Cents(message.charge_cents) if message.HasField("charge_cents") else None,
        Cents(message.allowed_cents) if message.HasField("allowed_cents") else None,
        message.practitioner,
        _SETTINGS[message.setting],
        message.tier,
        message.secondary_tier,
        message.state,
        tuple(message.diagnoses),
        tuple(message.conditions),
        tuple(map(_ATTESTATIONS.__getitem__, message.attestations)),
        message.place_of_service,
        message.taxonomy,
        message.episode,
        dates.optional(f"{path}.first_service", message.first_service, first_year=FIRST_BIRTH_YEAR),
        message.facility,
        message.provider,
        message.tax_number,
    )


def _procedure(path: str, message: messages.Procedure, dates: DateReader) -> Procedure:
    if message.allowed_source and not message.HasField("allowed_cents"):
        found, expected = "allowed_source without allowed_cents", "both, or none of them"
        dates.refuse(f"{path}.allowed_source", found, expected, Refusal.UNUSED_STATEMENT)
    return Procedure(
        message.code,
        message.units or 1,
        Cents(message.charge_cents) if message.HasField("charge_cents") else None,
        Cents(message.allowed_cents) if message.HasField("allowed_cents") else None,
        tuple(message.modifiers),
        message.minutes,
        message.allowed_source,
    )


def _service_dates(path: str, message: messages.PlannedService, dates: DateReader) -> tuple[date, ...]:
    """The dates of the sessions, from either way to give them; one date is given in one way only."""
    if message.dates:
        series = [name for name in ("start_date", "sessions", "every_days") if getattr(message, name)]
        for name in series:
            dates.refuse(
                f"{path}.{name}", f"{name} together with dates", "dates alone, or start_date", Refusal.UNUSED_STATEMENT
            )
        return () if series else _listed_dates(path, message.dates, dates)
    if not message.start_date:
        dates.refuse(f"{path}.dates", "no date", "dates or start_date", Refusal.MISSING_VALUE)
        return ()
    first = dates.parse(f"{path}.start_date", message.start_date)
    if first is None:
        return ()
    day, step, sessions = first.toordinal(), message.every_days or 7, message.sessions or 1
    end = day + step * sessions
    if end - step > _LAST_DAY:
        dates.violations.append(too_many_sessions(f"{path}.sessions", first, sessions, step))
        return ()
    return tuple(map(date.fromordinal, range(day, end, step)))


def _listed_dates(path: str, texts: Sequence[str], dates: DateReader) -> tuple[date, ...]:
    """Dates given one by one; looked at singly only when one of them is wrong."""
    try:
        days = tuple(map(date.fromisoformat, texts))
    except ValueError:
        days = ()
    if days and min(days).year >= FIRST_YEAR and max(days).year <= LAST_YEAR:
        return days
    if len(dates.violations) >= MOST_VIOLATIONS:
        # 500 services may have 500 wrong dates each: the first faults are enough to begin with.
        return ()
    parsed = [dates.parse(f"{path}.dates[{place}]", text) for place, text in enumerate(texts)]
    return tuple(day for day in parsed if day is not None)
