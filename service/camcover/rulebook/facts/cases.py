"""The facts of a test that stands in a plan file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from camcover.rulebook.facts.part import Fact, Part, fact, set_fact
from camcover.rulebook.facts.words import amount_or_none, day, plain, yes_or_no
from camcover.rulebook.records import Limit, Measure, Plan, TestCase, TestExpect, TestGiven, TestItem, TestProcedure
from camcover.rulebook.words import amount, count

__all__ = ["case_part"]


def case_part(case: TestCase, plan: Plan) -> Part:
    """A test; its services are parts of it. Its plan tells which sums are amounts."""
    label = f"test '{case.name}'"
    return Part(
        key=label,
        label=label,
        at=case.at,
        record=case,
        facts=lambda: (*_given_facts(case.given, _money_sums(plan)), *_expect_facts(case.expect)),
        parts=lambda: (_item_part(number, item) for number, item in enumerate(case.given.items, 1)),
        brief="",
        as_one=True,
    )


def _money_sums(plan: Plan) -> set[str]:
    """The sums of a plan that are in cents; the others are visits or units."""
    inside = (limit for benefit in plan.benefits.values() for limit in benefit.limits)
    limits: Iterable[Limit] = (*plan.limits.values(), *inside)
    return {*plan.accumulators, *(limit.id for limit in limits if limit.measure is Measure.MONEY)}


def _given_facts(given: TestGiven, money: set[str]) -> Iterator[Fact]:
    at = given.at
    yield fact("birth date", day(given.birth_date), at)
    yield fact("age", None if given.age is None else str(given.age), at)
    yield fact("state", given.state, at)
    yield fact("covered from", day(given.covered_from), at)
    yield fact("covered to", day(given.covered_to), at)
    yield fact("role", given.role, at)
    yield fact("status", given.status, at)
    yield fact("enrolled on", day(given.enrolled_on), at)
    earned = given.wellness_incentive
    yield fact("wellness incentive", None if earned is None else yes_or_no(earned), at)
    yield fact("family", yes_or_no(given.family), at)
    yield fact("as of", day(given.as_of), at)
    yield fact("requirements", "assumed met" if given.assume_requirements else "as attested", at)
    for whose, sums in (("used", given.used), ("family used", given.family_used)):
        for name, used in sums.items():
            yield fact(f"{whose} {name}", amount(used) if name in money else str(used), at)
    for whose, balances in (("balance", given.balances), ("family balance", given.family_balances)):
        for name, cents in balances.items():
            yield fact(f"{whose} {name}", amount(cents), at)
    for name, visits in given.benefit_visits.items():
        yield fact(f"benefit visits {name}", count(visits, "visit"), at)
    for name, start in given.episodes.items():
        yield fact(f"episode {name}", day(start), at)
    for name, dates in given.prior_visits.items():
        yield set_fact(f"prior visits {name}", tuple(map(str, dates)), at)


def _item_part(number: int, item: TestItem) -> Part:
    return Part(f"service {number}", f"service {number}", item.at, item, partial(_item_facts, item))


def _item_facts(item: TestItem) -> Iterator[Fact]:
    at = item.at
    yield fact("member", item.member, at)
    yield fact("therapy", item.therapy, at)
    yield fact("codes", ", ".join(map(_procedure, item.codes)) or "none", at, "none")
    yield fact("practitioner", item.practitioner, at)
    yield fact("taxonomy", item.taxonomy, at)
    yield fact("setting", plain(item.setting) if item.setting else None, at)
    yield fact("place of service", item.place_of_service, at)
    yield fact("tier", plain(item.tier) if item.tier else None, at)
    yield fact("state", item.state, at)
    yield set_fact("diagnoses", item.diagnoses, at)
    yield set_fact("conditions", item.conditions, at)
    yield set_fact("attestations", tuple(map(plain, item.attestations)), at)
    yield fact("episode", item.episode, at)
    yield fact("facility", item.facility, at)
    yield fact("first service", day(item.first_service), at)
    yield fact("charge", amount_or_none(item.charge), at)
    yield fact("allowed", amount_or_none(item.allowed), at)
    yield set_fact("dates", tuple(map(str, item.dates)), at)


def _procedure(procedure: TestProcedure) -> str:
    """`97810`, `98941-AT`, `97124 x 4 charge 60.00`."""
    many = "" if procedure.units == 1 else f" x {procedure.units}"
    many += f" {procedure.minutes} minutes" if procedure.minutes else ""
    named = (("charge", procedure.charge), ("allowed", procedure.allowed))
    amounts = "".join(f" {name} {amount(cents)}" for name, cents in named if cents is not None)
    return f"{'-'.join((procedure.code, *procedure.modifiers))}{many}{amounts}"


def _expect_facts(expect: TestExpect) -> Iterator[Fact]:
    at = expect.at
    yield fact("expected patient", amount_or_none(expect.patient), at)
    yield fact("expected plan paid", amount_or_none(expect.plan_paid), at)
    yield fact("expected written off", amount_or_none(expect.written_off), at)
    yield fact("expected due at service", amount_or_none(expect.due_at_service), at)
    yield fact("expected reimbursed", amount_or_none(expect.reimbursed), at)
    yield fact("expected account paid", amount_or_none(expect.account_paid), at)
    each = expect.each
    amounts = None if each is None else ", ".join("..." if cents is None else amount(cents) for cents in each)
    yield fact("expected of each line", amounts, at)
    yield fact("expected covered", None if expect.covered is None else count(expect.covered, "visit"), at)
    for index, line in expect.lines.items():
        number = "last line" if index == -1 else f"line {index + 1}"
        for name, value in line.items():
            yield fact(f"expected {number} {plain(name)}", _line_words(value), at)
    for name, cents in expect.after.items():
        yield fact(f"expected after {name}", amount(cents), at)
    for name, cents in expect.balances.items():
        yield fact(f"expected balance {name}", amount(cents), at)


def _line_words(value: int | str | bool) -> str:
    """A test's expectation of one field of a line, in words."""
    if isinstance(value, bool):
        return yes_or_no(value)
    return amount(value) if isinstance(value, int) else value
