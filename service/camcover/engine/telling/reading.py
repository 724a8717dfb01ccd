"""The ledger read back into an `Estimate`: words for numbers, totals, sums afterwards, the range.

What comes in: a question and its answer. What goes out: the typed estimate. The identities of docs/rule-language.md,
section 6, are asserted where each line leaves the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, repeat
from operator import itemgetter
from typing import TypeAlias

from camcover.calendar import completed_years
from camcover.engine.asking.coordination import without_forgiven
from camcover.engine.asking.layout import Layout
from camcover.engine.asking.question import Answer, LineRest, Outcome, PatientRange, Payment, Question
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.compile_rows import ATTESTATION_BITS
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.estimate import (
    LINE_AMOUNTS,
    AccountAfter,
    AccountPayment,
    AccumulatorAfter,
    Adjustment,
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
from camcover.engine.facts import reasons_not_given
from camcover.engine.kernel.codes import Liability
from camcover.engine.kernel.tables import UNTOUCHED
from camcover.engine.kernel.workspace import LedgerRow, maker_of
from camcover.engine.request import Member
from camcover.engine.telling.account_state import accounts_after
from camcover.engine.telling.adjustments import adjustments
from camcover.engine.telling.assumed import assumptions
from camcover.engine.telling.behind import Behind
from camcover.engine.telling.carrying import use_after
from camcover.engine.telling.citing import citations_of, deciding, rule_place
from camcover.engine.telling.explain import explain
from camcover.engine.telling.second_payer import LineOfPlan, second_payer_adjustments
from camcover.messages import Label, Message, sentence
from camcover.money import Cents
from camcover.rulebook.records import Attestation, Benefit, FamilyMode, Limit, Measure, Plan
from camcover.rulebook.term_messages import attestation

_money: Callable[[LedgerRow], Sequence[Cents]] = itemgetter(
    slice(LedgerRow._fields.index("charge"), LedgerRow._fields.index("plan_paid") + 1)
)
"""The columns of the ledger that are the first of `Amounts`, in its order."""

_amounts: Callable[[Line], Sequence[Cents]] = itemgetter(LINE_AMOUNTS)
"""The fields of a line that are those of `Amounts`."""

_DECIDES = sentence("assumed-attestation-decides", "attestation", "therapy")
_NOTICE_DECIDES = sentence("assumed-advance-notice-decides", "therapy")
_NEEDS = sentence("needs-attestation", "benefit", "attestation")

_make_line = maker_of(Line)

_NO_AMOUNTS = Amounts()
_REASONS = tuple(Reason)
_LIMIT_REACHED = int(Reason.LIMIT_REACHED)
_BY_ATTESTATION = int(Liability.MEMBER_BY_ATTESTATION)


def read_estimate(tables: Tables, question: Question, answer: Answer) -> Estimate:
    """The estimate that an answer gives."""
    lines, rows = tuple(_lines(question, answer)), _rows(question, answer)
    items = _items(question, lines)
    return Estimate(
        plan_id=question.request.plan_id,
        lines=lines,
        items=items,
        totals=_sum(items),
        accumulators_after=tuple(_sums_after(question.primary, question, answer.primary)),
        secondary_accumulators_after=(
            tuple(_sums_after(question.secondary, question, answer.secondary))
            if question.secondary and answer.secondary
            else ()
        ),
        limits_after=tuple(_limits_after(question, answer.primary)),
        use_after=use_after(question, answer),
        months=_months(lines),
        range=_range(tables, question, answer),
        prerequisites=tuple(_prerequisites(question, rows)),
        citations=_citations(question.primary.plan, rows),
        accounts_after=tuple(_accounts_after(question, answer)),
    )


def _lines(question: Question, answer: Answer) -> Iterator[Line]:
    """Every ledger row as a `Line`. Asserts that it adds up to its charge: else it never leaves the engine."""
    layout, request = question.primary, question.request
    sources, tiers = layout.plan.sources, ["", *layout.plan.tiers]
    paid: Sequence[int] | repeat[int] = answer.secondary_paid or repeat(0)
    forgiven: Sequence[int] | repeat[int] = answer.forgiven or repeat(0)
    reimbursed: Sequence[int] | repeat[int] = answer.reimbursed or repeat(0)
    payments: Sequence[Sequence[Payment]] | repeat[Sequence[Payment]] = (
        repeat(()) if answer.drawn is None else answer.drawn.payments
    )
    steps: Sequence[Sequence[int]] | repeat[Sequence[int]] = answer.primary.steps or repeat(())
    words: dict[tuple[int, int, int], tuple[str, ...]] = {}
    items = [request.items[service.item] for service in question.asked.services]
    not_given = [reasons_not_given(request, item) for item in items] if request.explain else []
    memberships = [layout.scope.membership_of(laid.member) for laid in layout.services] if request.explain else []
    rests = answer.primary.rests
    for number, ((day, place, session), adjudicated, second, written_off, back, drawn, cents) in enumerate(
        zip(question.asked.lines, answer.primary.ledger, paid, forgiven, reimbursed, payments, steps, strict=False)
    ):
        rest = rests.get(number) if rests else None
        row = without_forgiven(adjudicated, written_off) if written_off else adjudicated
        key = place, row.rule, row.limit if row.reason == _LIMIT_REACHED else -1
        told = words.get(key)
        if told is None:
            told = words[key] = _words(question, *key)
        member, therapy, code, benefit, limit = told
        tier = tiers[row.tier + 1]
        account_paid = sum(each.cents for each in drawn) if drawn else 0
        patient = row.patient - second - account_paid
        if row.charge != row.plan_paid + second + account_paid + patient + row.written_off or patient < 0:
            raise AssertionError(f"a line does not add up to its charge: {row}")
        service = question.asked.services[place]
        yield _make_line((
            service.item,
            member,
            session,
            service.number,
            date.fromordinal(day),
            therapy,
            code,
            service.units,
            row.covered_units,
            tier,
            benefit,
            row.covered == 1,
            _REASONS[row.reason],
            limit,
            row.assumed == 1,
            row.terms_assumed == 1,
            _benefit_of_rest(layout, rest) if rest else "",
            *_money(row),
            second,
            patient,
            patient + back,
            back,
            account_paid,
            tuple(AccountPayment(str(each.account.id), each.cents) for each in drawn) if drawn else (),
            adjustments(sources, row, rest.row if rest else None),
            _of_second_payer(question, answer, number) if answer.secondary else (),
            explain(
                sources, adjudicated, cents, tier,
                behind=Behind(second, written_off, back, patient, drawn), not_given=not_given[place],
                capped_by=_named(layout.plan.accumulators, row.capped_by), membership=memberships[place],
                rest=rest._replace(capped_by=_named(layout.plan.accumulators, rest.row.capped_by)) if rest else None,
            )
            if request.explain
            else (),
        ))  # fmt: skip


def _of_second_payer(question: Question, answer: Answer, number: int) -> tuple[Adjustment, ...]:
    """The second plan's adjustments of a line."""
    first = _line_of_plan(question.primary, answer.primary, number)
    second = _line_of_plan(question.secondary, answer.secondary, number)
    return second_payer_adjustments(first, second, answer.secondary_paid[number], answer.forgiven[number])


def _line_of_plan(layout: Layout | None, outcome: Outcome | None, number: int) -> LineOfPlan:
    if layout is None or outcome is None:
        raise AssertionError("a second payer's adjustments were asked of a request with one plan")
    rest = outcome.rests.get(number)
    return LineOfPlan(layout.plan.sources, outcome.ledger[number], rest.row if rest else None)


def _benefit_of_rest(layout: Layout, rest: LineRest) -> str:
    """The benefit that took over what a limit left of a line; empty where none did."""
    rule = layout.plan.sources.rules[rest.row.rule] if rest.row.covered else None
    return str(rule.id) if isinstance(rule, Benefit) else ""


_Row: TypeAlias = tuple[int, LedgerRow]
"""The place of a line's service, and its ledger row."""


def _rows(question: Question, answer: Answer) -> Sequence[_Row]:
    """Every ledger row, also of what limits handed on."""
    lines, ledger, rests = question.asked.lines, answer.primary.ledger, answer.primary.rests
    found = [(place, row) for (_, place, _), row in zip(lines, ledger, strict=True)]
    for number in sorted(rests, reverse=True):
        found.insert(number + 1, (lines[number][1], rests[number].row))
    return found


def _named(numbers: Mapping[str, int], mask: int) -> tuple[str, ...]:
    """The words whose numbers a mask holds."""
    return tuple(word for word, number in numbers.items() if mask >> number & 1) if mask else ()


def _words(question: Question, place: int, rule_row: int, limit_row: int) -> tuple[str, ...]:
    """(member, therapy, code, benefit, limit) of a line by the rows of its rule and of the limit that bit."""
    layout, service = question.primary, question.asked.services[place]
    sources, laid = layout.plan.sources, layout.services[place]
    rule = sources.rules[rule_row] if rule_row >= 0 else None
    return (
        question.request.members[laid.member].id,
        service.therapy,
        service.code,
        str(rule.id) if isinstance(rule, Benefit) else "",
        str(sources.limits[limit_row].id) if limit_row >= 0 else "",
    )


def _sum(amounts: Sequence[Sequence[Cents]]) -> Amounts:
    """The sum of amounts, field by field."""
    if len(amounts) == 1:
        return Amounts._make(amounts[0])
    return Amounts._make(map(sum, zip(*amounts, strict=True))) if amounts else _NO_AMOUNTS


def _items(question: Question, lines: Sequence[Line]) -> tuple[Amounts, ...]:
    """The totals of each item of the request."""
    parts: list[list[Sequence[Cents]]] = [[] for _ in question.request.items]
    for line in lines:
        parts[line.item_index].append(_amounts(line))
    return tuple(map(_sum, parts))


def _months(lines: Sequence[Line]) -> tuple[Month, ...]:
    """The patient's cost by calendar month; lines come in order of date."""
    months: dict[tuple[int, int], int] = {}
    for line in lines:
        day = line.date
        key = day.year, day.month
        months[key] = months.get(key, 0) + line.patient_cents
    return tuple(Month(f"{year}-{month:02}", Cents(cents)) for (year, month), cents in months.items())


def _sums_after(layout: Layout, question: Question, outcome: Outcome) -> Iterator[AccumulatorAfter]:
    """Every accumulator of the last line's edition: each member's sum, and under family coverage the family's."""
    plan = _last_plan(layout, question)
    owners = [member.id for member in question.request.members] + ([""] if layout.family else [])
    names = list(layout.plan.accumulators)
    for place, owner in enumerate(owners):
        for number, name in enumerate(names):
            accumulator = plan.accumulators.get(name)
            if accumulator is not None:
                # Under an aggregate accumulator the family's amount is the only bound, for each member too (point 22).
                is_shared = layout.family and accumulator.family_mode is FamilyMode.AGGREGATE
                own = accumulator.individual if layout.family else accumulator.alone
                maximum: int | None = accumulator.family if owner == "" or is_shared else own
                used = outcome.state.sums[place * len(names) + number].used
                if owner and maximum is not None and _has_earned(layout, place):
                    maximum = max(maximum - (accumulator.wellness_incentive or 0), used)
                yield AccumulatorAfter(name, owner, used, None if maximum is None else Cents(maximum))


def _has_earned(layout: Layout, member: int) -> bool:
    """Whether a member has earned the wellness incentive."""
    return layout.scope.membership_of(member).wellness_incentive is True


def _accounts_after(question: Question, answer: Answer) -> Iterator[AccountAfter]:
    """The accounts of the edition of the last line that has terms, on its day."""
    if not question.primary.plan.has_accounts:
        return iter(())
    last = question.last_terms(question.primary)
    if last is None:
        raise AssertionError("a request none of whose dates has terms was priced")
    day, segment = last
    return accounts_after(question, answer, segment.plan, day)


def _last_plan(layout: Layout, question: Question) -> Plan:
    """The edition of the last line that has terms, else the one the request was read by."""
    last = question.last_terms(layout)
    return layout.plan.editions[layout.edition] if last is None else last[1].plan


def _limits_after(question: Question, outcome: Outcome) -> Iterator[LimitAfter]:
    """The limits that some line touched."""
    index = question.primary.plan
    width, episodes = len(index.slots), question.primary.scope.episodes
    for place, member in enumerate(question.request.members):
        # Where editions count a limit otherwise, the later edition's count is the one that goes on (point 31).
        after: dict[tuple[str, str, str], LimitAfter] = {}
        for episode, row in episodes.names_of(place):
            slots = outcome.state.slots[row * width : (row + 1) * width]
            for key, limit, slot in zip(index.slots, index.slot_limits, slots, strict=True):
                if slot.key != UNTOUCHED:
                    money = limit.measure is Measure.MONEY
                    allow = _allowed_at(limit, member, question)
                    owner = "" if key.of_family else member.id
                    told = LimitAfter(key.limit, owner, slot.used, allow, money, episode, key.condition)
                    after[key.limit, episode, key.condition] = told
        yield from after.values()


def _allowed_at(limit: Limit, member: Member, question: Question) -> int:
    """What a limit allows a member at the age of the last line; at one that is not given as it was assumed."""
    if not limit.by_age:
        return limit.allow
    age = member.age
    if age is None and member.birth_date is not None:
        age = completed_years(member.birth_date.toordinal(), question.asked.lines[-1][0])
    if age is None and question.request.assume_requirements:
        return limit.by_age[0].amount
    return limit.allow_at(age)


def _range(tables: Tables, question: Question, answer: Answer) -> Range:
    """The range, and what the estimate takes for granted."""
    bounds = answer.bounds or PatientRange(answer.patient_cents, answer.patient_cents)
    assumed = (*assumptions(tables, question, answer), *dict.fromkeys(_assumed_notices(question, answer)))
    return Range(Cents(bounds.low), Cents(answer.patient_cents), Cents(bounds.high), assumed, answer.causes)


def _assumed_notices(question: Question, answer: Answer) -> Iterator[Message]:
    """A message for each line that is denied at the member's cost only because of an assumption (point 41)."""
    asked, layout = question.asked, question.primary
    if not layout.plan.leaves_denials:
        return
    tiers = list(layout.plan.tiers)
    for (_, place, _), row in zip(asked.lines, answer.primary.ledger, strict=True):
        if row.liability != _BY_ATTESTATION or not row.not_covered:
            continue
        liable = layout.plan.sources.segments[row.segment].plan.tiers[tiers[row.tier]].provider_liable
        if liable and liable.unless and not layout.services[place].attested & ATTESTATION_BITS[liable.unless]:
            yield _assumed_notice(liable.unless, asked.services[place].therapy)


def _assumed_notice(unless: Attestation, therapy: str) -> Message:
    """Who owes what the plan does not cover of a therapy, and what is assumed for it."""
    if unless is Attestation.ADVANCE_NOTICE:
        return _NOTICE_DECIDES(therapy=Label(therapy))
    return _DECIDES(attestation=attestation(unless), therapy=Label(therapy))


def _prerequisites(question: Question, rows: Sequence[_Row]) -> Iterator[Prerequisite]:
    """Attestations that lines rest on and their items do not give; each once for (item, benefit)."""
    asked, layout = question.asked, question.primary
    seen: set[tuple[int, int, int]] = set()
    for place, row in rows:
        if not row.attestations_used:
            continue
        assumed = row.attestations_used & ~layout.services[place].attested
        if not assumed:
            continue
        item = asked.services[place].item
        rule = layout.plan.sources.rules[row.rule]
        if not isinstance(rule, Benefit):
            continue
        for needed, bit in ATTESTATION_BITS.items():
            if assumed & bit and (item, id(rule), bit) not in seen:
                seen.add((item, id(rule), bit))
                yield _prerequisite(rule, needed, item)


def _prerequisite(benefit: Benefit, needed: Attestation, item: int) -> Prerequisite:
    """One prerequisite, at the requirement, the criteria or the limit that ask for it."""
    place = next((each.at for each in benefit.requires if each.attestation is needed), None)
    limits = [limit for limit in benefit.limits if needed in (limit.beyond, *limit.excepts)]
    if place is None and benefit.when is not None and needed in (benefit.when.attested or ()):
        place = benefit.when.at
    place = place or next((limit.at for limit in limits), benefit.at)
    message = _NEEDS(benefit=Label(str(benefit.id)), attestation=attestation(needed))
    return Prerequisite(str(needed), str(benefit.id), item, message, rule_place(place))


def _citations(index: PlanIndex, rows: Sequence[_Row]) -> tuple[Citation, ...]:
    """The sources behind the rules that decided the lines, each once."""
    decided = dict.fromkeys(deciding(row) for _, row in rows)
    return tuple(dict.fromkeys(chain.from_iterable(citations_of(index, key) for key in decided)))
