"""The tests that stand in rule files: run them all, show what differs, and tell what no test reaches.

What comes in: compiled rules. What goes out: a `Report`. Section 9 of docs/rule-language.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from camcover.engine.citing import rule_place
from camcover.engine.compile import Tables
from camcover.engine.estimate import Estimate, Line, Reason
from camcover.engine.evaluate import adjudicate_many
from camcover.engine.question import Adjudicated
from camcover.engine.reading import read_estimate
from camcover.engine.request import (
    AccumulatorUse,
    BenefitVisits,
    Coverage,
    EstimateRequest,
    InvalidRequest,
    LimitUse,
    Member,
    PlannedService,
    PriorVisit,
    Procedure,
    UseSoFar,
)
from camcover.money import dollars
from camcover.rulebook.analysis.criteria import Check, Subject
from camcover.rulebook.records import (
    Benefit,
    Criteria,
    Exclusion,
    Limit,
    Measure,
    Plan,
    RuleSet,
    Setting,
    TestCase,
    TestExpect,
    TestGiven,
    TestItem,
)
from camcover.workflow.turned_away import criteria_that_failed

__all__ = [
    "Mark",
    "Report",
    "TestResult",
    "Unreached",
    "benefit_mark",
    "criterion_mark",
    "exclusion_mark",
    "limit_mark",
    "marks_reached",
    "run_tests",
]


Mark = tuple[str, str]
"""(what, place) of something that a test can reach."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test: where it stands, and what differs (nothing: it passed)."""

    __test__ = False

    plan: str
    name: str
    place: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unreached:
    """Something of a plan edition (its number among the plan's) that no test of it reaches: what, and where it stands.

    A benefit, an exclusion, a limit or a criterion.
    """

    plan: str
    what: str
    place: str
    edition: int

    @property
    def mark(self) -> Mark:
        """The same without the plan."""
        return self.what, self.place


@dataclass(frozen=True, slots=True)
class Report:
    """All tests of a rule set, and what they leave out; `reached` of `reachable` things are reached."""

    results: tuple[TestResult, ...]
    unreached: tuple[Unreached, ...]
    reachable: int

    @property
    def failed(self) -> tuple[TestResult, ...]:
        """The tests that did not pass."""
        return tuple(result for result in self.results if result.differences)

    @property
    def reached(self) -> int:
        """How many benefits, exclusions, limits and criteria some test reaches."""
        return self.reachable - len(self.unreached)


def run_tests(tables: Tables, rules: RuleSet) -> Report:
    """Run every test of every plan edition; `tables` are the compiled `rules`."""
    results: list[TestResult] = []
    unreached: list[Unreached] = []
    reachable = 0
    for edition, plan in (each for editions in rules.plans.values() for each in enumerate(editions)):
        reached: set[Mark] = set()
        results += [_run(tables, rules, plan, test, reached) for test in plan.tests]
        marks = dict.fromkeys(_marks(rules, plan))
        reachable += len(marks)
        name = str(plan.heading.id)
        unreached += [Unreached(name, *mark, edition) for mark in marks if mark not in reached]
    return Report(tuple(results), tuple(unreached), reachable)


def _run(tables: Tables, rules: RuleSet, plan: Plan, test: TestCase, reached: set[Mark]) -> TestResult:
    """Adjudicate a test's services and compare; adds to `reached`."""
    place, name = rule_place(test.at), str(plan.heading.id)
    (found,) = adjudicate_many(tables, [_request(plan, test.given)])
    if isinstance(found, InvalidRequest):
        wrong = tuple(f"{each.field}: {each.description}" for each in found.violations)
        return TestResult(name, test.name, place, wrong)
    reached.update(_reached(rules, plan, found))
    estimate = read_estimate(tables, found.question, found.answer)
    return TestResult(name, test.name, place, tuple(_differences(estimate, test.expect)))


def marks_reached(tables: Tables, rules: RuleSet, plan: Plan, given: TestGiven) -> frozenset[Mark]:
    """What a test with this `given` would reach; nothing where its request is refused."""
    (found,) = adjudicate_many(tables, [_request(plan, given)])
    return frozenset() if isinstance(found, InvalidRequest) else frozenset(_reached(rules, plan, found))


def _request(plan: Plan, given: TestGiven) -> EstimateRequest:
    """The request that a test's `given` stands for."""
    ids = list(dict.fromkeys(item.member or "1" for item in given.items))
    sums = tuple(AccumulatorUse(name, cents) for name, cents in given.used.items() if name in plan.accumulators)
    limits = {str(limit.id): limit for benefit in plan.benefits.values() for limit in benefit.limits}
    use = UseSoFar(
        accumulators=sums,
        limit_usage=tuple(_limit_use(limits[name], amount) for name, amount in given.used.items() if name in limits),
        benefit_visits=tuple(BenefitVisits(name, visits) for name, visits in given.benefit_visits.items()),
        prior_visits=tuple(PriorVisit(name, day) for name, days in given.prior_visits.items() for day in days),
    )
    members = [Member(name, given.birth_date, given.age, given.state or "") for name in ids]
    members[0] = members[0]._replace(use=use)
    return EstimateRequest(
        plan_id=str(plan.heading.id),
        items=tuple(_service(item) for item in given.items),
        members=tuple(members),
        coverage=Coverage.FAMILY if given.family or given.family_used or len(ids) > 1 else Coverage.SELF_ONLY,
        family_accumulators=tuple(AccumulatorUse(name, cents) for name, cents in given.family_used.items()),
        as_of=given.as_of,
        assume_requirements=given.assume_requirements,
    )


def _limit_use(limit: Limit, amount: int) -> LimitUse:
    """Usage in the limit's own measure."""
    if limit.measure is Measure.MONEY:
        return LimitUse(str(limit.id), used_cents=amount)
    return LimitUse(str(limit.id), used=amount)


def _service(item: TestItem) -> PlannedService:
    """One service of a test."""
    return PlannedService(
        dates=item.dates,
        member_id=item.member or "",
        therapy=item.therapy or "",
        procedures=tuple(Procedure(str(code), units, charge, allowed) for code, units, charge, allowed in item.codes),
        charge_cents=item.charge,
        allowed_cents=item.allowed,
        practitioner=item.practitioner or "",
        setting=item.setting or Setting.OFFICE,
        tier=item.tier or "",
        state=item.state or "",
        diagnoses=item.diagnoses,
        conditions=item.conditions,
        attestations=item.attestations,
    )


def _differences(estimate: Estimate, expect: TestExpect) -> Iterator[str]:
    """Every statement of the test that does not hold."""
    totals = estimate.totals
    for name in ("patient", "plan_paid", "written_off"):
        yield from _amount(name, getattr(expect, name), getattr(totals, f"{name}_cents"))
    if expect.each is not None:
        yield from _each(expect.each, [line.patient_cents for line in estimate.lines])
    visits = {(line.member_id, line.date, line.benefit) for line in estimate.lines if line.covered}
    if expect.covered is not None and expect.covered != len(visits):
        yield f"covered: expected {expect.covered} visits, got {len(visits)}"
    for number, stated in expect.lines.items():
        yield from _line(estimate.lines, number, stated)
    sums = {
        after.accumulator: after.used_cents
        for after in estimate.accumulators_after
        if _is_first(estimate, after.member_id)
    }
    for name, cents in expect.after.items():
        yield from _amount(f"after.{name}", cents, sums.get(name, 0))


def _is_first(estimate: Estimate, member_id: str) -> bool:
    """Whether an id is the first member's, whose sums come first."""
    return bool(estimate.accumulators_after) and member_id == estimate.accumulators_after[0].member_id


def _amount(name: str, expected: int | None, got: int) -> Iterator[str]:
    if expected is not None and expected != got:
        yield f"{name}: expected {dollars(expected)}, got {dollars(got)}"


def _each(expected: Sequence[int | None], got: Sequence[int]) -> Iterator[str]:
    """Line by line; `...` stands for as many of the amount before it as fit."""
    stated = list(expected)
    if None in stated:
        place = stated.index(None)
        repeated = [stated[place - 1]] * (len(got) - len(stated) + 1) if place else []
        stated = [*stated[:place], *repeated, *stated[place + 1 :]]
    if len(stated) != len(got):
        yield f"each: expected {len(stated)} lines, got {len(got)}"
        return
    for number, (amount, actual) in enumerate(zip(stated, got, strict=True), start=1):
        yield from _amount(f"each, line {number}", amount, actual)


def _line(lines: Sequence[Line], number: int, stated: object) -> Iterator[str]:
    """The statements about one line; -1 is the last."""
    if not -len(lines) <= number < len(lines):
        yield f"line {number + 1}: there are only {len(lines)} lines"
        return
    line = lines[number]
    name = "last" if number == -1 else f"line {number + 1}"
    for key, expected in dict(stated).items() if isinstance(stated, dict) else ():
        if key in ("covered", "benefit"):
            got: object = getattr(line, key)
        elif key == "reason":
            got = "" if line.reason is Reason.NONE else line.reason.name
        else:
            yield from _amount(f"{name}.{key}", expected, getattr(line, f"{key}_cents"))
            continue
        if got != expected:
            yield f"{name}.{key}: expected {_shown(expected)}, got {_shown(got)}"


def _shown(value: object) -> str:
    """A value as a rule file writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "nothing"


_KEYS = {
    Subject.DIAGNOSIS: ("conditions", "icd10", "not_conditions"),
    Subject.PRACTITIONER: ("practitioners",),
    Subject.SETTING: ("settings",),
    Subject.AGE: ("ages",),
    Subject.STATE: ("states",),
    Subject.LICENSE: ("licensed",),
}


def _marks(rules: RuleSet, plan: Plan) -> Iterator[Mark]:
    """Everything of a plan edition that a test can reach."""
    yield from map(exclusion_mark, plan.exclusions)
    for benefit in plan.benefits.values():
        yield benefit_mark(benefit)
        yield from map(limit_mark, benefit.limits)
        for criteria in _criteria(rules, plan, benefit):
            yield from _criterion_marks(criteria)


def _criteria(rules: RuleSet, plan: Plan, benefit: Benefit) -> Iterator[Criteria]:
    """A benefit's own criteria and those of its policy's editions in force during the plan's."""
    if benefit.when is not None:
        yield benefit.when
    for policy in rules.policies.get(benefit.policy, ()) if benefit.policy else ():
        days, own = policy.heading.effective, plan.heading.effective
        if (days.end is None or own.start <= days.end) and (own.end is None or days.start <= own.end):
            yield policy.when


def _criterion_marks(criteria: Criteria) -> Iterator[Mark]:
    """One mark for each reason for which a block of criteria can refuse a line."""
    yield from filter(None, (_criterion_mark(criteria, subject) for subject in _KEYS))


def _reached(rules: RuleSet, plan: Plan, found: Adjudicated) -> Iterator[Mark]:
    """What the lines of a test reached: the rule that decided, the limit that bit, the criteria that failed."""
    sources = found.question.primary.plan.sources
    for row in found.answer.primary.ledger:
        if row.rule >= 0:
            rule = sources.rules[row.rule]
            yield benefit_mark(rule) if isinstance(rule, Benefit) else exclusion_mark(rule)
        if row.limit >= 0:
            yield limit_mark(sources.limits[row.limit])
    for check in criteria_that_failed(rules, plan, found):
        mark = criterion_mark(check)
        if mark is not None:
            yield mark


def exclusion_mark(exclusion: Exclusion) -> Mark:
    """An exclusion as something to reach."""
    return "exclusion", rule_place(exclusion.at)


def benefit_mark(benefit: Benefit) -> Mark:
    """A benefit as something to reach."""
    return f"benefit '{benefit.id}'", rule_place(benefit.at)


def limit_mark(limit: Limit) -> Mark:
    """A limit as something to reach."""
    return f"limit '{limit.id}'", rule_place(limit.at)


def criterion_mark(check: Check) -> Mark | None:
    """A criterion as something to reach, with those of its block that look at the same; None for a tier."""
    return _criterion_mark(check.block, check.subject) if check.block is not None else None


def _criterion_mark(criteria: Criteria, subject: Subject) -> Mark | None:
    """The criteria of a block that look at a subject; None where it has none."""
    given = [key for key in _KEYS.get(subject, ()) if getattr(criteria, key)]
    return (f"criterion {' and '.join(given)}", rule_place(criteria.at)) if given else None
