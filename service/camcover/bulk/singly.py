"""A row of the input as a single request: for rows that batches cannot price, and for the faults of a row.

What comes in: a row as plain data. What goes out: an `EstimateRequest`, or the violations of the columns' bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeAlias

from camcover.bulk.schema import LISTS, PERSON_FIELDS
from camcover.engine.asking.words import (
    out_of_range,
    outside_years,
    provider_violations,
    shown,
    too_many_sessions,
    unknown_word,
    with_modifiers,
)
from camcover.engine.request import (
    FIRST_DATE,
    LAST_DATE,
    AccountBalance,
    AccumulatorUse,
    BenefitVisits,
    CodeUse,
    Coverage,
    EpisodeStart,
    EstimateRequest,
    FeeUse,
    InvalidRequest,
    LimitUse,
    Member,
    Membership,
    PlannedService,
    PriorVisit,
    Procedure,
    UseSoFar,
    Violation,
)
from camcover.money import Cents
from camcover.refusals import Refusal
from camcover.request_bounds import EVERY_DAYS, SESSIONS
from camcover.rulebook.records import Attestation, Setting

Data: TypeAlias = Mapping[str, Any]

_CODE_AS_WELL = "a code as well, or this column left empty"


def request_of(row: Data) -> EstimateRequest:
    """The request of a row. Raises `InvalidRequest` with everything that a column may not hold."""
    violations = [*_violations(row)]
    if violations:
        raise InvalidRequest(tuple(violations))
    return EstimateRequest(
        plan_id=_text(row["plan_id"]),
        items=tuple(map(_service, _list(row, "items"))),
        members=tuple(map(_member, row["members"] or [{"id": "1", **row}])),
        coverage=Coverage.FAMILY if row["family_coverage"] else Coverage.SELF_ONLY,
        family_accumulators=_sums(row["family_accumulators"]),
        as_of=row["as_of"],
        assume_requirements=not row["requirements_as_attested"],
        assume_terms=not row["terms_in_force_only"],
        family_account_balances=_balances(row["family_account_balances"]),
    )


def _use(row: Data) -> UseSoFar:
    """What a member used before."""
    return UseSoFar(
        _sums(row["accumulators"]),
        tuple(
            LimitUse(
                _text(each["limit"]),
                each["used"] or 0,
                Cents(each["used_cents"] or 0),
                each["date"],
                _text(each["benefit"]),
                _text(each["episode"]),
                _text(each["condition"]),
            )
            for each in _list(row, "limit_usage")
        ),
        tuple(BenefitVisits(_text(each["benefit"]), each["visits"] or 0) for each in _list(row, "benefit_visits")),
        tuple(
            PriorVisit(
                _text(each["benefit"]),
                each["date"],
                _or(each["units"], 1),
                Cents(each["copay_paid_cents"] or 0),
                each["plan_paid_cents"],
                Cents(each["coinsurance_paid_cents"] or 0),
                Cents(each["percentage_cents"] or 0),
                Cents(each["penalty_paid_cents"] or 0),
                _text(each["episode"]),
                _text(each["condition"]),
                _text(each["facility"]),
            )
            for each in _list(row, "prior_visits")
        ),
        tuple(
            FeeUse(
                each["date"],
                _text(each["tier"]),
                _text(each["therapy"]),
                Cents(each["used_cents"] or 0),
                Cents(each["practice_expense_cents"] or 0),
            )
            for each in _list(row, "fee_usage")
        ),
        code_usage=tuple(
            CodeUse(_text(each["code"]), each["date"], _or(each["units"], 1)) for each in _list(row, "code_usage")
        ),
    )


def _member(person: Data) -> Member:
    """A member, by the columns of a row or an entry of its `members`."""
    return Member(
        person["id"],
        person["birth_date"],
        person["age"],
        _text(person["state"]),
        _use(person),
        membership=_membership(person),
        account_balances=_balances(person["account_balances"]),
        episodes=tuple(EpisodeStart(_text(each["episode"]), each["start_date"]) for each in _list(person, "episodes")),
    )


def in_columns(row: Data, violations: Sequence[Violation]) -> tuple[Violation, ...]:
    """The violations of a row's request, with the paths of the columns that they come from."""
    return tuple(each._replace(field=_column(each.field, has_members=bool(row["members"]))) for each in violations)


def _column(path: str, *, has_members: bool) -> str:
    """A request's path as one of the columns: an item has one procedure, and a first date.

    Without `members` the columns of the one member stand in the row.
    """
    path = path if has_members else path.removeprefix("members[0].")
    path = path.replace("membership.", "", 1).replace(".procedures[0]", "", 1)
    return f"{path.removesuffix('.dates')}.start_date" if path.endswith(".dates") else path


def _violations(row: Data) -> Iterator[Violation]:
    """The violations in columns that could not become a request at all."""
    for name in LISTS:
        yield from _null_violations(name, row[name])
    yield from _person_violations("", row)
    yield from _member_violations(row)
    for path, item in _elements(row, "items"):
        yield from _date_violations(path, item)
        if not item["code"] and item["minutes"]:
            found = f"{item['minutes']} minutes without a code"
            yield Violation(f"{path}.minutes", found, _CODE_AS_WELL, Refusal.UNUSED_STATEMENT)
        if not item["code"] and _or(item["units"], 1) != 1:
            found = f"{item['units']} units without a code"
            yield Violation(f"{path}.units", found, _CODE_AS_WELL, Refusal.UNUSED_STATEMENT)
        yield from _modifier_violations(path, item)
        yield from provider_violations(path, _text(item["provider"]), _text(item["tax_number"]))
        setting = item["setting"]
        if setting and setting not in list(Setting):
            yield unknown_word(f"{path}.setting", Refusal.UNKNOWN_SETTING, setting, Setting)
        for place, word in _elements(item, "attestations"):
            if word not in list(Attestation):
                yield unknown_word(f"{path}.{place}", Refusal.UNKNOWN_ATTESTATION, word, Attestation)


def _person_violations(path: str, person: Data) -> Iterator[Violation]:
    """What is dated of a member, and has no date."""
    for name in ("prior_visits", "fee_usage", "code_usage"):
        for place, dated in _elements(person, name):
            if dated["date"] is None:
                yield Violation(f"{path}{place}.date", "no date", "a date", Refusal.MISSING_VALUE)


def _member_violations(row: Data) -> Iterator[Violation]:
    """Members without an id, and what is said of one member beside `members`."""
    for path, person in _elements(row, "members"):
        yield from _person_violations(f"{path}.", person)
        if not person["id"]:
            yield Violation(f"{path}.id", "no id", "an id", Refusal.MISSING_VALUE)
    for field in PERSON_FIELDS if row["members"] else ():
        if row[field.name] is not None and row[field.name] != []:
            found = f"a value of {field.name} beside members"
            yield Violation(field.name, found, "no value here; give each member its own", Refusal.UNUSED_STATEMENT)


def _modifier_violations(path: str, item: Data) -> Iterator[Violation]:
    """Modifiers without a code, and those that stand in the code's column."""
    if item["modifiers"] and not item["code"]:
        yield Violation(f"{path}.modifiers", "modifiers without a code", _CODE_AS_WELL, Refusal.UNUSED_STATEMENT)
    joined = with_modifiers(_text(item["code"]))
    if joined:
        yield Violation(f"{path}.code", shown(item["code"]), joined, Refusal.INVALID_TEXT)


def _null_violations(path: str, value: Any) -> Iterator[Violation]:
    """Each element of a list that is null, with its path, and those of the lists inside."""
    if isinstance(value, list):
        for place, element in enumerate(value):
            if element is None:
                yield Violation(f"{path}[{place}]", "null", "a value, or a shorter list", Refusal.MISSING_VALUE)
            else:
                yield from _null_violations(f"{path}[{place}]", element)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _null_violations(f"{path}.{name}", inner)


def _elements(row: Data, name: str) -> Iterator[tuple[str, Any]]:
    """The elements of a list that are not null, each with its path."""
    return ((f"{name}[{place}]", each) for place, each in enumerate(_list(row, name)) if each is not None)


def _date_violations(path: str, item: Data) -> Iterator[Violation]:
    """A row of dates that is none, or leaves the calendar."""
    first, sessions, every = item["start_date"], _or(item["sessions"], 1), _or(item["every_days"], 7)
    if first is None:
        yield Violation(f"{path}.start_date", "no date", "the first date of service", Refusal.MISSING_VALUE)
    elif SESSIONS.is_outside(sessions):
        yield out_of_range(f"{path}.sessions", sessions, SESSIONS)
    elif EVERY_DAYS.is_outside(every):
        yield out_of_range(f"{path}.every_days", every, EVERY_DAYS)
    elif not FIRST_DATE <= first <= LAST_DATE:
        yield outside_years(f"{path}.start_date", first)
    elif (LAST_DATE - first).days < every * (sessions - 1):
        yield too_many_sessions(f"{path}.sessions", first, sessions, every)


def _service(item: Data) -> PlannedService:
    code, charge, allowed = _text(item["code"]), item["charge_cents"], item["allowed_cents"]
    modifiers = tuple(map(_text, _list(item, "modifiers")))
    minutes = item["minutes"] or 0
    procedures = (Procedure(code, _or(item["units"], 1), charge, allowed, modifiers, minutes),) if code else ()
    return PlannedService(
        tuple(_dates(item)),
        therapy=_text(item["therapy"]),
        procedures=procedures,
        charge_cents=None if procedures else charge,
        allowed_cents=None if procedures else allowed,
        practitioner=_text(item["practitioner"]),
        member_id=_text(item["member_id"]),
        setting=Setting(item["setting"]) if item["setting"] else None,
        tier=_text(item["tier"]),
        state=_text(item["state"]),
        diagnoses=tuple(map(_text, _list(item, "diagnoses"))),
        conditions=tuple(map(_text, _list(item, "conditions"))),
        attestations=tuple(map(Attestation, _list(item, "attestations"))),
        place_of_service=_text(item["place_of_service"]),
        taxonomy=_text(item["taxonomy"]),
        episode=_text(item["episode"]),
        first_service=item["first_service"],
        facility=_text(item["facility"]),
        provider=_text(item["provider"]),
        tax_number=_text(item["tax_number"]),
    )


def _dates(item: Data) -> Iterator[date]:
    for session in range(_or(item["sessions"], 1)):
        yield item["start_date"] + timedelta(days=session * _or(item["every_days"], 7))


def _membership(row: Data) -> Membership:
    return Membership(
        row["covered_from"],
        row["covered_to"],
        _text(row["role"]),
        _text(row["status"]),
        row["enrolled_on"],
        row["wellness_incentive"],
    )


def _sums(uses: list[Data] | None) -> tuple[AccumulatorUse, ...]:
    return tuple(
        AccumulatorUse(_text(use["accumulator"]), use["used_cents"], Cents(use["last_quarter_cents"] or 0))
        for use in uses or ()
    )


def _balances(balances: list[Data] | None) -> tuple[AccountBalance, ...]:
    return tuple(AccountBalance(_text(each["account"]), each["balance_cents"], each["date"]) for each in balances or ())


def _list(row: Data, name: str) -> list[Any]:
    """A list; null is an empty one."""
    return row[name] or []


def _text(word: str | None) -> str:
    """A word; null is an empty one."""
    return word or ""


def _or(number: int | None, default: int) -> int:
    """A number; null is the default."""
    return default if number is None else number
