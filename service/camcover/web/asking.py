"""From a form to a typed request: each text is read, and each fault is told at its field.

What comes in: a `CareForm` and the active rules. What goes out: an `EstimateRequest`, or messages by field name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from camcover.engine import EstimateRequest, InvalidRequest, Tables, Violation
from camcover.engine.request import (
    FIRST_DATE,
    LAST_DATE,
    AccumulatorUse,
    LimitUse,
    Member,
    PlannedService,
    Procedure,
    UseSoFar,
)
from camcover.messages import Dollars, Message
from camcover.money import Cents
from camcover.refusals import Refusal
from camcover.rulebook.records import STATES, AccumulatorKind, Attestation, Limit, Measure, PeriodKind, Plan
from camcover.showing.words import WORDS
from camcover.web.forms import CareForm, CareItem
from camcover.workflow import catalog_entries

__all__ = [
    "EVERY",
    "MOST_VISITS",
    "AnsweredForm",
    "AskedCare",
    "Faults",
    "answered",
    "asked",
    "at_fields",
    "cents_of",
    "day_of",
    "edition_of",
    "is_counted",
    "limits_asked",
    "sums_asked",
]

EVERY = (1, 2, 3, 7, 14, 21, 28)
"""Days between visits that a form offers."""

MOST_VISITS = 60
_MOST_CENTS = 100_000_000
_OLDEST = 120

_AMOUNT = re.compile(r"\$?\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?:\.([0-9]{1,2}))?")

_PATH = re.compile(
    r"items\[(?P<item>\d+)\]\.(?P<of_item>[a-z_]+)|members\[0\]\."
    r"(accumulators\[(?P<sum>\d+)\]|limit_usage\[(?P<limit>\d+)\]|(?P<of_member>age|state)\b)"
)
"""The paths of a request that stand for a field of the form."""

_FIELDS = {
    "therapy": "therapy",
    "dates": "first",
    "charge_cents": "charge",
    "practitioner": "practitioner",
    "tier": "tier",
    "conditions": "condition",
}
"""The field of the form for a field of an item."""

Answer = TypeVar("Answer")

Faults: TypeAlias = Mapping[str, Message]
"""What is wrong with a form, by the names of its fields."""

_BEFORE = ("", "no", "yes")
_LONG = frozenset({PeriodKind.BENEFIT_PERIOD, PeriodKind.CALENDAR_YEAR, PeriodKind.LIFETIME})
_EVERY_TEXTS = frozenset(map(str, EVERY))
_ATTESTATIONS = frozenset(map(str, Attestation))


class AskedCare(NamedTuple):
    """A request, None where something is wrong, and what is wrong."""

    request: EstimateRequest | None
    errors: Faults


class AnsweredForm(NamedTuple, Generic[Answer]):
    """A request with its answer."""

    request: EstimateRequest
    answer: Answer


def cents_of(text: str) -> Cents | None:
    """The cents of an amount as people write it (`1,500`, `$120.50`); None where it is none, or too large."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        return None
    cents = int(found[1].replace(",", "")) * 100 + int((found[2] or "0").ljust(2, "0"))
    return Cents(cents) if cents <= _MOST_CENTS else None


def day_of(text: str) -> date | None:
    """The day of a text such as `2026-03-02`; None where it is none, or outside of the years that are priced."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DATE <= day <= LAST_DATE else None


def sums_asked(plan: Plan, tiers: frozenset[str]) -> tuple[str, ...]:
    """The accumulators of a plan that bear on its tiers (the first where none is given), deductibles first."""
    used = [each for name, each in plan.tiers.items() if name in tiers] or list(plan.tiers.values())[:1]
    names = {each.deductible for each in used} | {name for each in used for name in each.capping}
    order = sorted(
        (each for name, each in plan.accumulators.items() if name in names),
        key=lambda each: each.kind is not AccumulatorKind.DEDUCTIBLE,
    )
    return tuple(str(each.id) for each in order)


def edition_of(form: CareForm, tables: Tables, today: date) -> Plan | None:
    """The edition of the chosen plan on the first day of care; None where no plan is chosen."""
    days = [day for item in form.items if (day := day_of(item.first)) is not None]
    return catalog_entries.edition_on(tables, form.plan, min(days, default=today))


def limits_asked(plan: Plan, tables: Tables, form: CareForm) -> tuple[Limit, ...]:
    """The limits of the benefits that may pay for the chosen kinds of care, each once."""
    known = catalog_entries.therapies(tables)
    chosen = {item.therapy for item in form.items if item.therapy in known}
    codes = {code for therapy in chosen for code in known[therapy].codes}
    found: dict[str, Limit] = {}
    for benefit in plan.benefits.values():
        if chosen & set(map(str, benefit.therapies)) or codes & set(benefit.codes):
            found |= {str(each.id): each for each in benefit.limits}
    return tuple(found.values())


def is_counted(limit: Limit) -> bool:
    """Whether a form asks for the use of a limit: it counts a member's visits, units or money over a year or longer."""
    return limit.per.kind in _LONG and limit.counted_for is None and limit.measure is not Measure.MINUTES


def asked(form: CareForm, tables: Tables, today: date, *, explain: bool = True) -> AskedCare:
    """The request that a form makes; without a first day, today."""
    reading = _Reading(form, tables, today)
    request = reading.request(explain=explain)
    return AskedCare(None if reading.errors else request, reading.errors)


def answered(
    form: CareForm, tables: Tables, today: date, work: Callable[[Tables, EstimateRequest], Answer]
) -> tuple[AnsweredForm[Answer] | None, Faults]:
    """What `work` makes of the request of a form; None where something is wrong: then what, by the names of fields."""
    request, errors = asked(form, tables, today)
    if request is None:
        return None, errors
    try:
        return AnsweredForm(request, work(tables, request)), {}
    except InvalidRequest as error:
        return None, at_fields(error, form, request)


def at_fields(error: InvalidRequest, form: CareForm, request: EstimateRequest) -> Faults:
    """What the engine refuses of the request of a form, by the names of its fields; the first of each."""
    found: dict[str, Message] = {}
    for each in error.violations:
        found.setdefault(_field(each.field, form, request.members[0].use), _said(each))
    return found


def _said(violation: Violation) -> Message:
    """What is wrong, in words for patients."""
    if violation.refusal is Refusal.PLAN_NOT_IN_FORCE:
        return WORDS["web-error-not-in-force"]()
    if violation.at_most is not None:
        return WORDS["web-error-at-most"](amount=Dollars(violation.at_most))
    return WORDS["web-error-check"]()


def _field(path: str, form: CareForm, use: UseSoFar) -> str:
    """The field of the form that a path of the request stands for; `plan` where there is none."""
    matched = _PATH.match(path)
    if matched is None:
        return "plan"
    if matched["item"] is not None:
        return f"{_FIELDS.get(matched['of_item'], 'therapy')}-{matched['item']}"
    # The request leaves out some texts of the form, such as sums of an earlier plan. So its own positions count.
    if matched["sum"] is not None:
        return f"sum-{use.accumulators[int(matched['sum'])].accumulator}"
    if matched["limit"] is not None:
        return f"used-{use.limit_usage[int(matched['limit'])].limit}" if form.before == "yes" else "before"
    return matched["of_member"]


class _Reading:
    """Reads one form, and gathers what is wrong with it by the names of its fields."""

    def __init__(self, form: CareForm, tables: Tables, today: date) -> None:
        self._form, self._tables, self._today = form, tables, today
        self.errors: dict[str, Message] = {}

    def request(self, *, explain: bool) -> EstimateRequest:
        """The request; of no use where something is wrong."""
        if self._form.plan not in self._tables.plans:
            self._wrong("plan", "web-error-plan")
        items = tuple(self._service(place, item) for place, item in enumerate(self._form.items))
        member = Member(age=self._age(), state=self._state(), use=UseSoFar(self._sums(), self._limits()))
        return EstimateRequest(self._form.plan, items, (member,), explain=explain)

    def _wrong(self, name: str, said: str, **arguments: int | Dollars) -> None:
        self.errors[name] = WORDS[said](**arguments)

    def _age(self) -> int | None:
        text = self._form.age
        number = _number(text)
        if text and (number is None or number > _OLDEST):
            self._wrong("age", "web-error-age", most=_OLDEST)
            return None
        return number

    def _state(self) -> str:
        if self._form.state and self._form.state not in STATES:
            self._wrong("state", "web-error-choice")
        return self._form.state

    def _sums(self) -> tuple[AccumulatorUse, ...]:
        """What was paid so far toward the plan's accumulators; one without a text is not known."""
        plan = self._plan()
        found = []
        for name, text in self._form.sums.items():
            accumulator = plan.accumulators.get(name) if plan is not None else None
            if accumulator is None or not text:
                continue
            cents = cents_of(text)
            if cents is None:
                self._wrong(f"sum-{name}", "web-error-amount")
            elif accumulator.alone is not None and cents > accumulator.alone:
                self._wrong(f"sum-{name}", "web-error-at-most", amount=Dollars(accumulator.alone))
            else:
                found.append(AccumulatorUse(name, cents))
        return tuple(found)

    def _limits(self) -> tuple[LimitUse, ...]:
        """How much of each limit was used before; none of any where there was no such care."""
        if self._form.before not in _BEFORE:
            self._wrong("before", "web-error-choice")
        plan = self._plan()
        if plan is None or not self._form.before:
            return ()
        limits = limits_asked(plan, self._tables, self._form)
        if self._form.before == "no":
            return tuple(LimitUse(str(each.id)) for each in limits)
        found = []
        for each in limits:
            text = self._form.used.get(str(each.id), "")
            if not text or not is_counted(each):
                continue
            amount = cents_of(text) if each.measure is Measure.MONEY else _number(text)
            if amount is None:
                self._wrong(f"used-{each.id}", "web-error-number")
            elif amount > each.most:
                most = Dollars(each.most) if each.measure is Measure.MONEY else each.most
                self._wrong(f"used-{each.id}", "web-error-at-most", amount=most)
            elif each.measure is Measure.MONEY:
                found.append(LimitUse(str(each.id), used_cents=Cents(amount)))
            else:
                found.append(LimitUse(str(each.id), amount))
        return tuple(found)

    def _plan(self) -> Plan | None:
        """The plan's edition of the first day of care."""
        return edition_of(self._form, self._tables, self._today)

    def _service(self, place: int, item: CareItem) -> PlannedService:
        """One kind of care on its days."""
        first = day_of(item.first) if item.first else self._today
        if first is None:
            self._wrong(f"first-{place}", "web-error-date")
        visits = _number(item.visits) or 0
        if not 1 <= visits <= MOST_VISITS:
            self._wrong(f"visits-{place}", "web-error-visits", most=MOST_VISITS)
            visits = 1
        charge = cents_of(item.charge) if item.charge else None
        if item.charge and charge is None:
            self._wrong(f"charge-{place}", "web-error-amount")
        self._check_choices(place, item)
        every = int(item.every) if item.every in _EVERY_TEXTS else 1
        plan = catalog_entries.edition_on(self._tables, self._form.plan, first or self._today)
        # After a change of plan the form may name a network of the plan before. It is asked for again.
        tier = item.tier if plan is not None and item.tier in plan.tiers else ""
        return PlannedService(
            dates=tuple((first or self._today) + timedelta(days=every * visit) for visit in range(visits)),
            therapy=item.therapy,
            procedures=self._procedures(item),
            charge_cents=charge,
            practitioner=item.practitioner,
            tier=tier,
            conditions=(item.condition,) if item.condition else (),
            attestations=tuple(Attestation(word) for word in item.have if word in _ATTESTATIONS),
        )

    def _procedures(self, item: CareItem) -> tuple[Procedure, ...]:
        """What is billed for visits of a given length; nothing in particular where none is given, or none is asked."""
        timed = catalog_entries.timed_code(self._tables, item.therapy)
        minutes = _number(item.minutes)
        if timed is None or minutes not in timed.lengths:
            return ()
        return (Procedure(timed.code, timed.units(minutes)),)

    def _check_choices(self, place: int, item: CareItem) -> None:
        """Choices that no list of the form has."""
        if item.therapy not in catalog_entries.therapies(self._tables):
            self._wrong(f"therapy-{place}", "web-error-therapy")
        known = (
            ("every", item.every, _EVERY_TEXTS),
            ("condition", item.condition, {"", *catalog_entries.conditions(self._tables)}),
            ("practitioner", item.practitioner, {"", *catalog_entries.practitioners(self._tables)}),
        )
        for name, text, choices in known:
            if text not in choices:
                self._wrong(f"{name}-{place}", "web-error-choice")


def _number(text: str) -> int | None:
    """A number in at most eight digits; None where a text is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None
