"""The ledger read back into an `Estimate`: words for numbers, totals, sums afterwards, the range.

What comes in: a question and the answers to its bounding cases, the expected one first. What goes out: the typed
estimate. The identities of docs/rule-language.md, section 6, are asserted where each line leaves the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from camcover.engine.adjustments import adjustments
from camcover.engine.cases import Outcome
from camcover.engine.citing import citation, rule_place
from camcover.engine.compile import Tables
from camcover.engine.compile_rows import ATTESTATION_BITS
from camcover.engine.estimate import (
    AccumulatorAfter,
    Amounts,
    Citation,
    Estimate,
    LimitAfter,
    Line,
    Month,
    Prerequisite,
    Range,
    Reason,
)
from camcover.engine.explain import attestation_words, explain
from camcover.engine.plan_index import SlotKey, slot_key
from camcover.engine.prepare import Prepared
from camcover.engine.question import Answer, Question
from camcover.engine.ranges import assumptions
from camcover.engine.tables import UNTOUCHED, Array
from camcover.rulebook.records import Attestation, Benefit, FamilyMode, Heading, Limit, Measure, Place, Plan

_COLUMNS = [
    "charge",
    "allowed",
    "deductible",
    "copay",
    "coinsurance",
    "penalty",
    "balance_bill",
    "not_covered",
    "written_off",
    "plan_paid",
]


def read_estimate(tables: Tables, question: Question, answers: Sequence[Answer]) -> Estimate:
    """The estimate that the answers give; the first is the expected case."""
    expected = answers[0]
    lines = tuple(_lines(tables, question, expected))
    totals = [answer.patient_cents for answer in answers]
    secondary = expected.secondary
    return Estimate(
        plan_id=question.request.plan_id,
        lines=lines,
        items=tuple(_sum(line.amounts for line in lines if line.item_index == i) for i in _items(question)),
        totals=_sum(line.amounts for line in lines),
        accumulators_after=tuple(_sums_after(question.primary, question, expected.primary)),
        secondary_accumulators_after=(
            tuple(_sums_after(question.secondary, question, secondary)) if question.secondary and secondary else ()
        ),
        limits_after=tuple(_limits_after(question, expected.primary)),
        months=tuple(_months(lines)),
        range=Range(min(totals), totals[0], max(totals), tuple(_assumptions(tables, question, expected))),
        prerequisites=tuple(_prerequisites(tables, question, expected)),
        citations=tuple(dict.fromkeys(_citations(tables, expected.primary.ledger))),
    )


def _items(question: Question) -> range:
    """The indices of the request's services."""
    return range(len(question.request.items))


def _lines(tables: Tables, question: Question, answer: Answer) -> Iterator[Line]:
    """Every ledger row as a `Line`."""
    prepared, request = question.primary, question.request
    tiers = {number: name for name, number in prepared.index.tiers.items()}
    for planned, asked, row, second in zip(
        question.lines, prepared.rows, answer.primary.ledger, answer.secondary_paid, strict=True
    ):
        tier = tiers[int(asked["tier"]) if asked["tier"] >= 0 else prepared.first_tier]
        rule = tables.sources.rules[int(row["rule"])] if row["rule"] >= 0 else None
        limit = int(row["limit"])
        amounts = _amounts(row, int(second))
        reason = Reason(int(row["reason"]))
        yield Line(
            item_index=planned.item,
            member_id=request.members[int(asked["member"])].id,
            session=planned.session,
            line=planned.line,
            date=planned.date,
            therapy=planned.therapy,
            code=planned.code,
            units=planned.units,
            covered_units=int(row["covered_units"]),
            tier=tier,
            benefit=str(rule.id) if isinstance(rule, Benefit) else "",
            covered=bool(row["covered"]),
            reason=reason,
            limit=str(tables.sources.limits[limit].id) if limit >= 0 and reason is Reason.LIMIT_REACHED else "",
            charge_assumed=bool(row["assumed"]),
            amounts=amounts,
            adjustments=adjustments(
                tables, row, before_coverage=_is_before_coverage(prepared, planned.date.toordinal())
            ),
            steps=explain(tables, row, tier, int(second)) if request.explain else (),
        )


def _is_before_coverage(prepared: Prepared, day: int) -> bool:
    """Whether a day lies before the plan's first edition."""
    return day < prepared.index.segments[0].first_day


def _amounts(row: Array, secondary_paid: int) -> Amounts:
    """The money of a row. Asserts both identities: a line that does not add up never leaves the engine."""
    amounts = Amounts(
        **{f"{name}_cents": int(row[name]) for name in _COLUMNS},
        secondary_paid_cents=secondary_paid,
        patient_cents=int(row["patient"]) - secondary_paid,
    )
    paid = amounts.plan_paid_cents + amounts.secondary_paid_cents
    if amounts.charge_cents != paid + amounts.patient_cents + amounts.written_off_cents:
        raise AssertionError(f"a line does not add up to its charge: {amounts}")
    return amounts


def _sum(parts: Iterable[Amounts]) -> Amounts:
    """The sum of amounts, field by field."""
    rows = [tuple(getattr(part, name) for name in Amounts.__slots__) for part in parts]
    return Amounts(*(sum(column) for column in zip(*rows, strict=True))) if rows else Amounts()


def _months(lines: Iterable[Line]) -> Iterator[Month]:
    """The patient's cost by calendar month, in order."""
    months: dict[str, int] = {}
    for line in lines:
        month = f"{line.date:%Y-%m}"
        months[month] = months.get(month, 0) + line.amounts.patient_cents
    yield from (Month(month, cents) for month, cents in sorted(months.items()))


def _sums_after(prepared: Prepared, question: Question, outcome: Outcome) -> Iterator[AccumulatorAfter]:
    """Every accumulator of the last line's edition: each member's sum, and under family coverage the family's."""
    plan = _last_plan(prepared, question)
    owners = [member.id for member in question.request.members] + ([""] if prepared.family else [])
    width = len(prepared.index.accumulators)
    for place, owner in enumerate(owners):
        for name, number in prepared.index.accumulators.items():
            accumulator = plan.accumulators.get(name)
            if accumulator is not None:
                # Under an aggregate accumulator the family's amount is the only bound, for each member too (point 22).
                is_shared = prepared.family and accumulator.family_mode is FamilyMode.AGGREGATE
                maximum = accumulator.family if owner == "" or is_shared else accumulator.individual
                used = int(outcome.sums[place * width + number]["used"])
                yield AccumulatorAfter(name, owner, used, maximum)


def _last_plan(prepared: Prepared, question: Question) -> Plan:
    """The edition of the last line that is in one, else the one the request was read by."""
    for planned in reversed(question.lines):
        segment = prepared.index.edition_on(planned.date.toordinal())
        if segment is not None:
            return segment.plan
    return prepared.reference


def _limits_after(question: Question, outcome: Outcome) -> Iterator[LimitAfter]:
    """The limits that some line touched."""
    prepared = question.primary
    definitions: dict[SlotKey, Limit] = {}
    for plan in prepared.index.editions:
        for benefit in plan.benefits.values():
            definitions |= {slot_key(benefit.id, limit): limit for limit in benefit.limits}
    width = len(prepared.index.slots)
    for place, member in enumerate(question.request.members):
        # Where editions count a limit otherwise, the later edition's count is the one that goes on (point 31).
        after: dict[str, LimitAfter] = {}
        for key, number in prepared.index.slots.items():
            slot = outcome.slots[place * width + number]
            if int(slot["key"]) != UNTOUCHED:
                limit = definitions[key]
                money = limit.measure is Measure.MONEY
                after[key.limit] = LimitAfter(key.limit, member.id, int(slot["used"]), limit.allow, money)
        yield from after.values()


def _assumptions(tables: Tables, question: Question, expected: Answer) -> Iterator[str]:
    """What the estimate takes for granted, in words."""
    priced = [
        planned.therapy for planned, row in zip(question.lines, expected.primary.ledger, strict=True) if row["assumed"]
    ]
    yield from assumptions(tables, question.request, question.primary, question.secondary, list(dict.fromkeys(priced)))


def _prerequisites(tables: Tables, question: Question, expected: Answer) -> Iterator[Prerequisite]:
    """Attestations that lines rest on and their items do not give; each once for (item, benefit)."""
    seen: set[tuple[int, str, Attestation]] = set()
    for planned, attested, row in zip(question.lines, question.primary.attested, expected.primary.ledger, strict=True):
        assumed = int(row["attestations_used"]) & ~attested
        rule = tables.sources.rules[int(row["rule"])] if row["rule"] >= 0 else None
        if not assumed or not isinstance(rule, Benefit):
            continue
        for attestation, bit in ATTESTATION_BITS.items():
            if assumed & bit and (planned.item, str(rule.id), attestation) not in seen:
                seen.add((planned.item, str(rule.id), attestation))
                yield _prerequisite(rule, attestation, planned.item)


def _prerequisite(benefit: Benefit, attestation: Attestation, item: int) -> Prerequisite:
    """One prerequisite, at the requirement or the soft limit that asks for it."""
    place = next((each.at for each in benefit.requires if each.attestation is attestation), None)
    place = place or next((limit.at for limit in benefit.limits if limit.beyond is attestation), benefit.at)
    text = f"The benefit '{benefit.id}' asks for {attestation_words(attestation)}; the estimate assumes it is there."
    return Prerequisite(str(attestation), str(benefit.id), item, text, rule_place(place))


def _citations(tables: Tables, ledger: Array) -> Iterator[Citation]:
    """The sources behind the rules that decided the lines.

    Fee tables, benefits and exclusions, policies, accumulators.
    """
    for row in ledger:
        if row["segment"] < 0:
            continue
        segment = tables.sources.segments[int(row["segment"])]
        heading = segment.plan.heading
        places: list[tuple[str | None, Heading, Place]] = []
        rule = tables.sources.rules[int(row["rule"])] if row["rule"] >= 0 else None
        if rule is not None:
            places.append((rule.cite, heading, rule.at))
        if row["criteria"] >= 0 and (policy := tables.sources.criteria[int(row["criteria"])].policy) is not None:
            places.append((policy.cite, policy.heading, policy.heading.at))
        if row["limit"] >= 0:
            limit = tables.sources.limits[int(row["limit"])]
            places.append((limit.cite, heading, limit.at))
        if row["covered"]:
            places += [(each.cite, heading, each.at) for each in segment.plan.accumulators.values()]
        if segment.fees is not None:
            places += [(each.cite, segment.fees.heading, each.at) for each in segment.fees.tiers.values()]
        for cite, source, at in places:
            found = citation(cite, source, at)
            if found is not None:
                yield found
