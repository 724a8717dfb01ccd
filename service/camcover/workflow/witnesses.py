"""Lines of the analysis as requests that can be priced, and as JSON for `camcover estimate`.

What comes in: a line of a cell. What goes out: an `EstimateRequest` that the engine decides as the analysis says, and
the same request in the JSON form of an EstimatePlanRequest (docs/api.md). Amounts in cents.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from camcover.calendar import add_months, latest_start
from camcover.engine.request import (
    FIRST_DATE,
    EstimateRequest,
    Member,
    Membership,
    PlannedService,
    Procedure,
    UseSoFar,
)
from camcover.money import Cents
from camcover.rulebook.analysis.cells import CellLine
from camcover.rulebook.analysis.findings import Witness
from camcover.rulebook.analysis.services import NO_CODE, Service, Stretch
from camcover.rulebook.checks.scope import catalogs_on
from camcover.rulebook.records import Attestation, Limit, RuleSet, Setting
from camcover.rulebook.scalars import Failed, parse_waiting_period
from camcover.rulebook.words import waiting_length, year_of_words

__all__ = [
    "attested",
    "code_of",
    "enrolled_on",
    "first_day",
    "first_service",
    "passing",
    "request_data",
    "request_of",
    "usual_charge",
    "witness_request",
]

_NOMINAL_CENTS = Cents(100_00)
"""What a session is taken to cost where the catalog knows no typical charge."""


def first_day(stretch: Stretch) -> date:
    """The first day of a stretch on which a request may ask for a service."""
    return max(stretch.first, FIRST_DATE)


def code_of(service: Service) -> str:
    """The code that a line of the service is billed as: none where that is one of the choices."""
    return NO_CODE if NO_CODE in service.codes else service.codes[0]


def usual_charge(rules: RuleSet, therapy: str, day: date) -> Cents:
    """The catalog's typical charge of one session on `day`, else a nominal one; never 0."""
    known = (catalog.therapies[therapy] for catalog in catalogs_on(rules, day) if therapy in catalog.therapies)
    charges = (each.typical_charge.typical for each in known if each.typical_charge is not None)
    return next(charges, _NOMINAL_CENTS) or _NOMINAL_CENTS


def request_of(
    plan_id: str,
    service: Service,
    line: CellLine,
    dates: tuple[date, ...],
    *,
    charge_cents: Cents,
    use: UseSoFar = UseSoFar(),  # noqa: B008 - an immutable record
) -> EstimateRequest:
    """One member's sessions of a service on `dates`, at `charge_cents` each, with all that the line attests.

    Nothing is assumed, so that a fact that the line lacks fails its criterion (docs/rule-language.md, point 40).
    An item has one session a day (docs/rule-language.md, point 38), so that a day that comes again is another item.
    """
    code = code_of(service)
    item = PlannedService(
        dates=dates,
        therapy=service.therapy,
        procedures=(Procedure(code),) if code else (),
        charge_cents=charge_cents,
        practitioner=line.practitioner,
        setting=Setting(line.setting),
        tier=line.tier,
        diagnoses=line.diagnoses,
        attestations=tuple(map(Attestation, line.attestations)),
        first_service=first_service(line, dates[0]),
    )
    items = (item,) if len(set(dates)) == len(dates) else tuple(item._replace(dates=(day,)) for day in dates)
    membership = Membership(role=line.role, status=line.status, enrolled_on=enrolled_on(line, dates[0]))
    members = (Member(age=line.age, state=line.state, use=use, membership=membership),)
    return EstimateRequest(plan_id, items, members, as_of=dates[0], assume_requirements=False)


def enrolled_on(line: CellLine, day: date) -> date | None:
    """The latest day of enrollment that ends a line's waiting periods by `day`; None if there are none."""
    if line.waited is None:
        return None
    periods = (period for period in map(parse_waiting_period, line.waited) if not isinstance(period, Failed))
    starts = (latest_start(day.toordinal(), *waiting_length(period)[:2]) for period in periods)
    return date.fromordinal(min(starts, default=day.toordinal()))


def first_service(line: CellLine, day: date) -> date | None:
    """The latest day of a first service by which a line is as many years on as it says; None if it says none.

    So many years before a day lie in the benefit period that is so many before the day's.
    """
    years = [year for year in map(year_of_words, line.waited or ()) if year is not None]
    return date.fromordinal(add_months(day.toordinal(), 12 - 12 * max(years))) if years else None


def witness_request(plan_id: str, witness: Witness, rules: RuleSet) -> EstimateRequest:
    """One session of a witness on the first day of its stretch."""
    day = first_day(witness.stretch)
    charge = usual_charge(rules, witness.service.therapy, day)
    return request_of(plan_id, witness.service, witness.line, (day,), charge_cents=charge)


def passing(limit: Limit) -> frozenset[Attestation]:
    """The attestations with which a line passes a limit: those of `beyond` and of `except`."""
    return frozenset(each for each in (limit.beyond, *limit.excepts) if each is not None)


def attested(request: EstimateRequest, missing: Collection[Attestation]) -> EstimateRequest:
    """The request with its attestations except `missing`; nothing is assumed."""
    items = tuple(
        item._replace(attestations=tuple(each for each in item.attestations if each not in missing))
        for item in request.items
    )
    return request._replace(items=items, assume_requirements=False)


def request_data(request: EstimateRequest) -> dict[str, Any]:
    """A witness request as the JSON form of an EstimatePlanRequest; only what this package sets of one."""
    data: dict[str, Any] = {
        "plan_id": request.plan_id,
        "members": [_member_data(member) for member in request.members],
        "items": [_item_data(item) for item in request.items],
    }
    if request.as_of is not None:
        data["as_of"] = request.as_of.isoformat()
    if not request.assume_requirements:
        data["requirements"] = "REQUIREMENTS_AS_ATTESTED"
    return data


def _member_data(member: Member) -> dict[str, Any]:
    """A member's facts and what was used so far."""
    use = member.use
    data: dict[str, Any] = {
        "id": member.id,
        "age": member.age,
        "state": member.state,
        "membership": _filled(
            {
                "role": member.membership.role,
                "status": member.membership.status,
                "enrolled_on": member.membership.enrolled_on and member.membership.enrolled_on.isoformat(),
            }
        ),
        "accumulators": [{"accumulator": each.accumulator, "used_cents": each.used_cents} for each in use.accumulators],
        "limit_usage": [{key: value for key, value in each._asdict().items() if value} for each in use.limit_usage],
        "benefit_visits": [each._asdict() for each in use.benefit_visits],
    }
    return _filled(data)


def _item_data(item: PlannedService) -> dict[str, Any]:
    """A planned service."""
    data: dict[str, Any] = {
        "therapy": item.therapy,
        "procedures": [_filled({"code": each.code, "units": each.units}) for each in item.procedures],
        "charge_cents": item.charge_cents,
        "practitioner": item.practitioner,
        "setting": str(item.setting or Setting.OFFICE),
        "tier": item.tier,
        "diagnoses": list(item.diagnoses),
        "attestations": [str(each) for each in item.attestations],
        "dates": [day.isoformat() for day in item.dates],
        "first_service": item.first_service and item.first_service.isoformat(),
    }
    return _filled(data)


def _filled(data: dict[str, Any]) -> dict[str, Any]:
    """The entries that say something: no empty text, list or object, nothing unknown."""
    return {key: value for key, value in data.items() if value not in ("", [], {}, None)}
