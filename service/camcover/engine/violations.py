"""What is wrong with a request that cannot be priced: every violation, with its field's path.

What comes in: a request that was found unsound while it was laid out. What goes out: `Violation`s: of members and items
here, of what members used under a plan in `engine/use_violations.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice

from camcover.engine.asked import MAX_CENTS, MAX_LINES, MAX_UNITS
from camcover.engine.compile import Tables
from camcover.engine.plan_index import PlanIndex
from camcover.engine.prior_use import Scope
from camcover.engine.request import Coverage, EstimateRequest, Member, PlannedService, Procedure, Violation
from camcover.engine.use_violations import use_violations
from camcover.engine.vocabulary import ICD10, STATE_INDEX, Vocabulary
from camcover.engine.words import unknown_word

MAX_MEMBERS = 12
"""Members in one request."""

MOST_VIOLATIONS = 100
"""So many faults of a request are worked out: each unknown word is compared with all that are known."""


def violations_of(tables: Tables, request: EstimateRequest) -> tuple[Violation, ...]:
    """What is wrong with a request, whichever plan it is asked of: everything, up to `MOST_VIOLATIONS`."""
    found = tuple(islice(_violations(tables, request), MOST_VIOLATIONS + 1))
    if len(found) <= MOST_VIOLATIONS:
        return found
    said = f"more than these {MOST_VIOLATIONS} faults; correct them first"
    return (*found[:MOST_VIOLATIONS], Violation("", said))


def _violations(tables: Tables, request: EstimateRequest) -> Iterator[Violation]:
    yield from _member_violations(request)
    yield from _items_violations(request, tables.vocabulary)
    primary = tables.plans.get(request.plan_id)
    if primary is None:
        yield unknown_word("plan_id", "plan", request.plan_id, tables.plans)
    else:
        yield from _plan_violations(primary, request, secondary=False)
    if request.secondary_plan_id:
        second = tables.plans.get(request.secondary_plan_id)
        if second is None:
            yield unknown_word("secondary_plan_id", "plan", request.secondary_plan_id, tables.plans)
        else:
            yield from _plan_violations(second, request, secondary=True)


def _member_violations(request: EstimateRequest) -> Iterator[Violation]:
    """What is wrong with the members, whatever the plan."""
    if not 1 <= len(request.members) <= MAX_MEMBERS:
        yield Violation("members", f"{len(request.members)} members; expected 1 to {MAX_MEMBERS}")
    if len(request.members) > 1 and request.coverage is Coverage.SELF_ONLY:
        yield Violation("members", f"self-only coverage has one member, not {len(request.members)}")
    if request.coverage is Coverage.SELF_ONLY:
        for name in ("family_accumulators", "secondary_family_accumulators"):
            if getattr(request, name):
                yield Violation(name, "self-only coverage has no sums of a family")
    ids = [member.id for member in request.members]
    for place, member in enumerate(request.members):
        if member.id in ids[:place]:
            yield Violation(f"members[{place}].id", f"{member.id!r} is given twice")
        yield from _fact_violations(f"members[{place}]", member)
    yield from _birth_violations(request)
    for place, item in enumerate(request.items):
        if item.member_id and item.member_id not in ids:
            yield unknown_word(f"items[{place}].member_id", "member", item.member_id, ids)


def _fact_violations(path: str, member: Member) -> Iterator[Violation]:
    """What is wrong with a member's own facts."""
    if member.state and member.state not in STATE_INDEX:
        yield unknown_word(f"{path}.state", "state", member.state, STATE_INDEX)
    if member.birth_date is not None and member.age is not None:
        yield Violation(f"{path}.age", "give a birth date or an age, not both")
    if member.age is not None and not 0 <= member.age <= 130:
        yield Violation(f"{path}.age", f"{member.age} years; expected 0 to 130")


def _birth_violations(request: EstimateRequest) -> Iterator[Violation]:
    """Members who are not born yet on the first date of their services."""
    for place, member in enumerate(request.members):
        names = ("", member.id) if place == 0 else (member.id,)
        days = [day for item in request.items if item.member_id in names for day in item.dates]
        if member.birth_date is not None and days and member.birth_date > min(days):
            said = f"{member.birth_date} is after the service on {min(days)}; expected before it"
            yield Violation(f"members[{place}].birth_date", said)


def _items_violations(request: EstimateRequest, vocabulary: Vocabulary) -> Iterator[Violation]:
    """What is wrong with the items, whatever the plan."""
    if not request.items:
        yield Violation("items", "a plan needs at least one service")
    lines = 0
    for index, item in enumerate(request.items):
        path = f"items[{index}]"
        yield from _item_violations(path, item, vocabulary)
        lines += len(item.dates) * max(1, len(item.procedures))
        if lines > MAX_LINES:
            yield Violation(path, f"the request has more than {MAX_LINES} lines")
            return
        yield from _service_violations(path, item, vocabulary)


def _item_violations(path: str, item: PlannedService, vocabulary: Vocabulary) -> Iterator[Violation]:
    """What is wrong with an item, its services aside."""
    if not item.dates:
        yield Violation(f"{path}.dates", "a service needs at least one date")
    if item.practitioner and item.practitioner not in vocabulary.practitioners:
        yield unknown_word(f"{path}.practitioner", "practitioner", item.practitioner, vocabulary.practitioners)
    if item.state and item.state not in STATE_INDEX:
        yield unknown_word(f"{path}.state", "state", item.state, STATE_INDEX)
    for place, condition in enumerate(item.conditions):
        if condition not in vocabulary.conditions:
            yield unknown_word(f"{path}.conditions[{place}]", "condition", condition, vocabulary.conditions)
    for place, diagnosis in enumerate(item.diagnoses):
        if not ICD10.fullmatch(diagnosis):
            yield Violation(f"{path}.diagnoses[{place}]", f"{diagnosis!r} is not an ICD-10-CM code such as M54.50")
    yield from _price_violations(path, item)


def _price_violations(path: str, item: PlannedService) -> Iterator[Violation]:
    """Amounts and units out of bounds, and amounts of which it is not clear what they are for."""
    yield from _amount_violations(path, item.charge_cents, item.allowed_cents)
    for place, procedure in enumerate(item.procedures):
        where = f"{path}.procedures[{place}]"
        yield from _amount_violations(where, procedure.charge_cents, procedure.allowed_cents)
        if not 1 <= procedure.units <= MAX_UNITS:
            yield Violation(f"{where}.units", f"{procedure.units} units; expected 1 to {MAX_UNITS}")
    for name in ("charge_cents", "allowed_cents"):
        if getattr(item, name) is None:
            continue
        if len(item.procedures) > 1:
            yield Violation(f"{path}.{name}", "several procedures: give the amount of each instead")
        elif any(getattr(procedure, name) is not None for procedure in item.procedures):
            yield Violation(f"{path}.{name}", "the procedure has one of its own: give it once")


def _amount_violations(path: str, charge: int | None, allowed: int | None) -> Iterator[Violation]:
    """Amounts out of bounds."""
    for name, amount in (("charge_cents", charge), ("allowed_cents", allowed)):
        if amount is not None and not 0 <= amount <= MAX_CENTS:
            yield Violation(f"{path}.{name}", f"{amount} cents; expected 0 to {MAX_CENTS}")


def _service_violations(path: str, item: PlannedService, vocabulary: Vocabulary) -> Iterator[Violation]:
    """Therapies and codes that do not exist or do not go together, and prices that no one knows."""
    therapy = item.therapy
    if therapy and therapy not in vocabulary.services:
        yield unknown_word(f"{path}.therapy", "therapy", therapy, vocabulary.services)
        return
    if not item.procedures and not therapy:
        yield Violation(f"{path}.therapy", "name a therapy, or procedures that settle it")
        return
    if not item.procedures and item.charge_cents is None:
        yield from _unknown_price(path, therapy, item.dates, vocabulary)
    for place, procedure in enumerate(item.procedures):
        where = f"{path}.procedures[{place}]"
        owners = vocabulary.therapies_of_code.get(procedure.code, ())
        if therapy and owners and therapy not in owners:
            said = f"code {procedure.code} is billed for {' or '.join(owners)}, not for {therapy}"
            yield Violation(f"{where}.code", said)
            continue
        therapies = (therapy,) if therapy and owners else owners
        if not therapies:
            yield from _unknown_code(where, item, procedure)
        elif len(therapies) > 1:
            said = f"code {procedure.code} belongs to {' and '.join(therapies)}: name the therapy"
            yield Violation(f"{where}.code", said)
        elif procedure.charge_cents is None and (item.charge_cents is None or len(item.procedures) > 1):
            yield from _unknown_price(where, therapies[0], item.dates, vocabulary)


def _unknown_price(path: str, therapy: str, dates: Iterable[date], vocabulary: Vocabulary) -> Iterator[Violation]:
    """A line without a charge needs a typical charge in the catalog."""
    if any(vocabulary.typical_charge(therapy, day) is None for day in dates):
        yield Violation(f"{path}.charge_cents", f"the catalog knows no typical charge of {therapy}: give one")


def _unknown_code(path: str, item: PlannedService, procedure: Procedure) -> Iterator[Violation]:
    """A code that no edition of the catalog has needs a charge: no rule tells one (point 2)."""
    if procedure.charge_cents is None and (item.charge_cents is None or len(item.procedures) > 1):
        said = f"no edition of the catalog has the code {procedure.code}, so that nothing tells its charge: give one"
        yield Violation(f"{path}.charge_cents", said)


def _plan_violations(index: PlanIndex, request: EstimateRequest, *, secondary: bool) -> Iterator[Violation]:
    """What the plan refuses of a request: dates, tiers, and what members used under it."""
    if secondary:
        yield from _tier_violations(index, [item.secondary_tier for item in request.items], "secondary_tier")
    else:
        yield from _tier_violations(index, [item.tier for item in request.items], "tier")
        yield from _date_violations(index, request)
    days = sorted(day.toordinal() for item in request.items for day in item.dates)
    if not days or not request.members:
        return
    as_of = days[0] if request.as_of is None else request.as_of.toordinal()
    edition = index.reference((as_of, *days))
    yield from use_violations(Scope(index, edition, request, secondary, as_of, days[0]))


def _tier_violations(index: PlanIndex, tiers: Sequence[str], field: str) -> Iterator[Violation]:
    """Tiers the plan has not."""
    for place, tier in enumerate(tiers):
        if tier and tier not in index.tiers:
            yield unknown_word(f"items[{place}].{field}", "tier", tier, index.tiers)


def _date_violations(index: PlanIndex, request: EstimateRequest) -> Iterator[Violation]:
    """Dates before the plan's first edition, and a request none of whose dates has terms (point 37).

    Single dates without terms become NOT_IN_FORCE.
    """
    first = date.fromordinal(index.segments[0].first_day)
    for place, item in enumerate(request.items):
        if item.dates and min(item.dates) < first:
            said = f"{min(item.dates)} is before the first edition of plan {index.id}; expected {first} or later"
            yield Violation(f"items[{place}].dates", said)
    in_force_only = not request.assume_terms
    dates = [day for item in request.items for day in item.dates if day >= first]
    if not dates or any(index.terms_on(day.toordinal(), in_force_only=in_force_only) for day in dates):
        return
    ranges = ", ".join(
        f"{plan.heading.effective.start} to {plan.heading.effective.end or 'further notice'}" for plan in index.editions
    )
    for place, item in enumerate(request.items):
        if item.dates and min(item.dates) >= first:
            found = f"{min(item.dates)}" if len(item.dates) == 1 else f"{min(item.dates)} to {max(item.dates)}"
            said = f"{found}: plan {index.id} has no terms for such a date; expected a date in {ranges}"
            yield Violation(f"items[{place}].dates", said)
