"""What is wrong with a request that cannot be priced: every violation, with its field's path.

What comes in: a request that was found unsound while it was laid out. What goes out: `Violation`s: of members and items
here, of what members used under a plan in `engine/asking/use_violations.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from camcover.calendar import ordinal_of
from camcover.engine.asking.asked import codes_beside
from camcover.engine.asking.balance_violations import balance_violations
from camcover.engine.asking.claim import as_far_as_known, claim_violations
from camcover.engine.asking.episodes import episode_violations, episodes_of, no_episodes
from camcover.engine.asking.facilities import facilities_of
from camcover.engine.asking.scope import Scope
from camcover.engine.asking.timed import minutes_violations
from camcover.engine.asking.use_violations import use_violations
from camcover.engine.asking.words import (
    ONLY_ONE,
    first_of,
    listed,
    out_of_range,
    repeated,
    shown,
    unknown_code,
    unknown_word,
)
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.vocabulary import ICD10, STATE_INDEX, Vocabulary
from camcover.engine.request import (
    NO_MEMBERSHIP,
    Coordination,
    Coverage,
    EstimateRequest,
    Member,
    Membership,
    PlannedService,
    Procedure,
    Violation,
)
from camcover.refusals import Refusal
from camcover.request_bounds import AGE, CENTS, MAX_LINES, MEMBERS, MINUTES, UNITS
from camcover.rulebook.records import MemberRole, MemberStatus

NO_SECOND_PLAN = "a secondary_plan_id, or this field left out"
"""What a statement about a second plan needs."""


def violations_of(tables: Tables, request: EstimateRequest) -> tuple[Violation, ...]:
    """Every violation of a request, up to `MOST_VIOLATIONS`, for any plan."""
    return first_of(_violations(tables, request))


def _violations(tables: Tables, request: EstimateRequest) -> Iterator[Violation]:
    yield from _member_violations(request)
    yield from claim_violations(request, tables.vocabulary)
    request = as_far_as_known(request, tables.vocabulary)
    yield from _items_violations(request, tables.vocabulary)
    if not request.secondary_plan_id:
        yield from _unused_violations(request)
    yield from _under(tables, request, "plan_id", request.plan_id)
    if request.secondary_plan_id:
        yield from _under(tables, request, "secondary_plan_id", request.secondary_plan_id)


def _under(tables: Tables, request: EstimateRequest, field: str, plan_id: str) -> Iterator[Violation]:
    """What is wrong under the plan that a field of the request names; where there is none, that."""
    plan = tables.plans.get(plan_id)
    if plan is None:
        yield unknown_word(field, Refusal.UNKNOWN_PLAN, plan_id, sorted(tables.plans))
    else:
        yield from _plan_violations(plan, request, tables.vocabulary, secondary=field == "secondary_plan_id")


def _member_violations(request: EstimateRequest) -> Iterator[Violation]:
    """The violations in the members that do not depend on the plan."""
    if MEMBERS.is_outside(len(request.members)):
        expected = f"{MEMBERS.least} to {MEMBERS.most}"
        yield Violation("members", f"{len(request.members)} members", expected, Refusal.COUNT_OUT_OF_RANGE)
    if request.coverage is Coverage.SELF_ONLY:
        yield from _self_only_violations(request)
    ids = [member.id for member in request.members]
    for place, member in enumerate(request.members):
        if member.id in ids[:place]:
            yield repeated(f"members[{place}].id", member.id)
        yield from _fact_violations(f"members[{place}]", member)
    yield from _birth_violations(request)
    yield from episode_violations(request)
    for place, item in enumerate(request.items):
        if item.member_id and item.member_id not in ids:
            known = map(shown, ids)
            yield unknown_word(f"items[{place}].member_id", Refusal.UNKNOWN_MEMBER, item.member_id, known)


def _unused_violations(request: EstimateRequest) -> Iterator[Violation]:
    """What is stated of a second plan where there is none (docs/rule-language.md, point 38)."""
    stated = [f"items[{place}].secondary_tier" for place, item in enumerate(request.items) if item.secondary_tier]
    if request.coordination is not Coordination.STANDARD:
        stated.append("coordination")
    if request.secondary_family_accumulators:
        stated.append("secondary_family_accumulators")
    for place, member in enumerate(request.members):
        for name, uses in member.secondary_use._asdict().items():
            if uses:
                stated.append(f"members[{place}].secondary_{name}")
        if member.secondary_membership != NO_MEMBERSHIP:
            stated.append(f"members[{place}].secondary_membership")
    for path in stated:
        name = path.rpartition(".")[2]
        yield Violation(path, f"{name} without a second plan", NO_SECOND_PLAN, Refusal.UNUSED_STATEMENT)


def _self_only_violations(request: EstimateRequest) -> Iterator[Violation]:
    """What self-only coverage excludes."""
    count = len(request.members)
    if count > 1:
        found = f"{count} members under self-only coverage"
        yield Violation("members", found, "one member", Refusal.CONTRADICTORY_STATEMENTS)
    for name in ("family_accumulators", "secondary_family_accumulators", "family_account_balances"):
        if getattr(request, name):
            found = f"{name} together with self-only coverage"
            yield Violation(name, found, ONLY_ONE, Refusal.CONTRADICTORY_STATEMENTS)


def _fact_violations(path: str, member: Member) -> Iterator[Violation]:
    """What is wrong with a member's own facts."""
    if member.state and member.state not in STATE_INDEX:
        yield unknown_word(f"{path}.state", Refusal.UNKNOWN_STATE, member.state, STATE_INDEX)
    if member.birth_date is not None and member.age is not None:
        found = f"both age {member.age} and birth date {member.birth_date}"
        yield Violation(f"{path}.age", found, ONLY_ONE, Refusal.CONTRADICTORY_STATEMENTS)
    if member.age is not None and AGE.is_outside(member.age):
        yield out_of_range(f"{path}.age", member.age, AGE)
    for name in ("membership", "secondary_membership"):
        yield from _membership_violations(f"{path}.{name}", getattr(member, name))


def _membership_violations(path: str, membership: Membership) -> Iterator[Violation]:
    """The violations in the statements about how a plan covers a member."""
    first, last = membership.covered_from, membership.covered_to
    if first is not None and last is not None and last < first:
        expected = f"a date on or after {first}, the first day of coverage"
        yield Violation(f"{path}.covered_to", f"{last}", expected, Refusal.CONTRADICTORY_STATEMENTS)
    enrolled = membership.enrolled_on
    if enrolled is not None and first is not None and enrolled > first:
        expected = f"a date on or before {first}, the first day of coverage"
        yield Violation(f"{path}.enrolled_on", f"{enrolled}", expected, Refusal.CONTRADICTORY_STATEMENTS)
    if membership.role and membership.role not in list(MemberRole):
        yield unknown_word(f"{path}.role", Refusal.UNKNOWN_MEMBER_ROLE, membership.role, MemberRole)
    if membership.status and membership.status not in list(MemberStatus):
        yield unknown_word(f"{path}.status", Refusal.UNKNOWN_MEMBER_STATUS, membership.status, MemberStatus)


def _birth_violations(request: EstimateRequest) -> Iterator[Violation]:
    """Members who are not born yet on the first date of their services."""
    for place, member in enumerate(request.members):
        names = ("", member.id) if place == 0 else (member.id,)
        days = [day for item in request.items if item.member_id in names for day in item.dates]
        if member.birth_date is not None and days and member.birth_date > min(days):
            expected = f"a date on or before {min(days)}, the member's first date of service"
            path = f"members[{place}].birth_date"
            yield Violation(path, f"{member.birth_date}", expected, Refusal.CONTRADICTORY_STATEMENTS)


def _items_violations(request: EstimateRequest, vocabulary: Vocabulary) -> Iterator[Violation]:
    """The violations in the items that do not depend on the plan."""
    if not request.items:
        yield Violation("items", "no item", "at least one", Refusal.MISSING_VALUE)
    lines = 0
    for index, item in enumerate(request.items):
        path = f"items[{index}]"
        yield from _item_violations(path, item, vocabulary)
        lines += len(item.dates) * max(1, len(item.procedures))
        if lines > MAX_LINES:
            expected = f"at most {MAX_LINES} lines in one request"
            yield Violation(path, f"{lines} lines up to this item", expected, Refusal.COUNT_OUT_OF_RANGE)
            return
        yield from _service_violations(path, item, vocabulary)


def _first_service_violations(path: str, item: PlannedService) -> Iterator[Violation]:
    """A first service after the first of the item's dates."""
    first = min(item.dates, default=None)
    if first is not None and item.first_service is not None and item.first_service > first:
        found, expected = f"{item.first_service}", f"a date on or before {first}, the item's first"
        yield Violation(f"{path}.first_service", found, expected, Refusal.CONTRADICTORY_STATEMENTS)


def _item_violations(path: str, item: PlannedService, vocabulary: Vocabulary) -> Iterator[Violation]:
    """The violations in an item, except those in its services."""
    if not item.dates:
        yield Violation(f"{path}.dates", "no date", "at least one", Refusal.MISSING_VALUE)
    seen: set[date] = set()
    for place, day in enumerate(item.dates):
        if day in seen:
            yield repeated(f"{path}.dates[{place}]", day)
        seen.add(day)
    yield from _first_service_violations(path, item)
    known: Iterable[str] = vocabulary.practitioners
    if item.practitioner and item.practitioner not in vocabulary.practitioners:
        yield unknown_word(f"{path}.practitioner", Refusal.UNKNOWN_PRACTITIONER, item.practitioner, known)
    if item.state and item.state not in STATE_INDEX:
        yield unknown_word(f"{path}.state", Refusal.UNKNOWN_STATE, item.state, STATE_INDEX)
    for place, condition in enumerate(item.conditions):
        if condition not in vocabulary.conditions:
            known = sorted(vocabulary.conditions)
            yield unknown_word(f"{path}.conditions[{place}]", Refusal.UNKNOWN_CONDITION, condition, known)
    for place, diagnosis in enumerate(item.diagnoses):
        if not ICD10.fullmatch(diagnosis):
            where, expected = f"{path}.diagnoses[{place}]", "an ICD-10-CM code such as M54.50"
            yield Violation(where, f"diagnosis {shown(diagnosis)}", expected, Refusal.INVALID_DIAGNOSIS)
    yield from _price_violations(path, item)


def _price_violations(path: str, item: PlannedService) -> Iterator[Violation]:
    """Amounts and units out of bounds, and amounts that could belong to two things."""
    yield from _amount_violations(path, item.charge_cents, item.allowed_cents)
    for place, procedure in enumerate(item.procedures):
        where = f"{path}.procedures[{place}]"
        yield from _amount_violations(where, procedure.charge_cents, procedure.allowed_cents)
        if UNITS.is_outside(procedure.units):
            yield out_of_range(f"{where}.units", procedure.units, UNITS)
        if procedure.minutes and MINUTES.is_outside(procedure.minutes):
            yield out_of_range(f"{where}.minutes", procedure.minutes, MINUTES)
        elif procedure.minutes and procedure.units != 1:
            found = f"both {procedure.units} units and {procedure.minutes} minutes"
            yield Violation(f"{where}.minutes", found, ONLY_ONE, Refusal.CONTRADICTORY_STATEMENTS)
    for name in ("charge_cents", "allowed_cents"):
        if getattr(item, name) is None:
            continue
        count, kind = len(item.procedures), Refusal.CONTRADICTORY_STATEMENTS
        if count > 1:
            found = f"one amount for {count} procedures"
            yield Violation(f"{path}.{name}", found, "an amount for each procedure", kind)
        elif any(getattr(procedure, name) is not None for procedure in item.procedures):
            found = "an amount for the item and an amount for its procedure"
            yield Violation(f"{path}.{name}", found, ONLY_ONE, kind)


def _amount_violations(path: str, charge: int | None, allowed: int | None) -> Iterator[Violation]:
    """Amounts out of bounds."""
    for name, amount in (("charge_cents", charge), ("allowed_cents", allowed)):
        if amount is not None and CENTS.is_outside(amount):
            yield out_of_range(f"{path}.{name}", amount, CENTS)


def _service_violations(path: str, item: PlannedService, vocabulary: Vocabulary) -> Iterator[Violation]:
    """Therapies and codes that do not exist or do not go together, and prices that no one knows."""
    therapy = item.therapy
    if therapy and therapy not in vocabulary.services:
        yield _unknown_therapy(f"{path}.therapy", therapy, vocabulary)
        return
    if not item.procedures and not therapy:
        expected = "a therapy, or procedures whose codes belong to one therapy"
        yield Violation(f"{path}.therapy", "neither a therapy nor a procedure", expected, Refusal.MISSING_VALUE)
        return
    if not item.procedures and item.charge_cents is None:
        yield from _unknown_price(path, therapy, item.dates, vocabulary)
    for place, procedure in enumerate(item.procedures):
        where = f"{path}.procedures[{place}]"
        known = vocabulary.knows(procedure.code)
        if therapy and known and not vocabulary.bills(therapy, procedure.code):
            yield _code_of_another(f"{where}.code", therapy, procedure.code, vocabulary)
            continue
        beside = codes_beside(item, place)
        settled = vocabulary.therapies_of(procedure.code, item.practitioner, beside)
        therapies = (therapy,) if therapy and known else settled
        if not therapies:
            yield from _unknown_code(where, item, procedure)
        elif len(therapies) > 1:
            found = f"code {procedure.code}, which is billed for {' and for '.join(therapies)}"
            yield Violation(f"{where}.code", found, "the therapy of the item as well", Refusal.AMBIGUOUS_CODE)
        elif procedure.charge_cents is None and (item.charge_cents is None or len(item.procedures) > 1):
            yield from _unknown_price(where, therapies[0], item.dates, vocabulary)
        if procedure.minutes and not _is_timed(therapies, procedure.code, item.dates, vocabulary):
            found = f"minutes for code {procedure.code}, but the catalog does not say how long one unit takes"
            yield Violation(f"{where}.minutes", found, "units instead", Refusal.UNUSED_STATEMENT)


def _is_timed(therapies: Sequence[str], code: str, dates: Iterable[date], vocabulary: Vocabulary) -> bool:
    """Whether the catalog says on each date how long a unit of a code takes."""
    return len(therapies) == 1 and all(vocabulary.timed_unit(therapies[0], code, day.toordinal()) for day in dates)


def _unknown_price(path: str, therapy: str, dates: Iterable[date], vocabulary: Vocabulary) -> Iterator[Violation]:
    """A line without a charge needs a typical charge in the catalog."""
    if any(vocabulary.typical_charge(therapy, day) is None for day in dates):
        found = f"no charge, and the catalog has no typical charge for {therapy}"
        yield Violation(f"{path}.charge_cents", found, "a charge", Refusal.UNKNOWN_PRICE)


def _unknown_therapy(path: str, word: str, vocabulary: Vocabulary) -> Violation:
    """The violation for a therapy that no catalog has; a name or an alias tells which one was meant."""
    plain = word.strip().casefold()
    for therapy in (therapy for catalog in vocabulary.catalogs for therapy in catalog.therapies.values()):
        names = {"the name": (therapy.name,), "an alias": therapy.aliases}
        for called, texts in names.items():
            if plain != therapy.id and plain in map(str.casefold, texts):
                found = f"therapy {shown(word)}, which is {called} of {therapy.id}"
                return Violation(path, found, "the id", Refusal.UNKNOWN_THERAPY, word, (str(therapy.id),))
    return unknown_word(path, Refusal.UNKNOWN_THERAPY, word, vocabulary.services)


def _unknown_code(path: str, item: PlannedService, procedure: Procedure) -> Iterator[Violation]:
    """A code that no edition of the catalog has needs a charge: no rule tells one (point 2)."""
    if procedure.charge_cents is None and (item.charge_cents is None or len(item.procedures) > 1):
        yield unknown_code(f"{path}.charge_cents", procedure.code)


def _code_of_another(path: str, therapy: str, code: str, vocabulary: Vocabulary) -> Violation:
    """The violation for a code that the catalog does not list under the item's therapy."""
    owners = vocabulary.therapies_of(code, "", ())
    codes = sorted(vocabulary.codes_of_therapy[therapy] | vocabulary.visit_codes_of_therapy[therapy])
    known = f"a code of {therapy}: {listed(codes, 'code')}"
    expected = known if codes else f"no code, because {therapy} has none"
    found = f"code {code}, which is billed for {' or '.join(owners)} and not for {therapy}"
    return Violation(path, found, expected, Refusal.CODE_OF_ANOTHER_THERAPY)


def _plan_violations(
    index: PlanIndex, request: EstimateRequest, vocabulary: Vocabulary, *, secondary: bool
) -> Iterator[Violation]:
    """The violations that the plan finds: dates, tiers, and what members used under it."""
    if secondary:
        yield from _tier_violations(index, [item.secondary_tier for item in request.items], "secondary_tier")
    else:
        yield from _tier_violations(index, [item.tier for item in request.items], "tier")
        yield from _date_violations(index, request)
        yield from minutes_violations(index, request, vocabulary)
    days = sorted(ordinal_of(day) for item in request.items for day in item.dates)
    if not days or not request.members:
        return
    as_of = days[0] if request.as_of is None else ordinal_of(request.as_of)
    edition = index.reference((as_of, *days))
    try:
        episodes = episodes_of(request) if index.counts_episodes else no_episodes(len(request.members))
    except (KeyError, ValueError):
        # An unknown member and an item without dates are told above.
        return
    scope = Scope(index, edition, request, secondary, as_of, days[0], episodes, facilities_of(index, request))
    yield from use_violations(scope, vocabulary)
    if not secondary:
        yield from balance_violations(scope)


def _tier_violations(index: PlanIndex, tiers: Sequence[str], field: str) -> Iterator[Violation]:
    """Tiers the plan has not."""
    for place, tier in enumerate(tiers):
        if tier and tier not in index.tiers:
            yield unknown_word(f"items[{place}].{field}", Refusal.UNKNOWN_TIER, tier, index.tiers)


def _date_violations(index: PlanIndex, request: EstimateRequest) -> Iterator[Violation]:
    """Dates before the plan's first edition, and a request none of whose dates has terms (point 37).

    Single dates without terms become NOT_IN_FORCE.
    """
    first = date.fromordinal(index.segments[0].first_day)
    for place, item in enumerate(request.items):
        if item.dates and min(item.dates) < first:
            expected = f"a date on or after {first}, the first day of plan {index.id}"
            yield _without_terms(place, min(item.dates).isoformat(), expected)
    in_force_only = not request.assume_terms
    dates = [day for item in request.items for day in item.dates if day >= first]
    if not dates or any(index.terms_on(ordinal_of(day), in_force_only=in_force_only) for day in dates):
        return
    ranges = ", ".join(
        f"{plan.heading.effective.start} to {plan.heading.effective.end or 'further notice'}" for plan in index.editions
    )
    for place, item in enumerate(request.items):
        if item.dates and min(item.dates) >= first:
            found = f"{min(item.dates)}" if len(item.dates) == 1 else f"{min(item.dates)} to {max(item.dates)}"
            yield _without_terms(place, found, f"a date for which plan {index.id} has terms: {ranges}")


def _without_terms(place: int, found: str, expected: str) -> Violation:
    return Violation(f"items[{place}].dates", found, expected, Refusal.PLAN_NOT_IN_FORCE)
