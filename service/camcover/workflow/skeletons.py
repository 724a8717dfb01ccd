"""`rules cover`: finds what no test in the plan files reaches, and begins a test for each.

What comes in: a rule set. What goes out: a `Missing` for each benefit, exclusion, limit and criterion without a test.
It holds a `given` that makes the engine reach it, or the reason why no request can. The expected amounts are left open:
they must come from the plan's own document, and not from the rules themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from camcover.engine import Tables, compile_rules
from camcover.money import dollars
from camcover.rulebook.analysis.cells import CellLine
from camcover.rulebook.analysis.criteria import Subject, waits_asked
from camcover.rulebook.analysis.decisions import Decided, Verdict, decided, failed_checks
from camcover.rulebook.analysis.diagnoses import TooManyCells
from camcover.rulebook.analysis.services import Rule
from camcover.rulebook.records import (
    AccumulatorKind,
    Attestation,
    Benefit,
    CountedFor,
    Limit,
    Measure,
    MemberRole,
    MemberStatus,
    Plan,
    RuleSet,
    Setting,
    TestGiven,
    TestItem,
    TestProcedure,
    WaitingUnit,
)
from camcover.rulebook.words import quantity
from camcover.workflow.marks import Mark, benefit_mark, criterion_mark, exclusion_mark, limit_mark
from camcover.workflow.reached import Reach
from camcover.workflow.requests_of_tests import request_of_test
from camcover.workflow.rule_tests import Report, Unreached, run_tests
from camcover.workflow.witnesses import code_of, enrolled_on, first_day, first_service, passing, usual_charge

__all__ = ["Missing", "MissingTests", "cover", "missing_tests"]

_NEVER = "no line reaches it: earlier rules take all of its lines, or another reason always comes first"
_NOT_STATED = (
    "no drafted line reaches it: a limit of the plan counts per episode or condition, and a test cannot state what was "
    "used of such a limit; write a test whose visits use the limit up"
)
_TO_WORK_OUT = "$0.00  # work this out from the plan's own document"


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that no test reaches. `given` reaches it, and `test` is YAML with it; else `why` is the reason."""

    unreached: Unreached
    given: TestGiven | None
    test: str
    why: str


@dataclass(frozen=True, slots=True)
class MissingTests:
    """What is missing, of `reachable` things in all."""

    missing: tuple[Missing, ...]
    reachable: int


def cover(rules: RuleSet, plan_ids: Collection[str] = ()) -> MissingTests:
    """What the tests of the plans named, or of all, do not reach."""
    tables = compile_rules(rules)
    return missing_tests(tables, rules, run_tests(tables, rules, plan_ids))


def missing_tests(tables: Tables, rules: RuleSet, report: Report) -> MissingTests:
    """What is missing by a report on tests that were run; `tables` are the compiled `rules`."""
    reach = Reach(tables, rules)
    by_plan: dict[str, list[Unreached]] = {}
    for each in report.unreached:
        by_plan.setdefault(each.plan, []).append(each)
    missing: list[Missing] = []
    for plan_id, unreached in by_plan.items():
        found, why = _search(reach, rules, plan_id, {each.mark for each in unreached})
        missing += [_missing(rules.plans[plan_id], each, found.get(each.mark), why) for each in unreached]
    return MissingTests(tuple(_as_read(each, rules) for each in missing), report.reachable)


def _as_read(missing: Missing, rules: RuleSet) -> Missing:
    """The same, its place with the path under which the file was read."""
    return replace(missing, unreached=replace(missing.unreached, place=rules.as_read(missing.unreached.place)))


Found = tuple[int, TestGiven]
"""The number of a plan's edition, and a `given` with a date in it."""


def _missing(editions: Sequence[Plan], unreached: Unreached, found: Found | None, why: str) -> Missing:
    """The finding, with its test where there is one, which belongs to the edition that its date lies in."""
    if found is None:
        return Missing(unreached, None, "", why)
    edition, given = found
    return Missing(replace(unreached, edition=edition), given, _test_text(editions[edition], unreached, given), "")


def _search(reach: Reach, rules: RuleSet, plan_id: str, wanted: Collection[Mark]) -> tuple[Mapping[Mark, Found], str]:
    """For each thing wanted a `given` that reaches it, tried on the engine; and why the others have none."""
    found: dict[Mark, Found] = {}
    why = _NOT_STATED if any(map(_counts_apart, rules.plans[plan_id])) else _NEVER
    for edition, plan in enumerate(rules.plans[plan_id]):
        try:
            for cell in decided(plan, rules):
                for mark, given in (each for alike in _in_tiers(cell) for each in _attempts(rules, alike)):
                    is_open = mark in wanted and mark not in found
                    if is_open and mark in reach.of_request(request_of_test(plan, given)):
                        found[mark] = edition, given
        except TooManyCells as many:
            why = f"not examined completely: {many}"
    return found, why


def _counts_apart(plan: Plan) -> bool:
    """Whether some limit of an edition counts per episode or per condition, so that no `used` of a test states it."""
    limits = (limit for benefit in plan.benefits.values() for limit in benefit.limits)
    return any(limit.counted_for in {CountedFor.EPISODE, CountedFor.CONDITION} for limit in limits)


def _in_tiers(cell: Decided) -> Iterator[Decided]:
    """The cell, and the cell with its line in each tier that a limit of its benefits is for.

    One tier stands for all that no criterion tells apart; a limit may.
    """
    named = (tier for benefit in cell.chain for limit in benefit.limits for tier in limit.tiers)
    for tier in dict.fromkeys((cell.line.tier, *named)):
        yield replace(cell, line=cell.line._replace(tier=tier))


def _attempts(rules: RuleSet, cell: Decided) -> Iterator[tuple[Mark, TestGiven]]:
    """What a line of a cell should reach, with the `given` for it."""
    if not cell.decision.rules:
        return
    if not cell.chain:
        until = None if cell.decision.verdict is Verdict.REFUSED else cell.exclusion
        given = _given(rules, cell, {}, frozenset())
        yield from ((mark, given) for mark in _marks(cell, cell.grid.service.rules[cell.decision.rules[0]], until))
    for place, benefit in enumerate(cell.chain):
        used, missing = _used_up(cell.chain[:place], benefit, cell.line)
        given = _given(rules, cell, used, missing)
        yield from ((mark, given) for mark in _marks(cell, benefit, benefit))
        for limit in benefit.limits:
            lacking = missing | passing(limit)
            allow = limit.allow_at(cell.line.age)
            yield limit_mark(limit), _given(rules, cell, {**used, str(limit.id): allow}, lacking)
            if allow and limit.measure is not Measure.VISITS:
                nearly = {**_deductibles(cell.grid.stretch.plan), **used, str(limit.id): allow - 1}
                yield limit_mark(limit), _given(rules, cell, nearly, lacking, units=2)


def _marks(cell: Decided, rule: Rule, until: Rule | None) -> Iterator[Mark]:
    """The rule that a line ends with, and the criteria that turned it away before `until`."""
    yield benefit_mark(rule) if isinstance(rule, Benefit) else exclusion_mark(rule)
    for mark in map(criterion_mark, failed_checks(cell.grid, cell.pattern, until)):
        if mark is not None:
            yield mark


def _used_up(
    benefits: Collection[Benefit], target: Benefit, line: CellLine
) -> tuple[dict[str, int], frozenset[Attestation]]:
    """Use that ends some benefits for a line, but not the later `target`; and what must not be attested.

    For each benefit, it takes a hard limit in the line's tier, if possible one that the target does not share.
    """
    kept = {str(limit.id) for limit in target.limits}

    def rank(limit: Limit) -> tuple[bool, bool, bool]:
        return bool(limit.tiers) and line.tier not in limit.tiers, limit.beyond is not None, str(limit.id) in kept

    limits = [min(benefit.limits, key=rank) for benefit in benefits]
    missing = frozenset(each for limit in limits for each in passing(limit))
    return {str(limit.id): limit.allow_at(line.age) for limit in limits}, missing


def _deductibles(plan: Plan) -> dict[str, int]:
    """The use that meets every deductible, so that the plan pays and a limit on what it pays can cut."""
    deductibles = (each for each in plan.accumulators.values() if each.kind is AccumulatorKind.DEDUCTIBLE)
    return {str(each.id): each.alone for each in deductibles if each.alone is not None}


def _given(
    rules: RuleSet, cell: Decided, used: Mapping[str, int], missing: Collection[Attestation], *, units: int = 1
) -> TestGiven:
    """The cell's line as the `given` of a test; with something `missing`, everything else is attested.

    So it is with a line that lacks a fact, which is else assumed to be as a criterion asks.

    More than one unit is billed as a code, where the service has one.
    """
    line, service, day = cell.line, cell.grid.service, first_day(cell.grid.stretch)
    code = code_of(service) if units == 1 else max(service.codes)
    given = tuple(each for each in Attestation if each in line.attestations and each not in missing)
    asked = {check.subject for check in cell.grid.checks}
    lacks = line.age is None or not (line.diagnoses and line.practitioner and line.state)
    lacks |= (Subject.ROLE in asked and not line.role) or (Subject.STATUS in asked and not line.status)
    attested = lacks or len(given) < len(Attestation)
    item = TestItem(
        member=None,
        therapy=service.therapy,
        codes=(TestProcedure(code, units),) if code else (),
        practitioner=line.practitioner or None,
        setting=Setting(line.setting),
        tier=line.tier,
        state=None,
        diagnoses=line.diagnoses,
        conditions=(),
        attestations=given if attested else (),
        charge=usual_charge(rules, service.therapy, day),
        allowed=None,
        dates=(day,),
        first_service=first_service(line, day) or (day if _asks_years(cell) else None),
        at=cell.grid.stretch.plan.heading.at,
    )
    return TestGiven(
        age=line.age,
        state=line.state or None,
        family=False,
        as_of=None,
        assume_requirements=not attested,
        used=dict(used),
        family_used={},
        benefit_visits={},
        prior_visits={},
        balances={},
        family_balances={},
        items=(item,),
        at=item.at,
        role=MemberRole(line.role) if line.role else None,
        status=MemberStatus(line.status) if line.status else None,
        enrolled_on=enrolled_on(line, day),
    )


def _asks_years(cell: Decided) -> bool:
    """Whether a rule of the cell asks how long the member has had the service."""
    return any(each.unit is WaitingUnit.YEAR for each in waits_asked(cell.grid.checks))


def _test_text(plan: Plan, unreached: Unreached, given: TestGiven) -> str:
    """A test as an entry of the plan file's `tests:`."""
    name = f"reaches {unreached.what} of {unreached.place.rpartition('/')[2]}"
    pairs = ", ".join(f"{key}: {value}" for key, value in _given_words(plan, given))
    return f"  - name: {name}\n    given: {{{pairs}}}\n    expect:\n      patient: {_TO_WORK_OUT}\n"


def _given_words(plan: Plan, given: TestGiven) -> Iterator[tuple[str, str]]:
    """The keys of a `given` that say something, with their values as YAML."""
    item = given.items[0]
    if given.age is not None:
        yield "age", str(given.age)
    if given.state:
        yield "state", given.state
    words = (("role", given.role), ("status", given.status), ("enrolled_on", given.enrolled_on))
    yield from ((key, str(value)) for key, value in words if value is not None)
    if not given.assume_requirements:
        yield "requirements", "as_attested"
    if given.used:
        limits = {str(limit.id): limit for benefit in plan.benefits.values() for limit in benefit.limits}
        used = (f"{name}: {_amount(limits.get(name), number)}" for name, number in given.used.items())
        yield "used", f"{{{', '.join(used)}}}"
    yield "therapy", item.therapy or ""
    if item.codes:
        code, units = item.codes[0].code, item.codes[0].units
        yield "codes", f'["{code}"]' if units == 1 else f'[{{code: "{code}", units: {units}}}]'
    if item.practitioner:
        yield "practitioner", item.practitioner
    yield "setting", str(item.setting)
    yield "tier", item.tier or ""
    if item.diagnoses:
        yield "diagnoses", f"[{', '.join(item.diagnoses)}]"
    if item.first_service is not None:
        yield "first_service", item.first_service.isoformat()
    if item.attestations:
        yield "attestations", f"[{', '.join(item.attestations)}]"
    yield "charge", dollars(item.charge or 0).replace(",", "")
    yield "first", item.dates[0].isoformat()


def _amount(limit: Limit | None, number: int) -> str:
    """What is used of a limit, or of an accumulator (None), as `used` takes it."""
    return quantity(Measure.MONEY if limit is None else limit.measure, number).replace(",", "")
