"""What a change of the rules does to a book: by hand, and against plain Python over single requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from math import ceil
from typing import Any

import pyarrow as pa
import pytest

from camcover.bulk.estimate import WrongColumns
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.bulk.singly import request_of
from camcover.engine import Estimate, InvalidRequest, Tables, evaluate
from camcover.engine.estimate import Line, Reason
from camcover.rulebook import load_texts
from camcover.workflow.impact import Impact
from camcover.workflow.impact.batches import SAMPLE
from camcover.workflow.impact.comparing import impact
from camcover.workflow.impact.records import ChangedMember, Figures, LineFigures, Money
from camcover.workflow.synthetic_book import book_date, synthetic_book
from small_rules import COPAY_PLAN, SHARE_PLAN, TEXTS, tables

Row = dict[str, Any]

DEARER = COPAY_PLAN.replace("copay: $20", "copay: $30")
THIRD_PLAN = COPAY_PLAN.replace("id: copay-plan", "id: third-plan")
BEFORE = tables(third=THIRD_PLAN)
AFTER = tables(
    copay=DEARER,
    share=SHARE_PLAN.replace("4 visits", "3 visits")
    .replace("conditions: [back-pain], practitioners: [acupuncturist]", "conditions: [back-pain, headache]")
    .replace("{therapies: [massage], reason", "{therapies: [reiki], reason"),
    fourth=COPAY_PLAN.replace("id: copay-plan", "id: fourth-plan"),
)
"""Visits, criteria, an exclusion and a copay change; `third-plan` is gone, `fourth-plan` is new."""


def item(**others: Any) -> Row:
    """Three visits to an acupuncturist at 80.00, allowed 48.00."""
    visits = {"therapy": "acupuncture", "code": "97810", "charge_cents": 8000, "practitioner": "acupuncturist"}
    return visits | {"tier": "in_network", "start_date": date(2026, 3, 2), "sessions": 3} | others


def row(plan: str | None, name: str = "", **others: Any) -> Row:
    """A member of a plan with the one item."""
    return {"request_id": name, "plan_id": plan, "items": [item()]} | others


def batch_of(rows: Sequence[Row]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=REQUEST_SCHEMA)


def drawn(count: int) -> list[Row]:
    """Members drawn for the plans before, and rows that say what no drawn one says."""
    rules = load_texts(TEXTS | {"third.yaml": THIRD_PLAN}).rules
    assert rules is not None
    rows = pa.Table.from_batches(synthetic_book(rules, count, 5, book_date(rules))).to_pylist()
    odd = [
        row("copay-plan", "by code", items=[item(therapy=None), item(therapy="massage", code=None)]),
        row("copay-plan", "empty", items=[item(therapy="", sessions=2)]),
        row("share-plan", "asked aside", benefit_visits=[{"benefit": "needles", "visits": 2}]),
        row("fourth-plan", "new"),
        row("nowhere", "unknown"),
        row(None),
        row("share-plan", "none", items=[]),
    ]
    return [each for place, one in enumerate(rows) for each in ([one, odd[place]] if place < len(odd) else [one])]


def priced(rules: Tables, plain: Row) -> Estimate | None:
    """A row as a single request; None where it cannot be priced."""
    try:
        return evaluate(rules, request_of(plain))
    except InvalidRequest:
        return None


Pair = tuple[int, Row, Estimate, Estimate]


def compared(rows: Sequence[Row]) -> list[Pair]:
    """(number, row, before, after) of the rows that both can price."""
    plain = batch_of(rows).to_pylist()
    both = [(place, each, *sides(each)) for place, each in enumerate(plain)]
    return [(place, each, one, other) for place, each, one, other in both if one and other]


def sides(plain: Row) -> tuple[Estimate | None, Estimate | None]:
    """A row before and after: who has used four of the four visits has used all three of the three."""
    before, after = priced(BEFORE, plain), priced(AFTER, plain)
    if before and after is None:
        uses = [each | {"used": min(each["used"], 3)} for each in plain["limit_usage"] or []]
        after = priced(AFTER, plain | {"limit_usage": uses})
    return before, after


def change(pair: Pair) -> int:
    return pair[3].totals.patient_cents - pair[2].totals.patient_cents


def figures(members: Sequence[Sequence[tuple[Line, Line]]]) -> Figures:
    """The figures of members, each with its lines before and after."""
    lines = [each for member in members for each in member]
    changes = [sum(other.patient_cents - one.patient_cents for one, other in member) for member in members]
    return Figures(
        members=len(members),
        paying_more=sum(each > 0 for each in changes),
        paying_less=sum(each < 0 for each in changes),
        lines=len(lines),
        newly_covered=sum(other.covered and not one.covered for one, other in lines),
        no_longer_covered=sum(one.covered and not other.covered for one, other in lines),
        patient=Money(sum(one.patient_cents for one, _ in lines), sum(other.patient_cents for _, other in lines)),
        plan_paid=Money(sum(one.plan_paid_cents for one, _ in lines), sum(other.plan_paid_cents for _, other in lines)),
        written_off=Money(
            sum(one.written_off_cents for one, _ in lines), sum(other.written_off_cents for _, other in lines)
        ),
    )


def lines_of(pair: Pair) -> list[tuple[Line, Line]]:
    return list(zip(pair[2].lines, pair[3].lines, strict=True))


def by_therapy(pairs: Sequence[Pair]) -> dict[str, Figures]:
    """Figures by the therapy that the item names, else by its code."""
    found: dict[str, dict[int, list[tuple[Line, Line]]]] = {}
    for pair in pairs:
        for one, other in lines_of(pair):
            named = pair[1]["items"][one.item_index]
            found.setdefault(named["therapy"] or named["code"], {}).setdefault(pair[0], []).append((one, other))
    return {name: figures(list(members.values())) for name, members in found.items()}


def by_benefit(pairs: Sequence[Pair]) -> dict[tuple[str, str], Figures]:
    """Figures by plan and the benefit that decides after the change; where none does, the one that did before."""
    found: dict[tuple[str, str], dict[int, list[tuple[Line, Line]]]] = {}
    for pair in pairs:
        for one, other in lines_of(pair):
            key = pair[1]["plan_id"], other.benefit or one.benefit
            found.setdefault(key, {}).setdefault(pair[0], []).append((one, other))
    return {name: figures(list(members.values())) for name, members in found.items()}


def line_figures(line: Line) -> LineFigures:
    reason = "" if line.reason is Reason.NONE else line.reason.name
    names = [name for name in LineFigures.__dataclass_fields__ if name != "reason"]
    return LineFigures(reason=reason, **{name: getattr(line, name) for name in names})


def check_case(case: ChangedMember, pair: Pair) -> None:
    """Assert that a case says what single requests say."""
    number, plain, one, other = pair
    assert (case.row, case.plan_id) == (number, plain["plan_id"])
    assert case.request_id == (plain["request_id"] or "")
    assert case.patient == Money(one.totals.patient_cents, other.totals.patient_cents)
    assert case.plan_paid == Money(one.totals.plan_paid_cents, other.totals.plan_paid_cents)
    differing = [(a, b) for a, b in lines_of(pair) if line_figures(a) != line_figures(b)]
    assert [(each.before, each.after) for each in case.lines] == [
        (line_figures(a), line_figures(b)) for a, b in differing
    ]
    assert [(each.date, each.session, each.item_index) for each in case.lines] == [
        (a.date.isoformat(), a.session, a.item_index) for a, _ in differing
    ]
    assert case.lines_alike == len(one.lines) - len(differing)


def check_cases(shown: Sequence[ChangedMember], pairs: Sequence[Pair], sign: int, worst: int) -> None:
    """Assert that the right rows are shown in the right order."""
    expected = sorted((pair for pair in pairs if sign * change(pair) > 0), key=lambda pair: -sign * change(pair))
    assert len(shown) == min(worst, len(expected))
    for case, pair in zip(shown, expected, strict=False):
        check_case(case, pair)


def nearest_rank(changes: Sequence[int], per_mille: int) -> int:
    return sorted(changes)[max(ceil(len(changes) * per_mille / 1000), 1) - 1]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return drawn(400)


@pytest.fixture(scope="module")
def found(rows: list[Row]) -> Impact:
    return impact(BEFORE, AFTER, [batch_of(rows)], worst=7)


def test_every_figure_is_what_single_requests_give(rows: list[Row], found: Impact) -> None:
    pairs = compared(rows)
    changes = [change(pair) for pair in pairs]
    assert found.total == figures([lines_of(pair) for pair in pairs])
    assert found.total.paying_more > 50
    assert found.total.paying_less > 10
    assert found.total.newly_covered > 20
    assert found.total.no_longer_covered > 20
    plans = {pair[1]["plan_id"] for pair in pairs}
    assert {group.name: group.figures for group in found.by_plan} == {
        name: figures([lines_of(pair) for pair in pairs if pair[1]["plan_id"] == name]) for name in plans
    }
    assert {group.name: group.figures for group in found.by_therapy} == by_therapy(pairs)
    assert "97810" in {group.name for group in found.by_therapy}
    assert {(group.plan_id, group.benefit): group.figures for group in found.by_benefit} == by_benefit(pairs)
    assert "share-plan: no benefit" in {group.name for group in found.by_benefit}
    assert found.change.total_cents == sum(changes)
    assert (found.change.most_increase_cents, found.change.most_decrease_cents) == (max(changes), min(changes))
    for each in found.change.quantiles:
        assert each.change_cents == nearest_rank(changes, each.per_mille)
    check_cases(found.increases, pairs, 1, 7)
    check_cases(found.decreases, pairs, -1, 7)


def test_every_row_is_counted_once(rows: list[Row], found: Impact) -> None:
    plain = batch_of(rows).to_pylist()
    found_sides = [tuple(each is not None for each in sides(row)) for row in plain]
    members = found.members
    assert members.rows == len(rows)
    assert members.compared == found_sides.count((True, True))
    assert members.no_longer_priced == found_sides.count((True, False)) > SAMPLE
    assert members.newly_priced == found_sides.count((False, True)) == 1
    assert members.never_priced == found_sides.count((False, False)) == 3
    assert members.paying_the_same == sum(change(pair) == 0 for pair in compared(rows))
    gone = [place for place, side in enumerate(found_sides) if side == (True, False)]
    assert [each.row for each in found.no_longer_priced] == gone[:SAMPLE]


def test_bins_hold_every_compared_member_once(rows: list[Row], found: Impact) -> None:
    changes = [change(pair) for pair in compared(rows)]
    bins = found.change.histogram
    assert sum(each.members for each in bins) == len(changes)
    for each in bins:
        low = -(10**18) if each.low_cents is None else each.low_cents
        high = 10**18 if each.high_cents is None else each.high_cents
        assert each.members == sum(low <= one <= high for one in changes)


def test_rows_that_are_not_compared_are_shown_with_the_reason(found: Impact) -> None:
    (new,) = found.newly_priced
    assert (new.request_id, new.plan_id) == ("new", "fourth-plan")
    assert new.reasons[0].startswith("plan_id: found plan 'fourth-plan'")
    gone = found.no_longer_priced[0]
    assert gone.plan_id == "third-plan"
    assert gone.reasons[0].startswith("plan_id: found plan 'third-plan'")
    assert [each.request_id for each in found.never_priced] == ["unknown", "", "none"]
    assert [each.plan_id for each in found.never_priced] == ["nowhere", "", "share-plan"]


def cut(rows: Sequence[Row], size: int) -> Iterator[pa.RecordBatch]:
    return (batch_of(rows[first : first + size]) for first in range(0, len(rows), size))


@pytest.mark.parametrize(("threads", "size"), [(1, 1_000), (3, 50), (2, 1)])
def test_threads_and_batches_do_not_change_the_result(rows: list[Row], found: Impact, threads: int, size: int) -> None:
    done: list[int] = []
    assert impact(BEFORE, AFTER, cut(rows, size), worst=7, threads=threads, progress=done.append) == found
    assert done == sorted(done)
    assert done[-1] == len(rows)


def test_three_visits_at_a_copay_that_rises_by_ten() -> None:
    """20.00 a visit becomes 30.00: three visits are 60.00 before, 90.00 after, +30.00 for each of the two members.

    The plan pays 48.00 less the copay: 84.00 before, 54.00 after. Nothing else of a line changes.
    """
    found = impact(tables(), tables(copay=DEARER), [batch_of([row("copay-plan", "ana"), row("copay-plan", "bo")])])
    assert (found.members.rows, found.members.compared, found.members.paying_more) == (2, 2, 2)
    assert found.total.patient == Money(12000, 18000)
    assert found.total.plan_paid == Money(16800, 10800)
    assert (found.change.total_cents, found.change.mean_cents) == (6000, 3000)
    assert {each.change_cents for each in found.change.quantiles} == {3000}
    assert [(each.low_cents, each.high_cents) for each in found.change.histogram if each.members] == [(2500, 4999)]
    assert [(each.request_id, each.patient, each.lines_alike) for each in found.increases] == [
        ("ana", Money(6000, 9000), 0),
        ("bo", Money(6000, 9000), 0),
    ]
    first = found.increases[0].lines[0]
    assert (first.date, first.therapy, first.code) == ("2026-03-02", "acupuncture", "97810")
    assert (first.before.copay_cents, first.after.copay_cents) == (2000, 3000)
    assert (first.before.plan_paid_cents, first.after.plan_paid_cents) == (2800, 1800)
    assert first.before.benefit == first.after.benefit == "hands"
    assert found.decreases == ()
    assert [group.name for group in found.by_therapy] == ["acupuncture"]


def test_a_benefit_that_goes_away_moves_what_it_paid_and_what_was_written_off() -> None:
    """A visit at 80.00, 48.00 allowed: 20.00 copay, 28.00 from the plan, 32.00 written off; then 80.00 by the patient.

    No benefit decides the visit after the change, so it counts for the one that did. The plan's other benefit has no
    line in the book, and no group.
    """
    gone = COPAY_PLAN.replace("[acupuncture, massage]", "[massage]")
    found = impact(tables(), tables(copay=gone), [batch_of([row("copay-plan", items=[item(sessions=1)])])])
    (group,) = found.by_benefit
    assert (group.plan_id, group.benefit, group.name) == ("copay-plan", "hands", "copay-plan: hands")
    assert (group.figures.paying_more, group.figures.no_longer_covered) == (1, 1)
    assert group.figures.patient == Money(2000, 8000)
    assert group.figures.plan_paid == Money(2800, 0)
    assert group.figures.written_off == Money(3200, 0)
    assert found.total == group.figures


def test_percentiles_of_a_thousand_members() -> None:
    """1 to 40 visits a member at +10.00 each, the same number 25 times: p50 is +200.00, p99 +400.00, p1 +10.00.

    The 500th of 1,000 in order is the last of those with 20 visits; the 10th has one visit, the 990th forty.
    """
    rows = [row("copay-plan", items=[item(sessions=1 + number % 40, every_days=7)]) for number in range(1_000)]
    before = COPAY_PLAN.replace("individual: $500.00, family: $1000.00", "individual: $5000, family: $9000")
    after = before.replace("copay: $20", "copay: $30")
    found = impact(tables(copay=before), tables(copay=after), [batch_of(rows)], worst=0)
    quantiles = {each.name: each.change_cents for each in found.change.quantiles}
    assert (quantiles["p1"], quantiles["p50"], quantiles["p99"], quantiles["p99.9"]) == (1000, 20000, 40000, 40000)
    assert found.change.mean_cents == 20500
    assert (found.increases, found.decreases) == ((), ())


@pytest.mark.parametrize(
    ("copay", "alike", "mean_cents"),
    [("$20.01", 1, 1), ("$19.99", 1, 0), ("$20.01", 2, 0), ("$20.02", 2, 1), ("$19.98", 2, -1)],
)
def test_the_mean_is_rounded_half_up(copay: str, alike: int, mean_cents: int) -> None:
    """One visit at a copay of 20.00 before, among members whose cost stays: 0.5 cents become 1, -0.5 become 0."""
    after = tables(copay=COPAY_PLAN.replace("copay: $20", f"copay: {copay}"))
    rows = [row("copay-plan", items=[item(sessions=1)]), *[row("share-plan")] * alike]
    assert impact(tables(), after, [batch_of(rows)]).change.mean_cents == mean_cents


def test_the_same_rules_change_nothing() -> None:
    found = impact(BEFORE, BEFORE, [batch_of(drawn(50))])
    assert found.release_before == found.release_after == BEFORE.release
    assert (found.members.paying_more, found.members.paying_less) == (0, 0)
    assert (found.change.total_cents, found.increases, found.decreases) == (0, (), ())
    assert found.total.patient.change_cents == found.total.plan_paid.change_cents == 0


@pytest.mark.parametrize("rows", [[], [row("nowhere")]])
def test_a_book_without_a_compared_member(rows: list[Row]) -> None:
    found = impact(BEFORE, AFTER, [batch_of(rows)])
    assert (found.members.rows, found.members.compared, found.members.never_priced) == (len(rows), 0, len(rows))
    assert (found.change.mean_cents, found.change.most_increase_cents, found.change.most_decrease_cents) == (0, 0, 0)
    assert {each.change_cents for each in found.change.quantiles} == {0}
    assert (found.by_plan, found.by_therapy) == ((), ())


RICHER = SHARE_PLAN.replace("4 visits", "6 visits").replace("individual: $500.00", "individual: $800.00")
POORER = (
    SHARE_PLAN.replace("limits: [{id: visits, allow: 4 visits, per: calendar_year, cite: eoc p.3}]", "limits: []")
    .replace("individual: $500.00", "individual: $90.00")
    .replace("individual: $100.00", "individual: $50.00")
)


def test_use_above_the_new_limit_is_cut_to_it() -> None:
    """Deductible 100.00 of 100.00 used, 300.00 of the maximum, 5 of 6 visits; three visits, allowed 48.00 each.

    Before, one visit is covered at 20 % = 9.60 and two are the member's at 80.00: 169.60. After, the deductible is
    50.00 and the maximum 90.00, both met, and there is no limit: nothing is left to pay.
    """
    sums = [{"accumulator": "deductible", "used_cents": 10_000}, {"accumulator": "oop_max", "used_cents": 30_000}]
    uses = [{"limit": "visits", "used": 5}]
    visits = item(diagnoses=["M54.50"])
    met = row("share-plan", "met", items=[visits], accumulators=sums, limit_usage=uses)
    other = row("share-plan", "wrong", items=[visits], accumulators=[*sums, {"accumulator": "none", "used_cents": 1}])
    found = impact(tables(share=RICHER), tables(share=POORER), [batch_of([met, other])])
    assert (found.members.compared, found.members.fitted, found.members.never_priced) == (1, 1, 1)
    assert found.total.patient == Money(16_960, 0)
    (case,) = found.decreases
    assert [(line.before.patient_cents, line.after.patient_cents) for line in case.lines] == [
        (960, 0),
        (8000, 0),
        (8000, 0),
    ]


def test_use_of_a_limit_that_only_the_new_rules_know() -> None:
    """The other way round: before there was no limit, and the sums used are cut to the maxima of then."""
    sums = [{"accumulator": "deductible", "used_cents": 10_000}, {"accumulator": "oop_max", "used_cents": 30_000}]
    uses = [{"limit": "visits", "used": 5}]
    met = row("share-plan", "met", items=[item(diagnoses=["M54.50"])], accumulators=sums, limit_usage=uses)
    found = impact(tables(share=POORER), tables(share=RICHER), [batch_of([met])])
    assert (found.members.compared, found.members.fitted) == (1, 1)
    assert found.total.patient == Money(0, 16_960)


def test_other_columns_are_refused() -> None:
    with pytest.raises(WrongColumns, match="column 'items' is missing"):
        impact(BEFORE, AFTER, [pa.RecordBatch.from_pydict({"plan_id": ["copay-plan"]})])
