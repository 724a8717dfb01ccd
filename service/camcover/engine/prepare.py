"""A request in the numbers of one payer plan: the arrays the kernel reads, and what the plan refuses.

What comes in: `Tables`, a typed request, its expanded lines. What goes out: `Prepared`, from which any number of
bounding cases are laid out (engine/cases.py). Every fault is a `Violation` with the field's path; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from camcover.engine import tables as columns
from camcover.engine.compile import Tables
from camcover.engine.compile_rows import ATTESTATION_BITS, SETTING_INDEX
from camcover.engine.expansion import PlannedLine, unknown_word
from camcover.engine.plan_index import PlanIndex
from camcover.engine.request import Coverage, EstimateRequest, Member, PlannedService, Violation
from camcover.engine.starting_state import Scope, StartingState, starting_state
from camcover.engine.tables import Array
from camcover.engine.vocabulary import STATE_INDEX, plain_icd10
from camcover.rulebook.records import Plan, TypicalCharge

OPEN_TIER = -1
"""In the column `tier` of prepared lines: the request names none."""

MAX_MEMBERS = 12


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request laid out for one plan.

    `charges[i]`: low, typical and high share of line i of its session's cash price, cents; `attested[i]`: the mask of
    what line i's item attests; `first_tier`: what an open tier is expected to be.
    """

    index: PlanIndex
    reference: Plan
    as_of: int
    rows: Array
    charges: tuple[tuple[int, int, int], ...]
    attested: tuple[int, ...]
    first_tier: int
    state: StartingState
    member_count: int
    family: bool


def plan_named(tables: Tables, plan_id: str, field: str, violations: list[Violation]) -> PlanIndex | None:
    """The plan a request names, or a violation."""
    index = tables.plans.get(plan_id)
    if index is None:
        violations.append(unknown_word(field, "plan", plan_id, [*tables.plans]))
    return index


def member_violations(request: EstimateRequest) -> Iterator[Violation]:
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
    for place, item in enumerate(request.items):
        if item.member_id and item.member_id not in ids:
            yield unknown_word(f"items[{place}].member_id", "member", item.member_id, ids)


def _fact_violations(path: str, member: Member) -> Iterator[Violation]:
    """What is wrong with a member's own facts."""
    if member.state and member.state not in STATE_INDEX:
        yield unknown_word(f"{path}.state", "state", member.state, [*STATE_INDEX])
    if member.birth_date is not None and member.age is not None:
        yield Violation(f"{path}.age", "give a birth date or an age, not both")
    if member.age is not None and not 0 <= member.age <= 130:
        yield Violation(f"{path}.age", f"{member.age} years; expected 0 to 130")


def prepare(
    tables: Tables,
    index: PlanIndex,
    request: EstimateRequest,
    lines: Sequence[PlannedLine],
    violations: list[Violation],
    *,
    secondary: bool,
) -> Prepared:
    """Lay a request out for a plan; adds to `violations` what the plan refuses. There is at least one line."""
    first_day = lines[0].date.toordinal()
    as_of = first_day if request.as_of is None else request.as_of.toordinal()
    reference = _reference_edition(index, as_of, lines)
    first_tier = index.tiers[next(iter(reference.tiers))]
    if not secondary:
        violations += _date_violations(index, request, lines)
        violations += _tier_violations(index, request)
        violations += _birth_violations(request, lines)
    else:
        violations += _secondary_tier_violations(index, request)
    charges = tuple(_typical_shares(tables, line) for line in lines)
    violations += _price_violations(lines, charges)
    return Prepared(
        index=index,
        reference=reference,
        as_of=as_of,
        rows=_rows(tables, index, request, lines, first_tier, secondary=secondary),
        charges=charges,
        attested=tuple(_attested(request.items[line.item]) for line in lines),
        first_tier=first_tier,
        state=starting_state(Scope(index, reference, request, secondary, as_of, first_day), violations),
        member_count=len(request.members),
        family=request.coverage is Coverage.FAMILY,
    )


def _reference_edition(index: PlanIndex, as_of: int, lines: Sequence[PlannedLine]) -> Plan:
    """The edition in force on `as_of`, else on the first date that is in any edition, else the first edition."""
    days = (as_of, *(line.date.toordinal() for line in lines))
    segments = (index.edition_on(day) for day in days)
    return next((segment.plan for segment in segments if segment is not None), index.editions[0])


def _date_violations(index: PlanIndex, request: EstimateRequest, lines: Sequence[PlannedLine]) -> Iterator[Violation]:
    """A request none of whose dates lies in an edition of the plan is refused; single ones become NOT_IN_FORCE."""
    if any(index.edition_on(line.date.toordinal()) for line in lines):
        return
    ranges = ", ".join(
        f"{plan.heading.effective.start} to {plan.heading.effective.end or 'further notice'}" for plan in index.editions
    )
    for place, item in enumerate(request.items):
        found = f"{min(item.dates)}" if len(item.dates) == 1 else f"{min(item.dates)} to {max(item.dates)}"
        yield Violation(f"items[{place}].dates", f"{found}: no edition of plan {index.id} ({ranges}) holds such a date")


def _tier_violations(index: PlanIndex, request: EstimateRequest) -> Iterator[Violation]:
    """Tiers the plan has not."""
    for place, item in enumerate(request.items):
        if item.tier and item.tier not in index.tiers:
            yield unknown_word(f"items[{place}].tier", "tier", item.tier, [*index.tiers])


def _secondary_tier_violations(index: PlanIndex, request: EstimateRequest) -> Iterator[Violation]:
    """Tiers the secondary plan has not; the primary's tier need not be one of them."""
    for place, item in enumerate(request.items):
        if item.secondary_tier and item.secondary_tier not in index.tiers:
            yield unknown_word(f"items[{place}].secondary_tier", "tier", item.secondary_tier, [*index.tiers])


def _birth_violations(request: EstimateRequest, lines: Sequence[PlannedLine]) -> Iterator[Violation]:
    """Members who are not born yet on the first date of their services."""
    first: dict[str, date] = {}
    for line in lines:
        first.setdefault(request.items[line.item].member_id or request.members[0].id, line.date)
    for place, member in enumerate(request.members):
        day = first.get(member.id)
        if day is not None and member.birth_date is not None and member.birth_date > day:
            yield Violation(
                f"members[{place}].birth_date", f"{member.birth_date} is after the service on {day}; expected before it"
            )


def _price_violations(lines: Sequence[PlannedLine], charges: Sequence[tuple[int, int, int]]) -> Iterator[Violation]:
    """A line without a charge needs a typical charge in the catalog."""
    for line, (_, typical, _) in zip(lines, charges, strict=True):
        if line.charge_cents is None and typical < 0 and line.session == 1:
            path = f"items[{line.item}].procedures[{line.line - 1}]" if line.code else f"items[{line.item}]"
            yield Violation(f"{path}.charge_cents", f"the catalog knows no typical charge of {line.therapy}: give one")


def _typical_shares(tables: Tables, line: PlannedLine) -> tuple[int, int, int]:
    """The line's share of the low, typical and high charge of its session (point 5); -1 = the catalog knows none."""
    if line.charge_cents is not None:
        return -1, -1, -1
    charge: TypicalCharge | None = tables.vocabulary.typical_charge(line.therapy, line.date)
    if charge is None:
        return -1, -1, -1
    low, typical, high = (
        amount // line.unpriced + (line.unpriced_place < amount % line.unpriced)
        for amount in (charge.low, charge.typical, charge.high)
    )
    return low, typical, high


def _rows(
    tables: Tables,
    index: PlanIndex,
    request: EstimateRequest,
    lines: Sequence[PlannedLine],
    first_tier: int,
    *,
    secondary: bool,
) -> Array:
    """The lines as rows of `LINE`; attestations and typical charges are filled in by the cases."""
    members = {member.id: place for place, member in enumerate(request.members)}
    rows = []
    for line in lines:
        item = request.items[line.item]
        number = members.get(item.member_id, 0)
        member = request.members[number]
        diagnoses = [plain_icd10(diagnosis) for diagnosis in item.diagnoses]
        diagnoses += [each for name in item.conditions for each in tables.vocabulary.diagnoses_of(name, line.date)]
        rows.append(
            (
                line.date.toordinal(),
                number,
                secondary_tier(index, item, first_tier) if secondary else index.tiers.get(item.tier, OPEN_TIER),
                tables.vocabulary.services.get(line.therapy, -1),
                tables.vocabulary.codes.get(line.code, -1),
                tables.vocabulary.practitioners.get(item.practitioner, -1),
                STATE_INDEX.get(item.state or member.state, -1),
                SETTING_INDEX[item.setting],
                completed_years(member, line.date),
                line.units,
                index.groups.mask(diagnoses),
                0,
                -1 if line.charge_cents is None else line.charge_cents,
                -1 if line.allowed_cents is None else line.allowed_cents,
                -1,
                0,
                0,
            )
        )
    return np.array(rows, dtype=columns.LINE)


def secondary_tier(index: PlanIndex, item: PlannedService, first_tier: int) -> int:
    """The secondary plan's tier of an item: the one named, else the primary's id, else its first (point 28)."""
    return index.tiers.get(item.secondary_tier, index.tiers.get(item.tier, first_tier))


def completed_years(member: Member, day: date) -> int:
    """The member's age on `day`; -1 = unknown (point 2)."""
    born = member.birth_date
    if born is None:
        return -1 if member.age is None else member.age
    return max(day.year - born.year - ((day.month, day.day) < (born.month, born.day)), 0)


def _attested(item: PlannedService) -> int:
    """The mask of an item's attestations."""
    mask = 0
    for attestation in item.attestations:
        mask |= ATTESTATION_BITS[attestation]
    return mask
